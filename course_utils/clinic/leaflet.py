"""What is said of an error: a short card with what happened, why, the cure, and the cure that is none."""

from __future__ import annotations

from dataclasses import dataclass
import difflib
from html import escape

from course_utils.graph import Graph
from course_utils.markup import to_markup

LESSONS = {
    "04": ("Requires grad", "04_requires_grad.ipynb"),
    "05": ("Backward", "05_backward.ipynb"),
    "06": ("Vectors", "06_vector_backward.ipynb"),
    "07": ("Manual SGD", "07_manual_sgd.ipynb"),
    "10": ("Linear regression", "10_linear_regression.ipynb"),
    "14": ("Off the tape", "14_off_the_tape.ipynb"),
    "16": ("torch's own parts", "16_torch_optim.ipynb"),
}
_LOOK = """
.course-leaflet {border: 1px solid; border-left-width: 6px; border-radius: 8px; padding: 10px 16px; margin: 8px 2px;
  max-width: 760px;}
.course-leaflet p {margin: 6px 0;}
.course-leaflet pre {margin: 4px 0 8px; padding: 6px 10px; border: 1px dashed; white-space: pre-wrap;}
.course-leaflet summary {cursor: pointer;}
"""


@dataclass(frozen=True)
class Leaflet:
    """What is said of one error.

    Attributes:
        ailment: a short name for it, the same on all versions of torch: "second backward".
        happened: what happened, one sentence.
        line: in which line of the cell, from 1.
        tensor: the learner's name for the tensor that it is about; "" if it has none.
        why: why it happens, in a sentence or two; code between backticks.
        before: the learner's cell.
        cure: the whole cell, mended: it can be run as it stands.
        false_cure: the whole cell with the popular cure that is none; "" if there is none.
        why_not: what becomes of the false cure.
        lesson: the number of the lesson that explains it.
        graph: the tensor's own graph, where it helps.
    """

    ailment: str
    happened: str
    line: int
    tensor: str
    why: str
    before: str
    cure: str
    false_cure: str
    why_not: str
    lesson: str
    graph: Graph | None = None

    def __repr__(self) -> str:
        """The words, for terminals."""
        return self.to_text()

    def to_text(self) -> str:
        """All of it as plain text, changed lines with a mark."""
        title, _ = LESSONS[self.lesson]
        parts = [f"✚ Line {self.line}: {self.happened}", self.why, "Cure:", marked(self.before, self.cure)]
        if self.false_cure:
            parts += ["Not this:", marked(self.before, self.false_cure), self.why_not]
        if self.graph is not None:
            parts.append(self.graph.to_text())
        return "\n".join([*parts, f"Lesson {self.lesson} · {title} explains it."])

    def to_html(self) -> str:
        """All of it as a card; the false cure and the picture are folded."""
        title, file = LESSONS[self.lesson]
        rows = [f"<p><strong>✚ Line {self.line}: {to_markup(self.happened)}</strong></p><p>{to_markup(self.why)}</p>"]
        rows.append(f"<p>Cure:</p><pre>{escape(marked(self.before, self.cure))}</pre>")
        if self.false_cure:
            told = f"<pre>{escape(marked(self.before, self.false_cure))}</pre><p>{to_markup(self.why_not)}</p>"
            rows.append(f"<details><summary>Not this</summary>{told}</details>")
        if self.graph is not None:
            rows.append(f"<details><summary>The graph</summary>{self.graph.to_svg()}</details>")
        link = f'<a href="{file}">{self.lesson} · {escape(title)}</a>'
        told = f"{''.join(rows)}<p>Explained in {link}.</p>"
        return f'<style>{_LOOK}</style><section class="course-leaflet">{told}</section>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": self.to_text()}


def marked(before: str, after: str) -> str:
    r"""The changed lines of a cell with one line around them: `-` for what goes, `+` for what comes.

    >>> print(marked("y = f(x)\ny.backward()", "y = f(x)\ny.sum().backward()"))
      y = f(x)
    - y.backward()
    + y.sum().backward()
    """
    rows = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    kept = [row for row in rows if not row.startswith(("---", "+++"))]
    return "\n".join("  …" if row.startswith("@@") else f"{row[0]} {row[1:]}" for row in kept).removeprefix("  …\n")
