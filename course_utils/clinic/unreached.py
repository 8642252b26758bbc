"""Why a gradient is None though a pass has run: no path leads to the leaf, or the step reads another's gradient."""

from __future__ import annotations

import ast
from dataclasses import replace as with_fields

from course_utils.clinic.asking import lasting_name
from course_utils.clinic.causes import Cause
from course_utils.clinic.clues import PLAIN
from course_utils.clinic.edits import replaced, without, wrapped
from course_utils.clinic.missing import earlier_passes
from course_utils.clinic.passes import PassCall, pass_of
from course_utils.clinic.reading import statements, targets
from course_utils.clinic.rewrites import Rewrite, mended
from course_utils.clinic.severed import may_read, severed
from course_utils.clinic.site import Site
from course_utils.clinic.strides import body_of, in_place, off_tape, strides
from course_utils.clinic.ways import leads
import torch


def unreached(site: Site, name: str) -> Cause | None:
    """Why the `.grad` of a leaf is None after a pass; None if that cannot be told."""
    held = site.value(ast.parse(name, mode="eval").body)
    is_leaf = isinstance(held, torch.Tensor) and held.is_leaf and held.requires_grad
    passes = _passes(site) or _passes_elsewhere(site) if is_leaf else []
    goal = _moved(site.statement)
    if not passes or goal is None or any(leads(site.value(one), held) is not False for one in passes):
        return None
    result, moved = ast.unparse(passes[-1]), ast.unparse(goal)
    if moved == name and not _others_learn(site, passes):
        return None
    if moved == name:
        return _off_the_tape(site, name, passes[-1]) or _left_out(site, name, passes[-1])
    own = site.value(goal)
    if not isinstance(own, torch.Tensor) or not own.is_leaf or own.grad is None:
        return None
    return Cause(
        f"`{moved}` takes its step with `{name}.grad`, which is None: `{result}` was not computed from `{name}`.",
        f"Each leaf moves by its own gradient, and the pass has left one in `{moved}`.",
        [Rewrite(site.tree.body[0], _rewritten, (_with_own(site, name, moved),))],
        f"It raises nothing, and `{moved}` never moves.",
    )


def _off_the_tape(site: Site, name: str, result: ast.expr) -> Cause | None:
    """`b.detach()` in the formula."""
    why, cell = severed(site, PassCall(ast.Call(result, [], []), result), name)
    happened = f"`{name}.grad` is None: `{ast.unparse(result)}` was computed from `{name}` off the tape."
    changes = [Rewrite(site.tree.body[0], _rewritten, (cell,))]
    return Cause(happened, why, changes, f"It raises nothing, and `{name}` never moves.") if cell else None


def _left_out(site: Site, name: str, result: ast.expr) -> Cause:
    """The formula lacks a leaf: it can take no step."""
    told, line, leaf = ast.unparse(result), site.statement, lasting_name(site, name) or name
    handed = any(name in targets(one) for one in site.around if isinstance(one, ast.For))
    zeroing = [one for one in statements(body_of(site)) if ast.unparse(one) == f"{name}.grad.zero_()"]
    gone = [Rewrite(one, without, ()) for one in ([] if handed else [line, *zeroing])]
    others = [one for one in (*off_tape(site), *in_place(site, strides(site))) if one.node is not line]
    is_known = not may_read(site, PassCall(ast.Call(result, [], []), result), name)
    cause = f"`{told}` was not computed from `{leaf}`" if is_known else f"no path leads from `{told}` back to `{leaf}`"
    return Cause(
        f"`{leaf}.grad` is None, because {cause}.",
        f"A backward pass fills only leaves that lead to `{told}`. Give `{leaf}` a place in the formula, or leave it "
        "out of the step, as here.",
        [*others, *gone, *([Rewrite(line, wrapped, (f"if {name}.grad is not None:",))] if handed else [])],
        "",
        leaf,
    )


def _passes_elsewhere(site: Site) -> list[ast.expr]:
    """The results that the passes of the cells before have started from; none if one of them is not known."""
    calls = [pass_of(site, one.value) for one, _ in earlier_passes(site) if isinstance(one, ast.Expr)]
    found = [call.result for call in calls if call]
    return found if all(isinstance(site.value(one), torch.Tensor) for one in found) else []


def _others_learn(site: Site, passes: list[ast.expr]) -> bool:
    """Whether the passes have left gradients in other leaves."""
    started = [site.value(one) for one in passes]
    modules = [one for one in site.names.values() if isinstance(one, torch.nn.Module)]
    leaves = [one for one in site.names.values() if isinstance(one, torch.Tensor) and one.is_leaf]
    held = [one for one in site.names.values() if isinstance(one, dict | list | tuple)]
    inside = [two for one in held for two in list(one.values() if isinstance(one, dict) else one)[:1000]]
    leaves += [one for one in inside if isinstance(one, torch.Tensor) and one.is_leaf]
    leaves += [parameter for one in modules for parameter in one.parameters()]
    return any(one.grad is not None and not any(one is two for two in started) for one in leaves)


def _passes(site: Site) -> list[ast.expr]:
    """The results that passes before the place have started from; none if one of them is not known."""
    before = [one for one in statements(body_of(site)) if one.lineno < site.line and not hasattr(one, "body")]
    found = [call.result for one in before for node in ast.walk(one) if (call := pass_of(site, node))]
    known = all(isinstance(site.value(one), torch.Tensor) for one in found)
    return found if known else []


def _moved(statement: ast.stmt) -> ast.expr | None:
    """What a step moves."""
    match statement:
        case ast.AugAssign(target=goal) | ast.Assign(targets=[goal]):
            found = goal
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=goal))):
            found = goal
        case _:
            return None
    if isinstance(found, ast.Attribute) and found.attr == "data":
        found = found.value
    return found if isinstance(found, PLAIN) else None


def _with_own(site: Site, name: str, moved: str) -> str:
    """The cell in which a step reads the gradient of what it moves, and moves the leaf itself."""
    reads = [one for one in ast.walk(site.statement) if isinstance(one, ast.Attribute)]
    changes = [Rewrite(one, replaced, (f"{moved}.grad",)) for one in reads if ast.unparse(one) == f"{name}.grad"]
    cell = mended(site.cell, changes)
    line, start = site.statement.lineno, site.statement.col_offset
    there = with_fields(site, cell=cell, span=(line, line, start, start))
    found = [one for one in strides(there) if one.statement.lineno == line]
    return mended(cell, in_place(there, found)) if found else cell


def _rewritten(_: str, __: ast.stmt, cell: str) -> str:
    return cell
