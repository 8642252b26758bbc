"""Cures for tensors that ask, and are to become numpy's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

from course_utils.clinic.clues import (
    dotted,
    has_own_lines,
    is_inner,
    name_of,
    one_line,
    parsed,
)
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
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
