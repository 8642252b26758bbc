"""Cures for passes that start from many numbers at once."""

from __future__ import annotations

import ast
from math import prod
import re

from course_utils.clinic.clues import name_of
from course_utils.clinic.edits import replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.messages import sizes_in
from course_utils.clinic.passes import PassCall, one_number_by, pass_at
from course_utils.clinic.rewrites import suffixed, torch_word, with_keyword, with_torch
from course_utils.clinic.site import Site
import torch


def many_numbers(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`y.backward()` of a `y` with more than one number."""
    found = pass_at(site)
    if found is None or isinstance(found.result, ast.List | ast.Tuple):
        return None
    text, name = site.text(found.result), name_of(site, found.result)
    word = one_number_by(site, found.result)
    is_loss = word == "mean"
    value = site.value(found.result)
    count = f"{value.numel()} numbers" if isinstance(value, torch.Tensor) else "more than one number"
    sum_of = _SUM.format(count) if isinstance(value, torch.Tensor) else _SUM_ALONE
    library = torch_word(site)
    seed = f"{library}.ones_like({text})" if is_loss else f"{library}.tensor(1.0)"
    return Leaflet(
        ailment="backward from many numbers",
        happened=f"`{text}` holds {count}, and a backward pass starts from one.",
        line=site.line,
        tensor=name,
        why=f"A gradient says how one number answers to a nudge. Say which one number you mean: here the {word} of "
        f"`{text}`.",
        before=site.cell,
        cure=suffixed(site.cell, found.result, f".{word}()"),
        false_cure=with_torch(site, with_keyword(site.cell, found.call, f"{found.seed_word}={seed}")),
        why_not=sum_of if is_loss else _ONE.format(count=count),
        lesson="06",
    )


_SUM_ALONE = "It raises nothing, but it means the sum."
_SUM = (
    "It raises nothing, but it means the sum. With {} its gradient is that many times larger than that of the mean, "
    "and the rate may be too large."
)
_ONE = "`gradient` has to hold one number for each number of the result: 1 is too few for {count}, and torch says so."


def mismatch(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`y.backward(v)` with a `v` of another shape than `y`."""
    found = pass_at(site)
    if found is None or found.seed is None or isinstance(found.result, ast.List | ast.Tuple):
        return None
    got, wanted = sizes_in(match["got"]), sizes_in(match["wanted"])
    seed = found.seed.elts[0] if isinstance(found.seed, ast.List | ast.Tuple) and found.seed.elts else found.seed
    text, given = site.text(found.result), site.text(seed)
    return Leaflet(
        ailment="shape of gradient",
        happened=f"`{given}` has shape {got}, and `{text}` has shape {wanted}.",
        line=site.line,
        tensor=name_of(site, found.result),
        why=f"`gradient` says how much each number of `{text}` counts: it has one number for each of them, in the same "
        "shape. It has nothing to do with the shape of the leaves.",
        before=site.cell,
        cure=with_torch(site, _fitting(site, found, seed, got, wanted)),
        false_cure=suffixed(site.cell, found.result, ".sum()") if got and wanted else "",
        why_not=f"The sum is one number, and `{given}` has shape {got}: that does not fit either."
        if got and wanted
        else "",
        lesson="06",
    )


def _fitting(site: Site, found: PassCall, seed: ast.expr, got: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if prod(got) == prod(wanted):
        shape = ", ".join(map(str, wanted)) or "()"
        return suffixed(site.cell, seed, f".reshape({shape})")
    text = site.text(found.result)
    if prod(got) == 1:
        shape = ", ".join(map(str, wanted))
        return suffixed(site.cell, seed, f".reshape(()).expand({shape})" if got else f".expand({shape})")
    value = site.value(seed)
    level = sorted(set(value.flatten().tolist())) if isinstance(value, torch.Tensor) else []
    word = torch_word(site)
    if len(level) == 1 and level[0] != 1:
        return replaced(site.cell, seed, f"{word}.full_like({text}, {level[0]:g})")
    return replaced(site.cell, seed, f"{word}.ones_like({text})")
