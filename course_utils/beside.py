"""Graphs side by side on one Axes, with places and frames that do not depend on the numbers: a slider can move them."""

from __future__ import annotations

from collections.abc import Mapping

from course_utils.graph import Graph, Node
from course_utils.layout import lay_out
from course_utils.picture import new_axes
from course_utils.style import COLOURS
from course_utils.words import constant_text, number, one_line, title_of
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Curve

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
        dashes = ":" if graph.nodes[edge.source].kind == "constant" else "-"
        curve = Curve([(left + y, x) for x, y in route], [Curve.MOVETO, *[Curve.CURVE4] * (len(route) - 1)])
        arrow = FancyArrowPatch(path=curve, arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=0)
        arrow.set(color=COLOURS["quiet"], linewidth=1.2, linestyle=dashes)
        ax.add_patch(arrow)
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
            written = ax.text(left + across, height, row, ha="center", va="center", fontsize=LETTERS)
            written.set(color=COLOURS["ink"], parse_math=False)  # a learner's $ is a $
    return layout.height, layout.width


def _rows(node: Node) -> list[str]:
    if node.kind == "constant":
        return [constant_text(node)]
    told = title_of(node)
    gradient = "·" if node.gradient is None else number(node.gradient)
    rows = [told, one_line(node.source), f"value {number(node.value)}", f"grad {gradient}"]
    return [row if len(row) <= LONGEST else f"{row[: LONGEST - 1]}…" for row in rows if row]
