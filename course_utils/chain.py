"""The chain rule of all paths, written out with numbers: multiply along a path, add over the paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter

from course_utils import formulas
from course_utils.engine import Value
from course_utils.graph import Edge, Graph
from course_utils.names import callers_variables
from course_utils.read import read_graph
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


def explain(
    result: torch.Tensor | Value, name: str, /, *, gradient: torch.Tensor | None = None, **names: object
) -> Explanation:
    """The gradient of `result` with respect to one of its variables, as a sum over paths; it shows itself.

    Args and further errors are those of `trace`.

    Args:
        result: what is differentiated.
        name: the caller's name of what it is differentiated with respect to; a leaf or a named step on the way.
        gradient: as for `trace`.
        names: as for `trace`.

    Raises:
        TypeError: `name` is no text.
        ValueError: the graph has nothing of this name, or no gradients, and then it says why.

    >>> a = torch.tensor(3.0, requires_grad=True)
    >>> print(explain(a * a + a, "a", a=a).to_text())
    3 paths lead from result back to a, by way of u1 = ×:
    d result/d u1 · d u1/d a = 1 · 3 = 3
    d result/d u1 · d u1/d a = 1 · 3 = 3
    d result/d a = 1
    Together: 3 + 3 + 1 = 7, the gradient of a.
    """
    if not isinstance(name, str):
        raise TypeError(f'name must be the text of a name, such as "w", got {type(name).__name__}')
    graph = read_graph(result, names, callers_variables(), gradient)
    graph = graph.inside or graph  # a module's slopes are seldom known, those of its operations are
    place = graph.place_of(name)
    if graph.missing:
        raise ValueError(graph.missing)
    return Explanation(graph, place)


class Explanation:
    """The paths from a result back to a node, which show themselves as formulas and as text.

    Attributes:
        graph: where they run.
        count: how many there are.
        paths: all of them in the order of the graph; of more than 8, the 8 that weigh most.
        gradient: what all of them bring together; None if there are none.
    """

    def __init__(self, graph: Graph, place: int) -> None:
        self.graph, self.place = graph, place
        self.gradient = graph.nodes[place].gradient
        leads = _leading(graph, place)
        self.count = _counts(graph, leads)[place]
        self.paths = tuple(_path(graph, edges) for edges in _heaviest(graph, leads)[place])

    def to_text(self) -> str:
        """The paths as plain text, a line each."""
        return formulas.to_text(self)

    def to_latex(self) -> str:
        """The paths as LaTeX, aligned at the equals signs."""
        return formulas.to_latex(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/latex": self.to_latex(), "text/plain": self.to_text()}


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
