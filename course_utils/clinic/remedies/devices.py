"""Cures for tensors that live where others cannot use them: on another device, or made in inference mode."""

from __future__ import annotations

import ast
import re

from course_utils.clinic.clues import (
    PLAIN,
    block_of,
    function_of,
    has_own_lines,
    holders,
    may_bind,
    one_line,
    stores,
    torch_in,
)
from course_utils.clinic.edits import inserted, replaced, wrapped
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.remedies.nowhere import device_of, is_empty, numberless
from course_utils.clinic.site import Site, names_in
import torch


def elsewhere(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`w * x` with `w` here and `x` there."""
    anchor = _anchor(site, site.around[-1]) or _anchor(site, site.statement)
    if anchor is None:
        return _data_on_meta(site)
    name, home, device = anchor
    here = [one for one in _strangers(site, site.around[-1], device) if one != name]
    stands = _outermost(site, home, device)
    movers = [one for one in _to_move(site, stands, device) if one != name]
    if here and any(is_empty(site, one) for one in (name, here[0])):
        return numberless(site, *((name, here[0]) if is_empty(site, name) else (here[0], name)))
    if not here or not set(here) <= set(movers) or not has_own_lines(site.cell, stands):
        return None
    moved = here[0]
    return Leaflet(
        ailment="two devices",
        happened=f"`{moved}` and `{name}` are on two devices: one operation cannot reach both.",
        line=site.line,
        tensor=moved,
        why=f"What is computed together lives together. Data can move freely, so take it to where `{name}` is.",
        before=site.cell,
        cure=inserted(site.cell, stands, *(f"{one} = {one}.to({home})" for one in movers)),
        false_cure=inserted(site.cell, stands, *(f"{one}.to({home})" for one in movers)),
        why_not=f"The same error: `to` gives a new tensor and leaves `{moved}` where it was.",
        lesson="16",
    )


def _data_on_meta(site: Site) -> Leaflet | None:
    """`x + far` where nothing learns, and one of the two has no numbers."""
    tensors = [one for one in names_in(site.around[-1]) if isinstance(site.names.get(one), torch.Tensor)]
    empty = [one for one in tensors if is_empty(site, one)]
    others = [one for one in tensors if one not in empty]
    return numberless(site, empty[0], others[0]) if len(empty) == 1 and others else None


def _anchor(site: Site, piece: ast.AST) -> tuple[str, str, torch.device] | None:
    """What learns, by name, the text that tells its device, and the device."""
    for name in names_in(piece):
        held = site.names.get(name)
        device = device_of(held)
        if isinstance(held, torch.nn.Module) and device is not None:
            return name, f"next({name}.parameters()).device", device
        if isinstance(held, torch.Tensor) and held.requires_grad:
            return name, f"{name}.device", held.device
    return None


def _strangers(site: Site, piece: ast.AST, device: torch.device) -> list[str]:
    """The tensors that do not ask, by name, that live elsewhere."""
    held = ((name, site.names.get(name)) for name in names_in(piece))
    return [
        name for name, one in held if isinstance(one, torch.Tensor) and not one.requires_grad and one.device != device
    ]


def _to_move(site: Site, stands: ast.stmt, device: torch.device) -> list[str]:
    """The data that is read from here on in the block and may be moved: the next line would raise the next error."""
    block = block_of(site.tree, stands)
    rest = ast.Module(block[block.index(stands) :], [])
    names = [one for one in _strangers(site, rest, device) if one not in stores(rest)]
    return [one for one in sorted(names) if may_bind(site, stands, ast.Name(one, ast.Load()), loops=True)]


def _outermost(site: Site, home: str, device: torch.device) -> ast.stmt:
    """The place for the move: before the loop if all is there by then."""
    stands, needed = site.statement, set(names_in(ast.parse(home))) | set(_strangers(site, site.around[-1], device))
    signs = [one.target for one in ast.walk(site.tree) if isinstance(one, ast.AugAssign)]
    steps = {one.id for one in signs if isinstance(one, ast.Name)}  # `w -= ...` makes no new w
    for above in holders(site.tree, site.statement):
        if not isinstance(above, ast.For | ast.While | ast.With | ast.If) or needed & (stores(above) - steps):
            break
        stands = above
    return stands


def from_inference(site: Site, match: re.Match[str]) -> Leaflet | None:
    """A tensor of inference mode where the tape runs."""
    saved = "saved" in match[0].lower()
    found = next((node for node in _plain(site) if _is_inference(site.value(node))), None)
    stands = site.statement
    if found is None or not has_own_lines(site.cell, stands):
        return None
    name = site.text(found)
    wanted = "is to be noted on the tape" if saved else _OUTSIDE.get("requires_grad" in site.text(stands), "")
    cure = _no_grad(site, name) or _cloned(site, stands, found)
    if not cure:
        return None
    return Leaflet(
        ailment="inference tensor",
        happened=f"`{name}` was made in inference mode, and `{one_line(site, site.around[-1])}` {wanted}.",
        line=site.line,
        tensor=name,
        why="torch counts no changes of a tensor made in inference mode, so it refuses to keep it for the way back, or "
        "to change it outside. `torch.no_grad()` stays off the tape as well and makes ordinary tensors; `clone()` "
        "makes one afterwards.",
        before=site.cell,
        cure=cure,
        false_cure=wrapped(site.cell, stands, f"with {torch_in(site)}.no_grad():") if saved and torch_in(site) else "",
        why_not="The error goes, and the path with it: what is computed here is off the tape, so nothing behind it "
        "gets a gradient."
        if saved and torch_in(site)
        else "",
        lesson="14",
    )


_OUTSIDE = {True: "lets it ask outside", False: "changes it outside"}


def _plain(site: Site) -> list[ast.expr]:
    """Names, attributes and items around the place, those of the expression first."""
    pieces = [*ast.walk(site.around[-1]), *ast.walk(site.statement)]
    return [node for node in pieces if isinstance(node, PLAIN)]


def _is_inference(held: object) -> bool:
    return isinstance(held, torch.Tensor) and held.is_inference()


def _no_grad(site: Site, name: str) -> str:
    """The cell with `no_grad` for the inference mode in which the name is bound; "" if it is not there."""
    for block in ast.walk(site.tree):
        if isinstance(block, ast.With) and len(block.items) == 1 and name in stores(block):
            call = block.items[0].context_expr
            if isinstance(call, ast.Call) and not call.args and site.text(call.func).endswith(".inference_mode"):
                owner = site.text(call.func).rpartition(".")[0]
                return replaced(site.cell, call.func, f"{owner}.no_grad")
    return ""


def _cloned(site: Site, stands: ast.stmt, found: ast.expr) -> str:
    if isinstance(found, ast.Name) and function_of(site.tree, stands) and not may_bind(site, stands, found):
        return ""
    name = site.text(found)
    return inserted(site.cell, stands, f"{name} = {name}.clone()") if may_bind(site, stands, found) else ""
