"""Cures for an index that is told to ask for a gradient: what picks has no slope, what is picked has."""

from __future__ import annotations

import ast

from course_utils.clinic.clues import PLAIN, definitions, has_own_lines
from course_utils.clinic.edits import inserted, replaced, without
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.site import Site
import torch

_PICKERS = {"embedding", "gather", "index_select", "take", "take_along_dim", "index_add", "one_hot"}


def index_asks(site: Site) -> Leaflet | None:
    """`idx.requires_grad = True` of what picks rows further on; None if nothing is picked by it."""
    stands = site.statement
    name, cure, floats = _without_asking(site, stands)
    later = [one for one in ast.walk(site.tree) if isinstance(one, ast.expr) and one.lineno > stands.lineno]
    if not name or not any(_picks(site, one, name) for one in later) or not has_own_lines(site.cell, stands):
        return None
    return Leaflet(
        ailment="whole numbers ask",
        happened=f"`{name}` holds no numbers with a point and cannot ask for a gradient.",
        line=site.line,
        tensor=name,
        why=f"`{name}` says which numbers to pick: it has no slope, as there is nothing between one and the next. The "
        "slopes are those of what is picked.",
        before=site.cell,
        cure=cure,
        false_cure=floats,
        why_not="The next error: what picks has to be a whole number.",
        lesson="04",
    )


def _without_asking(site: Site, stands: ast.stmt) -> tuple[str, str, str]:
    """The tensor's name, the cell in which it is not asked, and that in which it holds floats; "" for what is else."""
    match stands:
        case ast.Assign(targets=[ast.Attribute(value=tensor, attr="requires_grad")]) if isinstance(tensor, PLAIN):
            name = site.text(tensor)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=tensor, attr="requires_grad_"))) if isinstance(
            tensor, PLAIN
        ):
            name = site.text(tensor)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(keywords=words) as call):
            asked = [word for word in words if word.arg == "requires_grad"]
            if not asked:
                return "", "", ""
            rest = [site.text(one) for one in (*call.args, *words) if one not in asked]
            text = f"{site.text(call.func)}({', '.join(rest)})"
            return name, replaced(site.cell, call, text), replaced(site.cell, call, f"{text}.float().requires_grad_()")
        case _:
            return "", "", ""
    return name, without(site.cell, stands), inserted(site.cell, stands, f"{name} = {name}.float()")


def _picks(site: Site, node: ast.expr, name: str) -> bool:
    """Whether an expression takes a tensor for an index."""
    match node:
        case ast.Subscript(slice=index):
            return any(ast.unparse(one) == name for one in ast.walk(index) if isinstance(one, ast.expr))
        case ast.Call(func=func, args=args) if name in {ast.unparse(one) for one in args}:
            return ast.unparse(func).rpartition(".")[2] in _PICKERS or _looks_up(site, func)
    return False


def _looks_up(site: Site, func: ast.expr) -> bool:
    held = site.value(func)
    if isinstance(held, torch.nn.Module):
        return any(isinstance(one, torch.nn.Embedding | torch.nn.EmbeddingBag) for one in held.modules())
    made = definitions(site, site.text(func)) if isinstance(func, PLAIN) else []
    return bool(made) and "Embedding" in site.text(made[-1].value)
