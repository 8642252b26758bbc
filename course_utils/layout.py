"""Where each box of a `Graph` lies, and the way each edge takes between them.

Graphviz' `dot` algorithm decides, inside this process, through pygraphviz. It is given boxes of a fixed size and no
text at all: then it opens no font, says nothing on stderr, answers in milliseconds and gives the same places on every
platform.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_utils.graph import Edge, Graph
import pygraphviz

Point = tuple[float, float]

WIDE_ENOUGH = 880  # pixels across a notebook's page; what is wider is laid out from top to bottom
POINT = 72  # Graphviz counts in inches of 72 points; a point is a pixel here


@dataclass(frozen=True)
class Layout:
    """Places in pixels, y downward.

    Attributes:
        width: of the whole drawing.
        height: of the whole drawing.
        centres: the middle of each node's box, in the order of the graph's nodes.
        routes: for each edge the control points of a chain of cubic Bézier curves: 3k + 1 points. It ends 10 pixels
            before the target's box, room for an arrowhead.
    """

    width: float
    height: float
    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]


def lay_out(graph: Graph, sizes: Sequence[tuple[float, float]]) -> Layout:
    """Left to right where that fits a notebook's page, else from top to bottom.

    Args:
        graph: what to lay out.
        sizes: width and height of each node's box in pixels, in the order of `graph.nodes`.

    Raises:
        ValueError: there are not as many sizes as nodes.
    """
    if len(sizes) != len(graph.nodes):
        raise ValueError(f"sizes must hold one pair a node: {len(graph.nodes)}, got {len(sizes)}")
    across = _place(graph.edges, sizes, "LR")
    return across if across.width <= WIDE_ENOUGH else _place(graph.edges, sizes, "TB")


def _place(edges: Sequence[Edge], sizes: Sequence[tuple[float, float]], direction: str) -> Layout:
    boxes = [
        f"{place} [width={width / POINT:.4f}, height={height / POINT:.4f}]"
        for place, (width, height) in enumerate(sizes)
    ]
    # Heavy edges are drawn straight: those between operations, the way from the first to the result.
    made = {edge.target for edge in edges}
    arrows = [f"{edge.source} -> {edge.target} [weight={20 if edge.source in made else 1}]" for edge in edges]
    dot = "\n".join(
        [
            "digraph {",
            f"rankdir={direction}; nodesep=0.35; ranksep=0.55; margin=0",
            'node [shape=box, fixedsize=true, label=""]',
            *boxes,
            *arrows,
            "}",
        ]
    )
    plain = pygraphviz.AGraph(string=dot).draw(format="plain", prog="dot").decode()
    return _read_plain([line.split() for line in plain.replace("\\\n", "").splitlines()], len(sizes), edges)


def _read_plain(rows: list[list[str]], boxes: int, edges: Sequence[Edge]) -> Layout:
    """Graphviz' plain format: rows of words, lengths in inches, y upward."""
    _, _, width, height = rows[0]
    tall = float(height)

    def point(x: str, y: str) -> Point:
        return round(float(x) * POINT, 1), round((tall - float(y)) * POINT, 1)

    centres = {int(row[1]): point(row[2], row[3]) for row in rows if row[0] == "node"}
    routes: dict[tuple[int, int], list[tuple[Point, ...]]] = {}
    for row in rows:
        if row[0] == "edge":
            ends = row[4 : 4 + 2 * int(row[3])]
            way = tuple(point(x, y) for x, y in zip(ends[::2], ends[1::2], strict=True))
            routes.setdefault((int(row[1]), int(row[2])), []).append(way)
    return Layout(
        width=round(float(width) * POINT, 1),
        height=round(tall * POINT, 1),
        centres=tuple(centres[place] for place in range(boxes)),
        # Two edges between the same boxes are alike: either may have either way.
        routes=tuple(routes[edge.source, edge.target].pop(0) for edge in edges),
    )
