"""Cures for a tensor that was changed in place though the way back needs it as it was."""

from __future__ import annotations

import ast
import re

from course_utils.changes import Change, Spoilt, spoilers
from course_utils.clues import ATOMS, block_of, has_own_lines, holders, may_bind, widened
from course_utils.edits import inserted, replaced
from course_utils.leaflet import Leaflet
from course_utils.site import Site
import torch

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_CLOSE = (ast.Mult, ast.Div, ast.MatMult, ast.Pow)


def needed_as_it_was(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`y += 1` after `y = w.exp()`."""
    for wide, lines in widened(site):
        found = spoilers(wide, Spoilt.told(match))
        if found:
            return _leaflet(wide, found, lines)
    return None


def _leaflet(site: Site, found: list[Change], lines: int) -> Leaflet | None:
    first, name = found[0], site.text(found[0].target)
    held = site.value(first.target)
    if isinstance(held, torch.Tensor) and held.is_leaf and held.requires_grad:
        return _step_too_soon(site, found, name, lines)
    if not all(may_bind(site, one.statement, one.target) for one in found):
        return None
    cure = _mended(site, found)
    if not cure or _is_lost(site, first):
        return None
    return Leaflet(
        ailment="changed in place",
        happened=f"`{_said(site, first)}` changes `{name}` in place, and the way back needs `{name}` as it was.",
        line=first.statement.lineno - lines,
        tensor=name,
        why=f"For the slopes torch keeps `{name}` itself, no copy of it. "
        f"Give the changed numbers to a new tensor: the name may stay.",
        before=site.cell,
        cure=cure,
        false_cure=_hidden(site, found),
        why_not=f"`.data` hides the change from torch: the error goes, and the gradient is wrong, "
        f"computed with the changed `{name}`."
        if _hidden(site, found)
        else "",
        lesson="14",
    )


def _said(site: Site, one: Change) -> str:
    return " ".join(site.text(one.statement).split())


def _mended(site: Site, found: list[Change]) -> str:
    """The cell with each change out of place; the last one is mended first, so that no place moves."""
    cell = site.cell
    for one in reversed(found):
        if one.kind != "flag" and not has_own_lines(site.cell, one.statement):
            return ""
        cell = _out_of_place(site, cell, one)
        if not cell:
            return ""
    return cell


def _out_of_place(site: Site, cell: str, one: Change) -> str:
    name = site.text(one.target)
    if one.kind == "sign" and isinstance(one.node, ast.AugAssign):
        sign = SIGNS.get(type(one.node.op))
        return replaced(cell, one.node, f"{name} = {name} {sign} {_operand(site, one.node)}") if sign else ""
    if one.kind == "method" and isinstance(one.node, ast.Call):
        return _called(site, cell, one, one.node)
    if one.kind == "flag" and isinstance(one.node, ast.keyword):
        return _flagged(site, cell, one, one.node)
    return inserted(cell, one.statement, f"{name} = {name}.clone()")


def _operand(site: Site, step: ast.AugAssign) -> str:
    value, text = step.value, site.text(step.value)
    close = isinstance(step.op, ast.Add | ast.Sub) and isinstance(value, ast.BinOp) and isinstance(value.op, _CLOSE)
    return text if close or isinstance(value, (*ATOMS, ast.Constant)) else f"({text})"


def _called(site: Site, cell: str, one: Change, call: ast.Call) -> str:
    """`y.mul_(2)` as `y = y.mul(2)`; what has no twin out of place works on a copy."""
    name, method = site.text(one.target), call.func.attr if isinstance(call.func, ast.Attribute) else ""
    stands = one.statement
    if not (isinstance(stands, ast.Expr) and stands.value is call and hasattr(torch.Tensor, method[:-1])):
        return inserted(cell, stands, f"{name} = {name}.clone()")
    head, tail = site.text(call.func), site.text(call)[len(site.text(call.func)) :]
    return replaced(cell, stands, f"{name} = {head[:-1]}{tail}")


def _flagged(site: Site, cell: str, one: Change, word: ast.keyword) -> str:
    stands = one.statement
    cell = replaced(cell, word.value, "False")
    return replaced(cell, _start(stands), f"{site.text(one.target)} = ") if isinstance(stands, ast.Expr) else cell


def _start(stands: ast.stmt) -> ast.AST:
    """The empty place before a statement."""
    here = {"lineno": stands.lineno, "end_lineno": stands.lineno}
    return ast.Pass(**here, col_offset=stands.col_offset, end_col_offset=stands.col_offset)


def _hidden(site: Site, found: list[Change]) -> str:
    """The cell with `.data` wherever the tensor is changed; "" if that is no common way."""
    if any(one.kind == "flag" for one in found):
        return ""
    cell = site.cell
    for one in reversed(found):
        cell = replaced(cell, one.target, f"{site.text(one.target)}.data")
    return cell


def _is_lost(site: Site, one: Change) -> bool:
    """Whether a function changes its argument for its caller: a new tensor would not reach the caller."""
    above = [two for two in holders(site.tree, one.statement) if isinstance(two, ast.FunctionDef)]
    if not above or not isinstance(one.target, ast.Name):
        return False
    own = {two.arg for two in ast.walk(above[0]) if isinstance(two, ast.arg)}
    gives = any(isinstance(two, ast.Return) and two.value is not None for two in ast.walk(above[0]))
    return one.target.id in own and not gives


def _step_too_soon(site: Site, found: list[Change], name: str, lines: int) -> Leaflet | None:
    """A weight takes its step before the second backward pass that needs it."""
    cure = _moved(site, found[0])
    if not cure or len(found) > 1:
        return None
    return Leaflet(
        ailment="changed in place",
        happened=f"`{name}` takes its step before the last backward pass, which needs it as it was.",
        line=found[0].statement.lineno - lines,
        tensor=name,
        why="A backward pass goes through the graph of the weights that were there in the forward pass. "
        "First all backward passes, then the step.",
        before=site.cell,
        cure=cure,
        false_cure=replaced(site.cell, found[0].target, f"{name}.data"),
        why_not=f"`.data` hides the change from torch: the error goes, and the gradient is wrong, "
        f"computed with the changed `{name}`.",
        lesson="14",
    )


def _moved(site: Site, one: Change) -> str:
    """The cell with the step after the backward pass, both in one block and nothing cleared between them; else ""."""
    block = block_of(site.tree, site.statement)
    step = next((two for two in (one.statement, *holders(site.tree, one.statement)) if two in block), None)
    if not isinstance(step, ast.stmt) or block.index(step) >= block.index(site.statement):
        return ""
    between = block[block.index(step) : block.index(site.statement)]
    cleared = any("zero" in site.text(two) or "grad = None" in site.text(two) for two in between)
    if cleared or not has_own_lines(site.cell, step) or not has_own_lines(site.cell, site.statement):
        return ""
    rows, first, last = site.cell.split("\n"), step.lineno - 1, step.end_lineno or step.lineno
    end = site.statement.end_lineno or site.statement.lineno
    return "\n".join([*rows[:first], *rows[last:end], *rows[first:last], *rows[end:]])
