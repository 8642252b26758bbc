"""What is said of an error: a short card with what happened, why, the cure, and the cure that is none."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
import difflib
from html import escape

from course_utils.draw import mimebundle
from course_utils.graph import Graph
from course_utils.markup import look_of, to_markup

# Words without a link: a card stands in notebooks of any folder, and where the lessons lie is not known there.
LESSONS = {
    "04": "Requires grad",
    "05": "Backward",
    "06": "Vectors",
    "07": "Manual SGD",
    "10": "Linear regression",
    "14": "Off the tape",
    "16": "torch's own parts",
}
_MARKS = "a line with − goes, a line with + comes"
_SIGN = '<span aria-hidden="true">✚</span>'
_SIGNS = {" ": " ", "-": "−", "+": "+"}
_LOOK = (
    look_of("course-leaflet")
    + """\
section.course-leaflet .course-not ins {background: rgba(130, 130, 130, 0.22); font-weight: normal;}
section.course-leaflet details {margin: 8px 0;}
section.course-leaflet summary {cursor: pointer;}
section.course-leaflet summary:focus-visible {outline: 3px solid; outline-offset: 2px;}
section.course-leaflet .course-whole {user-select: all;}
"""
)


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
        caption: which box of the graph is meant; "" where there is no graph.
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
    caption: str = ""

    def __repr__(self) -> str:
        """The words, for terminals."""
        return self.to_text()

    def to_text(self) -> str:
        """All of it as plain text, changed lines with a mark."""
        parts = [f"✚ Line {self.line}: {self.happened}", f"Why: {self.why}"]
        parts += [f"Cure: {_MARKS}.", marked(self.before, self.cure)]
        if self.false_cure:
            parts += ["Not this:", marked(self.before, self.false_cure), self.why_not]
        if self.graph is not None:
            parts += [f"The graph: {self.caption}", self.graph.to_text()]
        return "\n".join([*parts, f"Explained in {_lesson(self.lesson)}."])

    def to_html(self) -> str:
        """All of it as a card without a script; what is to be looked at only if wanted is folded."""
        rows = [
            f"<p><strong>{_SIGN} Line {self.line}: {to_markup(self.happened)}</strong></p>",
            f"<p>{_heading('Why:')} {to_markup(self.why)}</p>",
            f"<p>{_heading('Cure:')} {_MARKS}.</p>{_code(_diff(self.before, self.cure))}",
            _folded("The whole cell, mended, to copy", _code(escape(self.cure), "course-whole")),
        ]
        if self.false_cure:
            false = _code(_diff(self.before, self.false_cure), "course-not")
            rows.append(_folded("Not this", f"{false}<p>{to_markup(self.why_not)}</p>"))
        if self.graph is not None:
            rows.append(_folded("The graph", f"<p>{to_markup(self.caption)}</p>{_drawn(self.graph)}"))
        rows.append(f"<p>Explained in {escape(_lesson(self.lesson))}.</p>")
        label = f'aria-label="Error clinic, line {self.line}"'
        return f'<style>{_LOOK}</style><section class="course-leaflet" {label}>{"".join(rows)}</section>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": self.to_text()}


def marked(before: str, after: str) -> str:
    r"""The changed lines of a cell with one line around them: `−` for what goes, `+` for what comes.

    >>> print(marked("y = f(x)\ny.backward()", "y = f(x)\ny.sum().backward()"))
      y = f(x)
    − y.backward()
    + y.sum().backward()
    """
    return "\n".join(_marked_rows(before, after))


def _marked_rows(before: str, after: str) -> list[str]:
    old, new = (cell.rstrip().split("\n") for cell in (before, after))
    rows = list(difflib.unified_diff(old, new, n=1, lineterm=""))[3:]  # not the names of files, nor the first place
    return ["  …" if row.startswith("@@") else f"{_SIGNS[row[0]]} {row[1:]}".rstrip() for row in rows]


def _diff(before: str, after: str) -> str:
    """The marked lines as HTML: what goes and what comes is told by a sign, by the element and by a tint."""
    return "\n".join(map(_row, _marked_rows(before, after)))


def _row(row: str) -> str:
    kind, text = {"−": "del", "+": "ins"}.get(row[:1]), row[1:].lstrip()
    if kind is None:
        return escape(row)
    return f"{row[: len(row) - len(text)]}<{kind}>{escape(text)}</{kind}>"  # a line through the sign would hide it


def _heading(text: str) -> str:
    """A heading for who cannot see it as well; an `<h4>` would stand in the notebook's table of contents."""
    return f'<strong role="heading" aria-level="4">{text}</strong>'


def _folded(title: str, inside: str) -> str:
    return f"<details><summary><strong>{title}</strong></summary>{inside}</details>"


def _code(inside: str, kind: str = "") -> str:
    return f'<pre class="{f"course-code {kind}".strip()}">{inside}</pre>'


def _drawn(graph: Graph) -> str:
    with suppress(Exception):  # the words of the card are worth more than its picture
        return mimebundle(graph)["text/html"]
    return _code(escape(graph.to_text()))


def _lesson(number: str) -> str:
    return f"lesson {number} · {LESSONS[number]}"
