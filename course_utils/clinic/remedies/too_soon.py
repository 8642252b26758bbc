"""Cures for a weight that takes its step while a backward pass that needs it is still to come."""

from __future__ import annotations

import ast

from course_utils.clinic.changes import Change
from course_utils.clinic.clues import block_of, has_own_lines, holders, own_line, stores
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.outofplace import hidden
from course_utils.clinic.passes import pass_at
from course_utils.clinic.site import Site, names_in

HIDDEN = (
    "`.data` hides the change from torch: the error goes, and the slopes are computed with changed numbers: they are "
    "right only by luck."
)


def step_too_soon(site: Site, wide: Site, found: list[Change]) -> Leaflet | None:
    """A step between two backward passes through one graph."""
    one, name = found[0], wide.text(found[0].target)
    cure = _moved(wide, one) or _in_the_loop(wide, name)
    if not cure:
        return None
    what = f"`{name}` is" if one.kind != "step" else f"`{wide.text(one.node)}` changes the weights, and one of them is"
    false_cure = hidden(wide, found)
    return Leaflet(
        ailment="changed in place",
        happened=f"{what} changed before a backward pass that needs it as it was.",
        line=own_line(site, wide, one.statement.lineno),
        tensor=name,
        why="A backward pass goes through the graph that the forward pass left, with the weights of that moment. "
        "After a step a new forward pass is due; what still needs the old graph comes before the step.",
        before=wide.cell,
        cure=cure,
        false_cure=false_cure,
        why_not=HIDDEN if false_cure else "",
        lesson="14",
    )


def _moved(site: Site, one: Change) -> str:
    """The cell with the step after the backward pass, both in one block and nothing cleared between them; else ""."""
    block = block_of(site.tree, site.statement)
    step = next((two for two in (one.statement, *holders(site.tree, one.statement)) if two in block), None)
    if not isinstance(step, ast.stmt) or block.index(step) >= block.index(site.statement):
        return ""
    between = block[block.index(step) : block.index(site.statement)]
    cleared = any("zero" in site.text(two) or "grad = None" in site.text(two) for two in between)
    mine = has_own_lines(site.cell, step) and has_own_lines(site.cell, site.statement)
    made = any(set(names_in(site.statement)) & stores(two) for two in block[: block.index(step)])
    if cleared or not mine or not made:
        return ""
    rows, first, last = site.cell.split("\n"), step.lineno - 1, step.end_lineno or step.lineno
    end = site.statement.end_lineno or site.statement.lineno
    return "\n".join([*rows[:first], *rows[last:end], *rows[first:last], *rows[end:]])


def _in_the_loop(site: Site, weight: str) -> str:
    """The cell with the forward pass again before each backward pass; "" if it is not found before the loop."""
    loop = next((one for one in holders(site.tree, site.statement) if isinstance(one, ast.For | ast.While)), None)
    if loop is None or site.statement not in loop.body or not has_own_lines(site.cell, site.statement):
        return ""
    beside = block_of(site.tree, loop)
    depends, forward = {weight}, []
    for one in beside[: beside.index(loop)]:
        if isinstance(one, ast.Assign) and depends & set(names_in(one.value)) and not stores(one) & {weight}:
            depends |= stores(one)
            forward.append(site.text(one))
    if not forward or not depends - {weight} & set(names_in(site.statement)):
        return ""
    return inserted(_let_go(site), site.statement, *forward)


def _let_go(site: Site) -> str:
    """The cell whose pass keeps no graph: with a forward pass before each it has no use for that."""
    found = pass_at(site)
    kept = [one for one in found.call.keywords if one.arg == "retain_graph"] if found else []
    if found is None or not kept:
        return site.cell
    rest = [site.text(one) for one in (*found.call.args, *found.call.keywords) if one not in kept]
    return replaced(site.cell, found.call, f"{site.text(found.call.func)}({', '.join(rest)})")
