"""A live computation, read into a frozen `Graph`.

torch keeps, behind each result, a chain of `grad_fn` nodes that leads back to the leaves. `trace` walks it without
recursion and changes nothing in it. What torch keeps no record of (the value of an operation in mid-expression, a
number that needs no gradient) is there if the computation ran inside `record()`. Otherwise it is not guessed: such a
value is None, such an operand is absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
import inspect
from typing import TYPE_CHECKING, Literal

from course_utils.record import Constant, Note, note_of
from course_utils.walk import grad_fn, operands, operands_first, saved_results, sign
import torch

if TYPE_CHECKING:
    from pathlib import Path

    from torch.autograd.graph import Node as GradFn


@dataclass(frozen=True, eq=False)
class Node:
    """A leaf, a constant or an operation.

    Attributes:
        kind: a leaf gathers a gradient; a constant is an operand that needs none, known only if recorded.
        name: the caller's variable that holds it, or None.
        op: the operation's sign or name ("×", "relu"); "" for a leaf and a constant.
        source: the text that made it, on one line ("w * x[0]"), if recorded; else "".
        value: what it came to, detached, if it was recorded or torch or the caller still holds it; else None.
        gradient: what the leaf's `.grad` held when the graph was read; None where there was none.
    """

    kind: Literal["leaf", "constant", "operation"]
    name: str | None
    op: str = ""
    source: str = ""
    value: torch.Tensor | None = None
    gradient: torch.Tensor | None = None


@dataclass(frozen=True)
class Edge:
    """One operand of one operation, as places in `Graph.nodes`; an operand used twice has two edges."""

    source: int
    target: int


@dataclass(frozen=True, eq=False)
class Graph:
    """A computation as plain values: `nodes`, operands before what uses them and the result last, and `edges`."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    # How a graph looks is the business of `draw`, which imports this room. It is asked for when somebody looks.
    def to_svg(self) -> str:
        """The drawing, as the text of an SVG file."""
        from course_utils import draw

        return draw.to_svg(self)

    def to_text(self) -> str:
        """The same in words, one line a node."""
        from course_utils import words

        return words.to_text(self)

    def save(self, path: str | Path) -> None:
        """Write the drawing to `path`, which must end in .svg."""
        from course_utils import draw

        draw.save(self, path)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from course_utils import draw

        return draw.mimebundle(self)


def trace(result: torch.Tensor, /, **names: torch.Tensor) -> Graph:
    """The graph that torch would walk backward from `result`.

    Args:
        result: a tensor that some leaf with `requires_grad` leads to; of any shape.
        names: names for tensors in the graph. The caller's own variables and the parameters of its modules are found
            without; a name given here goes first.

    Raises:
        TypeError: `result` is not a tensor.
        ValueError: `result` has no graph, or more than 300 operations.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> [(node.name, node.op) for node in trace(w * w, w=w).nodes]
    [('w', ''), (None, '×')]
    """
    return read_graph(result, names, callers_variables())


def callers_variables() -> dict[str, object]:
    """The variables in sight where the function that calls this one was called: its locals, then its globals."""
    frame = inspect.currentframe()
    caller = frame.f_back.f_back if frame and frame.f_back else None
    return {**caller.f_globals, **caller.f_locals} if caller else {}


def read_graph(result: object, names: Mapping[str, object], variables: Mapping[str, object]) -> Graph:
    """As `trace`, with the caller's variables handed over: a name that starts with an underscore is passed over."""
    if not isinstance(result, torch.Tensor):
        raise TypeError(f"result must be a torch tensor, got {type(result).__name__}")
    if not result.requires_grad:
        raise ValueError(
            "result must have been computed from a tensor with requires_grad=True, got a tensor of shape "
            f"{tuple(result.shape)} without a graph. Make a leaf, for instance "
            "w = torch.tensor(1.0, requires_grad=True), and compute the result again, outside no_grad"
        )
    root = grad_fn(result)
    order = operands_first(root)
    known = _Names({**names, **variables, **names})  # first in order, and over a variable of the same name
    values = {id(fn): tensor for user in order for fn, tensor in saved_results(user)} | {id(root): result}
    nodes: list[Node] = []
    edges: list[Edge] = []
    place: dict[int, int] = {}
    for fn in order:
        note = note_of(fn)
        constants = [_constant(constant, known) for constant in (note.constants if note else ())]
        sources = [place[id(source)] for source in operands(fn)]
        sources += range(len(nodes), len(nodes) + len(constants))
        nodes += [*constants, _node(fn, note, known, values)]
        place[id(fn)] = len(nodes) - 1
        edges += [Edge(source, len(nodes) - 1) for source in sources]
    return Graph(tuple(nodes), tuple(edges))


class _Names:
    """The caller's names: of graph nodes, by the tensors that hold them, and of tensors without a graph."""

    def __init__(self, variables: Mapping[str, object]) -> None:
        held = dict(reversed(list(_held_tensors(variables))))  # reversed: of two names for one tensor the first wins
        self.of_tensor = {id(tensor): name for name, tensor in held.items() if not tensor.requires_grad}
        tracked = {name: tensor for name, tensor in held.items() if tensor.requires_grad}
        self.of_node: dict[int, tuple[str, torch.Tensor]] = {}
        for name, tensor in tracked.items():
            with suppress(RuntimeError):  # a view that was spoilt in place has no node to ask for
                self.of_node[id(grad_fn(tensor))] = name, tensor


def _held_tensors(variables: Mapping[str, object]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors that the variables hold, the parameters of modules among them."""
    for name, held in list(variables.items()):
        if name.startswith("_"):
            continue
        if isinstance(held, torch.Tensor):
            yield name, held
        elif isinstance(held, torch.nn.Module):
            yield from ((f"{name}.{inner}", parameter) for inner, parameter in held.named_parameters())


def _node(fn: GradFn, note: Note | None, names: _Names, values: Mapping[int, torch.Tensor]) -> Node:
    name, held = names.of_node.get(id(fn), (None, None))
    leaf = getattr(fn, "variable", None)
    if leaf is not None:
        return Node("leaf", name, value=_copy(leaf), gradient=_copy(leaf.grad))
    known = (note.value if note else None, held, values.get(id(fn)))
    value = next((tensor for tensor in known if tensor is not None), None)
    return Node("operation", name, sign(fn.name()), note.source if note else "", _copy(value))


def _constant(constant: Constant, names: _Names) -> Node:
    name = names.of_tensor.get(id(constant.tensor))
    return Node("constant", name, source=constant.source, value=_copy(constant.value))


def _copy(tensor: torch.Tensor | None) -> torch.Tensor | None:
    return None if tensor is None else tensor.detach().clone()
