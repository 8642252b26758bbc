"""Cures for what goes wrong with leaves: changed on the tape, replaced by a result, asked for too late."""

from __future__ import annotations

import ast
import re

from course_utils.edits import replaced, wrapped
from course_utils.leaflet import Leaflet
from course_utils.site import Site


def changed_in_place(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`w -= rate * w.grad` on the tape."""
    step = site.statement
    if not isinstance(step, ast.AugAssign):
        return None
    name = site.text(step.target)
    sign = {ast.Sub: "-", ast.Add: "+", ast.Mult: "*", ast.Div: "/"}.get(type(step.op), "-")
    return Leaflet(
        ailment="leaf changed in place",
        happened=f"`{site.text(step)}` changes the leaf `{name}` in place while the tape runs.",
        line=step.lineno,
        tensor=name,
        why=f"`{name}` asks for a gradient, so torch would have to note the step itself as a part of the computation. "
        "A step is no part of it: take it off the tape.",
        before=site.cell,
        cure=wrapped(site.cell, step, "with torch.no_grad():"),
        false_cure=replaced(site.cell, step, f"{name} = {name} {sign} {site.text(step.value)}"),
        why_not=f"It makes a new `{name}`, which is a result and no leaf: its `.grad` stays None, and the old one, "
        "which the gradient goes to, never moves.",
        lesson="14",
    )
