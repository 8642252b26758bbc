"""Cures for tensors on `meta`, which have a shape and no numbers: they cannot move, and have to be made elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from course_utils.clinic.clues import function_of, has_own_lines, holders, may_bind, stores, widened
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.passes import at_the_maker
from course_utils.clinic.site import Site
import torch

_ASIDE = (ast.Lambda, ast.ListComp, ast.GeneratorExp)


def device_of(held: object) -> torch.device | None:
    """The device of a tensor, or of a module's weights; None for all else."""
    if isinstance(held, torch.nn.Module):
        held = next(held.parameters(), None)
    return held.device if isinstance(held, torch.Tensor) else None


def is_empty(site: Site, name: str) -> bool:
    """Whether a name stands for what is on `meta`."""
    device = device_of(site.names.get(name))
    return device is not None and device.type == "meta"


def numberless(site: Site, empty: str, other: str) -> Leaflet | None:
    """`far = x.to("meta")` and then `x + far`: `far` has no numbers, wherever it is taken."""
    site, empty, other = _handed_over(site, empty, other)
    wide = next((one for one in widened(site) if _made(one, empty)), None)
    made = _made(wide, empty) if wide else None
    if wide is None or made is None:
        return None
    cure = _made_beside(wide, *made, other)
    if not cure:
        return None
    can_bind = has_own_lines(wide.cell, wide.statement) and may_bind(wide, wide.statement, ast.Name(empty, ast.Load()))
    moved = inserted(wide.cell, wide.statement, f"{empty} = {empty}.to({_home(site, other)})") if can_bind else ""
    return Leaflet(
        ailment="two devices",
        happened=f"`{empty}` is on `meta`, `{other}` is not: one operation cannot reach both.",
        line=site.line,
        tensor=empty,
        why=f"On `meta` there are shapes, and no numbers: nothing can be computed with `{empty}`, and nothing can be "
        f"taken away from there. Make `{empty}` where `{other}` is.",
        before=wide.cell,
        cure=cure,
        false_cure=moved,
        why_not=f"The next error: `{empty}` has no numbers that could move." if moved else "",
        lesson="16",
    )


def _handed_over(site: Site, *names: str) -> tuple[Site, str, str]:
    """The place where both were handed to the learner's function, and what they are called there."""
    (maker, empty), (beside, other) = (at_the_maker(site, ast.Name(name, ast.Load())) for name in names)
    if maker.span == beside.span and isinstance(empty, ast.Name) and isinstance(other, ast.Name):
        return maker, empty.id, other.id
    return site, *names  # type: ignore[return-value]


def _home(site: Site, name: str) -> str:
    is_module = isinstance(site.names.get(name), torch.nn.Module)
    return f"next({name}.parameters()).device" if is_module else f"{name}.device"


def _made(site: Site, name: str) -> tuple[ast.Assign, ast.expr] | None:
    """The last statement before the place that makes a name, with what it is made from."""
    found = []
    for one in ast.walk(site.tree):
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and one.lineno < site.statement.lineno:
            goal, value = one.targets[0], one.value
            if isinstance(goal, ast.Tuple) and isinstance(value, ast.Tuple) and len(goal.elts) == len(value.elts):
                pairs = list(zip(goal.elts, value.elts, strict=True))
            else:
                pairs = [(goal, value)]
            found += [(one, given) for wanted, given in pairs if isinstance(wanted, ast.Name) and wanted.id == name]
    if not found:
        return None
    last = max(found, key=lambda pair: pair[0].lineno)
    within = function_of(site.tree, last[0])
    return last if within is None or within is function_of(site.tree, site.statement) else None


def _made_beside(site: Site, statement: ast.Assign, value: ast.expr, other: str) -> str:
    """The cell in which a tensor is made where another one is; "" if that is not known."""
    words = list(_meta_words(site, value))
    if len(words) != 1:
        return ""
    if _is_there(site, statement, other):
        return replaced(site.cell, words[0], _home(site, other))
    device = device_of(site.names.get(other))
    return _without_word(site, value, words[0]) if device == torch.empty(0).device else ""


def _meta_words(site: Site, value: ast.expr) -> Iterator[ast.expr]:
    """The words for `meta` in an expression, each as a whole: "meta", `torch.device("meta")` or a name for it."""
    stack: list[ast.AST] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, ast.expr) and _is_meta(site, one):
            yield one
        else:
            stack += ast.iter_child_nodes(one)


def _is_meta(site: Site, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        is_device = site.value(node.func) is torch.device
        return is_device and len(node.args) == 1 and not node.keywords and _is_meta(site, node.args[0])
    held = site.value(node) if isinstance(node, ast.Constant | ast.Name | ast.Attribute) else None
    return isinstance(held, str | torch.device) and str(held) == "meta"


def _is_there(site: Site, statement: ast.Assign, name: str) -> bool:
    """Whether a name has its value already when a statement runs."""
    bound = [one for one in ast.walk(site.tree) if isinstance(one, ast.stmt) and name in _binds(one)]
    function = function_of(site.tree, statement)
    if function is None and any(function_of(site.tree, one) is not None for one in bound):
        return False
    return all(one.lineno < statement.lineno and function_of(site.tree, one) is None for one in bound)


def _binds(one: ast.stmt) -> set[str]:
    """The names that a statement itself gives a value, an argument of a function included."""
    match one:
        case ast.FunctionDef(args=given) | ast.AsyncFunctionDef(args=given):
            return {arg.arg for arg in ast.walk(given) if isinstance(arg, ast.arg)}
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return stores(one)
        case ast.For(target=target):
            return stores(target)
        case ast.With(items=items):
            return set().union(*(stores(item) for item in items))
    return set()


def _without_word(site: Site, value: ast.expr, word: ast.expr) -> str:
    """The cell without the word for a device: `torch.ones(2)` for `torch.ones(2, device="meta")`."""
    above = holders(value, word)
    call = next((one for one in above if isinstance(one, ast.Call)), None)
    if call is None or any(isinstance(one, _ASIDE) for one in above):
        return ""
    rest = [site.text(one) for one in [*call.args, *call.keywords] if word not in ast.walk(one)]
    is_move = isinstance(call.func, ast.Attribute) and call.func.attr == "to" and not rest
    kept = site.text(call.func.value) if is_move else f"{site.text(call.func)}({', '.join(rest)})"  # type: ignore[attr-defined]
    return replaced(site.cell, call, kept)
