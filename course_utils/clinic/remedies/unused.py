"""Cures for a gradient that is asked for a tensor which the result was not computed from."""

from __future__ import annotations

import ast
import re

from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.origins import Origin, Origins
from course_utils.clinic.passes import PassCall, pass_at
from course_utils.clinic.reading import on_tape, runs_once, statements, targets
from course_utils.clinic.rewrites import with_keyword
from course_utils.clinic.severed import may_read, severed
from course_utils.clinic.site import Site
from course_utils.clinic.ways import leads
import torch


def not_used(site: Site, match: re.Match[str]) -> Leaflet | None:
    """`torch.autograd.grad(loss, b)` with a `b` that is not in the graph of `loss`."""
    found = pass_at(site)
    if found is None or not found.inputs or isinstance(found.result, ast.List | ast.Tuple):
        return None
    wanted, name, held = _wanted(site, found, match["index"])
    if not isinstance(held, torch.Tensor):
        return None
    result = site.value(found.result)
    told = _from_part(site, found, wanted, result) or _swapped(site, found, wanted, result, held)
    why_not = _STILL if told else _NEVER
    why, cure = told or severed(site, found, name)
    happened = _OFF if cure and not told else _UNUSED
    if not cure:
        why, cure = _anew(site, found, name) or _zero(site, found, name)
    if not cure:
        return None
    return Leaflet(
        ailment="not in the graph",
        happened=happened.format(site.text(found.result), name),
        line=site.line,
        tensor=name,
        why=why,
        before=site.cell,
        cure=cure,
        false_cure=with_keyword(site.cell, found.call, "allow_unused=True"),
        why_not=why_not.format(name, site.text(found.result)),
        lesson="05",
    )


_UNUSED = "`{0}` was not computed from this `{1}`."
_OFF = "`{0}` was computed from `{1}` off the tape: no path leads back to it."
_NEVER = "Then the gradient of `{0}` is None: what computes with it fails, or `{0}` never moves."
_STILL = "Then the answer is None: `{1}` was still not computed from `{0}`."


def _wanted(site: Site, found: PassCall, index: str | None) -> tuple[ast.expr, str, object]:
    """The tensor that is not in the graph: the expression, its name, and itself."""
    result = site.value(found.result)
    many = site.value(found.inputs[0])
    if len(found.inputs) == 1 and isinstance(many, list | tuple):
        place = int(index) if index else next((n for n, one in enumerate(many) if not leads(result, one)), 0)
        return found.inputs[0], f"{site.text(found.inputs[0])}[{place}]", many[place]
    place = (
        int(index)
        if index
        else next((n for n, one in enumerate(found.inputs) if not leads(result, site.value(one))), 0)
    )
    wanted = found.inputs[place]
    held = site.value(wanted)
    if isinstance(wanted, ast.Subscript) and held is None:  # x[0], a part of a tensor
        held = site.value(wanted.value)
    return wanted, site.text(wanted), held


def _from_part(site: Site, found: PassCall, wanted: ast.expr, result: object) -> tuple[str, str] | None:
    """`grad(loss, x[0])`: the slope of the whole, and of that the part."""
    if not isinstance(wanted, ast.Subscript) or len(found.inputs) != 1:
        return None
    whole = site.value(wanted.value)
    if not isinstance(whole, torch.Tensor) or not whole.requires_grad:
        return None
    inside = site.text(found.call).replace(site.text(wanted), site.text(wanted.value), 1)
    cure = replaced(site.cell, found.call, f"({inside}[0][{site.text(wanted.slice)}],)")
    name = site.text(wanted.value)
    why = f"`{site.text(wanted)}` makes a new tensor each time, and the result knows nothing of this one. "
    return f"{why}Ask for the gradient of `{name}`, and take the part of that.", cure


def _swapped(
    site: Site, found: PassCall, wanted: ast.expr, result: object, held: torch.Tensor
) -> tuple[str, str] | None:
    """`grad(w, loss)`."""
    if len(found.inputs) != 1 or not leads(held, result):
        return None
    first, second = site.text(found.result), site.text(wanted)
    inner = ast.get_source_segment(site.cell, found.call) or ""
    head, _, tail = inner.partition("(")
    rest = tail.replace(first, "\0", 1).replace(second, first, 1).replace("\0", second, 1)
    why = f"The result comes first, and then what it was computed from: `{second}` was computed from `{first}`."
    return why, replaced(site.cell, found.call, f"{head}({rest}")


def _anew(site: Site, found: PassCall, name: str) -> tuple[str, str] | None:
    """The result was computed from an earlier tensor of that name."""
    origins = Origins(site)
    chain = [one for one in origins.chain([found.result], on_tape) if one.name != name]
    readers = [one for one in chain if _reads(one.statement, name)]
    if not readers or any(runs_once(one.unit) for one in chain) or not _is_another(site, origins, name, readers[0]):
        return None
    lines = list(dict.fromkeys(one.text for one in _behind(chain, name)))
    why = f"Since then `{name}` is another tensor: it was made anew, and `{site.text(found.result)}` was not. "
    return f"{why}Compute it anew too, before the pass.", inserted(site.cell, _first_use(site, origins, chain), *lines)


def _is_another(site: Site, origins: Origins, name: str, reader: Origin) -> bool:
    """Whether a name was given another tensor since a statement read it."""
    last, loop = origins.before(name, site.statement, origins.here), origins.loop
    in_loop = loop is not None and any(name in targets(one) for one in statements(loop.body))
    after = last is None or (last.place, last.statement.lineno) > (reader.place, reader.statement.lineno)
    return in_loop or after


def _behind(chain: list[Origin], name: str) -> list[Origin]:
    """What has to be computed anew when a tensor is another."""
    behind, found = {name}, []
    for one in chain:
        if any(_reads(one.statement, other) for other in behind):
            behind.add(one.name)
            found.append(one)
    return found


def _first_use(site: Site, origins: Origins, chain: list[Origin]) -> ast.stmt:
    made = {one.name for one in chain if not origins.is_in_loop(one)}
    body = origins.loop.body if origins.loop else []
    return next((one for one in body if any(_reads(one, name) for name in made)), site.statement)


def _reads(statement: ast.AST, name: str) -> bool:
    nodes = [one for one in ast.walk(statement) if isinstance(getattr(one, "ctx", None), ast.Load)]
    return any(ast.unparse(one) == name for one in nodes)


def _zero(site: Site, found: PassCall, name: str) -> tuple[str, str]:
    if may_read(site, found, name):
        return "", ""
    why = f"Nudging `{name}` changes nothing in `{site.text(found.result)}`. If `{name}` should learn, give it a place "
    why += "in the formula. If not, its slope is 0, and `materialize_grads=True` makes torch say so."
    return why, with_keyword(site.cell, found.call, "materialize_grads=True")
