"""The two that meet in an operation: their shapes before broadcasting, their names, where their numbers come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils.diagnosis.belongings import plain_tensors
from course_utils.diagnosis.checkup import Checkup
from course_utils.diagnosis.recall import is_readable
from course_utils.diagnosis.redo import bare_name
from course_utils.diagnosis.saved import kept_by
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

MANY = 64  # rows that are compared
_RESHAPING = {"View", "UnsafeView", "ReshapeAlias"}
_VIEWING = _RESHAPING | {"Unsqueeze", "Squeeze", "Expand", "T", "Transpose", "Permute", "Slice", "Alias", "Clone"}

Shape = tuple[int, ...]


class Side(NamedTuple):
    """One of two that meet: its shape before broadcasting, the learner's name for it or "", what it is."""

    shape: Shape
    name: str
    has_graph: bool
    is_leaf: bool = False
    is_reshaped: bool = False  # a row that was made a column on the spot
    origin: GradFn | None = None  # the node that its numbers come from


def shape_of(fn: Any, output: int) -> Shape:
    """The shape of a result of a node."""
    return tuple(fn._input_metadata[output].shape)


def side_of(checkup: Checkup, fn: GradFn, place: int) -> Side | None:
    """What is known of an operand; None if nothing."""
    source, output = fn.next_functions[place] if place < len(fn.next_functions) else (None, 0)
    while source is not None and bare_name(source) == "Expand":
        source, output = source.next_functions[0]
    if source is not None:
        name = checkup.name_of_source((source, output))
        shape = (0,) if bare_name(source) == "Unsqueeze" else shape_of(source, output)  # `x[:, None] - x` is meant
        return Side(shape, name, True, hasattr(source, "variable"), _is_reshaped(source, name), _origin(source))
    kept = kept_by(fn)
    tensor = kept.get(("self", "target" if "target" in kept else "other")[place])
    if tensor is None:
        return None
    shape = _shape_before(tensor)
    same = [name for name, held in _data(checkup, shape) if held.data_ptr() == tensor.data_ptr()]
    return Side(shape, next(iter(same), ""), False)


def _is_reshaped(fn: GradFn, name: str) -> bool:
    before = [len(shape_of(source, output)) for source, output in fn.next_functions if source is not None]
    return bare_name(fn) in _RESHAPING and not name and before == [1]


def _origin(fn: GradFn) -> GradFn:
    """The node whose numbers these are, seen through all that only gives them another shape."""
    while bare_name(fn) in _VIEWING and fn.next_functions[0][0] is not None:
        fn = fn.next_functions[0][0]
    return fn


def _shape_before(tensor: torch.Tensor) -> Shape:
    """The shape that a tensor had before it was broadcast: that is a view of it, without steps in one direction."""
    base = tensor._base
    if base is not None and 0 in tensor.stride():
        whole = tensor.shape[0]
        return tuple(base.shape) if base.numel() == whole else (whole,) if tensor.stride(0) == 0 else (whole, 1)
    return tuple(tensor.shape)


def _data(checkup: Checkup, *shapes: Shape) -> list[tuple[str, torch.Tensor]]:
    return [(name, held) for name, held in plain_tensors(checkup.variables) if tuple(held.shape) in shapes]


def other_side(checkup: Checkup, fn: GradFn, known: Side, shape: Shape) -> Side | None:
    """The operand that nobody kept, read off the numbers of the result; None where these do not tell.

    With a row taken away, all numbers of one row of the result are alike; with a column, those of one column.
    """
    made = checkup.known.value((id(fn), 0))
    if made is None or bare_name(fn) not in ("Add", "Sub", "Rsub"):
        return None
    dim = 2 - len(shape)  # along which the side that is known adds nothing to the differences
    row = (made if dim == 1 else made.T)[:MANY]
    steps = row - row[:, :1]
    if not _is_near(steps, steps[:1].expand_as(steps), row) or _is_near(steps, torch.zeros_like(steps), row):
        return None
    size = len(made)
    fitting = {
        tuple(held.shape): held
        for _, held in _data(checkup, (size, size), (1, size))
        if _leaves_rows(row, (held if dim == 1 else held.T)[:MANY])
    }
    if fitting:
        return None  # a square of data, or a row that was made to be one
    same = [(name, held) for name, held in _data(checkup, shape) if _leaves_rows(row, held.reshape(1, -1))]
    if not same and dim == 0 and any(_leaves_rows(row, held[None]) for _, held in _data(checkup, (size,))):
        return None  # a row that was made a column on the spot: `y[:, None]`
    own = checkup.known.value((id(known.origin), 0))
    if own is not None and _leaves_rows(row, own.reshape(1, -1)) and all(_is_like(own, held) for _, held in same):
        return None  # a result and itself off the tape: all distances
    return Side(shape, same[0][0] if len({held.data_ptr() for _, held in same}) == 1 else "", False)


def _leaves_rows(row: torch.Tensor, data: torch.Tensor) -> bool:
    """Whether a row, added or taken away, explains all differences within the rows."""
    if not is_readable(data) or data.shape[-1] != row.shape[1]:
        return False
    steps, own = row - row[:, :1], (data - data[:, :1]).to(row.dtype)
    return any(_is_near(steps, sign * own.expand_as(steps), row) for sign in (1, -1))


def _is_like(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(one.flatten(), other.flatten())


def _is_near(one: torch.Tensor, other: torch.Tensor, scale: torch.Tensor) -> bool:
    digits = 1e-10 if scale.dtype == torch.float64 else 1e-5
    return bool(((one - other).abs() <= digits * scale.abs().max()).all())
