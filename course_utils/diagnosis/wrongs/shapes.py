"""A column meeting a row where two rows were meant: (n, 1) with (n,) silently gives (n, n)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from course_utils.diagnosis.checkup import Checkup, held_variables
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.redo import bare_name
from course_utils.diagnosis.saved import kept_by
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

SQUARE = "broadcast to a square"
_PAIRING = {"Add", "Sub", "Rsub", "Mul", "Div", "MseLoss", "L1Loss", "SmoothL1Loss", "HuberLoss"}
_REDUCING = {"Mean", "Sum", "MseLoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "Pow", "Abs", "Mul", "Div", "Sqrt"}


def find_squares(checkup: Checkup) -> Iterator[Finding]:
    """An operation that made (n, n) of (n, 1) and (n,), both of which the learner has as they are."""
    for fn in checkup.order:
        size = _square(fn)
        if bare_name(fn) in _PAIRING and size > 1 and _ends_in_loss(checkup, fn):
            found = _columns(checkup, fn, size)
            if found is not None:
                yield found
                return


def _square(fn: GradFn) -> int:
    """n, where an operation works on (n, n); else 0."""
    for shape in [_shape(fn, 0), *(_shape(source, output) for source, output in fn.next_functions if source)]:
        if len(shape) == 2 and shape[0] == shape[1]:
            return shape[0]
    return 0


def _shape(fn: Any, output: int) -> tuple[int, ...]:
    return tuple(fn._input_metadata[output].shape)


def _ends_in_loss(checkup: Checkup, fn: GradFn) -> bool:
    """Whether all that follows an operation, up to the loss, is what errors go through: squares, sizes, means."""
    users = {id(fn)}
    for user in checkup.order[checkup.order.index(fn) + 1 :]:
        if any(source is not None and id(source) in users for source, _ in user.next_functions):
            if bare_name(user) not in _REDUCING:
                return False
            users.add(id(user))
    return True


def _columns(checkup: Checkup, fn: GradFn, size: int) -> Finding | None:
    """The finding, if one side is (n, 1) and the other (n,)."""
    sides = [_side(checkup, fn, place) for place in range(2)]
    shapes = [shape for shape, _, _ in sides]
    column, row = (size, 1), (size,)
    if None in shapes:
        known = next((shape for shape in shapes if shape in (column, row)), None)
        wanted = {column: row, row: column}.get(known) if known else None
        target = _target(checkup, wanted, (size, size)) if wanted else ""
        if not target:
            return None
        sides[shapes.index(None)] = (wanted, target, False)
    if {shape for shape, _, _ in sides} != {column, row}:
        return None
    return _finding(sides, size)


def _side(checkup: Checkup, fn: GradFn, place: int) -> tuple[tuple[int, ...] | None, str, bool]:
    """Of an operand the shape before broadcasting, None if not known; its name; and whether it has a graph."""
    source, output = fn.next_functions[place] if place < len(fn.next_functions) else (None, 0)
    while source is not None and bare_name(source) == "Expand":
        source, output = source.next_functions[0]
    if source is not None:
        is_column = bare_name(source) == "Unsqueeze"  # one on purpose: x[:, None]
        return (0,) if is_column else _shape(source, output), checkup.name_of_source((source, output)), True
    kept = kept_by(fn)
    called = ("self", "target" if "target" in kept else "other")[place]
    tensor = kept.get(called)
    if tensor is None:
        return None, "", False
    base = tensor._base if tensor._base is not None else tensor  # broadcasting makes a view of it
    return tuple(base.shape), checkup.name_of(base), False


def _target(checkup: Checkup, wanted: tuple[int, ...], square: tuple[int, ...]) -> str:
    """The learner's only kind of data that fits: of this shape, where none has the shape of the square itself."""
    plain = [
        (name, tuple(thing.shape))
        for name, thing in held_variables(checkup.variables)
        if isinstance(thing, torch.Tensor) and not thing.requires_grad
    ]
    fitting = [name for name, shape in plain if shape == wanted]
    return fitting[-1] if fitting and square not in [shape for _, shape in plain] else ""


def _finding(sides: list[tuple[tuple[int, ...] | None, str, bool]], size: int) -> Finding:
    column = next(name for shape, name, _ in sides if shape == (size, 1)) or "one side"
    row = next(name for shape, name, _ in sides if shape == (size,)) or "the other"
    target = next((name for _, name, has_graph in sides if not has_graph), "")
    name = next((name for _, name, has_graph in sides if has_graph), "") or target
    mended = target if target.isidentifier() else name
    shape = "-1, 1" if mended == row else "-1"
    return Finding(
        SQUARE,
        name or "the error",
        f"`{column}` has the shape ({size}, 1) and `{row}` the shape ({size},): together they give ({size}, {size}), "
        "each with each. Give both one shape, before the loss is computed.",
        f"{mended} = {mended}.reshape({shape})" if mended.isidentifier() else "",
    )
