"""Code that ran off the tape, put back on it: its steps alone stay off."""

from __future__ import annotations

import ast

from course_utils.clinic.edits import wrapped
from course_utils.clinic.quiet import is_quiet, quiet_decorators
from course_utils.clinic.rewrites import Rewrite, mended, torch_word, unwrapped
from course_utils.clinic.site import FunctionText, Site


def without_block(site: Site, cell: str, block: ast.With) -> str:
    """The cell without a `with torch.no_grad():`; steps that stood under it get one of their own.

    The cell may have been mended since the site was seen; "" if the block is not to be found in it any more.
    """
    before, now = _quiet_ones(site.tree), _quiet_ones(ast.parse(cell))
    if len(before) != len(now):
        return ""
    here = now[before.index(block)]
    last = (here.end_lineno or 0) - here.lineno
    return _steps_off(site, unwrapped(cell, here), here.lineno, here.lineno + last)


def _quiet_ones(tree: ast.AST) -> list[ast.With]:
    return [one for one in ast.walk(tree) if isinstance(one, ast.With) and is_quiet(one.items)]


def without_decorator(site: Site, cell: str, function: FunctionText) -> str:
    """The cell without the `@torch.no_grad()` of a function; its steps get a `with torch.no_grad():`.

    The cell may have been mended since the site was seen; "" if the function is not to be found in it any more.
    """
    before, now = _functions(site.tree), _functions(ast.parse(cell))
    if len(before) != len(now):
        return ""
    here = now[next(place for place, one in enumerate(before) if one is function)]
    gone = {one.lineno for one in quiet_decorators(here)}
    rows = [row for number, row in enumerate(cell.split("\n"), 1) if number not in gone]
    return _steps_off(site, "\n".join(rows), here.lineno - len(gone), (here.end_lineno or 0) - len(gone))


def _functions(tree: ast.AST) -> list[FunctionText]:
    made = [one for one in ast.walk(tree) if isinstance(one, FunctionText)]
    return sorted(made, key=lambda one: (one.lineno, one.col_offset))


def _steps_off(site: Site, cell: str, first: int, last: int) -> str:
    """The cell with what changes tensors in place, between two lines, off the tape."""
    steps = [
        one
        for one in ast.walk(ast.parse(cell))
        if isinstance(one, ast.AugAssign | ast.Expr) and first <= one.lineno <= last and _is_step(one)
    ]
    return mended(cell, [Rewrite(one, wrapped, (f"with {torch_word(site)}.no_grad():",)) for one in steps])


def _is_step(one: ast.stmt) -> bool:
    if isinstance(one, ast.AugAssign):
        return ".grad" in ast.unparse(one.value) and ".data" not in ast.unparse(one.target)
    call = one.value if isinstance(one, ast.Expr) else None
    name = call.func.attr if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else ""
    return name in {"sub_", "add_", "mul_", "copy_"} and ".data" not in ast.unparse(one)
