"""What a drawing of a `Graph` consists of: boxes, arrows and texts, each at its place.

Blue is a value, orange a gradient, and the word stands beside each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from course_utils.graph import Edge, Graph, Node
from course_utils.layout import Point, lay_out
from course_utils.style import MONO_WIDTH
from course_utils.words import constant_text, number, one_line, slope, title_of, value_text

MARGIN = 8
PADDING = 12
TITLE, LABEL = 15, 13  # pixels
LONGEST = 40  # letters of a name or a source text; the words beside the picture hold all of it
LIMIT = 500  # boxes: more cannot be read in one picture, and take seconds to lay out


@dataclass(frozen=True)
class Text:
    """One line of text, centred on a point of its baseline; `role` says what it is."""

    role: str
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Box:
    """What is drawn for a node: a frame, which a constant does without, and texts. `x` and `y` are its top left."""

    role: str
    x: float
    y: float
    width: float
    height: float
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Arrow:
    """What is drawn for an edge: a chain of Bézier curves from operand to operation, and the local slope in a pill."""

    role: str
    route: tuple[Point, ...]
    pill: Box | None


@dataclass(frozen=True)
class Scene:
    """A drawing: `boxes` in the order of the graph's nodes, `arrows` in that of its edges; sizes in pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def stage(graph: Graph, gradients: Mapping[int, str] | None = None) -> Scene:
    """Everything at its place.

    Args:
        graph: what to draw.
        gradients: texts for nodes whose gradient takes more room in another picture than in this.

    Raises:
        ValueError: the graph has more than 500 boxes.
    """
    if len(graph.nodes) > LIMIT:
        raise ValueError(
            f"the graph has {len(graph.nodes)} nodes, more than the {LIMIT} that can be read in one picture; "
            "draw a smaller piece, or compute it inside record(), so that each module is drawn as one box"
        )
    plans = [_Plan(graph, place, (gradients or {}).get(place, "")) for place in range(len(graph.nodes))]
    pills = [_pill_text(graph, edge) for edge in graph.edges]
    sizes = [(text_width(pill, LABEL) + 2 * PADDING, 22) if pill else None for pill in pills]
    layout = lay_out(graph, [(plan.width, plan.height) for plan in plans], sizes)
    arrows = [
        Arrow(graph.nodes[edge.source].kind, route, _pill(pill, size, centre))
        for edge, route, pill, size, centre in zip(graph.edges, layout.routes, pills, sizes, layout.labels, strict=True)
    ]
    boxes = [plan.at(centre) for plan, centre in zip(plans, layout.centres, strict=True)]
    width, height = round(layout.width + 2 * MARGIN), round(layout.height + 2 * MARGIN)
    return Scene(width, height, tuple(boxes), tuple(arrows))


@lru_cache(maxsize=4096)
def text_width(text: str, size: int) -> int:
    """At least the width in pixels of `text` in the widest of our fonts, bold.

    >>> text_width("wide", 10) > text_width("till", 10)
    True
    """
    return _pixels(sum(_WIDTHS.get(letter, 72 if ord(letter) < 0x2E80 else 105) for letter in text), size)


def _pixels(hundredths: int, size: int) -> int:
    """Rounded up, in whole numbers: sums of floats differ between versions of Python, by just enough to move a box."""
    return -(-hundredths * size // 100)


# Widths in hundredths of the type size: upper bounds over Helvetica, Arial and DejaVu Sans.
_WIDTHS = {
    **dict.fromkeys("ijlIt.,:;|!'()[]frJ1-· ", 46),
    **dict.fromkeys("mwMW@%", 112),
    **dict.fromkeys("ABCDGHNOQRU", 86),
}


class _Plan:
    """One box before it has a place: a title, and below it rows."""

    def __init__(self, graph: Graph, place: int, widest: str) -> None:
        node = graph.nodes[place]
        is_result = place == len(graph.nodes) - 1 and node.kind == "operation"
        self.role = "result" if is_result else node.kind
        self.title = _short(_title(node))
        self.source = _short(one_line(node.source)) if node.kind == "operation" else ""
        self.value = "" if node.kind == "constant" else f"value {value_text(node)}"
        self.gradient, self.stored = _gradients(graph, node)
        # Each half of the last row is centred in its half of the box.
        halves = [text_width(half, LABEL) for half in (self.value, self.gradient, widest)]
        row = 2 * max(halves) + PADDING if self.gradient else halves[0]
        mono = _pixels(sum(MONO_WIDTH if ord(letter) < 0x2E80 else 2 * MONO_WIDTH for letter in self.source), LABEL)
        around = 4 if node.kind == "constant" else 2 * PADDING
        self.width = max(text_width(self.title, TITLE), mono, row) + around
        self.height = 24 if node.kind == "constant" else 74 if self.source or self.stored else 54

    def at(self, centre: Point) -> Box:
        x, top = centre[0], centre[1] - self.height / 2
        gap = self.width / 4 if self.gradient else 0
        bottom = top + self.height - 11
        rows = (
            Text("plain", x, top + 17, self.title)
            if self.role == "constant"
            else Text("title", x, top + 21, self.title),
            Text("source", x, top + 41, self.source),
            Text("stored", x, top + 41, self.stored),
            Text("value", x - gap, bottom, self.value),
            Text("gradient", x + gap, bottom, self.gradient),
        )
        return Box(self.role, x - self.width / 2, top, self.width, self.height, tuple(row for row in rows if row.text))


def _gradients(graph: Graph, node: Node) -> tuple[str, str]:
    """What a box says of the gradient that comes, and of what a leaf's `.grad` holds."""
    stored = "" if node.grad is None else f".grad {number(node.grad)}"
    if not graph.shows_gradients or graph.missing:
        return (stored or ".grad ·" if node.kind == "leaf" else ""), ""
    if node.kind == "constant":
        return "", ""
    return ("grad ·" if node.gradient is None else f"grad {number(node.gradient)}"), stored


def _title(node: Node) -> str:
    if node.kind == "constant":
        return constant_text(node)
    return title_of(node)


def _pill_text(graph: Graph, edge: Edge) -> str:
    shown = graph.shows_gradients and not graph.missing and graph.nodes[edge.source].kind != "constant"
    return slope(graph, edge) if shown else ""


def _pill(text: str, size: tuple[float, float] | None, centre: Point | None) -> Box | None:
    if size is None or centre is None:
        return None
    x, y = centre
    width, height = size[0] - PADDING, size[1] - 4
    shown = Text("slope", x, y + 4.5, text)
    return Box("pill", x - width / 2, y - height / 2, width, height, (shown,))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
