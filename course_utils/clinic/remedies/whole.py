"""Cures for whole numbers that are to ask for a gradient."""

from __future__ import annotations

import ast
import re

from course_utils.clinic.clues import (
    PLAIN,
    dotted,
    has_own_lines,
    may_bind,
    name_of,
    torch_in,
)
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.remedies.picking import index_asks
from course_utils.clinic.rewrites import Rewrite, mended
from course_utils.clinic.site import Site
import torch


def whole_numbers(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`torch.tensor([1, 2], requires_grad=True)`, `x.requires_grad_()`, `x.requires_grad = True`, `nn.Parameter(x)`."""
    node, mended = site.around[-1], None
    if isinstance(node, ast.Call):
        asked = next((one for one in node.keywords if one.arg == "requires_grad"), None)
        mended = _made(site, node, asked) if asked else _asked(site, node) or _parameter(site, node)
    elif isinstance(node, ast.Attribute) and node.attr == "requires_grad":
        mended = _floated(site, node.value, site.statement)
    picking = index_asks(site) if mended else None
    if mended is None or picking:
        return picking
    name, cure, false_cure, why_not = mended
    return Leaflet(
        ailment="whole numbers ask",
        happened=f"{f'`{name}`' if name else 'A tensor'} holds no numbers with a point and cannot ask for a gradient.",
        line=site.line,
        tensor=name,
        why="A slope tells what a small nudge does, and a whole number cannot be nudged a little. "
        "Make it a tensor of floats first: `1.0`, not `1`.",
        before=site.cell,
        cure=cure,
        false_cure=false_cure,
        why_not=why_not,
        lesson="04",
    )


Mended = tuple[str, str, str, str]
_SILENT = "The error goes, and the gradient with it: the tensor does not ask, so its `.grad` stays None."


def _made(site: Site, call: ast.Call, asked: ast.keyword) -> Mended | None:
    library = torch_in(site)
    kind = next((one for one in call.keywords if one.arg == "dtype"), None)
    made_by = site.value(call.func)
    if not library or any(one.arg is None for one in call.keywords) or made_by is None:
        return None
    if made_by is not getattr(torch, getattr(made_by, "__name__", ""), None):  # Variable knows no dtype
        return _wrapped(site, call, asked)
    floats = f"{library}.float32"
    own = [Rewrite(kind.value, replaced, (floats,))] if kind else [_with_floats(site, asked, floats)]
    cure = mended(site.cell, [*own, *(_with_floats(site, one, floats) for one in _others(site, call))])
    stands = site.statement
    name = name_of(site, stands.targets[0]) if isinstance(stands, ast.Assign) and stands.value is call else ""
    return name, cure, replaced(site.cell, asked.value, "False"), _SILENT


def _wrapped(site: Site, call: ast.Call, asked: ast.keyword) -> Mended | None:
    """`Variable(torch.tensor([1]), requires_grad=True)`."""
    if len(call.args) != 1 or not isinstance(call.args[0], (*PLAIN, ast.Call)):
        return None
    cure = replaced(site.cell, call.args[0], dotted(site, call.args[0], ".float()"))
    return "", cure, replaced(site.cell, asked.value, "False"), _SILENT


def _with_floats(site: Site, asked: ast.keyword, floats: str) -> Rewrite:
    return Rewrite(asked, replaced, (f"dtype={floats}, {site.text(asked)}",))  # type: ignore[arg-type]


def _others(site: Site, call: ast.Call) -> list[ast.keyword]:
    """The same word in other calls of the cell that make whole numbers: they would raise the next errors."""
    found = []
    for one in ast.walk(site.tree):
        if isinstance(one, ast.Call) and one is not call and site.value(one.func) in (torch.tensor, torch.arange):
            words = {word.arg: word for word in one.keywords}
            numbers = [part.value for arg in one.args for part in ast.walk(arg) if isinstance(part, ast.Constant)]
            plain = all(isinstance(arg, ast.Constant | ast.List | ast.UnaryOp) for arg in one.args)
            whole = plain and bool(numbers) and all(type(number) is int for number in numbers)
            if whole and "dtype" not in words and "requires_grad" in words:
                found.append(words["requires_grad"])
    return found


def _asked(site: Site, call: ast.Call) -> Mended | None:
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr != "requires_grad_":
        return None
    if isinstance(func.value, ast.Name | ast.Attribute | ast.Subscript):
        return _floated(site, func.value, site.statement)
    before, _, after = site.text(func).rpartition(".")
    false_cure = replaced(site.cell, call, f"{before}.{after}(False)")
    return "", replaced(site.cell, func, f"{before}.float().{after}"), false_cure, _SILENT


def _floated(site: Site, tensor: ast.AST, stands: ast.stmt) -> Mended | None:
    """`x = x.float()` before it asks."""
    if not may_bind(site, stands, tensor, arguments=False) or not has_own_lines(site.cell, stands):
        return None
    name = site.text(tensor)
    cure = inserted(site.cell, stands, f"{name} = {name}.float()")
    lost = replaced(site.cell, stands, f"{name}.float().requires_grad_()")
    return name, cure, lost, f"`float()` makes another tensor, and that one asks; `{name}` itself still does not."


def _parameter(site: Site, call: ast.Call) -> Mended | None:
    if len(call.args) != 1 or call.keywords or not site.text(call.func).endswith("Parameter"):
        return None
    inner, text = call.args[0], site.text(call.args[0])
    cure = replaced(site.cell, inner, dotted(site, inner, ".float()"))
    return name_of(site, inner), cure, replaced(site.cell, inner, f"{text}, requires_grad=False"), _SILENT
