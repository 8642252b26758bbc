"""The learner's cell with a change in place written out of place, or hidden behind `.data`."""

from __future__ import annotations

import ast

from course_utils.clinic.changes import Change
from course_utils.clinic.clues import ATOMS, has_own_lines, may_bind
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.site import Site
import torch

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_CLOSE = (ast.Mult, ast.Div, ast.MatMult, ast.Pow)


def out_of_place(site: Site, found: list[Change]) -> str:
    """The cell with each change out of place; "" if that is not known. The last goes first, so that no place moves."""
    cell = site.cell
    for one in reversed(found):
        cell = _mended(site, cell, one) if cell and _may_mend(site, one) else ""
    return cell


def hidden(site: Site, found: list[Change]) -> str:
    """The cell with `.data` wherever the tensor is changed; "" where nobody would write that."""
    cell = site.cell
    for one in reversed(found):
        if one.kind in ("flag", "module", "step"):
            return ""
        shared = one.kind == "shared" and isinstance(one.node, ast.Call) and isinstance(one.node.func, ast.Attribute)
        spot = one.node.func.value if shared else one.target  # type: ignore[attr-defined]
        cell = replaced(cell, spot, f"{site.text(one.target)}.data")
    return cell


def _may_mend(site: Site, one: Change) -> bool:
    if one.kind in ("shared", "module"):
        return True
    alone = isinstance(one.statement, ast.Expr) and one.kind == "method" and one.statement.value is one.node
    mended = one.kind in ("sign", "flag") or (alone and _has_twin(one.node))
    return (mended or has_own_lines(site.cell, one.statement)) and may_bind(site, one.statement, one.target)


def _has_twin(call: ast.AST) -> bool:
    """Whether what a method does in place another does out of place: `mul` for `mul_`."""
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and hasattr(torch.Tensor, call.func.attr[:-1])
    )


def _mended(site: Site, cell: str, one: Change) -> str:
    name = site.text(one.target)
    match one.kind, one.node:
        case "sign", ast.AugAssign(op=op) as step:
            sign = _SIGNS.get(type(op))
            return replaced(cell, step, f"{name} = {name} {sign} {_operand(site, step)}") if sign else ""
        case "shared", ast.Call(func=ast.Attribute(value=inner)):
            return replaced(cell, inner, f"{site.text(inner)}.clone()")
        case "method", ast.Call() as call:
            return _called(site, cell, one, call)
        case "flag" | "module", ast.keyword() as word:
            return _flagged(site, cell, one, word)
    return inserted(cell, one.statement, f"{name} = {name}.clone()")


def _operand(site: Site, step: ast.AugAssign) -> str:
    value, text = step.value, site.text(step.value)
    close = isinstance(step.op, ast.Add | ast.Sub) and isinstance(value, ast.BinOp) and isinstance(value.op, _CLOSE)
    return text if close or isinstance(value, (*ATOMS, ast.Constant)) else f"({text})"


def _called(site: Site, cell: str, one: Change, call: ast.Call) -> str:
    """`y.mul_(2)` as `y = y.mul(2)`; what has no twin out of place, or is part of more, works on a copy."""
    stands, head = one.statement, site.text(call.func)
    name = site.text(one.target)
    if not (_has_twin(call) and isinstance(stands, ast.Expr) and stands.value is call):
        return inserted(cell, stands, f"{name} = {name}.clone()")
    return replaced(cell, stands, f"{name} = {head[:-1]}{site.text(call)[len(head) :]}")


def _flagged(site: Site, cell: str, one: Change, word: ast.keyword) -> str:
    cell, stands = replaced(cell, word.value, "False"), one.statement
    if one.kind == "module" or not isinstance(stands, ast.Expr):
        return cell
    row = stands.lineno
    start = ast.Pass(lineno=row, end_lineno=row, col_offset=stands.col_offset, end_col_offset=stands.col_offset)
    return replaced(cell, start, f"{site.text(one.target)} = ")
