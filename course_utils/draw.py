"""A `Graph` as SVG.

The SVG is written here, letter by letter, on the places that `layout` gives: no `dot` binary, no font, the same bytes
on every machine. Blue is a value, orange a gradient, and the word stands beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from course_utils.graph import Graph, Node, callers_variables, read_graph
from course_utils.layout import Point, lay_out
from course_utils.style import COLOURS, FONT, MONO, MONO_WIDTH, picture_html
from course_utils.words import constant_text, name_of, number, one_line, to_text
import torch

MARGIN = 8
PADDING = 12
TITLE, LABEL = 15, 13  # pixels
LONGEST = 40  # letters of a name or a source text; the words beside the picture hold all of it


def draw_graph(result: torch.Tensor, /, **names: torch.Tensor) -> Graph:
    """The graph behind `result`, which shows itself: `trace` by the name of what it is for in a lesson.

    Args and errors are those of `trace`.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> print(draw_graph(w * 2).to_text())
    A graph of 2 nodes.
    1. w, a leaf: value 3, no gradient yet.
    2. the result, × of w: value 6.
    """
    return read_graph(result, names, callers_variables())


def to_svg(graph: Graph) -> str:
    """The drawing as the text of an SVG file, at its natural size in pixels."""
    svg, _, _ = _draw(graph)
    return svg


def save(graph: Graph, path: str | Path) -> None:
    """Write the drawing to a file whose name ends in .svg.

    Raises:
        ValueError: the name ends otherwise.
    """
    path = Path(path)
    if path.suffix != ".svg":
        raise ValueError(f"path must end in .svg, got {path.name!r}")
    path.write_text(to_svg(graph), encoding="utf-8")


def mimebundle(graph: Graph) -> dict[str, str]:
    """What a notebook shows: a picture with words, the bare SVG for viewers without HTML, and the words alone."""
    svg, width, height = _draw(graph)
    words = to_text(graph)
    html = picture_html(svg.encode(), mime="image/svg+xml", words=words, width=width, height=height)
    return {"text/html": html, "image/svg+xml": svg, "text/plain": words}


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

_STYLE = f"""<style>
text {{ font-family: {FONT}; font-size: {LABEL}px; text-anchor: middle; }}
.title {{ font-size: {TITLE}px; font-weight: bold; fill: {COLOURS["ink"]}; }}
.value {{ fill: {COLOURS["value"]}; }}
.gradient {{ fill: {COLOURS["gradient"]}; }}
.box {{ stroke-width: 1.8; }}
.leaf {{ fill: {COLOURS["leaf fill"]}; stroke: {COLOURS["value"]}; }}
.operation {{ fill: {COLOURS["operation fill"]}; stroke: {COLOURS["quiet"]}; }}
.result {{ fill: {COLOURS["result fill"]}; stroke: {COLOURS["loss"]}; }}
.source {{ font-family: {MONO}; fill: {COLOURS["quiet"]}; }}
.plain {{ fill: {COLOURS["quiet"]}; }}
.constant {{ fill: {COLOURS["paper"]}; }}
.from-constant {{ stroke-dasharray: 4 3; }}
.edge {{ fill: none; stroke: {COLOURS["quiet"]}; stroke-width: 1.8; marker-end: url(#arrow); }}
</style>
<defs><marker id="arrow" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="8" refX="0" refY="4" orient="auto">
<path d="M0,0 L10,4 L0,8 z" fill="{COLOURS["quiet"]}"/></marker></defs>"""


def _draw(graph: Graph) -> tuple[str, int, int]:
    """The SVG, its width and its height."""
    boxes = [_Box(node, is_result=node is graph.nodes[-1]) for node in graph.nodes]
    layout = lay_out(graph, [(box.width, box.height) for box in boxes])
    width, height = round(layout.width + 2 * MARGIN), round(layout.height + 2 * MARGIN)
    kinds = [graph.nodes[edge.source].kind for edge in graph.edges]
    frame = f'x="{-MARGIN}" y="{-MARGIN}" width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}" role="img">',
        f"<title>{escape(to_text(graph))}</title>",
        _STYLE,
        f'<rect {frame} fill="{COLOURS["paper"]}"/>',
    ]
    for kind, route in zip(kinds, layout.routes, strict=True):
        lines.append(f'<path class="edge from-{kind}" d="{_curve(route)}"/>')
    lines += [box.draw(centre) for box, centre in zip(boxes, layout.centres, strict=True)]
    return "\n".join([*lines, "</svg>\n"]), width, height


class _Box:
    """What is drawn for one node: a constant is bare text, the others have a frame, a title and rows below it."""

    def __init__(self, node: Node, *, is_result: bool) -> None:
        self.role = "result" if is_result and node.kind == "operation" else node.kind
        self.title = _short(_title(node))
        self.source = _short(one_line(node.source)) if node.kind == "operation" else ""
        self.value = "" if node.kind == "constant" else f"value {number(node.value)}"
        self.gradient = _gradient(node)
        halves = [text_width(half, LABEL) for half in (self.value, self.gradient)]
        row = 2 * max(halves) + PADDING if self.gradient else halves[0]  # each is centred in its half of the box
        mono = _pixels(sum(MONO_WIDTH if ord(letter) < 0x2E80 else 2 * MONO_WIDTH for letter in self.source), LABEL)
        around = 4 if node.kind == "constant" else 2 * PADDING
        self.width = max(text_width(self.title, TITLE), mono, row) + around
        self.height = 24 if node.kind == "constant" else 74 if self.source else 54

    def draw(self, centre: Point) -> str:
        x, top = centre[0], centre[1] - self.height / 2
        gap = self.width / 4 if self.gradient else 0
        frame = (
            f'<rect class="box {self.role}" x="{x - self.width / 2:.1f}" y="{top:.1f}" width="{self.width}" '
            f'height="{self.height}" rx="{16 if self.role == "leaf" else 6}"/>'
        )
        title = ("plain", x, top + 17) if self.role == "constant" else ("title", x, top + 21)
        bottom = top + self.height - 11
        rows = [
            (*title, self.title),
            ("source", x, top + 41, self.source),
            ("value", x - gap, bottom, self.value),
            ("gradient", x + gap, bottom, self.gradient),
        ]
        return "\n".join([frame, *(_text(*row) for row in rows if row[-1])])


def _text(role: str, x: float, y: float, text: str) -> str:
    return f'<text class="{role}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _title(node: Node) -> str:
    if node.kind == "constant":
        return constant_text(node)
    return " = ".join(part for part in (name_of(node), node.op) if part) or "leaf"


def _gradient(node: Node) -> str:
    if node.kind != "leaf":
        return ""
    return "grad ·" if node.gradient is None else f"grad {number(node.gradient)}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _curve(route: Sequence[Point]) -> str:
    (start, *rest) = (f"{x:.1f},{y:.1f}" for x, y in route)
    return f"M{start} C{' '.join(rest)}"
