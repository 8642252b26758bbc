"""What happens while a computation runs, noted beside the graph that torch keeps of it.

torch's graph knows operations, not numbers: after `(w * x - y) ** 2` it has forgotten most values, and never knew of x,
y and 2. Inside `with record():` each operation's value, its operands without a gradient and its source text are noted
in the `metadata` of its own graph node, where they live as long as the node. The graph itself stays as it would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
import linecache
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

LIMIT = 2_000  # operations noted in one block; see the trap of deep graphs at `walk.LIMIT`
ROOM = 4_000_000  # numbers copied in one block, 16 MB of float32; the value of what does not fit stays unknown

_KEY = "course_utils.record"
_ARITHMETIC = {"add", "sub", "rsub", "mul", "div", "pow", "maximum", "minimum"}  # a bare number here is an operand


@dataclass(frozen=True, eq=False)
class Constant:
    """An operand that needs no gradient: torch keeps no node for it.

    Attributes:
        tensor: the tensor itself, by which the caller's name for it is found; or the bare number as a tensor.
        value: a copy of what it held at the time; None where there was no room for it.
        source: the text that made it inside the block ("x[0]"), or "".
    """

    tensor: torch.Tensor
    value: torch.Tensor | None
    source: str


@dataclass(frozen=True, eq=False)
class Note:
    """What was noted of one operation.

    Attributes:
        value: a copy of its result; None where there was no room for it or it has several results.
        constants: its operands that need no gradient, in order.
        source: its text as the learner wrote it, on one line, or "".
    """

    value: torch.Tensor | None
    constants: tuple[Constant, ...]
    source: str


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
    notebook = _Notebook()
    with _Sources(notebook), _Values(notebook):
        try:
            yield
        finally:
            notebook.settle()


def note_of(fn: GradFn) -> Note | None:
    """What was noted of the operation behind a graph node, or None."""
    note = _page(fn).get(_KEY)
    return note if isinstance(note, Note) else None


def _page(fn: GradFn) -> dict[str, object]:
    """The dictionary that torch keeps with each node (its stub takes the attribute for a method)."""
    return cast(dict[str, object], fn.metadata)


class _Notebook:
    """The notes of one block, until each can be laid down at its node."""

    def __init__(self) -> None:
        self.source = ""  # the text of the call that runs now
        self.pending: list[tuple[torch.Tensor, Note]] = []
        # Results without a graph and their texts, by id; the tensors are held, so that no id is used twice.
        self.made: dict[int, tuple[torch.Tensor, str]] = {}
        self.operations, self.numbers = 0, 0

    def take(self, operation: str, operands: tuple[Any, ...], results: object) -> None:
        self.settle()
        if self.operations >= LIMIT:
            return
        tensors = [results] if isinstance(results, torch.Tensor) else _tensors(results)
        self.operations += 1
        constants = tuple(self._constants(operation, operands))
        for tensor in tensors:
            value = self._copy(tensor) if len(tensors) == 1 else None
            self.pending.append((tensor, Note(value, constants, self.source)))

    def settle(self) -> None:
        """Lay the waiting notes down: torch hangs a result's graph node on it only after the operation has returned."""
        for tensor, note in self.pending:
            if tensor.grad_fn is not None:
                _page(tensor.grad_fn)[_KEY] = note
            elif not tensor.requires_grad:
                self.made[id(tensor)] = tensor, note.source
        self.pending.clear()

    def _copy(self, tensor: torch.Tensor) -> torch.Tensor | None:
        self.numbers += tensor.numel()
        return tensor.detach().clone() if self.numbers <= ROOM else None

    def _constants(self, operation: str, operands: tuple[Any, ...]) -> Iterator[Constant]:
        is_arithmetic = operation.rstrip("_") in _ARITHMETIC  # mul_ is mul in place
        for operand in operands[:2] if is_arithmetic else operands:
            if isinstance(operand, int | float | complex) and is_arithmetic:
                number = torch.tensor(operand)
                yield Constant(number, number, "")
            for tensor in _tensors([operand]):
                if not tensor.requires_grad:
                    _, source = self.made.get(id(tensor), (tensor, ""))
                    yield Constant(tensor, self._copy(tensor), source)


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
        self.notebook.take(func.overloadpacket.__name__, args, results)
        return results


class _Sources(TorchFunctionMode):
    """Sees every call that the learner writes, and where it is written."""

    def __init__(self, notebook: _Notebook) -> None:
        super().__init__()
        self.notebook = notebook

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.notebook.source = _source_text(sys._getframe(1))
        try:
            return func(*args, **(kwargs or {}))
        finally:
            self.notebook.source = ""


def _source_text(frame: FrameType | None) -> str:
    """The expression that runs now in the learner's own code, on one line; "" where its text cannot be had."""
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in ("torch", "course_utils"):
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename in ("<string>", "<stdin>"):  # names that many texts share
        return ""
    first, last, start, end = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [linecache.getline(frame.f_code.co_filename, line).encode() for line in range(first, last + 1)]
    # Columns count bytes. The end is cut first: on a single line both cuts fall on the same one.
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return " ".join(b" ".join(lines).decode(errors="replace").split())


def _tensors(things: object) -> list[torch.Tensor]:
    """The tensors among things and in the lists among them."""
    found: list[torch.Tensor] = []
    for thing in things if isinstance(things, list | tuple) else ():
        found += [thing] if isinstance(thing, torch.Tensor) else _tensors(thing)
    return found
