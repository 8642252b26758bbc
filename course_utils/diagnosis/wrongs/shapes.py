"""A column meeting a row where two rows were meant: (n, 1) with (n,) silently gives (n, n)."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from course_utils.diagnosis.checkup import Checkup
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.redo import bare_name
from course_utils.diagnosis.sides import Side, other_side, shape_of, side_of

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

SQUARE = "broadcast to a square"
_ERRORS = {"Sub", "Rsub", "MseLoss", "L1Loss", "SmoothL1Loss", "HuberLoss"}
_PAIRING = {"Add", "Mul", "Div"} | _ERRORS
_REDUCING = {"Mean", "Sum", "Pow", "Abs", "Mul", "Div", "Sqrt", "Neg"} | _ERRORS - {"Sub", "Rsub"}


def find_squares(checkup: Checkup) -> Iterator[Finding]:
    """An operation that made (n, n) of (n, 1) and (n,), which were not meant to meet so."""
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
    sides = [side_of(checkup, fn, place) for place in range(2)]
    known = [side for side in sides if side is not None]
    if len(known) == 1 and known[0].shape in (column, row):
        other = other_side(checkup, fn, known[0], row if known[0].shape == column else column)
        known = [known[0], other] if other else []
    return known if {side.shape for side in known} == {column, row} and not _is_meant(fn, known) else []


def _is_meant(fn: GradFn, sides: list[Side]) -> bool:
    """Whether each was to meet each: numbers and themselves, as in all distances, or what was made a column for it.

    A result that was made a column, and meets data, most likely is an answer that meets the targets.
    """
    one, other = sides
    if one.origin is not None and one.origin is other.origin:
        return True
    is_answer = bare_name(fn) in _ERRORS and not (one.has_graph and other.has_graph)
    return any(side.is_reshaped and (hasattr(side.origin, "variable") or not is_answer) for side in sides)


def _square(fn: GradFn) -> int:
    """n, where an operation works on (n, n); else 0."""
    for shape in [shape_of(fn, 0), *(shape_of(source, output) for source, output in fn.next_functions if source)]:
        if len(shape) == 2 and shape[0] == shape[1]:
            return shape[0]
    return 0


def _ends_in_loss(checkup: Checkup, fn: GradFn) -> bool:
    """Whether all that follows an operation, up to one number, is what errors go through: squares, sizes, means."""
    users = {id(fn)} if prod(shape_of(fn, 0)) > 1 else set()
    for user in checkup.order[checkup.order.index(fn) + 1 :]:
        sources = [source for source, _ in user.next_functions]
        if users.isdisjoint(map(id, sources)):
            continue
        both = bare_name(user) in {"Add", "Sub"} and all(
            source is not None and (id(source) in users or _meeting(checkup, source)) for source in sources
        )
        if bare_name(user) not in _REDUCING and not both:
            return False
        if prod(shape_of(user, 0)) > 1:
            users.add(id(user))
    return True


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
