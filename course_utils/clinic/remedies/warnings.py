"""Cures for what torch only warns of: the `.grad` of a result, and a target of another shape than the prediction."""

from __future__ import annotations

import ast
import math
import re

from course_utils.clinic.clues import (
    PLAIN,
    definitions,
    dotted,
    function_of,
    has_own_lines,
    holders,
    name_of,
    one_line,
    stores,
    widened,
)  # fmt: skip
from course_utils.clinic.edits import followed, inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.messages import sizes_in
from course_utils.clinic.remedies.midway import kept, made_with_others
from course_utils.clinic.rewrites import torch_word
from course_utils.clinic.site import Site
from course_utils.clinic.tracked import asks, reads_asker
import torch

Mend = tuple[str, str]


def grad_of_result(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`y.grad`, of a result `y`."""
    read = site.around[-1]
    if not (isinstance(read, ast.Attribute) and read.attr == "grad" and isinstance(read.value, PLAIN)):
        return None
    name = site.text(read.value)
    for wide in widened(site):
        here = function_of(wide.tree, wide.statement)
        made = [one for one in definitions(wide, name) if function_of(wide.tree, one) is here]
        steps = [one for one in made if f"{name}.grad" in _read(wide, one)]
        above = steps or [one for one in made if (one.end_lineno or 0) < wide.line] or made
        if above:
            return _grad_of(site, wide, above, name)
        if name in stores(wide.tree):
            beside = made_with_others(wide, name)
            return _leaflet(site, wide, beside, name, kept(wide, beside, name)) if beside else None
    return None


def _grad_of(site: Site, wide: Site, made: list[ast.Assign], name: str) -> Leaflet | None:
    last = made[-1]
    if not has_own_lines(wide.cell, last) or function_of(wide.tree, last) is not function_of(wide.tree, wide.statement):
        return None
    mended = _step(wide, last, name) or _leaf_at_last(wide, last) or _again(wide, made, name) or _kept(wide, last, name)
    return _leaflet(site, wide, last, name, mended)


def _leaflet(site: Site, wide: Site, last: ast.Assign, name: str, mended: Mend | None) -> Leaflet | None:
    if mended is None or not mended[0]:
        return None
    return Leaflet(
        ailment="grad of a result",
        happened=f"`{name}` is a result and no leaf, and `backward()` fills the `.grad` of leaves alone.",
        line=site.line,
        tensor=name,
        why=mended[1],
        before=wide.cell,
        cure=mended[0],
        false_cure=followed(wide.cell, last, f"{name}.requires_grad_()"),
        why_not=f"It changes nothing: `{name}` asks already and is still a result. `{name}.grad` stays None.",
        lesson="04",
    )


def _read(site: Site, made: ast.Assign) -> set[str]:
    return {site.text(one) for one in ast.walk(made.value) if isinstance(one, PLAIN)}


def _step(site: Site, made: ast.Assign, name: str) -> Mend | None:
    """`w = w - rate * w.grad`: the step itself made a result of it."""
    if f"{name}.grad" not in _read(site, made):
        return None
    match made.value:
        case ast.BinOp(left=left, op=ast.Sub() | ast.Add() as op, right=right) if site.text(left) == name:
            sign, margin = "-" if isinstance(op, ast.Sub) else "+", " " * made.col_offset
            loops = [site.text(one) for one in holders(site.tree, made) if isinstance(one, ast.For | ast.While)]
            clear = f"\n{margin}{name}.grad = None" if loops and not re.search(r"zero_|grad = None", loops[0]) else ""
            step = f"with {torch_word(site)}.no_grad():\n{margin}    {name} {sign}= {site.text(right)}{clear}"
            why = f"The step made a new `{name}`, and that one is a result. Change the leaf itself, off the tape."
            return replaced(site.cell, made, step), why
    return "", ""


def _leaf_at_last(site: Site, made: ast.Assign) -> Mend | None:
    """`w = torch.randn(3, requires_grad=True) * 0.1`: what asks is not what has the name."""
    flag = r",\s*requires_grad\s*=\s*True\b|\brequires_grad\s*=\s*True\s*,?\s*"
    value = made.value
    asked = [one for one in ast.walk(value) if isinstance(one, ast.keyword) and one.arg == "requires_grad"]
    if len(asked) != 1 or asked[0] in getattr(value, "keywords", []) or reads_asker(site, made.value):
        return None
    plain, count = re.subn(flag, "", dotted(site, value, ""))
    why = "The leaf is what asked first, and it has no name any more: the name went to what was made from it. "
    return (replaced(site.cell, value, f"{plain}.requires_grad_()"), f"{why}Ask last.") if count == 1 else None


def _again(site: Site, made: list[ast.Assign], name: str) -> Mend | None:
    """`w = w.double()`, after `w` was a leaf."""
    last = made[-1]
    if len(made) < 2 or name not in _read(site, last) or reads_asker(site, last.value, but=name):
        return None
    if "requires_grad" not in site.text(made[-2].value):
        return None
    why = f"`{site.text(last)}` gave the name to what was made from the leaf. Make a leaf of that, and let it ask."
    return replaced(site.cell, last.value, dotted(site, last.value, ".detach().requires_grad_()")), why


def _kept(site: Site, made: ast.Assign, name: str) -> Mend | None:
    """A result that is on the way: its gradient can be kept."""
    if asks(site, made.value) is False or "requires_grad" in site.text(made.value):
        return None
    return kept(site, made, name)


def other_shape(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`mse_loss(y_hat, y)` of shapes [4, 1] and [4]."""
    call = site.around[-1]
    pair = _pair(call) if isinstance(call, ast.Call) else None
    if pair is None or not has_own_lines(site.cell, site.statement):
        return None
    said, target = pair
    there, here = sizes_in(match["input"]), sizes_in(match["target"])
    tail = _fitting(site, said, there, here)
    both = tuple(torch.empty(there, device="meta").add(torch.empty(here, device="meta")).shape)
    if not tail or math.prod(both) == math.prod(there):  # nothing is spread: the warning is all there is
        return None
    spread = f"torch spreads both to {list(both)} and compares each prediction with each target"
    return Leaflet(
        ailment="target of another shape",
        happened=f"The prediction has shape {list(there)}, the target `{one_line(site, target)}` has {list(here)}.",
        line=site.line,
        tensor=name_of(site, target),
        why=f"By broadcasting {spread}: the loss is that of other pairs than yours. Give both one shape.",
        before=site.cell,
        cure=replaced(site.cell, target, dotted(site, target, tail)),
        false_cure="import warnings\n" + inserted(site.cell, site.statement, 'warnings.filterwarnings("ignore")'),
        why_not="The warning goes, the wrong loss stays: it is least where all predictions are one and the same.",
        lesson="10",
    )


def _pair(call: ast.Call) -> tuple[ast.expr, ast.expr] | None:
    """The prediction and the target, of a loss that is called."""
    words = {word.arg: word.value for word in call.keywords}
    given = [*call.args[:2], *(words[name] for name in ("input", "target")[len(call.args) :] if name in words)]
    return (given[0], given[1]) if len(given) == 2 else None


def _fitting(site: Site, said: ast.expr, there: tuple[int, ...], here: tuple[int, ...]) -> str:
    """What gives the target the prediction's shape; "" if it holds another number of values."""
    if math.prod(there) != math.prod(here) or math.prod(here) == 1:
        return ""
    if here == there[:-1] and there[-1] == 1:
        return ".unsqueeze(-1)"
    if there == here[:-1] and here[-1] == 1:
        return ".squeeze(-1)"
    return f".reshape({site.text(said)}.shape)" if isinstance(said, PLAIN) else ""
