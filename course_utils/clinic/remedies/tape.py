"""Cures for a result that no tape leads back from."""

from __future__ import annotations

import ast
from dataclasses import replace as with_fields
import re

from course_utils.clinic.asking import first_statement
from course_utils.clinic.clues import name_of, widened
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.origins import Origins
from course_utils.clinic.passes import PassCall, at_the_maker, one_number_by, pass_at, pass_of
from course_utils.clinic.reading import statements
from course_utils.clinic.remedies.asking import Mending, candidates, is_off, unasked
from course_utils.clinic.remedies.detached import cut
from course_utils.clinic.remedies.mute import asked_of_result
from course_utils.clinic.rewrites import Rewrite, mended, suffixed, torch_word, with_torch
from course_utils.clinic.site import FunctionText, Site
from course_utils.clinic.strides import in_place, strides
import torch


def no_tape(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`loss.backward()` where nothing that `loss` was made from asks for a gradient."""
    found = pass_at(site)
    if found is None or isinstance(found.result, ast.List | ast.Tuple):
        return None
    maker, result = at_the_maker(site, found.result)
    false, why_not = asked_of_result(site, found) if maker.cell == site.cell else ("", "")
    name = name_of(maker, result)
    mending = _mending(maker, result) or (_in_two_cells(site) if maker is site else None)
    whole = maker if mending is None or mending.cell is None else mending.cell
    if mending is None or not (mending.cure or mending.changes):
        return None
    cure, scalar = _of_one(site, found, mending.cure or mended(maker.cell, mending.changes))
    if not cure:
        return None
    told = maker.text(result)
    return Leaflet(
        ailment="no graph",
        happened=f"`{told}` has no graph: nothing leads back from it to a leaf.",
        line=maker.line,
        tensor=mending.tensor or name,
        why=mending.why + scalar,
        before=whole.cell,
        cure=with_torch(maker, cure),
        false_cure=false,
        why_not=why_not,
        lesson="04",
    )


def _in_two_cells(site: Site) -> Mending | None:
    """The graph was cut in a function of a cell that ran before."""
    for wide in list(widened(site))[1:]:
        found, origins = pass_at(wide), Origins(wide)
        if found and any(isinstance(one, FunctionText) for one in ast.walk(wide.tree)):
            mending = cut(wide, origins, origins.chain([found.result], _off_tape), found.result)
            if mending and mending.cure:
                return with_fields(mending, cell=wide)
    return None


def _of_one(site: Site, found: PassCall, cell: str) -> tuple[str, str]:
    """The cell with a pass that starts from one number, and why; the cell itself where it does so already."""
    held = site.value(found.result)
    if found.seed is not None or not isinstance(held, torch.Tensor) or held.numel() == 1:
        return cell, ""
    passes = [one for node in ast.walk(ast.parse(cell)) if (one := pass_of(site, node)) and one.seed is None]
    if len(passes) != 1:
        return "", ""
    tail = f".{one_number_by(site, found.result)}()"
    return suffixed(cell, passes[0].result, tail), f" And a pass starts from one number: here from `{tail[1:]}`."


def _mending(site: Site, result: ast.expr) -> Mending | None:
    origins = Origins(site)
    chain = origins.chain([result], _off_tape)
    if not torch.is_grad_enabled():
        return _switched_off(site)
    rebound = strides(site)
    if rebound and any(is_off(site, stride.name) for stride in rebound):
        name = rebound[0].name
        why = f"`{name} = {name} - ...` off the tape makes a `{name}` that asks for no gradient. Move the leaf itself."
        changes = in_place(site, rebound)
        if any(change.edit is inserted and "requires_grad_" in change.texts[0] for change in changes):
            why += f" The first new line makes `{name}` a leaf that asks again."
        return Mending(name, why, changes=changes)
    return cut(site, origins, chain, result) or unasked(site, origins, chain, candidates(site, chain))


def _off_tape(thing: object) -> bool:
    if isinstance(thing, torch.Tensor):
        return not thing.requires_grad
    held = thing if isinstance(thing, list | tuple) else ()
    return isinstance(thing, float) or hasattr(thing, "__array__") or any(isinstance(one, torch.Tensor) for one in held)


def _switched_off(site: Site) -> Mending | None:
    word = f"{torch_word(site)}.set_grad_enabled"
    why = "The tape was switched off for the whole notebook: `set_grad_enabled(False)` lasts until it is switched on."
    for one in statements(site.tree.body):
        if isinstance(one, ast.Expr) and "set_grad_enabled(False)" in ast.unparse(one):
            return Mending("", why, changes=[Rewrite(one, replaced, (f"{word}(True)",))])
    if not any("set_grad_enabled(False)" in cell for cell in site.earlier):
        return None
    return Mending("", why, changes=[Rewrite(first_statement(site.tree.body), inserted, (f"{word}(True)",))])
