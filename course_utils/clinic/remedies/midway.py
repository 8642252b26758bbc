"""Cures for results whose gradient is wanted: kept, if a pass comes through them, or put on its way."""

from __future__ import annotations

import ast

from course_utils.clinic.clues import function_of, has_own_lines, stores
from course_utils.clinic.edits import followed, replaced
from course_utils.clinic.passes import pass_of
from course_utils.clinic.rewrites import Rewrite, mended
from course_utils.clinic.site import Site
from course_utils.clinic.ways import leads

_PASSED = "On the way back the gradient passes through `{}` and is not kept there, unless you ask for it before."
_BESIDE = (
    "No path leads from `{}` to `{}`: it was computed from `{}`, written out once more. Compute it from `{}`, and ask "
    "for the gradient to be kept before the pass."
)


def kept(site: Site, made: ast.Assign, name: str) -> tuple[str, str] | None:
    """The cell in which the gradient of a result is kept, and why; None if no pass can be led through it."""
    beside = _passed_by(site, name)
    if beside is None:
        return followed(site.cell, made, f"{name}.retain_grad()"), _PASSED.format(name)
    value = _value(made, name)
    if value is None or not has_own_lines(site.cell, made):
        return None
    told = _BESIDE.format(site.text(beside), name, site.text(value), name)
    cell = _split(site, made, name) if isinstance(made.targets[0], ast.Tuple) else _shared(site, made, name, value)
    return (cell, told) if cell else None


def made_with_others(site: Site, name: str) -> ast.Assign | None:
    """The last `y_hat, loss = ...` before the place that makes a name; None if it is made otherwise too."""
    here = function_of(site.tree, site.statement)
    makers = [one for one in ast.walk(site.tree) if isinstance(one, ast.stmt) and _binds(one, name)]
    before = [one for one in makers if (one.end_lineno or 0) < site.line and function_of(site.tree, one) is here]
    last = max(before, key=lambda one: one.lineno, default=None)
    if not isinstance(last, ast.Assign) or len(last.targets) != 1 or not isinstance(last.targets[0], ast.Tuple):
        return None
    return last if has_own_lines(site.cell, last) else None


def _binds(one: ast.stmt, name: str) -> bool:
    return not hasattr(one, "body") and name in stores(one)


def _passed_by(site: Site, name: str) -> ast.expr | None:
    """The result of a pass that does not come to a tensor, if that is sure of all passes in the cell."""
    held = site.value(ast.parse(name, mode="eval").body)
    results = [found.result for one in ast.walk(site.tree) if (found := pass_of(site, one))]
    sure = all(leads(site.value(one), held) is False and site.value(one) is not None for one in results)
    return results[-1] if results and sure else None


def _value(made: ast.Assign, name: str) -> ast.expr | None:
    """What a name is made from."""
    goal, value = made.targets[0], made.value
    if not isinstance(goal, ast.Tuple):
        return value
    if not isinstance(value, ast.Tuple) or len(value.elts) != len(goal.elts):
        return None
    pairs = zip(goal.elts, value.elts, strict=True)
    return next((given for wanted, given in pairs if isinstance(wanted, ast.Name) and wanted.id == name), None)


def _alike(node: ast.AST, value: ast.expr) -> list[ast.expr]:
    """The pieces that are the same formula."""
    same = ast.dump(value)
    return [one for one in ast.walk(node) if isinstance(one, ast.expr) and one is not value and ast.dump(one) == same]


def _shared(site: Site, made: ast.Assign, name: str, value: ast.expr) -> str:
    """The cell in which the formula stands once, and its result is read where it stood again; "" if it did not."""
    later = [one for one in _alike(site.tree, value) if made.lineno < one.lineno < site.line]
    if not later or isinstance(value, ast.Name | ast.Constant):
        return ""
    changes = [Rewrite(made, followed, (f"{name}.retain_grad()",)), *(Rewrite(one, replaced, (name,)) for one in later)]
    return mended(site.cell, changes)


def _split(site: Site, made: ast.Assign, name: str) -> str:
    """`y_hat, loss = w * x, (w * x - y) ** 2` as two statements, the second one with y_hat."""
    goal, value, mine = made.targets[0], made.value, _value(made, name)
    if not isinstance(goal, ast.Tuple) or not isinstance(value, ast.Tuple) or mine is None or site.text(mine) == name:
        return ""
    rows = [f"{name} = {site.text(mine)}", f"{name}.retain_grad()"]
    found = 0
    for wanted, given in zip(goal.elts, value.elts, strict=True):
        if given is mine:
            continue
        again = _alike(given, mine)
        found += len(again)
        text = mended(site.cell, [Rewrite(one, replaced, (name,)) for one in again])
        grown = len(text.encode()) - len(site.cell.encode())
        row = text.encode().split(b"\n")[given.lineno - 1]
        if given.lineno != given.end_lineno:
            return ""
        rows.append(f"{site.text(wanted)} = {row[given.col_offset : (given.end_col_offset or 0) + grown].decode()}")
    margin = "\n" + " " * made.col_offset
    bound = stores(goal)
    clash = any(isinstance(one, ast.Name) and one.id in bound for one in ast.walk(value))
    return replaced(site.cell, made, margin.join(rows)) if found and not clash else ""
