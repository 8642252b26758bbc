"""The ways from the result of a `Graph` back to one of its nodes, and what comes along each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter

from course_utils.graph import Edge, Graph
from course_utils.slopes import in_line
import torch

FEW = 8  # paths that are written out; of more, so many of the largest


@dataclass(frozen=True, eq=False)
class Path:
    """One way from the result back to a leaf.

    Attributes:
        edges: of the graph, from the result on; none where the node is the result itself.
        product: what comes to the node along it, in the node's shape: what arrives at the result times the local
            slopes. None where one of these is not known.
    """

    edges: tuple[Edge, ...]
    product: torch.Tensor | None


@dataclass(frozen=True, eq=False)
class Paths:
    """All ways back to one node.

    Attributes:
        graph: where they run.
        place: of the node they lead back to.
        count: how many there are.
        few: all of them in the order of the operands; of more than 8, the 8 that weigh most.
    """

    graph: Graph
    place: int
    count: int
    few: tuple[Path, ...]


def find_paths(graph: Graph, place: int) -> Paths:
    """The ways from the result back to the node at `place` along which something comes."""
    leads = _leading(graph, place)
    count, few = _counts(graph, leads)[place], _heaviest(graph, leads)[place]
    if count <= FEW:  # all of them, then, as one reads the expression
        number = {id(edge): number for number, edge in enumerate(graph.edges)}
        few.sort(key=lambda edges: [number[id(edge)] for edge in edges])
    return Paths(graph, place, count, tuple(_path(graph, edges) for edges in few))


def _leading(graph: Graph, place: int) -> dict[int, list[Edge]]:
    """The edges that lie on a way back to `place`, by their target; all that bring something."""
    reaches = {place}
    leads: dict[int, list[Edge]] = {}
    for edge in graph.edges:  # one operation after the other, operands before what uses them
        if edge.source in reaches and edge.contribution is not None:
            reaches.add(edge.target)
            leads.setdefault(edge.target, []).append(edge)
    return leads


def _counts(graph: Graph, leads: Mapping[int, list[Edge]]) -> list[int]:
    """How many ways there are from the result to each node."""
    counts = [0] * len(graph.nodes)
    counts[-1] = 1
    for target in reversed(range(len(graph.nodes))):
        for edge in leads.get(target, ()):
            counts[edge.source] += counts[target]
    return counts


def _heaviest(graph: Graph, leads: Mapping[int, list[Edge]]) -> list[list[tuple[Edge, ...]]]:
    """For each node the few ways from the result to it with the largest products of the sizes of their slopes."""
    best: list[list[tuple[float, tuple[Edge, ...]]]] = [[] for _ in graph.nodes]
    best[-1] = [(1.0, ())]
    for target in reversed(range(len(graph.nodes))):
        if len(best[target]) > FEW:
            best[target] = nlargest(FEW, best[target], key=itemgetter(0))  # of equal ones the first
        for edge in leads.get(target, ()):
            size = 1.0 if edge.local is None else float(edge.local.norm())
            best[edge.source] += [(weight * size, (*way, edge)) for weight, way in best[target]]
    return [[way for _, way in ways] for ways in best]


def _path(graph: Graph, edges: tuple[Edge, ...]) -> Path:
    product = graph.nodes[-1].gradient
    for edge in edges:
        product = in_line(product, edge.local, shared=len(graph.nodes[edge.target].shape))
    return Path(edges, product)
