"""Cures for steps that find None where a gradient should be."""

from __future__ import annotations

import ast
from dataclasses import replace
import re

from course_utils.clinic.causes import ZERO, Cause, cause_of, would_replace
from course_utils.clinic.edits import replaced, without, wrapped
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.reading import statements
from course_utils.clinic.rewrites import Rewrite, mended, with_torch
from course_utils.clinic.site import Site
from course_utils.clinic.strides import body_of, in_place, is_cleared, strides
from course_utils.clinic.unreached import unreached
import torch


def step_from_none(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`rate * w.grad` where `w.grad` is None."""
    name = _without_gradient(site)
    cause = cause_of(site, name) or unreached(site, name) if name else None
    if name is None or cause is None:
        return None
    return _leaflet(site, name, cause, "gradient is None")


def zeroing_none(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`w.grad.zero_()` where `w.grad` is None."""
    name = _without_gradient(site)
    if name is None:
        return None
    statement = site.statement
    is_zeroing = isinstance(statement, ast.Expr) and bool(ZERO.search(ast.unparse(statement)))
    held = site.value(ast.parse(name, mode="eval").body)
    if not is_zeroing:
        return None if "zero_" in site.text(statement) else step_from_none(site, match)
    if not getattr(held, "is_leaf", False) or not getattr(held, "requires_grad", False):
        cause = cause_of(site, name)
        return _leaflet(site, name, cause, "zeroing None") if cause else None
    return _too_early(site, name)


def _too_early(site: Site, name: str) -> Leaflet:
    """A leaf that asks has no gradient yet."""
    rebound, lines = strides(site), [(site.statement, name), *_more_zeroing(site, site.statement)]
    rest = mended(site.cell, [Rewrite(one, without, ()) for one, _ in lines])
    is_enough = is_cleared(replace(site, cell=rest), name)  # then the line was one too many
    cause = Cause(
        f"`{name}.grad` is None: there is nothing to be zeroed yet.",
        f"Before the first backward pass, and after `zero_grad`, a leaf has no gradient at all. `{name}.grad = None` "
        "is right at any time, and the next pass starts afresh." + would_replace(site, rebound),
        [*in_place(site, rebound), *(Rewrite(one, replaced, (f"{other}.grad = None",)) for one, other in lines)],
        f"It moves `{rebound[0].name}` once at most: the step makes a result of it, which has no gradient."
        if rebound
        else ""
        if is_enough
        else "Then nothing clears the gradient: each pass adds its own to those of all passes before.",
    )
    told = _leaflet(site, name, cause, "zeroing None")
    return told if rebound else replace(told, false_cure="" if is_enough else rest)


def _more_zeroing(site: Site, first: ast.stmt) -> list[tuple[ast.stmt, str]]:
    """The other lines that zero what is None, each with its tensor: they would raise the next errors."""
    found: list[tuple[ast.stmt, str]] = []
    for one in statements(body_of(site)):
        text = ast.unparse(one)
        if one is not first and isinstance(one, ast.Expr) and ZERO.search(text):
            name = ast.unparse(ast.parse(ZERO.sub("", text), mode="eval").body)
            gradient = site.value(ast.parse(f"{name}.grad", mode="eval").body)
            found += [(one, name)] if gradient is None else []
    return found


def _leaflet(site: Site, name: str, cause: Cause, ailment: str) -> Leaflet:
    return Leaflet(
        ailment=ailment,
        happened=cause.happened,
        line=site.line,
        tensor=cause.tensor or name,
        why=cause.why,
        before=site.cell,
        cure=with_torch(site, mended(site.cell, cause.changes)),
        false_cure=_guarded(site, name) if cause.why_not else "",
        why_not=cause.why_not,
        lesson="07",
    )


def _guarded(site: Site, name: str) -> str:
    """The cell in which nothing is done where the gradient is None."""
    found = {stride.statement: stride.name for stride in strides(site)} | {site.statement: name}
    return mended(site.cell, [Rewrite(one, wrapped, (f"if {held}.grad is not None:",)) for one, held in found.items()])


def _without_gradient(site: Site) -> str | None:
    """The tensor near the place whose `.grad` is None; None if the trouble is another None."""
    expression = site.nearest(ast.expr)
    for node in [*(ast.walk(expression) if expression else ()), *ast.walk(site.statement)]:
        made = _origin_of_none(site, node) if isinstance(node, ast.Name) else node
        if isinstance(made, ast.Attribute) and made.attr == "grad":
            held = site.value(made.value)
            if isinstance(held, torch.Tensor) and site.value(made) is None:
                return ast.unparse(made.value)
    return None


def _origin_of_none(site: Site, node: ast.Name) -> ast.expr | None:
    """For `g` where `g = w.grad`: the expression `w.grad`."""
    if node.id not in site.names or site.names[node.id] is not None:
        return None
    made = [one for one in statements(body_of(site)) if isinstance(one, ast.Assign) and one.lineno < site.line]
    values = [one.value for one in made if ast.unparse(one.targets[0]) == node.id]
    return values[-1] if values else None
