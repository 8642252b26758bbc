"""The backward pass of a `Graph`, moment by moment: which node is in hand, what it has, what it sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from course_utils.graph import Edge, Graph
from course_utils.words import SHORT, call_node, number, one_line, places, shape_text, slope
import torch


@dataclass(frozen=True, eq=False)
class Step:
    """One moment.

    Attributes:
        hand: the place of the node that passes its gradient on; None at the start.
        sent: numbers of the edges along which it does.
        so_far: what has arrived by then at each node where anything has, by place.
        waiting: how many more edges will bring something, by place; what is not in it waits for none.
        words: what happens, in a sentence or two.
    """

    hand: int | None
    sent: tuple[int, ...]
    so_far: Mapping[int, torch.Tensor]
    waiting: Mapping[int, int]
    words: str


def steps(graph: Graph) -> tuple[Step, ...]:
    """The moments of the backward pass in the engine's order: the start, then one for each leaf and operation.

    Raises:
        ValueError: the graph has no gradients; it says why.
    """
    if graph.missing:
        raise ValueError(graph.missing)
    result = len(graph.nodes) - 1
    order = places(graph)
    names = {place: _call(graph, place, order) for place in order}
    edges_to = _numbers_by_target(graph)
    waiting = Counter(edge.source for edge in graph.edges if edge.contribution is not None)
    so_far = {result: _known(graph.nodes[result].gradient)}
    start = f"{names[result]} is where the backward pass starts, with {_told(so_far[result])}."
    moments = [Step(None, (), dict(so_far), dict(waiting), start)]
    for hand in (place for place in graph.order if graph.nodes[place].gradient is not None):
        sentences = [_in_hand(graph, hand, names)]
        sent = [nr for nr in edges_to.get(hand, ()) if graph.edges[nr].contribution is not None]
        for edge in (graph.edges[nr] for nr in sent):
            waiting[edge.source] -= 1
            so_far[edge.source] = _sum(graph, edge, so_far.get(edge.source), waiting[edge.source])
            sentences.append(_sending(graph, edge, so_far[edge.source], waiting[edge.source], names))
        left = {place: more for place, more in waiting.items() if more}
        moments.append(Step(hand, tuple(sent), dict(so_far), left, " ".join(sentences)))
    return tuple(moments)


def _sum(graph: Graph, edge: Edge, arrived: torch.Tensor | None, waiting: int) -> torch.Tensor:
    """What has arrived at an edge's source with this edge; once all has, the engine's own sum, to the last bit."""
    if not waiting:
        return _known(graph.nodes[edge.source].gradient)
    return _known(edge.contribution) if arrived is None else arrived + _known(edge.contribution)


def _known(gradient: torch.Tensor | None) -> torch.Tensor:
    assert gradient is not None
    return gradient


def _numbers_by_target(graph: Graph) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for nr, edge in enumerate(graph.edges):
        found.setdefault(edge.target, []).append(nr)
    return found


def _call(graph: Graph, place: int, order: Mapping[int, int]) -> str:
    """How a sentence calls a node: by its name, by its text where that is short, else by its sign and number."""
    node, name = graph.nodes[place], call_node(graph, place, order)
    if node.name or not node.op:
        return name
    return one_line(node.source) if 0 < len(node.source) <= SHORT else f"{one_line(node.op)} ({name})"


def _in_hand(graph: Graph, hand: int, names: Mapping[int, str]) -> str:
    node = graph.nodes[hand]
    if node.kind == "leaf":
        return f"{names[hand]} is a leaf: it has {_told(node.gradient)}, which backward() adds to its .grad."
    return f"{names[hand]} has {_told(node.gradient)}."


def _sending(graph: Graph, edge: Edge, so_far: torch.Tensor, waiting: int, names: Mapping[int, str]) -> str:
    factor, sent = slope(graph, edge), _told(edge.contribution)
    if factor.startswith("×"):
        sent = f"{number(graph.nodes[edge.target].gradient)} × {factor[1:]} = {sent}"
    else:
        sent = f"{sent} (what it has, times the Jacobian {factor})"
    more = f", and waits for {waiting} more" if waiting else ""
    return f"It sends {sent} to {names[edge.source]}, which now has {_told(so_far)}{more}."


def _told(gradient: torch.Tensor | None) -> str:
    """A gradient as a number, or as a tensor of a shape."""
    text = number(gradient)
    if gradient is None or text != shape_text(tuple(gradient.shape)):
        return text
    return f"a tensor {text}"
