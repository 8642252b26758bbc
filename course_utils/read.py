"""A live computation, read into a `Graph`.

torch keeps, behind each result, a chain of `grad_fn` nodes that leads back to the leaves. It is walked without
recursion, its backward pass is replayed, and nothing in it changes. What torch keeps no record of (the value of an
operation in mid-expression, a number that needs no gradient) is there if the computation ran inside `record()`.
Otherwise it is not guessed: such a value is None, such an operand is absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from course_utils.call import Call
from course_utils.engine import Value
from course_utils.fold import fold_calls, fold_modules
from course_utils.graph import Edge, Graph, Node
from course_utils.names import Names, by_name, callers_variables
from course_utils.record import ROOM, Constant, Note, note_of
from course_utils.replay import Pass, replay, seed_of
from course_utils.slopes import LARGEST
from course_utils.values import read_value
from course_utils.vjp import CannotReplayError, Gradients, jacobians, send
from course_utils.walk import Source, edge_of, operands, operands_first, saved_results, sign
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn


def trace(result: torch.Tensor | Value, /, *, gradient: torch.Tensor | None = None, **names: object) -> Graph:
    """The graph that torch would walk backward from `result`, with what the backward pass would bring.

    Nothing changes: no `.grad`, no buffer, no hook, no random number. (The learner's own code that a backward pass
    runs, such as a checkpoint's forward pass, does run.) Jacobians hold up to 10,000 numbers, of up to 100 results.

    Args:
        result: a tensor that some leaf with `requires_grad` leads to, of any shape; or a `Value`.
        gradient: what the backward pass starts from, as in `result.backward(gradient)`: a tensor in the shape of
            `result`. Needed for gradients unless `result` is a single number.
        names: names for tensors in the graph. The caller's own variables and the parameters of its modules are found
            without; a name given here goes first.

    Raises:
        TypeError: `result` is neither; `gradient` is no tensor.
        ValueError: `result` has no graph, or one of more than 5,000 operations; `gradient` has another shape.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> graph = trace(w * w, w=w)
    >>> [(node.name, node.op) for node in graph.nodes], graph.gradient_of("w").item()
    ([('w', ''), (None, '×')], 6.0)
    """
    return read_graph(result, names, callers_variables(), gradient)


def read_graph(
    result: object,
    names: Mapping[str, object],
    variables: Mapping[str, object],
    gradient: torch.Tensor | None = None,
    largest: int = LARGEST,
) -> Graph:
    """As `trace`, with the caller's variables handed over, and how many numbers a Jacobian may hold."""
    if isinstance(result, Value):
        if gradient is not None:
            raise ValueError("gradient is for tensors: a Value is a single number, and its backward pass starts from 1")
        return read_value(result, by_name(names, variables))
    if not isinstance(result, torch.Tensor):
        raise TypeError(f"result must be a torch tensor or a Value, got {type(result).__name__}")
    if not result.requires_grad:
        raise ValueError(
            "result must have been computed from a tensor with requires_grad=True, got a tensor of shape "
            f"{tuple(result.shape)} without a graph. Make a leaf, for instance "
            "w = torch.tensor(1.0, requires_grad=True), and compute the result again, outside no_grad"
        )
    return _read_tensor(result, Names(names, variables), gradient, largest)


@torch.inference_mode(mode=False)  # where torch keeps no graph, none can be read
def _read_tensor(result: torch.Tensor, known: Names, gradient: torch.Tensor | None, largest: int) -> Graph:
    root = edge_of(result)
    order = operands_first(root[0])
    try:
        done = replay(root, seed_of(result, gradient))
        reader, missing = _Reader(result, order, known, done, largest), ""
    except CannotReplayError as why:
        reader, missing = _Reader(result, order, known, None, largest), str(why)
    return fold_modules(fold_calls(replace(reader.graph, missing=missing), reader.calls))


class _Reader:
    """Builds the Graph, node by node; `calls` holds for each node the call that made it, or None."""

    def __init__(
        self, result: torch.Tensor, order: list[GradFn], names: Names, done: Pass | None, largest: int
    ) -> None:
        self.names, self.done, self.largest = names, done, largest
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.calls: list[Call | None] = []
        self.place: dict[tuple[int, int], int] = {}
        root = edge_of(result)
        self.saved = {(id(fn), nr): tensor for user in order for (fn, nr), tensor in saved_results(user)}
        self.saved[id(root[0]), root[1]] = result
        used = _used_outputs(order, root)
        for fn in order:
            self._read(fn, used[id(fn)])
        ran = [self.place[id(fn), output] for fn in (done.order if done else ()) for output in used[id(fn)]]
        self.graph = Graph(tuple(self.nodes), tuple(self.edges), tuple(ran))

    def _read(self, fn: GradFn, outputs: list[int]) -> None:
        note = note_of(fn, outputs[0])
        # Inside a Function that the learner wrote, the last operation's constants are not the Function's.
        operands = note.operands if note and not hasattr(fn, "_forward_cls") else ()
        places = [self._add(self._constant(constant), constant.call) for constant in operands if constant]
        for output in outputs:
            here = len(self.nodes)
            edges = list(self._edges(fn, output, here, alone=len(outputs) == 1))
            rest = iter([Edge(place, here) for place in places])
            if operands.count(None) == len(edges):
                tracked = iter(edges)
                edges = [next(rest if constant else tracked) for constant in operands]
            edges += rest
            self.edges += edges[::-1] if _is_reversed(fn, note) else edges
            self.place[id(fn), output] = self._add(self._node(fn, output), note.call if note else None)

    def _add(self, node: Node, call: Call | None) -> int:
        self.nodes.append(node)
        self.calls.append(call)
        return len(self.nodes) - 1

    def _edges(self, fn: GradFn, output: int, here: int, *, alone: bool) -> Iterator[Edge]:
        """The edges from the operands that have nodes; `alone` if the backward pass uses no other result of `fn`."""
        slopes = jacobians(fn, output, self.largest) if self.done else [None] * len(fn.next_functions)
        sent = self._sent(fn, output, alone=alone)
        for (source, nr), local, contribution in zip(fn.next_functions, slopes, sent, strict=True):
            if source is not None:
                yield Edge(self.place[id(source), nr], here, local, contribution)

    def _sent(self, fn: GradFn, output: int, *, alone: bool) -> Gradients:
        """What one result passes on of the gradient that arrives at it."""
        if self.done is None:
            return (None,) * len(fn.next_functions)
        if alone:
            return self.done.sent[id(fn)] or (None,) * len(fn.next_functions)
        with torch.no_grad():
            arriving = self.done.arriving[id(fn)]
            return send(fn, [gradient if nr == output else None for nr, gradient in enumerate(arriving)])

    def _node(self, fn: GradFn, output: int) -> Node:
        name, held = self.names.of_source((fn, output))
        note, shape = note_of(fn, output), tuple(fn._input_metadata[output].shape)
        gradient = self.done.arriving[id(fn)][output] if self.done else None
        leaf = getattr(fn, "variable", None)
        if leaf is not None:
            return Node("leaf", name, value=_copy(leaf), shape=shape, gradient=gradient, grad=_copy(leaf.grad))
        known = (note.value if note else None, held, self.saved.get((id(fn), output)))
        value = next((tensor for tensor in known if tensor is not None), None)
        call = note.call if note else None
        op = sign(fn.name()) + (f" [{output}]" if len(fn._input_metadata) > 1 else "")
        source = self.names.of_call(call)
        modules = self.names.of_modules(call)
        return Node("operation", name, op, source, _copy(value), shape, gradient, modules=modules)

    def _constant(self, constant: Constant) -> Node:
        value = constant.value
        if value is not None and not isinstance(value, torch.Tensor):
            value = torch.tensor(value, device="cpu")
        source = self.names.of_call(constant.call)
        name, modules = self.names.of_constant(constant.tensor), self.names.of_modules(constant.call)
        shape = tuple(constant.tensor.shape) if constant.tensor is not None else ()
        return Node("constant", name, source=source, value=_copy(value), shape=shape, modules=modules)


def _is_reversed(fn: GradFn, note: Note | None) -> bool:
    """Whether an operation has its operands the other way round than the learner wrote them.

    torch makes rsub(a, 5) of 5 - a, mul(1/a, 2) of 2 / a, and mul(a, 2) of 2 * a: only the text tells that from a * 2.
    """
    if note is None or note.call is None or note.call.function not in ("__rdiv__", "__rtruediv__", "mul", "add"):
        return fn.name().startswith("Rsub")
    has_number = any(operand and operand.tensor is None for operand in note.operands)
    return note.call.function.startswith("__r") or (has_number and note.call.has_number_first())


def _used_outputs(order: list[GradFn], root: Source) -> dict[int, list[int]]:
    """Which results of each node lead on, by `id` of the node."""
    used: dict[int, set[int]] = {id(fn): set() for fn in order}
    used[id(root[0])].add(root[1])
    for fn in order:
        for source, output in operands(fn):
            used[id(source)].add(output)
    return {place: sorted(outputs) for place, outputs in used.items()}


def _copy(tensor: torch.Tensor | None) -> torch.Tensor | None:
    """What a tensor holds now; None of a very large one, of which nobody wants a second."""
    return None if tensor is None or tensor.numel() > ROOM else tensor.detach().clone()
