"""Cures for a Function of one's own whose backward gives the wrong number of gradients."""

from __future__ import annotations

import ast
import re

from course_utils.clinic.clues import PLAIN
from course_utils.clinic.edits import replaced
from course_utils.clinic.handmade import Handmade, applied, handmade
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.site import Site
from course_utils.clinic.tracked import asks
import torch

_WHY = (
    "`backward` answers for each thing that `forward` was handed, in the same order and without `{0}`: "
    "with a gradient for a tensor that asks, with `None` for all else."
)
_ALONE = " As a plain function, with None for `{0}`, `forward` runs on the tape, and torch finds all gradients."


def wrong_number(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`return g * 2` where forward took two things."""
    kind, expected, got = match["kind"], int(match["expected"]), int(match["got"])
    made = handmade(site, kind)
    if made is None or not made.answers or any(len(parts) != got for parts in made.parts()):
        return None
    happened = f"`{kind}.backward` gives {_count(got)}, and `{kind}.forward` was handed {expected}"
    happened += f" {'thing' if expected == 1 else 'things'}."
    asking = _asking(site, made, expected)
    wrong = [place for place in asking or [] if made.hands_on(place)]
    if asking and (wrong or len(asking) > sum(not _is_none(part) for part in made.parts()[0])):
        return _thought_of(site, made, happened, asking)
    return _filled_up(site, made, happened, expected)


def _asking(site: Site, made: Handmade, expected: int) -> list[int] | None:
    """The places of what asks for a gradient; None if that is not known."""
    answers = [asks(site, one) for one in made.handed]
    if len(answers) != expected or len(made.arguments) != expected or None in answers:
        return None
    return [place for place, answer in enumerate(answers) if answer]


def _thought_of(site: Site, made: Handmade, happened: str, asking: list[int]) -> Leaflet | None:
    """A gradient is missing: it follows from the formula, or torch finds it."""
    texts = [made.gradient_of(place) if place in asking else "None" for place in range(len(made.arguments))]
    cell, cure, line, why = made.cell, "", made.answers[0].lineno, ""
    if all(texts) and len(made.answers) == 1:
        cure = replaced(made.cell, made.answers[0], _row(made, texts))
        why = (
            f" The formula is `{ast.unparse(made.formula)}`.".replace("{", "{{").replace("}", "}}")
            if made.formula is not None
            else ""
        )
    elif made.is_plain:
        cell, calls, why = site.cell, applied(site, site.tree, made.kind), _ALONE
        cure, line = cell, calls[-1].lineno if calls else line
        for call in sorted(calls, key=lambda one: (one.lineno, one.col_offset), reverse=True):
            inside = ", ".join(["None", *(site.text(one) for one in [*call.args, *call.keywords])])
            cure = replaced(cure, call, f"{made.kind}.forward({inside})")
    if cure in ("", cell):
        return None
    false_cure, why_not = _padded(made, asking) if cell == made.cell else ("", "")
    return _leaflet(happened, line, (_WHY + why).format(made.context), cell, cure, false_cure, why_not)


def _padded(made: Handmade, asking: list[int]) -> tuple[str, str]:
    """The popular way to make the number fit, `None` for what is missing, and what becomes of it."""
    there = [ast.get_source_segment(made.cell, part) or "" for part in made.parts()[0]]
    place = len(there)
    if len(made.answers) != 1 or place not in asking or not isinstance(made.handed[place], PLAIN):
        return "", ""
    texts = there + ["None"] * (len(made.arguments) - place)
    lost = ast.unparse(made.handed[place])
    return replaced(made.cell, made.answers[0], _row(made, texts)), f"Then `{lost}` gets no gradient, and never moves."


def _filled_up(site: Site, made: Handmade, happened: str, expected: int) -> Leaflet | None:
    """All gradients are there, and the things that have none lack their `None`, or have too many."""
    plans = [_plan(site, made, parts, expected) for parts in made.parts()]
    if None in plans:
        return None
    cure = false_cure = made.cell
    why_not = ""
    for one, parts, places in reversed(list(zip(made.answers, made.parts(), plans, strict=True))):
        texts, slots = [ast.get_source_segment(made.cell, part) or "" for part in parts], places or []
        cure = replaced(cure, one, _row(made, _filled(texts, parts, slots, expected)))
        wrong, why_not = _false(site, made, texts, slots, expected)
        false_cure = replaced(false_cure, one, _row(made, wrong)) if wrong else ""
    line = made.answers[0].lineno
    return _leaflet(
        happened, line, _WHY.format(made.context), made.cell, cure, false_cure, why_not if false_cure else ""
    )


def _leaflet(happened: str, line: int, why: str, before: str, cure: str, false_cure: str, why_not: str) -> Leaflet:
    return Leaflet(
        ailment="wrong number of gradients",
        happened=happened,
        line=line,
        tensor="",
        why=why,
        before=before,
        cure=cure,
        false_cure=false_cure,
        why_not=why_not,
        lesson="16",
    )


def _plan(site: Site, made: Handmade, parts: list[ast.expr], expected: int) -> list[int] | None:
    """The places of the gradients that are there, in forward's order; None if they cannot be told."""
    count = sum(not _is_none(part) for part in parts)
    if count == 0 or any(isinstance(part, ast.Starred) for part in parts):
        return None
    if count == expected:
        return list(range(expected))
    if len(made.handed) != expected:
        return None
    answers = [asks(site, one) for one in made.handed]
    asking = [] if None in answers else [place for place, answer in enumerate(answers) if answer]
    tensors = [place for place, one in enumerate(made.handed) if _may_be_tensor(site, one)]
    return next((places for places in (asking, tensors) if len(places) == count), None)


def _may_be_tensor(site: Site, one: ast.expr) -> bool:
    value = site.value(one)
    return isinstance(value, torch.Tensor) if value is not None else not isinstance(one, ast.Constant)


def _filled(texts: list[str], parts: list[ast.expr], places: list[int], expected: int) -> list[str]:
    gradients = iter(text for text, part in zip(texts, parts, strict=True) if not _is_none(part))
    return [next(gradients) if place in places else "None" for place in range(expected)]


def _false(site: Site, made: Handmade, texts: list[str], places: list[int], expected: int) -> tuple[list[str], str]:
    """The popular way to make the number fit, and what becomes of it."""
    if len(texts) > expected:
        cut = texts[:expected]
        silent = all(text == "None" for text in cut)
        return (cut, "The error goes, and with it the gradient: `None` is all that comes back.") if silent else ([], "")
    others = [one for place, one in enumerate(made.handed) if place not in places]
    if len(texts) == 1 and others and all(_is_number(site, one) for one in others):
        told = "The next error: a number that is no tensor was given a gradient, and has no place for it."
        return texts * expected, told
    return [], ""


def _is_number(site: Site, one: ast.expr) -> bool:
    return isinstance(site.value(one), int | float | str)


def _is_none(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is None


def _row(made: Handmade, texts: list[str]) -> str:
    """The answer; in a lambda it stands in brackets."""
    row = ", ".join(texts)
    return f"({row})" if made.in_lambda and len(texts) > 1 else row


def _count(got: int) -> str:
    return "one gradient" if got == 1 else f"{got} gradients"
