"""The learner's lines that change a tensor by way of `.data`, where autograd does not look."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from course_utils.diagnosis.wrote import Wrote

# Methods named as those that change numbers: the first change none, the others perhaps none.
_NONE = {"requires_grad_", "detach_", "share_memory_"}
_PERHAPS = {"clamp_", "clamp_min_", "clamp_max_", "clip_", "nan_to_num_", "abs_", "relu_", "round_", "renorm_"}


class Change(NamedTuple):
    """A change of a tensor: the learner's text for it, whether it surely happened, whether it turns signs alone."""

    name: str
    is_sure: bool
    is_turn: bool


def changes_since(wrote: Wrote, name: str) -> Iterator[Change]:
    """What changed tensors between the line that gave a variable its value and the call, the last first."""
    for line, is_sure in wrote.since(name):
        method = _method(line)
        is_perhaps = method is not None and method.attr in _PERHAPS
        for place in _written_at(line, method):
            if changed := _owner(place):
                yield Change(changed, is_sure and not is_perhaps, _is_turn(line, method))


def _written_at(line: ast.stmt, method: ast.Attribute | None) -> list[ast.expr]:
    """The places that a line writes into: `w.data` of `w.data *= 2`, `w.data[0] = 1` and `w.data.zero_()`."""
    if isinstance(line, ast.AugAssign):
        return [line.target]
    if isinstance(line, ast.Assign):
        return line.targets
    is_change = method is not None and method.attr.endswith("_") and method.attr not in _NONE
    return [method.value] if is_change and method is not None else []


def _is_turn(line: ast.stmt, method: ast.Attribute | None) -> bool:
    return ast.unparse(line).endswith(".data *= -1") or (method is not None and method.attr == "neg_")


def _method(line: ast.stmt) -> ast.Attribute | None:
    """What is called in a line that does no more than call a method."""
    called = line.value.func if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call) else None
    return called if isinstance(called, ast.Attribute) else None


def _owner(place: ast.expr) -> str:
    """What stands before `.data` in a place; "" if nothing does."""
    inner: ast.expr = place
    while True:
        if isinstance(inner, ast.Attribute) and inner.attr == "data":
            return ast.unparse(inner.value)
        if isinstance(inner, ast.Call):
            inner = inner.func
        elif isinstance(inner, ast.Attribute | ast.Subscript):
            inner = inner.value
        else:
            return ""
