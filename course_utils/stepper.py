"""A backward pass to step through, in the browser alone.

Every step is computed beforehand and shown by the script of all live figures (`player`). Where scripts do not run, the
picture of the whole pass and all its steps in words are left.
"""

from __future__ import annotations

from course_utils.draw import mimebundle
from course_utils.engine import Value
from course_utils.graph import Graph
from course_utils.markup import plain
from course_utils.names import callers_variables
from course_utils.player import Control, changes, player_html
from course_utils.read import read_graph
from course_utils.scene import stage
from course_utils.slopes import SEEN
from course_utils.steps import Step, steps
from course_utils.style import picture_html
from course_utils.svg import to_svg
from course_utils.words import number, to_text
import torch


def step_backward(result: torch.Tensor | Value, /, *, gradient: torch.Tensor | None = None, **names: object) -> Stepper:
    """The backward pass of `result` to step through, with buttons, a slider and the keyboard; nothing is changed.

    Args and errors are those of `draw_graph`. If the pass cannot be told, say after `backward()` has freed the graph,
    the picture of what is left shows, with a sentence that says what to do.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> for step in step_backward(w * w, w=w).steps:
    ...     print(step.words)
    × (node 2) is where the backward pass starts, with 1.
    × (node 2) has 1. It sends 1 × 3 = 3 to w, which now has 3, and waits for 1 more. It sends 1 × 3 = 3 to w, which \
now has 6.
    w is a leaf: it has 6, which backward() adds to its .grad.
    """
    graph = read_graph(result, names, callers_variables(), gradient, largest=SEEN).with_gradients()
    stage(graph)  # refuses what cannot be drawn
    return Stepper(graph)


class Stepper:
    """A backward pass that shows itself step by step.

    Attributes:
        graph: the graph it goes through.
        steps: its moments; none if the graph has no gradients.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps = () if graph.missing else steps(graph)

    def __repr__(self) -> str:
        """The words, for terminals."""
        return self.to_text()

    def to_text(self) -> str:
        """The graph and its steps in words."""
        if not self.steps:
            return to_text(self.graph)
        rows = [f"Step {place} of {len(self.steps) - 1}: {step.words}" for place, step in enumerate(self.steps)]
        return "\n".join([to_text(self.graph), *rows])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if not self.steps:
            return mimebundle(self.graph)
        shown = [_gradients(step) for step in self.steps]
        widest = {place: max((texts.get(place, "") for texts in shown), key=len) for texts in shown for place in texts}
        scene = stage(self.graph, widest)
        svg = to_svg(scene, to_text(self.graph), sent=True)
        still = picture_html(
            svg.encode(), mime="image/svg+xml", words=to_text(self.graph), width=scene.width, height=scene.height
        )
        rows = "".join(f"<li>{plain(step.words)}</li>" for step in self.steps)
        html = player_html(
            still, [_control(len(self.steps))], self._moves(shown), [step.words for step in self.steps], sentence=True,
            below=f"<details><summary>The steps in words</summary><ol>{rows}</ol></details>",
        )  # fmt: skip
        return {"text/html": html, "image/svg+xml": svg, "text/plain": self.to_text()}

    def _moves(self, shown: list[dict[int, str]]) -> list[dict[str, object]]:
        """The gradient in each box, the frame of the node in hand, and the arrows that have been used."""
        moves: list[dict[str, object]] = []
        for place in sorted({place for texts in shown for place in texts}):
            texts = changes(texts.get(place, "grad ·") for texts in shown)
            hand = changes(step.hand == place for step in self.steps)
            moves.append({"id": f"n{place}", "kind": "text", "part": ".gradient", "changes": texts})
            moves.append({"id": f"n{place}", "kind": "mark", "name": "hand", "changes": hand})
        for now, step in enumerate(self.steps):
            sent = [(0, False), (now, True)]
            moves += [{"id": f"e{edge}", "kind": "mark", "name": "sent", "changes": sent} for edge in step.sent]
        return moves


def _control(steps: int) -> Control:
    labels = [f"{place} of {steps - 1}" for place in range(steps)]
    return Control("step of the backward pass", labels, unit="step", pace=1500)


def _gradients(step: Step) -> dict[int, str]:
    """The gradient in each box at one moment; three dots where more is to come."""
    return {
        place: f"grad {number(gradient)}{' …' if place in step.waiting else ''}"
        for place, gradient in step.so_far.items()
    }
