"""A `Graph` with several nodes drawn as one: what one call made, what happened inside one module.

Folding works on plain values alone. A folded node is the last of its nodes, the only one that the rest of the graph
sees; its local slopes are the products along the ways through it, added up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace

from course_utils.call import Call
from course_utils.graph import Edge, Graph, Module, Node
from course_utils.slopes import in_line, side_by_side
import torch

MANY = 40  # above so many boxes modules are drawn, not operations

# What Python calls an operator is no name for learners.
_OPERATORS = {"__rdiv__": "÷", "__rtruediv__": "÷", "__rsub__": "−", "__rpow__": "^"}
# Pairs of operations that are one call nearly always, where no call was recorded: by the signs of user and operand.
_PAIRS = {("linear", "transpose"): "linear", ("nll loss", "log softmax"): "cross entropy"}


def fold_calls(graph: Graph, calls: Sequence[Call | None]) -> Graph:
    """The graph with the operations that one call of the learner's made in one node.

    Args:
        graph: as it was read.
        calls: for each of its nodes the call that made it, or None where that is not known.
    """
    groups: list[Hashable] = [call if call is not None else ("alone", place) for place, call in enumerate(calls)]
    titles: dict[Hashable, str] = {call: _title(call) for call in calls if call is not None}
    for edge in graph.edges:
        user, operand = graph.nodes[edge.target], graph.nodes[edge.source]
        title = _PAIRS.get((user.op, operand.op))
        if title and calls[edge.target] is None and calls[edge.source] is None and operand.name is None:
            groups[edge.source] = groups[edge.target]
            titles[groups[edge.target]] = title
    return _fold(graph, groups, lambda group, node: replace(node, op=titles.get(group, node.op)))


def fold_modules(graph: Graph) -> Graph:
    """The graph with one node a module, as coarse as it takes to have at most 40 boxes; a smaller one as it is."""
    if _boxes(graph) <= MANY or not any(node.modules for node in graph.nodes):
        return graph
    opened: frozenset[str] = frozenset()
    folded = _fold_modules(graph, opened)
    while True:
        wider = opened | {module.name for node in folded.nodes for module in _next_closed(node, opened)}
        finer = _fold_modules(graph, wider)
        if wider == opened or _boxes(finer) > MANY:
            return folded
        opened, folded = wider, finer


def expand(graph: Graph, module: str) -> Graph:
    """The graph with one of its folded modules opened.

    Raises:
        ValueError: no folded module has this name.
    """
    closed = sorted({module.name for node in graph.nodes for module in _next_closed(node, graph.opened)})
    if graph.inside is None or module not in closed:
        raise ValueError(f"module must be one that is folded ({', '.join(closed) or 'none is'}), got {module!r}")
    opened = _fold_modules(graph.inside, graph.opened | {module})
    return replace(opened, shows_gradients=graph.shows_gradients)


def _fold_modules(graph: Graph, opened: frozenset[str]) -> Graph:
    closed = [next(iter(_next_closed(node, opened)), None) for node in graph.nodes]
    groups: list[Hashable] = [module.name if module else ("alone", place) for place, module in enumerate(closed)]
    users: dict[int, set[Hashable]] = defaultdict(set)
    for edge in graph.edges:
        users[edge.source].add(groups[edge.target])
    for place, node in enumerate(graph.nodes):  # what only one module uses is inside it: parameters, running means
        (user, *others) = users[place] or {None}
        if isinstance(user, str) and not others and not _is_input(node):
            groups[place] = user
    kinds = {module.name: module.kind for module in closed if module}
    sizes = Counter(group for group, node in zip(groups, graph.nodes, strict=True) if node.kind == "operation")

    def title(group: Hashable, node: Node) -> Node:
        count = f"{sizes[group]} operation{'s' if sizes[group] > 1 else ''}"
        return replace(node, op=kinds.get(str(group), ""), source=f"{group}: {count}")

    return replace(_fold(graph, groups, title), inside=graph, opened=opened)


def _is_input(node: Node) -> bool:
    """Whether the learner hands it in: a module's own tensors have no name, or one with a dot (`net.0.weight`)."""
    return node.kind == "operation" or bool(node.source) or (node.name is not None and "." not in node.name)


def _next_closed(node: Node, opened: frozenset[str]) -> list[Module]:
    """The outermost module around a node that is not opened, in a list; empty if there is none."""
    return [module for module in node.modules if module.name not in opened][:1]


def _boxes(graph: Graph) -> int:
    return sum(node.kind != "constant" for node in graph.nodes)


def _title(call: Call) -> str:
    return _OPERATORS.get(call.function, call.function.strip("_").replace("_", " "))


def _fold(graph: Graph, groups: Sequence[Hashable], title: Callable[[Hashable, Node], Node]) -> Graph:
    """The graph with each group in the place of its one exit; a group with two exits stays as it is."""
    into = _homes(graph, groups)
    folded = {home for home, size in Counter(into).items() if size > 1}
    if not folded:
        return graph
    slopes = _slopes_to_homes(graph, into)
    arriving: list[list[Edge]] = [[] for _ in graph.nodes]
    for edge in graph.edges:
        arriving[edge.target].append(edge)
    kept = [place for place, home in enumerate(into) if home == place]
    new = {old: number for number, old in enumerate(kept)}
    edges: list[Edge] = []
    for home in kept:
        outer = arriving[home]
        if home in folded:
            at_home = [(edge, _to_home(slopes, graph, edge)) for edge in _from_outside(arriving, into, home)]
            outer = _one_each([replace(edge, local=local) for edge, local in at_home])
        edges += [replace(edge, source=new[edge.source], target=new[home]) for edge in outer]
    nodes = [title(groups[place], graph.nodes[place]) if place in folded else graph.nodes[place] for place in kept]
    order = tuple(new[place] for place in graph.order if place in new)
    return replace(graph, nodes=tuple(nodes), edges=tuple(edges), order=order)


def _from_outside(arriving: Sequence[Sequence[Edge]], into: Sequence[int], home: int) -> Iterator[Edge]:
    """The edges that come to the nodes of one home from elsewhere, in the order of the operands."""
    seen = {home}
    stack = list(reversed(arriving[home]))
    while stack:
        edge = stack.pop()
        if into[edge.source] != home:
            yield edge
        elif edge.source not in seen:
            seen.add(edge.source)
            stack += reversed(arriving[edge.source])


def _one_each(edges: Sequence[Edge]) -> list[Edge]:
    """The edges with one for each operand: slopes side by side add, and so do contributions."""
    one: dict[int, Edge] = {}
    for edge in edges:
        one[edge.source] = _together(one[edge.source], edge) if edge.source in one else edge
    return list(one.values())


def _homes(graph: Graph, groups: Sequence[Hashable]) -> list[int]:
    """For each node the one node of its group that the rest of the graph sees; itself where there is more than one."""
    exits: dict[Hashable, set[int]] = defaultdict(set)
    exits[groups[-1]].add(len(groups) - 1)
    for edge in graph.edges:
        if groups[edge.source] != groups[edge.target]:
            exits[groups[edge.source]].add(edge.source)
    return [next(iter(exits[group])) if len(exits[group]) == 1 else place for place, group in enumerate(groups)]


def _slopes_to_homes(graph: Graph, into: Sequence[int]) -> dict[int, torch.Tensor | None]:
    """For each folded node the slope of its home with respect to it; homes themselves are left out."""
    slopes: dict[int, torch.Tensor | None] = {}
    for edge in sorted(graph.edges, key=lambda edge: -edge.target):
        if into[edge.source] == into[edge.target]:
            slope = _to_home(slopes, graph, edge)
            slopes[edge.source] = side_by_side(slopes[edge.source], slope) if edge.source in slopes else slope
    return slopes


def _to_home(slopes: Mapping[int, torch.Tensor | None], graph: Graph, edge: Edge) -> torch.Tensor | None:
    """The slope of the home of an edge's target with respect to its source, along this edge."""
    if edge.target not in slopes:
        return edge.local
    return in_line(slopes[edge.target], edge.local, shared=len(graph.nodes[edge.target].shape))


def _together(one: Edge, other: Edge) -> Edge:
    both = side_by_side(one.contribution, other.contribution)
    contribution = both if both is not None else one.contribution if other.contribution is None else other.contribution
    return replace(one, local=side_by_side(one.local, other.local), contribution=contribution)
