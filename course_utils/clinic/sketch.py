"""A small graph, as it stands: nothing is computed, no backward pass is tried, no hook runs.

Of large tensors only the shape is told; what was freed, or changed in place, stays unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils.graph import Edge, Graph, Node
from course_utils.names import Names
from course_utils.record import note_of
from course_utils.walk import edge_of, operands, operands_first, sign
from course_utils.words import FEW
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

MOST = 10  # boxes: a larger graph explains nothing at a glance


class Sketch(NamedTuple):
    """A graph, and behind each of its boxes the node of torch's."""

    graph: Graph
    order: tuple[GradFn, ...]

    def those_that(self, complain: re.Pattern[str]) -> list[Node]:
        """The boxes whose kept tensors are not to be had, for one reason."""
        complaints = [" ".join(told for told in _kept(fn) if isinstance(told, str)) for fn in self.order]
        return [node for node, told in zip(self.graph.nodes, complaints, strict=True) if complain.search(told)]

    def has(self, tensor: object) -> bool:
        """Whether a tensor is one of the boxes."""
        if not isinstance(tensor, torch.Tensor) or not tensor.requires_grad:
            return False
        goal = edge_of(tensor)[0]
        return any(fn is goal for fn in self.order)

    def renamed(self, those: Collection[GradFn], name: str) -> Graph:
        """The graph with a name for boxes that have none."""
        nodes = [
            replace(node, name=name) if not node.name and any(fn is one for one in those) else node
            for node, fn in zip(self.graph.nodes, self.order, strict=True)
        ]
        return replace(self.graph, nodes=tuple(nodes))


@torch.inference_mode(mode=False)  # where torch keeps no graph, none can be read
def sketch(result: object, name: str, names: Mapping[str, object]) -> Sketch | None:
    """The graph behind a result, if it is small; None of a tensor that is alone, or off the tape."""
    if not isinstance(result, torch.Tensor) or result.is_leaf or not _is_small(edge_of(result)[0]):
        return None
    order = tuple(fn for fn in operands_first(edge_of(result)[0]) if not _is_transpose(fn))
    if len(order) > MOST:
        return None
    known = Names({name: result}, names)
    kept = {id(one.grad_fn): one for fn in order for one in _kept(fn) if isinstance(one, torch.Tensor) and one.grad_fn}
    place = {id(fn): number for number, fn in enumerate(order)}
    sources = [[_shown(source) for source, _ in operands(fn)] for fn in order]
    edges = [Edge(place[id(one)], here) for here, behind in enumerate(sources) for one in behind if id(one) in place]
    nodes = [_node(fn, known, kept.get(id(fn))) for fn in order]
    return Sketch(Graph(tuple(nodes), tuple(edges)), order)


def _is_small(root: GradFn) -> bool:
    """Whether so few nodes lie behind one that it is worth a closer look."""
    seen, stack = {root}, [root]
    while stack and len(seen) <= 2 * MOST:
        fresh = {fn for fn, _ in operands(stack.pop())} - seen
        seen |= fresh
        stack += fresh
    return not stack


def _is_transpose(fn: GradFn) -> bool:
    """Whether a node is torch's own turning over of a weight, as in `nn.Linear`."""
    return fn.name() == "TBackward0" and hasattr(fn.next_functions[0][0], "variable")


def _shown(fn: GradFn) -> GradFn:
    return operands(fn)[0][0] if _is_transpose(fn) else fn


def _kept(fn: Any) -> Iterator[torch.Tensor | str]:
    """The tensors that a node keeps for its backward pass, and why others are not to be had; no hook runs."""
    own = hasattr(fn, "_forward_cls")  # a Function that the learner wrote
    for raw in (one for one in dir(fn) if one.startswith("_raw_saved_") and not own):
        try:
            held = getattr(fn, raw)
            several = held if isinstance(held, tuple | list) else (held,)
            is_plain = held is not None and not any(getattr(one, "unpack_hook", None) for one in several)
            kept = getattr(fn, raw.removeprefix("_raw")) if is_plain else None
        except RuntimeError as error:
            yield str(error)
        else:
            yield from [kept] if isinstance(kept, torch.Tensor) else []


def _node(fn: Any, known: Names, kept: torch.Tensor | None) -> Node:
    shape, leaf = tuple(fn._input_metadata[0].shape), getattr(fn, "variable", None)
    outputs = [known.of_source((fn, output)) for output in range(len(fn._input_metadata))]
    name, held = next((pair for pair in outputs if pair[0]), (None, None))
    if leaf is not None:
        return Node("leaf", name, value=_few(leaf), shape=shape, grad=_few(leaf.grad, always=True))
    note = note_of(fn, 0)
    source = note.call.source if note and note.call else ""
    value = next((one for one in (held, note.value if note else None, kept) if one is not None), None)
    return Node("operation", name, sign(fn.name()), source, _few(value), shape)


def _few(tensor: torch.Tensor | None, *, always: bool = False) -> torch.Tensor | None:
    """A copy of a short tensor; of a large one nothing, or where there must be something, its shape alone."""
    if tensor is None or tensor.numel() <= FEW:
        return None if tensor is None else tensor.detach().cpu().clone()
    return torch.empty(tensor.shape, device="meta") if always else None
