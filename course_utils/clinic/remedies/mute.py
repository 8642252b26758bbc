"""The popular cure that is none for a result without a graph: to tell the result itself to ask for a gradient."""

from __future__ import annotations

import ast

from course_utils.clinic.clues import holders
from course_utils.clinic.edits import inserted
from course_utils.clinic.passes import PassCall
from course_utils.clinic.reading import statements
from course_utils.clinic.rewrites import suffixed
from course_utils.clinic.site import Site
from course_utils.clinic.strides import body_of
import torch


def asked_of_result(site: Site, found: PassCall) -> tuple[str, str]:
    """The cell in which the result is told to ask, and what becomes of that; both "" where it cannot ask."""
    held = site.value(found.result)
    if isinstance(held, torch.Tensor) and not held.is_floating_point():
        return "", ""
    if isinstance(found.result, ast.Name | ast.Attribute | ast.Subscript):
        cell = inserted(site.cell, site.statement, f"{site.text(found.result)}.requires_grad = True")
    else:
        cell = suffixed(site.cell, found.result, ".requires_grad_()")
    return cell, _outcome(site, found, site.text(found.result), held)


def _outcome(site: Site, found: PassCall, told: str, held: object) -> str:
    if isinstance(held, torch.Tensor) and held.is_inference():
        return "The next error: what was made in inference mode cannot be told to ask."
    if found.seed is None and isinstance(held, torch.Tensor) and held.numel() != 1:
        return f"The next error: `{told}` holds {held.numel()} numbers, and a backward pass starts from one."
    if found.inputs:
        reached = site.text(found.inputs[0])
        return f"The next error: the pass ends where it begins, at `{told}`, and does not reach `{reached}`."
    ends = (
        f"The pass then goes through, but ends where it begins: `{told}` itself becomes a leaf, and no weight gets a "
    )
    return f"{ends}gradient. {_afterwards(site)}"


def _afterwards(site: Site) -> str:
    later = [one for one in statements(body_of(site)) if one.lineno > site.line and not hasattr(one, "body")]
    needs = [need for one in later for need in _needs(site, one)]
    if needs and site.value(needs[0]) is None:
        return f"The next line that needs one stops, because `{site.text(needs[0])}` is None."
    if any(".step(" in ast.unparse(one) for one in later):
        return "The optimizer skips what has none: nothing ever moves."
    return "Nothing is learnt."


def _needs(site: Site, statement: ast.stmt) -> list[ast.Attribute]:
    """The `w.grad` with which a statement computes, unless it looks first whether it is None."""
    above = holders(site.tree, statement)
    if any(isinstance(one, ast.If) and ".grad" in ast.unparse(one.test) for one in above):
        return []
    found = [one for one in ast.walk(statement) if isinstance(one, ast.Attribute) and one.attr == "grad"]
    return [one for one in found if isinstance(one.ctx, ast.Load) and _computes(holders(site.tree, one)[0])]


def _computes(above: ast.AST) -> bool:
    in_place = isinstance(above, ast.Call) and isinstance(above.func, ast.Attribute) and above.func.attr.endswith("_")
    return in_place or isinstance(above, ast.BinOp | ast.UnaryOp | ast.Attribute | ast.Subscript)
