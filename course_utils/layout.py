"""Where each box of a `Graph` lies, and the way each edge takes between them.

Graphviz' `dot` algorithm decides, inside this process, through pygraphviz. It is given boxes of a fixed size and no
text at all: then it opens no font, says nothing on stderr, answers in milliseconds and gives the same places on every
platform.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_utils.graph import Edge, Graph

Point = tuple[float, float]
Size = tuple[float, float]

WIDE_ENOUGH = 880  # pixels across a notebook's page; what is wider is laid out from top to bottom
POINT = 72  # Graphviz counts in inches of 72 points; a point is a pixel here


@dataclass(frozen=True)
class Layout:
    """Places in pixels, y downward.

    Attributes:
        width: of the whole drawing.
        height: of the whole drawing.
        centres: the middle of each node's box, in the order of the graph's nodes.
        routes: for each edge the control points of a chain of cubic Bézier curves: 3k + 1 points. Where it has an
            arrowhead it ends 10 pixels before the box.
        labels: the middle of each edge's label, None where it has none.
    """

    width: float
    height: float
    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    labels: tuple[Point | None, ...]


def lay_out(graph: Graph, sizes: Sequence[Size], labels: Sequence[Size | None]) -> Layout:
    """Left to right where that fits a notebook's page, else from top to bottom.

    Args:
        graph: what to lay out.
        sizes: width and height of each node's box in pixels, in the order of `graph.nodes`.
        labels: the same of each edge's label, in the order of `graph.edges`. An edge with a label has room for an
            arrowhead at both ends, others only at the target.

    Raises:
        ValueError: there are not as many sizes as nodes, or labels as edges.
    """
    if len(sizes) != len(graph.nodes):
        raise ValueError(f"sizes must hold one pair a node: {len(graph.nodes)}, got {len(sizes)}")
    if len(labels) != len(graph.edges):
        raise ValueError(f"labels must hold one pair or None an edge: {len(graph.edges)}, got {len(labels)}")
    if _at_least(graph.edges, [width for width, _ in sizes]) <= WIDE_ENOUGH:
        across = _place(graph.edges, sizes, labels, "LR")
        if across.width <= WIDE_ENOUGH:
            return across
    return _place(graph.edges, sizes, labels, "TB")


def _at_least(edges: Sequence[Edge], widths: Sequence[float]) -> float:
    """The width of the longest chain of boxes alone: no use to lay out what cannot fit."""
    so_far = list(widths)
    for edge in sorted(edges, key=lambda edge: edge.target):  # operands come before what uses them
        so_far[edge.target] = max(so_far[edge.target], so_far[edge.source] + widths[edge.target])
    return max(so_far)


def _place(edges: Sequence[Edge], sizes: Sequence[Size], labels: Sequence[Size | None], direction: str) -> Layout:
    boxes = [
        f"{place} [width={width / POINT:.4f}, height={height / POINT:.4f}]"
        for place, (width, height) in enumerate(sizes)
    ]
    # Heavy edges are drawn straight: those between operations, the way from the first to the result.
    made = {edge.target for edge in edges}
    arrows = [
        f"{edge.source} -> {edge.target} [weight={20 if edge.source in made else 1}{_room(label)}]"
        for edge, label in zip(edges, labels, strict=True)
    ]
    apart = 0.55 if not any(labels) else 0.3  # a label brings room of its own
    # In a tree operands can stay in their order without a crossing; where something is used twice fewest crossings win.
    order = "ordering=in" if len({edge.source for edge in edges}) == len(edges) else ""
    dot = "\n".join(
        [
            "digraph {",
            f"rankdir={direction}; nodesep=0.35; ranksep={apart}; margin=0; {order}",
            'node [shape=box, fixedsize=true, label=""]',
            *boxes,
            *arrows,
            "}",
        ]
    )
    import pygraphviz  # here, as it is 6 MiB in a kernel, and half of the lessons draw no graph

    plain = pygraphviz.AGraph(string=dot).draw(format="plain", prog="dot").decode()
    return _read_plain([line.split() for line in plain.replace("\\\n", "").splitlines()], len(sizes), edges)


def _room(label: Size | None) -> str:
    """Room for a label: an empty table, for which no font is asked."""
    if label is None:
        return ""
    size = f'FIXEDSIZE="TRUE" WIDTH="{label[0]:.0f}" HEIGHT="{label[1]:.0f}" BORDER="0"'
    return f", dir=both, label=<<TABLE {size}><TR><TD></TD></TR></TABLE>>"


def _read_plain(rows: list[list[str]], boxes: int, edges: Sequence[Edge]) -> Layout:
    """Graphviz' plain format: rows of words, lengths in inches, y upward."""
    _, _, width, height = rows[0]
    tall = float(height)

    def point(x: str, y: str) -> Point:
        return round(float(x) * POINT, 1), round((tall - float(y)) * POINT, 1)

    centres = {int(row[1]): point(row[2], row[3]) for row in rows if row[0] == "node"}
    found: dict[tuple[int, int], list[tuple[tuple[Point, ...], Point | None]]] = {}
    for row in rows:
        if row[0] == "edge":
            ends, rest = row[4 : 4 + 2 * int(row[3])], row[4 + 2 * int(row[3]) :]
            way = tuple(point(x, y) for x, y in zip(ends[::2], ends[1::2], strict=True))
            label = point(rest[1], rest[2]) if rest[0] == '"<TABLE>"' else None
            found.setdefault((int(row[1]), int(row[2])), []).append((way, label))
    # Two edges between the same boxes are alike: either may have either way.
    ways = [found[edge.source, edge.target].pop(0) for edge in edges]
    return Layout(
        width=round(float(width) * POINT, 1),
        height=round(tall * POINT, 1),
        centres=tuple(centres[place] for place in range(boxes)),
        routes=tuple(way for way, _ in ways),
        labels=tuple(label for _, label in ways),
    )
