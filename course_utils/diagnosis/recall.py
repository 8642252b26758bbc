"""What is known of each result on the tape: what somebody holds of it now, and what it would be if computed again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from course_utils.diagnosis.redo import KEPT, bare_name, redo
from course_utils.diagnosis.saved import kept_by
from course_utils.names import Names
from course_utils.record import note_of
from course_utils.walk import edge_of
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

Key = tuple[int, int]  # the `id` of a node, and which of its results
_DTYPES = {
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.complex128, torch.int64,
    torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
}  # fmt: skip
_ADDING = {"Add", "Sub", "Sum", "Mean", "Mm", "Mv", "Dot", "Bmm", "Addmm"}
LARGE = 10_000_000  # numbers of a result; a larger one is not computed again


UNSURE = -1  # an address that is none: of what may rightly have been changed in place after it was used


class Known(NamedTuple):
    """A value, and the memory that it was read or computed from, by address, with `UNSURE` among them if it is."""

    value: torch.Tensor
    places: frozenset[int]


@dataclass
class Recalled:
    """What is known of a graph.

    Attributes:
        now: of each result, what somebody holds of it now.
        again: of each result, what its operands, as they are now, would give.
        held: of each piece of memory met, by address, a tensor that lies there.
        kept: the addresses of what operations keep for the backward pass.
    """

    now: dict[Key, Known] = field(default_factory=dict)
    again: dict[Key, Known] = field(default_factory=dict)
    held: dict[int, torch.Tensor] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)

    def value(self, key: Key) -> torch.Tensor | None:
        """The value of a result, held or computed; None where it is not known."""
        known = self.now.get(key) or self.again.get(key)
        return known.value if known else None

    def see(self, key: Key | None, tensor: torch.Tensor) -> Known | None:
        """Take in a tensor that is held now; None of one whose numbers cannot be read.

        Without a key it is what an operation kept itself: torch has seen to it that it was not changed in place since.
        """
        if not is_readable(tensor):
            return None
        place = address(tensor)
        self.held.setdefault(place, tensor)
        if key is None:
            return Known(tensor.detach(), frozenset([place]))
        is_sure = tensor._version == 0
        return self.now.setdefault(key, Known(tensor.detach(), frozenset([place] if is_sure else [place, UNSURE])))


def recall(loss: torch.Tensor, order: Iterable[GradFn], names: Names) -> Recalled:
    """What is known of the graph behind `loss`, whose nodes come in `order`, operands first. Nothing changes."""
    order = list(order)
    found = Recalled()
    root = edge_of(loss)
    found.see((id(root[0]), root[1]), loss)
    keeping = {id(fn): kept_by(fn) for fn in order}
    for fn in order:
        _see_held(found, fn, keeping[id(fn)], names)
    for fn in order:
        operands = _operands(found, fn, keeping[id(fn)])
        if operands is None or len(fn._input_metadata) != 1:
            continue
        made = redo(fn, [operand.value for operand in operands])
        if made is not None:
            places = frozenset[int]().union(*(operand.places for operand in operands))
            cancels = _cancels(fn, [operand.value for operand in operands], made)
            found.again[id(fn), 0] = Known(made, places | {UNSURE} if cancels else places)
    return found


def _cancels(fn: GradFn, operands: list[torch.Tensor], made: torch.Tensor) -> bool:
    """Whether most of a sum cancels out: then its digits hang on the order in which it was added up."""
    if bare_name(fn) not in _ADDING or not made.is_floating_point():
        return False
    sizes = [operand.abs() for operand in operands]
    bound = sum((size.max() for size in sizes), torch.zeros(())) if bare_name(fn) == "Sub" else redo(fn, sizes)
    return bound is None or bool(made.abs().max() < 1e-3 * bound.abs().max())


def is_readable(tensor: torch.Tensor) -> bool:
    """Whether a tensor has plain numbers in plain memory."""
    if _is_wrapped(tensor) or tensor.is_nested or tensor.is_meta or tensor.layout is not torch.strided:
        return False
    return tensor.dtype in _DTYPES and not tensor.is_inference() and 0 < tensor.numel() <= LARGE


def is_functions(tensor: torch.Tensor) -> bool:
    """Whether it stands for others, as inside vmap or grad of `torch.func`."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))


def _is_wrapped(tensor: torch.Tensor) -> bool:
    """Whether it stands for others, or is of a class with rules of its own."""
    return type(tensor) not in (torch.Tensor, torch.nn.Parameter) or is_functions(tensor)


def address(tensor: torch.Tensor) -> int:
    """Where the memory of a tensor begins; views share it."""
    return tensor.untyped_storage().data_ptr()


def _see_held(found: Recalled, fn: GradFn, kept: dict[str, torch.Tensor], names: Names) -> None:
    leaf = getattr(fn, "variable", None)
    if leaf is not None:
        found.see((id(fn), 0), leaf)
        return
    for output in range(len(fn._input_metadata)):
        _, tensor = names.of_source((fn, output))
        if tensor is not None:
            found.see((id(fn), output), tensor)
    for tensor in filter(is_readable, kept.values()):
        found.kept.add(address(tensor))
        if tensor.requires_grad:
            source, output = edge_of(tensor)
            found.see((id(source), output), tensor)


def _operands(found: Recalled, fn: GradFn, kept: dict[str, torch.Tensor]) -> list[Known] | None:
    """The operands of a node, as they are now; None if one of them is not known."""
    called = KEPT.get(bare_name(fn), ())
    operands: list[Known] = []
    for place, (source, output) in enumerate(fn.next_functions):
        tensor = kept.get(called[place]) if place < len(called) else None
        known = found.see(None, tensor) if tensor is not None else None
        if known is None and source is not None:
            known = found.now.get((id(source), output)) or found.again.get((id(source), output))
        known = known or _noted(fn, place)
        if known is None:
            return None
        operands.append(known)
    return operands


def _noted(fn: GradFn, place: int) -> Known | None:
    """The copy of an operand without a graph that `record()` has made."""
    note = note_of(fn)
    if note is None or len(note.operands) != len(fn.next_functions) or bare_name(fn) == "Rsub":
        return None
    constant = note.operands[place]
    value = constant.value if constant else None
    if value is None:
        return None
    return Known(value if isinstance(value, torch.Tensor) else torch.tensor(value), frozenset())
