"""A `Graph` as SVG and as text.

The SVG is written here, letter by letter, on the places that `layout` gives: no `dot` binary, no font, the same bytes
on every machine. Blue is a value, orange a gradient, and the word stands beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from course_utils.graph import Graph, Node, callers_variables, read_graph
from course_utils.layout import Point, lay_out
from course_utils.style import COLOURS, FONT, picture_html
import torch

MARGIN = 8
PADDING = 12
TITLE, LABEL = 15, 13  # pixels
BOX_HEIGHT = 54


def draw_graph(result: torch.Tensor, /, **names: torch.Tensor) -> Graph:
    """The graph behind `result`, which shows itself: `trace` by the name of what it is for in a lesson.

    Args and errors are those of `trace`.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> print(draw_graph(w * 2).to_text())
    A graph of 2 nodes.
    1. w, a leaf: value 3, no gradient yet.
    2. the result, × of w: value 6.
    """
    return read_graph(result, {**names, **callers_variables(), **names})


def to_text(graph: Graph) -> str:
    """The graph in words, a line a node: enough to draw it again."""
    lines = [_sentence(graph, place) for place in range(len(graph.nodes))]
    return "\n".join([f"A graph of {len(lines)} node{'s' if len(lines) > 1 else ''}.", *lines])


def to_svg(graph: Graph) -> str:
    """The drawing as the text of an SVG file, at its natural size in pixels."""
    labels = [_labels(node) for node in graph.nodes]
    sizes = [(_box_width(title, value, gradient), BOX_HEIGHT) for title, value, gradient in labels]
    layout = lay_out(graph, sizes)
    width, height = round(layout.width + 2 * MARGIN), round(layout.height + 2 * MARGIN)
    boxes = (
        _box(node, centre, size, label, is_result=node is graph.nodes[-1])
        for node, centre, size, label in zip(graph.nodes, layout.centres, sizes, labels, strict=True)
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="{-MARGIN} {-MARGIN} {width} {height}" role="img">',
            f"<title>{escape(to_text(graph))}</title>",
            _STYLE,
            f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{width}" height="{height}" fill="{COLOURS["paper"]}"/>',
            *(f'<path class="edge" d="{_curve(route)}"/>' for route in layout.routes),
            *boxes,
            "</svg>\n",
        ]
    )


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
    svg, words = to_svg(graph), to_text(graph)
    width, height = (int(svg.split(f'{side}="', 1)[1].split('"', 1)[0]) for side in ("width", "height"))
    html = picture_html(svg.encode(), mime="image/svg+xml", words=words, width=width, height=height)
    return {"text/html": html, "image/svg+xml": svg, "text/plain": words}


def number(value: torch.Tensor | None) -> str:
    """A value in a few letters: four digits of a number, the shape of anything larger, `?` where it is not known.

    >>> [number(torch.tensor(-4.15)), number(torch.ones(5, 4)), number(torch.ones(16)), number(None)]
    ['−4.15', '[5×4]', '[16]', '?']
    """
    if value is None:
        return "?"
    if value.dim() == 0:
        return f"{value.item():.4g}".replace("-", "−")
    return f"[{'×'.join(map(str, value.shape))}]"


def text_width(text: str, size: float) -> float:
    """At least the width in pixels of `text` in the widest of our fonts, bold.

    >>> text_width("wide", 10) > text_width("till", 10)
    True
    """
    return size * sum(_EM.get(letter, 0.72 if ord(letter) < 0x2E80 else 1.05) for letter in text)


# Widths in parts of the type size: upper bounds over Helvetica, Arial and DejaVu Sans.
_EM = {
    **dict.fromkeys("ijlIt.,:;|!'()[]frJ1-· ", 0.46),
    **dict.fromkeys("mwMW@%", 1.12),
    **dict.fromkeys("ABCDGHNOQRU", 0.86),
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
.edge {{ fill: none; stroke: {COLOURS["quiet"]}; stroke-width: 1.8; marker-end: url(#arrow); }}
</style>
<defs><marker id="arrow" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="8" refX="0" refY="4" orient="auto">
<path d="M0,0 L10,4 L0,8 z" fill="{COLOURS["quiet"]}"/></marker></defs>"""


def _labels(node: Node) -> tuple[str, str, str]:
    """What stands in a node's box: its title, its value, and of a leaf its gradient."""
    title = " = ".join(part for part in (_name(node), node.op) if part) or "leaf"
    gradient = ("grad " + ("·" if node.gradient is None else number(node.gradient))) if node.is_leaf else ""
    return title if len(title) <= 40 else title[:39] + "…", f"value {number(node.value)}", gradient


def _box_width(title: str, value: str, gradient: str) -> int:
    row = text_width(value, LABEL) + (PADDING + text_width(gradient, LABEL) if gradient else 0)
    return round(max(text_width(title, TITLE), row) + 2 * PADDING)


def _box(node: Node, centre: Point, size: tuple[float, float], label: tuple[str, str, str], *, is_result: bool) -> str:
    (x, y), (width, height), (title, value, gradient) = centre, size, label
    role = "leaf" if node.is_leaf else "result" if is_result else "operation"
    corner = 16 if node.is_leaf else 6
    value_x, gradient_x = (x, x) if not gradient else (x - width / 4, x + width / 4)
    rows = [
        f'<rect class="box {role}" x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width}" height="{height}" '
        f'rx="{corner}"/>',
        f'<text class="title" x="{x:.1f}" y="{y - 6:.1f}">{escape(title)}</text>',
        f'<text class="value" x="{value_x:.1f}" y="{y + 16:.1f}">{escape(value)}</text>',
    ]
    if gradient:
        rows.append(f'<text class="gradient" x="{gradient_x:.1f}" y="{y + 16:.1f}">{escape(gradient)}</text>')
    return "\n".join(rows)


def _curve(route: Sequence[Point]) -> str:
    (start, *rest) = (f"{x:.1f},{y:.1f}" for x, y in route)
    return f"M{start} C{' '.join(rest)}"


def _sentence(graph: Graph, place: int) -> str:
    node = graph.nodes[place]
    name = _name(node) or ("the result" if place == len(graph.nodes) - 1 else "unnamed")
    if node.is_leaf:
        gradient = "no gradient yet" if node.gradient is None else f"gradient {number(node.gradient)}"
        return f"{place + 1}. {name}, a leaf: value {number(node.value)}, {gradient}."
    operands = ", ".join(_reference(graph, edge.source) for edge in graph.edges if edge.target == place)
    return f"{place + 1}. {name}, {node.op} of {operands}: value {number(node.value)}."


def _reference(graph: Graph, place: int) -> str:
    return _name(graph.nodes[place]) or f"node {place + 1}"


def _name(node: Node) -> str:
    """The name on one line, without the control characters that no XML may hold."""
    return "".join(letter if letter.isprintable() else "�" for letter in node.name or "")
