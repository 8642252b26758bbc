"""Graphs side by side on one Axes, with places and frames that do not depend on the numbers: a slider can move them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import atan2, degrees

from course_utils.graph import Graph, Node
from course_utils.layout import Point, lay_out
from course_utils.picture import UNTOLD, new_axes
from course_utils.style import COLOURS
from course_utils.words import constant_text, name_of, number, one_line
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

WIDTH, HEIGHT, GAP, ROW = 104, 74, 28, 17  # pixels: of a box, between two graphs, of a line of words
LONGEST = 16  # letters that a box can hold
DENSITY, LETTERS = 92, 10.5  # pixels to an inch, points: a box then holds its words
_FRAMES = {"leaf": ("leaf fill", "value"), "operation": ("operation fill", "quiet"), "result": ("result fill", "loss")}


def plot_graphs(graphs: Mapping[str, Graph], *, title: str = "") -> Axes:
    """The graphs beside one another, each from top to bottom, with the value and the gradient of each node.

    Args:
        graphs: by what is written above each.
        title: above all of them.

    >>> import torch
    >>> from course_utils import trace
    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> [text.get_text() for text in plot_graphs({"square": trace(w * w)}).texts]
    ['square', 'w', 'value 3', 'grad 6', '×', 'value 9', 'grad 1']
    """
    ax = new_axes()
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set_title(title, loc="left")
    left, deepest = 0.0, 0.0
    for name, graph in graphs.items():
        width, height = _draw(ax, name, graph, left)
        left, deepest = left + width + GAP, max(deepest, height)
    ax.set(xlim=(-4, left - GAP + 4), ylim=(deepest + 4, -30))
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.set_size_inches((left - GAP + 8) / DENSITY, (deepest + 74) / DENSITY)
    return ax


def _draw(ax: Axes, name: str, graph: Graph, left: float) -> tuple[float, float]:
    """Draw one graph; its width and height come back."""
    # Laid out from left to right, and then turned: so it goes from top to bottom.
    sizes = [(24, 30) if node.kind == "constant" else (HEIGHT, WIDTH) for node in graph.nodes]
    layout = lay_out(graph, sizes, [None] * len(graph.edges))
    ax.text(left + layout.height / 2, -16, name, ha="center", weight="bold", fontsize=LETTERS, color=COLOURS["ink"])
    for edge, route in zip(graph.edges, layout.routes, strict=True):
        dashed = graph.nodes[edge.source].kind == "constant"
        points = [(left + y, x) for x, y in _along(route)]
        dashes, colour = ":" if dashed else "-", COLOURS["quiet"]
        ax.plot(*zip(*points, strict=True), dashes, color=colour, linewidth=1.2, label=UNTOLD)
        (back, up), (across, down) = points[-2:]
        turned = degrees(atan2(up - down, across - back)) - 90  # of a triangle that points up
        ax.plot(across, down, marker=(3, 0, turned), color=colour, markersize=6, label=UNTOLD)
    for place, (node, (down, across)) in enumerate(zip(graph.nodes, layout.centres, strict=True)):
        role = "result" if place == len(graph.nodes) - 1 and node.kind == "operation" else node.kind
        if role in _FRAMES:
            fill, line = _FRAMES[role]
            corner = left + across - WIDTH / 2, down - HEIGHT / 2
            style = f"round,pad=0,rounding_size={12 if role == 'leaf' else 5}"
            ax.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, style, facecolor=COLOURS[fill], edgecolor=COLOURS[line]))
        rows = _rows(node)
        for at, row in enumerate(rows):  # one by one: a browser's letters have other widths, and only so are centred
            height = down + ROW * (at - (len(rows) - 1) / 2)
            ax.text(left + across, height, row, ha="center", va="center", fontsize=LETTERS, color=COLOURS["ink"])
    return layout.height, layout.width


def _rows(node: Node) -> list[str]:
    if node.kind == "constant":
        return [constant_text(node)]
    told = " = ".join(part for part in (name_of(node), node.op) if part) or "leaf"
    gradient = "·" if node.gradient is None else number(node.gradient)
    rows = [told, one_line(node.source), f"value {number(node.value)}", f"grad {gradient}"]
    return [row if len(row) <= LONGEST else f"{row[: LONGEST - 1]}…" for row in rows if row]


def _along(route: tuple[Point, ...], pieces: int = 6) -> list[Point]:
    """Points on a chain of cubic Bézier curves, close enough to look smooth, and its end."""
    found: list[Point] = []
    for start, end in pairwise(range(0, len(route), 3)):
        p, q, r, s = route[start : end + 1]
        for step in range(pieces):
            t = step / pieces
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            x, y = (sum(w * one[axis] for w, one in zip(weights, (p, q, r, s), strict=True)) for axis in (0, 1))
            found.append((x, y))
    return [*found, route[-1]]
