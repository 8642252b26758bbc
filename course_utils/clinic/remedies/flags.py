"""Cures for asking, or ceasing to ask, in the wrong place: a result's flag, a gradient kept where none comes."""

from __future__ import annotations

import ast
import re

from course_utils.clinic.clues import PLAIN, block_of, definitions, dotted, has_own_lines, may_bind, one_line, widened
from course_utils.clinic.edits import inserted, replaced, wrapped
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.site import Site, names_in
from course_utils.clinic.tracked import reads_asker
import torch


def flag_of_result(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`y.requires_grad = False` or `y.requires_grad_(False)`, of a result `y`."""
    stands = site.statement
    tensor, wanted = _flag(site, stands)
    if tensor is None or not isinstance(tensor, PLAIN):
        return _flag_of_expression(site)
    held = site.value(tensor)
    if not isinstance(held, torch.Tensor) or held.is_leaf:
        return None
    if not wanted and not may_bind(site, stands, tensor, arguments=False):
        return None
    name = site.text(tensor)
    on = f"{name}.retain_grad()", f"{name} = {name}.detach().requires_grad_()"
    off = f"{name} = {name}.detach()", f"{name}.detach()"
    mended, useless = on if wanted else off
    keeps = f"It makes a new leaf `{name}`: the path is cut there, and no weight behind it gets a gradient."
    lost = f"`detach()` makes another tensor; `{name}` stays on the tape, and the gradient flows through it as before."
    return Leaflet(
        ailment="flag of a result",
        happened=f"`{name}` is a result, and only a leaf can be told whether to ask for a gradient.",
        line=stands.lineno,
        tensor=name,
        why=f"`{name}` asks because something that it was made from asks. "
        + ("To see its gradient, have it kept." if wanted else "To cut the path, go on with its numbers alone."),
        before=site.cell,
        cure=replaced(site.cell, stands, mended),
        false_cure=replaced(site.cell, stands, useless),
        why_not=keeps if wanted else lost,
        lesson="04" if wanted else "14",
    )


def _flag_of_expression(site: Site) -> Leaflet | None:
    """`(w * 2).requires_grad = False`, or `z = (w * 2).requires_grad_(False)`: what is told has no name."""
    stands, call = site.statement, site.around[-1]
    match stands, call:
        case ast.Assign(targets=[ast.Attribute(value=inner, attr="requires_grad")], value=ast.Constant(value=False)), _:
            node: ast.AST = stands
        case _, ast.Call(func=ast.Attribute(value=inner, attr="requires_grad_")):
            node = call
        case _:
            return None
    if isinstance(inner, PLAIN):
        return None
    told = one_line(site, inner)
    return Leaflet(
        ailment="flag of a result",
        happened=f"`{told}` is a result, and only a leaf can be told whether to ask for a gradient.",
        line=site.line,
        tensor="",
        why=f"`{told}` asks because something that it was made from asks. To cut the path, go on with its numbers "
        "alone: what `detach()` gives is a new tensor, off the tape.",
        before=site.cell,
        cure=replaced(site.cell, node, dotted(site, inner, ".detach()")),
        false_cure="",
        why_not="",
        lesson="14",
    )


def _flag(site: Site, stands: ast.stmt) -> tuple[ast.expr | None, bool]:
    """The tensor whose flag a statement sets, and to what."""
    match stands:
        case ast.Assign(
            targets=[ast.Attribute(value=tensor, attr="requires_grad")], value=ast.Constant(value=bool(to))
        ):
            return tensor, to
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=tensor, attr="requires_grad_"), args=args, keywords=words)
        ):
            given = [*args, *(word.value for word in words)]
            return tensor, bool(site.value(given[0])) if given else True
    return None, False


def kept_without_asking(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`x.retain_grad()` where `x` does not ask."""
    stands = site.statement
    match stands:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=tensor, attr="retain_grad"))) if isinstance(
            tensor, PLAIN
        ):
            held = site.value(tensor)
        case _:
            return None
    if not isinstance(held, torch.Tensor) or held.requires_grad or not held.is_floating_point():
        return None
    name = site.text(tensor)
    wide = next((one for one in widened(site) if definitions(one, name)), site)
    stands = wide.statement
    cure = _asked_in_time(wide, stands, name) if has_own_lines(wide.cell, stands) else ""
    if not cure:
        return None
    return Leaflet(
        ailment="gradient kept of what does not ask",
        happened=f"`{name}` asks for no gradient, so there is none to keep.",
        line=site.line,
        tensor=name,
        why=f"`retain_grad()` is for results that are on the tape. Nothing that `{name}` was made from asks: "
        "let it ask itself, before it is used.",
        before=wide.cell,
        cure=cure,
        false_cure=wrapped(wide.cell, stands, f"if {name}.requires_grad:"),
        why_not=f"The error goes, and `{name}.grad` stays None: `{name}` still does not ask.",
        lesson="04",
    )


def _asked_in_time(site: Site, stands: ast.stmt, name: str) -> str:
    """The cell with `x.requires_grad_()` before the first use; "" if the place is not clear."""
    made = [one for one in definitions(site, name) if one.lineno < stands.lineno]
    beside = block_of(site.tree, stands)
    if made and (made[-1] not in beside or reads_asker(site, made[-1].value)):
        return ""
    start = beside.index(made[-1]) + 1 if made else 0
    root = name.partition(".")[0].partition("[")[0]
    users = [one for one in beside[start : beside.index(stands)] if root in names_in(one)]
    if not users:
        return replaced(site.cell, stands, f"{name}.requires_grad_()")
    if not has_own_lines(site.cell, users[0]):
        return ""
    return inserted(_cut(site.cell, stands), users[0], f"{name}.requires_grad_()")


def _cut(cell: str, stands: ast.stmt) -> str:
    rows = cell.split("\n")
    return "\n".join([*rows[: stands.lineno - 1], *rows[stands.end_lineno or stands.lineno :]])
