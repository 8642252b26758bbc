"""Cures for backward passes that cannot begin, or come a second time."""

from __future__ import annotations

import ast
import builtins
import re

from course_utils.clinic.edits import followed, inserted
from course_utils.clinic.kept import changed_weight
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.missing import passed_before, passes_before
from course_utils.clinic.origins import Origin, Origins
from course_utils.clinic.passes import PassCall, at_the_maker, pass_at
from course_utils.clinic.reading import on_tape, runs_once, statements, targets
from course_utils.clinic.rewrites import Rewrite, mended, with_keyword
from course_utils.clinic.site import Site
import torch


def second_backward(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`loss.backward()` where `loss` was not computed anew."""
    found = pass_at(site)
    if found is None:
        return None
    maker, result = at_the_maker(site, found.result)
    kept = _kept(site, found) if maker.cell == site.cell else ""
    site = maker
    origins = Origins(site)
    chain = origins.chain([result], on_tape)
    carried = origins.carried(chain)
    if carried:
        return _carried(site, origins, carried, result, kept)
    return _computed_anew(site, origins, chain, result, kept)


def _kept(site: Site, found: PassCall) -> str:
    """The cell with `retain_graph=True`; "" if it stands there already."""
    is_there = any(keyword.arg == "retain_graph" for keyword in found.call.keywords)
    return "" if is_there else with_keyword(site.cell, found.call, "retain_graph=True")


def _computed_anew(site: Site, origins: Origins, chain: list[Origin], result: ast.expr, kept: str) -> Leaflet | None:
    outside = [origin for origin in chain if not origins.is_in_loop(origin)]
    loop = origins.loop if outside else None
    again = outside or chain
    if not again or any(runs_once(origin.unit) for origin in again) or not _can_run(site, again):
        return None
    made = list(dict.fromkeys(origin.name for origin in again))
    elsewhere = list(dict.fromkeys(origin.name for origin in again if origin.place < origins.here))
    made_once = made if loop else passed_before(site, chain) or elsewhere or made
    what = " and ".join(f"`{one}`" for one in made_once)
    here = loop is not None and all(origin.place == origins.here for origin in outside)
    return Leaflet(
        ailment="second backward",
        happened=f"a second backward pass through {what}, computed only once.",
        line=site.line,
        tensor=site.text(result),
        why=f"A backward pass uses the graph up: what the operations kept is freed. {what} "
        f"{_where(made_once, loop, here)}, so {_used_up(made_once, loop)}",
        before=site.cell,
        cure=_with_forward(site, origins, again, loop),
        false_cure=kept,
        why_not=(_outcome(site, origins, result, _STALE) if here else _LATE) if kept else "",
        lesson="05",
    )


_STALE = (
    "The graph is kept, but it is still that of the first round, with the old numbers: each pass sends the slope of a "
    "place that was left long ago."
)
_LATE = (
    "It comes too late: the pass before has freed the graph already, and the same error comes again. (If you mean "
    "one graph twice, it belongs in the first pass.)"
)
_LONG = (
    "The graph is kept, and with it all earlier rounds: each pass runs through every round so far, takes longer than "
    "the one before, and sends slopes of old weights."
)
_STOPS = "The graph of earlier rounds is kept, and it needs {} as it was then. The step has changed it, so torch stops."


def _outcome(site: Site, origins: Origins, result: ast.expr, text: str) -> str:
    """What becomes of a graph that is kept, in this cell: torch stops, or what the text says."""
    weight = changed_weight(site, origins.loop, site.value(result)) if origins.loop else ""
    return _STOPS.format(weight) if weight else text


def _where(made: list[str], loop: ast.stmt | None, here: bool) -> str:
    were = "was" if len(made) == 1 else "were"
    if loop is None:
        return f"{were} computed once, before the first of the two passes"
    return f"{were} computed {'before the loop' if here else 'in another cell'}"


def _used_up(made: list[str], loop: ast.stmt | None) -> str:
    it = "it" if len(made) == 1 else "them"
    if loop:
        return f"the second pass finds a graph that is used up. Compute {it} anew before each pass."
    return (
        f"the second pass finds {it} used up. Compute {it} anew before each pass. (If one graph is meant twice, "
        "`retain_graph=True` belongs in the first pass: lesson 14.)"
    )


def _with_forward(site: Site, origins: Origins, again: list[Origin], loop: ast.For | ast.While | None) -> str:
    """The cell in which the forward pass runs before each backward pass."""
    lines = list(dict.fromkeys(origin.text for origin in again))
    if loop:
        return inserted(site.cell, _first_reader(loop.body, {origin.name for origin in again}, site.statement), *lines)
    lines += _resets(site, origins)
    before = [origin for origin in again if origin.place < origins.here]
    body = origins.function.body if origins.function else site.tree.body
    if len(before) < len(again) and before and not any(True for _ in passes_before(site)):  # the rest runs anew here
        return inserted(
            site.cell,
            _first_reader(body, {origin.name for origin in before}, site.statement),
            *dict.fromkeys(origin.text for origin in before),
        )
    return inserted(site.cell, site.statement, *lines)


def _carried(site: Site, origins: Origins, carried: list[str], result: ast.expr, kept: str) -> Leaflet | None:
    loop = origins.loop
    if loop is None:
        return None
    body = origins.function.body if origins.function else site.tree.body
    in_cell = {name for one in statements(body) if one.lineno < loop.lineno for name in targets(one)}
    fresh = [_let_go(site, one) for one in carried if one not in in_cell]
    later = [_let_go(site, one) for one in carried if one in in_cell]
    step = next(one for one in loop.body if one.lineno <= site.line <= (one.end_lineno or one.lineno))
    changes = [Rewrite(loop.body[0], inserted, tuple(fresh))] if fresh else []
    changes += [Rewrite(step, followed, tuple(later))] if later else []
    what = " and ".join(f"`{one}`" for one in carried)
    return Leaflet(
        ailment="second backward",
        happened=f"a second backward pass through the round before, by way of {what}.",
        line=site.line,
        tensor=carried[0] if site.text(result) not in carried else site.text(result),
        why=f"{what} comes from the round before, with its graph, and that graph was used up by the pass of that "
        "round. `detach` keeps the number and lets the graph go.",
        before=site.cell,
        cure=mended(site.cell, changes),
        false_cure=kept,
        why_not=(_LATE if fresh else _outcome(site, origins, result, _LONG)) if kept else "",
        lesson="14",
    )


def _let_go(site: Site, name: str) -> str:
    held = site.value(ast.parse(name, mode="eval").body)
    if isinstance(held, tuple | list):  # the two states of an LSTM
        return f"{name} = {type(held).__name__}(one.detach() for one in {name})"
    return f"{name} = {name}.detach()"


def _first_reader(body: list[ast.stmt], made: set[str], last: ast.stmt) -> ast.stmt:
    """The first statement of a block that reads one of the names."""
    for one in body:
        read = {ast.unparse(node) for node in ast.walk(one) if isinstance(getattr(node, "ctx", None), ast.Load)}
        if read & made:
            return one
    return last


def _can_run(site: Site, again: list[Origin]) -> bool:
    """Whether the names that the statements read are in sight."""
    made = {name.partition(".")[0] for origin in again for name in (origin.name,)}
    nodes = [node for origin in again for node in ast.walk(origin.unit) if isinstance(node, ast.Name)]
    made |= {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    return all(node.id in made or node.id in site.names or hasattr(builtins, node.id) for node in nodes)


def _resets(site: Site, origins: Origins) -> list[str]:
    """For a cell that ran before: what clears the gradients of the run before."""
    if (
        site.cell.strip() not in {cell.strip() for cell in site.earlier}
        or "grad = None" in site.cell
        or "zero" in site.cell
        or origins.function
    ):
        return []
    leaves = [name for name, held in site.names.items() if isinstance(held, torch.Tensor) and not name.startswith("_")]
    return [f"{name}.grad = None" for name in leaves if _has_grad(site.names[name])]


def _has_grad(tensor: object) -> bool:
    return isinstance(tensor, torch.Tensor) and tensor.is_leaf and tensor.grad is not None
