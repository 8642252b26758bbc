"""Cures for tensors that are to become something else: numpy's, whole numbers that ask, one device and another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

from course_utils.clinic.clues import dotted, has_own_lines, is_inner, may_bind, name_of, one_line, parsed, torch_in
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.remedies.picking import index_asks
from course_utils.clinic.rewrites import Rewrite, mended
from course_utils.clinic.site import Site
from course_utils.clinic.tracked import asks
import torch


def to_numpy(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`y_hat.numpy()`, or a function of numpy's or matplotlib's that asks for it."""
    call = site.around[-1]
    if not isinstance(call, ast.Call):
        return None
    mends = _method(site, call) or list(_handed(site, call))
    if not mends:
        return None
    cure = site.cell
    for node, text in reversed(mends):
        cure = replaced(cure, node, text)
    culprit: ast.expr = mends[0][0]
    if isinstance(call.func, ast.Attribute) and culprit is call.func:
        culprit = call.func.value
    held = site.value(culprit)
    false_cure, why_not = _silenced(site, culprit, held) if isinstance(held, torch.Tensor) else ("", "")
    asks_or = "holds tensors that ask" if isinstance(held, list | tuple) else "asks"
    return Leaflet(
        ailment="numpy of a tensor that asks",
        happened=f"`{one_line(site, culprit)}` {asks_or} for a gradient, and numpy has no tape to note what it does.",
        line=culprit.lineno,
        tensor=name_of(site, culprit),
        why="Numbers for a picture or a table need no gradient. `detach()` gives the same numbers off the tape, "
        "`item()` gives a single one; the tensor itself stays as it is.",
        before=site.cell,
        cure=cure,
        false_cure=false_cure,
        why_not=why_not,
        lesson="14",
    )


def _silenced(site: Site, tensor: ast.expr, held: torch.Tensor) -> tuple[str, str]:
    """The cell in which the tensor is told to ask no more, and what becomes of that."""
    name = name_of(site, tensor)
    if not name or is_inner(site, name) or not has_own_lines(site.cell, site.statement):
        return "", ""
    leaf = f"`{name}` asks no more, here or later: no backward pass reaches it, and it learns nothing further."
    result = f"The next error: `{name}` is a result, and only a leaf can be told whether to ask."
    return inserted(site.cell, site.statement, f"{name}.requires_grad_(False)"), leaf if held.is_leaf else result


def _method(site: Site, call: ast.Call) -> list[tuple[ast.expr, str]]:
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in ("numpy", "__array__"):
        return []
    before, _, name = site.text(func).rpartition(".")
    return [(func, f"{before}.detach().{name}")]


def _handed(site: Site, call: ast.Call) -> Iterator[tuple[ast.expr, str]]:
    """What was handed over and asks, each with what to hand over in its place."""
    given = [*call.args, *(one.value for one in call.keywords)]
    parts = [part for one in given for part in (one.elts if isinstance(one, ast.List | ast.Tuple) else [one])]
    told = [(part, asks(site, part)) for part in parts]
    lists = [(part, text) for part in parts if (text := _list(site, part))]
    sure = [(part, dotted(site, part, ".detach()")) for part, answer in told if answer]
    unsure = [(part, dotted(site, part, ".detach()")) for part, answer in told if answer is None]
    if not sure and not lists and len(unsure) == 1 and _gives_tensor(site, unsure[0][0]):
        sure = unsure  # it can be no other
    yield from sorted([*sure, *lists], key=lambda mend: (mend[0].lineno, mend[0].col_offset))


def _gives_tensor(site: Site, node: ast.expr) -> bool:
    """Whether an expression gives a tensor and no list of some: a sum, say, or a function that returns one."""
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        return not any(isinstance(one, ast.List | ast.Tuple | ast.ListComp) for one in ast.walk(node))
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    for cell in (site.cell, *reversed(site.earlier)):
        for one in ast.walk(parsed(cell)):
            if isinstance(one, ast.FunctionDef) and one.name == node.func.id:
                given = [two.value for two in ast.walk(one) if isinstance(two, ast.Return)]
                return all(isinstance(two, ast.BinOp | ast.UnaryOp) and _gives_tensor(site, two) for two in given)
    return False


def _list(site: Site, node: ast.AST) -> str:
    held = site.value(node)
    if not isinstance(held, list | tuple) or not held or not all(isinstance(one, torch.Tensor) for one in held):
        return ""
    if not any(one.requires_grad for one in held):
        return ""
    to = "item" if all(one.numel() == 1 for one in held) else "detach"
    return f"[value.{to}() for value in {site.text(node)}]"


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
    if not library or any(one.arg is None for one in call.keywords):
        return None
    floats = f"{library}.float32"
    own = [Rewrite(kind.value, replaced, (floats,))] if kind else [_with_floats(site, asked, floats)]
    cure = mended(site.cell, [*own, *(_with_floats(site, one, floats) for one in _others(site, call))])
    stands = site.statement
    name = name_of(site, stands.targets[0]) if isinstance(stands, ast.Assign) and stands.value is call else ""
    return name, cure, replaced(site.cell, asked.value, "False"), _SILENT


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
