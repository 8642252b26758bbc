"""What happens while a computation runs, noted beside the graph that torch keeps of it.

torch's graph knows operations, not numbers: after `(w * x - y) ** 2` it has forgotten most values, and never knew of x,
y and 2. Inside `with record():` each operation's value, its operands without a gradient and the call that made it are
noted in the `metadata` of its own graph node, where they live as long as the node. The graph itself stays as it would
be.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast
import weakref

from course_utils.call import Call, Calls
import torch
from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

LIMIT = 2_000  # operations noted in one block; see the trap of deep graphs at `walk.LIMIT`
ROOM = 4_000_000  # numbers copied in one block, 16 MB of float32; the value of what does not fit stays unknown

_KEY = "course_utils.record"
_ARITHMETIC = {"add", "sub", "rsub", "mul", "div", "pow", "maximum", "minimum"}  # a bare number here is an operand


class Constant(NamedTuple):
    """An operand that needs no gradient: torch keeps no node for it.

    Attributes:
        tensor: the tensor itself, by which the caller's name for it is found; None for a bare number.
        value: a copy of what it held at the time, or the bare number; None where there was no room for it.
        call: the call inside the block that made it, or None.
    """

    tensor: torch.Tensor | None
    value: torch.Tensor | complex | None
    call: Call | None


class Note(NamedTuple):
    """What was noted of one result of an operation.

    Attributes:
        value: a copy of it; None where there was no room for it.
        operands: in the order of the operation's own: a constant, or None for a tensor that has a graph node.
        call: the call that the learner wrote, or None.
    """

    value: torch.Tensor | None
    operands: tuple[Constant | None, ...]
    call: Call | None


@contextmanager
def record() -> Iterator[None]:
    """Note each operation's value, constants and source text beside its graph node; a `with` block or a decorator.

    At most 2,000 operations and 4,000,000 numbers are noted in one block; the rest of it runs as if unrecorded.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> with record():
    ...     loss = (w - 1) ** 2
    >>> note_of(loss.grad_fn.next_functions[0][0]).value.item()
    2.0
    """
    calls = Calls()
    notebook = _Notebook(calls)
    with calls.watching(), _Values(notebook):
        try:
            yield
        finally:
            notebook.settle()


def note_of(fn: GradFn, output: int = 0) -> Note | None:
    """What was noted of one result of the operation behind a graph node, or None."""
    return _notes(fn).get(output)


def _notes(fn: GradFn) -> dict[int, Note]:
    """The notes in the dictionary that torch keeps with each node (its stub takes the attribute for a method)."""
    return cast(dict[str, dict[int, Note]], fn.metadata).setdefault(_KEY, {})


class _Notebook:
    """The notes of one block, until each can be laid down at its node."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.pending: list[tuple[torch.Tensor, Note]] = []
        # Results without a graph and their calls, by id; once a tensor is gone its id may be another's.
        self.made: dict[int, tuple[weakref.ref[torch.Tensor], Call | None]] = {}
        self.operations, self.numbers = 0, 0

    def take(self, operation: Any, operands: tuple[Any, ...], results: object) -> None:
        if self.pending:
            self.settle()
        if self.operations >= LIMIT:
            return
        self.operations += 1
        name = _name(operation)
        found = self._operands(operands[:2], numbers=True) if name in _ARITHMETIC else self._operands(operands)
        may_have_node = None in found and name != "detach"
        for tensor in (results,) if isinstance(results, torch.Tensor) else _tensors(results):
            value = self._copy(tensor) if may_have_node else None
            self.pending.append((tensor, Note(value, found, self.calls.running)))

    def settle(self) -> None:
        """Lay the waiting notes down: torch hangs a result's graph node on it only after the operation has returned."""
        for tensor, note in self.pending:
            with suppress(RuntimeError):  # a view of a leaf that was changed in place has no node to ask for
                if (fn := tensor.grad_fn) is not None:
                    _notes(fn)[tensor.output_nr] = note
                elif not tensor.requires_grad:
                    self.made[id(tensor)] = weakref.ref(tensor), note.call
        self.pending.clear()

    def _copy(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """A copy without a graph, as everything is that is made below autograd."""
        self.numbers += tensor.numel()
        return tensor.clone() if self.numbers <= ROOM else None

    def _operands(self, operands: tuple[Any, ...], *, numbers: bool = False) -> tuple[Constant | None, ...]:
        found: list[Constant | None] = []
        for operand in operands:
            if isinstance(operand, torch.Tensor):
                found.append(None if operand.requires_grad else self._constant(operand))
            elif isinstance(operand, list | tuple):
                found += [None if tensor.requires_grad else self._constant(tensor) for tensor in _tensors(operand)]
            elif numbers and isinstance(operand, int | float | complex):
                found.append(Constant(None, operand, None))
        return tuple(found)

    def _constant(self, tensor: torch.Tensor) -> Constant:
        maker, call = self.made.get(id(tensor), (None, None))
        is_it = maker is not None and maker() is tensor
        return Constant(tensor, self._copy(tensor), call if is_it else None)


class _Values(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation that computes, with its operands and results."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: shielding the handler from torch's compiler would import it, 77 MiB and a second in every kernel."""
        return False

    def __init__(self, notebook: _Notebook) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.notebook = notebook

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        results = func(*args, **(kwargs or {}))
        self.notebook.take(func, args, results)
        return results


@cache
def _name(operation: Any) -> str:
    name: str = operation.overloadpacket.__name__
    return name.rstrip("_")  # mul_ is mul in place


def _tensors(things: object) -> list[torch.Tensor]:
    """The tensors among things and in the lists among them."""
    found: list[torch.Tensor] = []
    for thing in things if isinstance(things, list | tuple) else ():
        found += [thing] if isinstance(thing, torch.Tensor) else _tensors(thing)
    return found
