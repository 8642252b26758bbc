"""A column meeting a row where two rows were meant: (n, 1) with (n,) silently gives (n, n)."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from course_utils.diagnosis.belongings import plain_tensors
from course_utils.diagnosis.checkup import Checkup
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.recall import is_readable
from course_utils.diagnosis.redo import bare_name
from course_utils.diagnosis.saved import kept_by
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

MANY = 64  # rows that are compared
SQUARE = "broadcast to a square"
_PAIRING = {"Add", "Sub", "Rsub", "Mul", "Div", "MseLoss", "L1Loss", "SmoothL1Loss", "HuberLoss"}
_REDUCING = {
    "Mean", "Sum", "MseLoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "Pow", "Abs", "Mul", "Div", "Sqrt", "Neg",
}  # fmt: skip
_RESHAPING = {"View", "UnsafeView", "ReshapeAlias"}

Shape = tuple[int, ...]


class Side(NamedTuple):
    """One of two that meet: its shape before broadcasting, the learner's name for it or "", what it is."""

    shape: Shape
    name: str
    has_graph: bool
    is_leaf: bool = False


def find_squares(checkup: Checkup) -> Iterator[Finding]:
    """An operation that made (n, n) of (n, 1) and (n,), none of which was made for it on the spot."""
    for fn in checkup.order:
        sides = _meeting(checkup, fn)
        if sides and _ends_in_loss(checkup, fn):
            yield _finding(sides, max(sides[0].shape))
            return


def _meeting(checkup: Checkup, fn: GradFn) -> list[Side]:
    """Both sides, if one is (n, 1) and the other (n,); else none."""
    size = _square(fn) if bare_name(fn) in _PAIRING else 0
    if size < 2:
        return []
    column, row = (size, 1), (size,)
    sides = [_side(checkup, fn, place) for place in range(2)]
    known = [side for side in sides if side is not None]
    if len(known) == 1 and known[0].shape in (column, row):
        other = _other(checkup, fn, row if known[0].shape == column else column)
        known = [known[0], other] if other else []
    return known if {side.shape for side in known} == {column, row} else []


def _square(fn: GradFn) -> int:
    """n, where an operation works on (n, n); else 0."""
    for shape in [_shape(fn, 0), *(_shape(source, output) for source, output in fn.next_functions if source)]:
        if len(shape) == 2 and shape[0] == shape[1]:
            return shape[0]
    return 0


def _shape(fn: Any, output: int) -> Shape:
    return tuple(fn._input_metadata[output].shape)


def _ends_in_loss(checkup: Checkup, fn: GradFn) -> bool:
    """Whether all that follows an operation, up to one number, is what errors go through: squares, sizes, means."""
    users = {id(fn)} if prod(_shape(fn, 0)) > 1 else set()
    for user in checkup.order[checkup.order.index(fn) + 1 :]:
        sources = [source for source, _ in user.next_functions]
        if users.isdisjoint(map(id, sources)):
            continue
        both = bare_name(user) in {"Add", "Sub"} and all(
            source is not None and (id(source) in users or _meeting(checkup, source)) for source in sources
        )
        if bare_name(user) not in _REDUCING and not both:
            return False
        if prod(_shape(user, 0)) > 1:
            users.add(id(user))
    return True


def _side(checkup: Checkup, fn: GradFn, place: int) -> Side | None:
    """What is known of an operand; None if nothing."""
    source, output = fn.next_functions[place] if place < len(fn.next_functions) else (None, 0)
    while source is not None and bare_name(source) == "Expand":
        source, output = source.next_functions[0]
    if source is not None:
        name = checkup.name_of_source((source, output))
        shape = (0,) if _is_made_for_it(fn, source, name) else _shape(source, output)
        return Side(shape, name, True, hasattr(source, "variable"))
    kept = kept_by(fn)
    tensor = kept.get(("self", "target" if "target" in kept else "other")[place])
    if tensor is None:
        return None
    shape = _shape_before(tensor)
    same = [name for name, held in _data(checkup, shape) if held.data_ptr() == tensor.data_ptr()]
    return Side(shape, next(iter(same), ""), False)


def _is_made_for_it(fn: GradFn, source: GradFn, name: str) -> bool:
    """Whether a row was made a column on the spot, to meet itself or points that learn: then the square is meant."""
    if bare_name(source) == "Unsqueeze":  # x[:, None]
        return True
    if bare_name(source) not in _RESHAPING or name:
        return False
    row, output = source.next_functions[0]
    is_itself = any(other is not None and id(other) == id(row) for other, _ in fn.next_functions)
    return row is not None and len(_shape(row, output)) == 1 and (is_itself or hasattr(row, "variable"))


def _shape_before(tensor: torch.Tensor) -> Shape:
    """The shape that a tensor had before it was broadcast: that is a view of it, without steps in one direction."""
    base = tensor._base
    if base is not None and 0 in tensor.stride():
        whole = tensor.shape[0]
        return tuple(base.shape) if base.numel() == whole else (whole,) if tensor.stride(0) == 0 else (whole, 1)
    return tuple(tensor.shape)


def _data(checkup: Checkup, *shapes: Shape) -> list[tuple[str, torch.Tensor]]:
    return [(name, held) for name, held in plain_tensors(checkup.variables) if tuple(held.shape) in shapes]


def _other(checkup: Checkup, fn: GradFn, shape: Shape) -> Side | None:
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
    return Side(shape, same[0][0] if len({held.data_ptr() for _, held in same}) == 1 else "", False)


def _leaves_rows(row: torch.Tensor, data: torch.Tensor) -> bool:
    """Whether a row, added or taken away, explains all differences within the rows."""
    if not is_readable(data) or data.shape[-1] != row.shape[1]:
        return False
    steps, own = row - row[:, :1], (data - data[:, :1]).to(row.dtype)
    return any(_is_near(steps, sign * own.expand_as(steps), row) for sign in (1, -1))


def _is_near(one: torch.Tensor, other: torch.Tensor, scale: torch.Tensor) -> bool:
    digits = 1e-10 if scale.dtype == torch.float64 else 1e-5
    return bool(((one - other).abs() <= digits * scale.abs().max()).all())


def _finding(sides: list[Side], size: int) -> Finding:
    column, row = sorted(sides, key=lambda side: -len(side.shape))
    data = next((side for side in sides if not side.has_graph), None)
    result = next((side for side in sides if side.has_graph and side.name), None)
    mended = data if data is not None and data.name else result
    is_mendable = mended is not None and not mended.is_leaf and not {column.name, row.name} <= {mended.name}
    to_column = mended is row
    name = (result or data or column).name or (data or column).name
    return Finding(
        SQUARE,
        name or "the error",
        f"{_called(column, 'A')} of the shape ({size}, 1) meets {_called(row)} of the shape ({size},): out comes "
        f"({size}, {size}), each number of one with each of the other. Probably each was to meet its own partner, "
        f"which gives {size} numbers: then both need one shape, before the loss is computed.",
        f"{mended.name} = {mended.name}.reshape({'-1, 1' if to_column else '-1'})" if is_mendable and mended else "",
    )


def _called(side: Side, article: str = "a") -> str:
    return f"`{side.name}`" if side.name else f"{article} {'result' if side.has_graph else 'tensor'}"
