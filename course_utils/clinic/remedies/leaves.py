"""Cures for leaves that are changed in place while the tape runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

from course_utils.clinic.clues import function_of, one_line, stores
from course_utils.clinic.edits import inserted, replaced, wrapped
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.quiet import quiet_blocks
from course_utils.clinic.reading import statements
from course_utils.clinic.rewrites import Rewrite, mended, torch_word, with_torch
from course_utils.clinic.site import Site
from course_utils.clinic.strides import body_of
import torch

_ASIDE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)
_SIGNS = {ast.Sub: "-", ast.Add: "+", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@"}


def changed_in_place(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`w -= rate * w.grad` on the tape, and all the other ways to write into a leaf."""
    step = site.statement
    goal = _goal(step)
    if goal is None:
        return _aside(site)
    if _is_forward(site, step, goal):
        return None
    name = _leaf_name(site, goal)
    false_cure = mended(site.cell, [_false(site, one) for one in _ours(site, step)]) if _is_own(site, name) else ""
    changes = [Rewrite(run, wrapped, (f"with {torch_word(site)}.no_grad():",)) for run in _runs(site, step)]
    return _leaflet(site, name, site.text(step).partition("\n")[0], mended(site.cell, changes), false_cure)


def _leaflet(site: Site, name: str, told: str, cure: str, false_cure: str) -> Leaflet:
    return Leaflet(
        ailment="leaf changed in place",
        happened=f"`{told}` changes the leaf `{name}` in place while the tape runs.",
        line=site.line,
        tensor=name,
        why=f"`{name}` asks for a gradient, so torch would have to note the change itself as a part of the "
        f"computation. {_what(site)} is no part of it: take it off the tape.",
        before=site.cell,
        cure=with_torch(site, cure),
        false_cure=false_cure,
        why_not=f"It makes a new `{name}`, which is a result and no leaf: its `.grad` stays None, and the old one, "
        "which the gradient goes to, never moves."
        if false_cure
        else "",
        lesson="14",
    )


def _aside(site: Site) -> Leaflet | None:
    """A step in a lambda, or in a list that is written as a loop: `[p.sub_(rate * p.grad) for p in leaves]`."""
    call = site.around[-1]
    step = ast.copy_location(ast.Expr(call), call) if isinstance(call, ast.Call) else None
    goal = _goal(step) if step else None
    above = site.nearest(_ASIDE)
    bodies = [getattr(above, name, None) for name in ("body", "elt", "value")]
    if goal is None or step is None or call not in bodies or _is_forward(site, step, goal):
        return None
    quiet, statement = f"{torch_word(site)}.no_grad()", site.statement
    if isinstance(above, ast.Lambda):
        cure = replaced(site.cell, above, f"{quiet}({site.text(above)})")
    elif isinstance(statement, ast.Expr) and statement.value is above:
        cure = wrapped(site.cell, statement, f"with {quiet}:")
    else:
        return None
    return _leaflet(site, _leaf_name(site, goal), one_line(site, call), cure, "")


def _what(site: Site) -> str:
    """What a change is: a step, or setting numbers."""
    return "A step" if re.search(r"\.grad\b|[-+]=", site.text(site.statement)) else "Setting its numbers"


def _goal(step: ast.stmt) -> ast.expr | None:
    """What a statement writes into."""
    match step:
        case ast.AugAssign(target=goal):
            return goal
        case ast.Assign(targets=[ast.Subscript() as goal]):
            return goal
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=goal, attr=name))) if name.endswith("_"):
            return goal
    return None


def _is_own(site: Site, name: str) -> bool:
    """Whether `name = ...` at the place gives that name another value: in a function it may be one from outside."""
    function = function_of(site.tree, site.statement)
    if function is None or not name.isidentifier():
        return True
    return name in stores(function) | {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}


def _tensor(site: Site, goal: ast.expr) -> ast.expr:
    """The tensor that `w[0]`, `w.T` or `w[0][:, 1]` is a part of."""
    while isinstance(goal, ast.Call) and isinstance(goal.func, ast.Attribute) and goal.func.attr.endswith("_"):
        goal = goal.func.value  # `w.add_(1).mul_(2)`
    whole = goal
    while isinstance(goal, ast.Subscript | ast.Attribute) and not isinstance(site.value(goal), torch.Tensor):
        goal = goal.value
    if not isinstance(site.value(goal), torch.Tensor):
        return whole
    while isinstance(goal, ast.Subscript | ast.Attribute) and isinstance(site.value(goal.value), torch.Tensor):
        goal = goal.value
    return goal


def _leaf_name(site: Site, goal: ast.expr) -> str:
    """The learner's name for the leaf; for a view with a name of its own, that of what it looks into."""
    tensor = _tensor(site, goal)
    held = site.value(tensor)
    base = held._base if isinstance(held, torch.Tensor) and held._is_view() else None
    known = [name for name, one in site.names.items() if base is not None and one is base and not name.startswith("_")]
    return known[0] if known else site.text(tensor)


def _ours(site: Site, step: ast.stmt) -> list[ast.stmt]:
    """The statements that write into leaves: all of them would raise, one after the other."""
    return [one for one in statements(body_of(site)) if one is step or _writes_into_leaf(site, one)]


def _runs(site: Site, step: ast.stmt) -> Iterator[ast.stmt]:
    """Neighbours that write into leaves, each run as one."""
    ours = _ours(site, step)
    for block in _blocks(site.tree):
        first: ast.stmt | None = None
        for one, following in zip(block, [*block[1:], None], strict=True):
            if not any(one is mine for mine in ours):
                continue
            first = first or one
            if not any(following is mine for mine in ours):
                end = one.end_lineno or one.lineno
                yield ast.Pass(
                    lineno=first.lineno, end_lineno=end, col_offset=first.col_offset, end_col_offset=one.end_col_offset
                )
                first = None


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _writes_into_leaf(site: Site, one: ast.stmt) -> bool:
    goal = _goal(one)
    if (
        goal is None
        or quiet_blocks(ast.walk(site.tree), one.lineno)
        or ".data" in ast.unparse(goal)
        or ".grad" in ast.unparse(goal)
    ):
        return False
    held = site.value(_tensor(site, goal))
    is_leaf = isinstance(held, torch.Tensor) and held.is_leaf and held.requires_grad
    return is_leaf and not _is_forward(site, one, goal) and not ast.unparse(one).endswith("requires_grad_()")


def _is_forward(site: Site, step: ast.stmt, goal: ast.expr) -> bool:
    """Whether a change belongs to what is differentiated: before a pass, and by more than plain numbers."""
    text = ast.unparse(step)
    value = step.value if isinstance(step, ast.AugAssign | ast.Assign | ast.Expr) else step
    inner = value.args if isinstance(value, ast.Call) else [value]
    tensors = [one for part in inner for one in ast.walk(part) if isinstance(one, ast.Name)]
    if ".grad" in text or not any(isinstance(site.value(one), torch.Tensor) for one in tensors):
        return False
    passes = [
        one.lineno
        for one in statements(body_of(site))
        if "backward(" in ast.unparse(one) or "grad(" in ast.unparse(one)
    ]
    return any(line > step.lineno for line in passes) and not any(
        line < step.lineno for line in _own_passes(site, step)
    )


def _own_passes(site: Site, step: ast.stmt) -> list[int]:
    """The lines of the passes among the statements around a step."""
    block = next((one for one in _blocks(site.tree) if any(step is held for held in one)), [])
    return [one.lineno for one in block if "backward(" in ast.unparse(one) or ".grad" in ast.unparse(one)]


def _false(site: Site, step: ast.stmt) -> Rewrite:
    goal = _goal(step)
    name = _leaf_name(site, goal) if goal is not None else ""
    if isinstance(step, ast.AugAssign) and site.text(step.target) == name:
        sign, value = _SIGNS.get(type(step.op)), site.text(step.value)
        if sign:
            is_sum = isinstance(step.value, ast.BinOp) and isinstance(step.value.op, ast.Add | ast.Sub)
            kept = f"({value})" if is_sum or "\n" in value else value
            return Rewrite(step, replaced, (f"{name} = {name} {sign} {kept}",))
    return Rewrite(step, inserted, (f"{name} = {name}.clone()",))
