"""Cures for a tensor that was changed in place though the way back needs it as it was."""

from __future__ import annotations

import ast
import re

from course_utils.clinic.changes import Change, Spoilt, spoilers
from course_utils.clinic.clues import definitions, holders, own_line, stores, widened
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.outofplace import hidden, out_of_place
from course_utils.clinic.remedies.too_soon import HIDDEN, step_too_soon
from course_utils.clinic.site import FunctionText, Site, names_in
import torch

_CUT = (
    "`.data` hides the change from torch, and with it the path to what is written there: the error goes, and the "
    "gradient is right only by luck."
)


def needed_as_it_was(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`y += 1` after `y = w.exp()`."""
    for wide in widened(site):
        found = spoilers(wide, Spoilt.told(match))
        if not found:
            continue
        if found[0].kind == "step" or (found[0].kind in ("sign", "item", "method") and _is_weight(wide, found[0])):
            told = step_too_soon(site, wide, found)
        else:
            told = _leaflet(site, wide, found) if _has_begun(wide, found[0]) else None
        if told:
            return told
    return None


def _is_weight(site: Site, one: Change) -> bool:
    held = site.value(one.target)
    return isinstance(held, torch.Tensor) and held.is_leaf and held.requires_grad


def _has_begun(wide: Site, one: Change) -> bool:
    """Whether the cell also makes what it changes: the forward pass has to run again as well."""
    root = next(names_in(one.target), "")
    steps = {id(two.target) for two in ast.walk(wide.tree) if isinstance(two, ast.AugAssign)}
    names = (two for two in ast.walk(wide.tree) if isinstance(two, ast.Name) and isinstance(two.ctx, ast.Store))
    bound = {two.id for two in names if id(two) not in steps}
    handed = {two.arg for two in ast.walk(wide.tree) if isinstance(two, ast.arg)}
    return one.kind == "module" or bool(definitions(wide, wide.text(one.target))) or root in bound | handed


def _leaflet(site: Site, wide: Site, found: list[Change]) -> Leaflet | None:
    first, cure, false_cure = found[0], out_of_place(wide, found), hidden(wide, found)
    if not cure or _is_lost(wide, first) or _has_alias(wide, found):
        return None
    what, name = " ".join(wide.text(first.statement).split()), wide.text(first.target)
    twin = _twin(wide, first)
    shares = f" `{name}` has the same memory as `{twin}`." if twin else ""
    kept = f"`{twin}`" if twin else "it"
    needed = "what it is given" if first.kind == "module" else f"`{name}`"
    return Leaflet(
        ailment="changed in place",
        happened=f"`{what}` changes {needed} in place, and the way back needs {kept} as it was.",
        line=own_line(site, wide, first.statement.lineno),
        tensor="" if first.kind == "module" else name,
        why=f"For the slopes torch keeps the tensor itself, no copy of it.{shares} "
        "Let the changed numbers be a new tensor, and the old one stays as it was.",
        before=wide.cell,
        cure=cure,
        false_cure=false_cure,
        why_not=(_CUT if first.kind == "item" else HIDDEN) if false_cure else "",
        lesson="14",
    )


def _twin(site: Site, one: Change) -> str:
    """The name of the tensor on the tape whose memory a tensor off the tape shares; "" if there is none."""
    held = site.value(one.target)
    if not isinstance(held, torch.Tensor) or held.requires_grad:
        return ""
    others = ((name, other) for name, other in site.names.items() if not name.startswith("_"))
    same = (name for name, other in others if isinstance(other, torch.Tensor) and _share(other, held))
    return next(same, "")


def _has_alias(site: Site, found: list[Change]) -> bool:
    """Whether the learner goes on with the same memory by another name: a new tensor would not be seen there."""
    held, last = site.value(found[0].target), found[-1].statement
    if not isinstance(held, torch.Tensor) or not held.requires_grad:
        return False
    later = [one for one in site.tree.body if (one.end_lineno or 0) > (last.end_lineno or 0)]
    read = {name for one in later for name in names_in(one)} - stores(last) - {next(names_in(found[0].target), "")}
    others = (site.names.get(name) for name in read)
    return any(isinstance(other, torch.Tensor) and _share(other, held) for other in others)


def _share(other: torch.Tensor, held: torch.Tensor) -> bool:
    return other.requires_grad and other.untyped_storage().data_ptr() == held.untyped_storage().data_ptr()


def _is_lost(site: Site, one: Change) -> bool:
    """Whether a function changes its argument for its caller: a new tensor would not reach the caller."""
    above = [two for two in holders(site.tree, one.statement) if isinstance(two, FunctionText)]
    if not above or not isinstance(one.target, ast.Name) or one.kind in ("shared", "module"):
        return False
    own = {two.arg for two in ast.walk(above[0]) if isinstance(two, ast.arg)}
    gives = any(isinstance(two, ast.Return) and two.value is not None for two in ast.walk(above[0]))
    return one.target.id in own and not gives
