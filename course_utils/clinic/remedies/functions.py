"""Cures for a Function of one's own whose backward gives the wrong number of gradients."""

from __future__ import annotations

import ast
from dataclasses import dataclass
import re
from typing import TypeGuard

from course_utils.clinic.clues import function_of, parsed
from course_utils.clinic.edits import replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.site import Site
from course_utils.clinic.tracked import asks
import torch


@dataclass(frozen=True)
class _Backward:
    """A class's backward as it is written: in which cell, its name, what its returns give, what apply was handed."""

    cell: str
    kind: str
    returns: tuple[ast.Return, ...]
    handed: tuple[ast.expr, ...]

    @property
    def given(self) -> list[list[ast.expr]]:
        return [_parts(one) for one in self.returns]


def wrong_number(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`return g * 2` where forward took two things."""
    kind, expected, got = match["kind"], int(match["expected"]), int(match["got"])
    backward = _written(site, kind)
    if backward is None or not backward.returns or any(len(parts) != got for parts in backward.given):
        return None
    plans = [_plan(site, backward, parts, expected) for parts in backward.given]
    if None in plans:
        return None
    cure = false_cure = backward.cell
    why_not = ""
    for one, parts, places in reversed(list(zip(backward.returns, backward.given, plans, strict=True))):
        texts, slots = [ast.get_source_segment(backward.cell, part) or "" for part in parts], places or []
        cure = replaced(cure, one.value or one, _row(_filled(texts, parts, slots, expected)))
        wrong, why_not = _false(site, backward, texts, slots, expected)
        false_cure = replaced(false_cure, one.value or one, _row(wrong)) if wrong else ""
    return Leaflet(
        ailment="wrong number of gradients",
        happened=f"`{kind}.backward` gives {_count(got)}, and `{kind}.forward` was handed {expected}"
        f" {'thing' if expected == 1 else 'things'}.",
        line=backward.returns[0].lineno,
        tensor="",
        why="`backward` answers for each thing that `forward` was handed, in the same order and without `ctx`: "
        "with a gradient for a tensor that asks, with `None` for all else.",
        before=backward.cell,
        cure=cure,
        false_cure=false_cure,
        why_not=why_not if false_cure else "",
        lesson="16",
    )


def _written(site: Site, kind: str) -> _Backward | None:
    """Where the class is written: in the cell, or in the last one before it that has it."""
    for cell in (site.cell, *reversed(site.earlier)):
        tree = parsed(cell)
        found = [one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and one.name == kind]
        for one in found[-1:]:
            inside = next((two for two in one.body if _is_backward(two)), None)
            if inside is None:
                return None
            mine = (two for two in ast.walk(inside) if isinstance(two, ast.Return))
            returns = tuple(two for two in mine if two.value is not None and function_of(tree, two) is inside)
            return _Backward(cell, kind, returns, _handed(site, kind))
    return None


def _is_backward(one: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(one, ast.FunctionDef) and one.name == "backward"


def _handed(site: Site, kind: str) -> tuple[ast.expr, ...]:
    """What `apply` was handed, where it is called last."""
    aliases = {name for name, value in site.names.items() if _is_apply(value, kind)}
    for cell in (site.cell, *reversed(site.earlier)):
        for one in ast.walk(parsed(cell)):
            if isinstance(one, ast.Call) and (ast.unparse(one.func) == f"{kind}.apply" or _is(one.func, aliases)):
                return () if any(isinstance(arg, ast.Starred) for arg in one.args) else tuple(one.args)
    return ()


def _is_apply(value: object, kind: str) -> bool:
    return (
        getattr(value, "__name__", "") == "apply" and getattr(getattr(value, "__self__", None), "__name__", "") == kind
    )


def _is(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _parts(one: ast.Return) -> list[ast.expr]:
    if isinstance(one.value, ast.Tuple):
        return list(one.value.elts)
    return [one.value] if one.value is not None else []


def _plan(site: Site, backward: _Backward, parts: list[ast.expr], expected: int) -> list[int] | None:
    """The places of the gradients that are there, in forward's order; None if they cannot be told."""
    count = sum(not _is_none(part) for part in parts)
    if count == 0 or any(isinstance(part, ast.Starred) for part in parts):
        return None
    if count == expected:
        return list(range(expected))
    if len(backward.handed) != expected:
        return None
    answers = [asks(site, one) for one in backward.handed]
    asking = [] if None in answers else [place for place, answer in enumerate(answers) if answer]
    tensors = [place for place, one in enumerate(backward.handed) if _may_be_tensor(site, one)]
    return next((places for places in (asking, tensors) if len(places) == count), None)


def _may_be_tensor(site: Site, one: ast.expr) -> bool:
    value = site.value(one)
    return isinstance(value, torch.Tensor) if value is not None else not isinstance(one, ast.Constant)


def _filled(texts: list[str], parts: list[ast.expr], places: list[int], expected: int) -> list[str]:
    gradients = iter(text for text, part in zip(texts, parts, strict=True) if not _is_none(part))
    return [next(gradients) if place in places else "None" for place in range(expected)]


def _false(
    site: Site, backward: _Backward, texts: list[str], places: list[int], expected: int
) -> tuple[list[str], str]:
    """The popular way to make the number fit, and what becomes of it."""
    if len(texts) > expected:
        cut = texts[:expected]
        silent = all(text == "None" for text in cut)
        return (cut, "The error goes, and with it the gradient: `None` is all that comes back.") if silent else ([], "")
    others = [one for place, one in enumerate(backward.handed) if place not in places]
    if len(texts) == 1 and others and all(_is_number(site, one) for one in others):
        told = "The next error: a number that is no tensor was given a gradient, and has no place for it."
        return texts * expected, told
    return [], ""


def _is_number(site: Site, one: ast.expr) -> bool:
    return isinstance(site.value(one), int | float | str)


def _is_none(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is None


def _row(texts: list[str]) -> str:
    return ", ".join(texts)


def _count(got: int) -> str:
    return "one gradient" if got == 1 else f"{got} gradients"
