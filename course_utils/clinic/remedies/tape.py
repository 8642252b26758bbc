"""Cures for a result that no tape leads back from."""

from __future__ import annotations

import ast
import re

from course_utils.clinic.asking import first_statement
from course_utils.clinic.called import called_functions
from course_utils.clinic.clues import name_of
from course_utils.clinic.cuts import leaves_torch, reads_tape, tied
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.origins import Origin, Origins
from course_utils.clinic.passes import PassCall, at_the_maker, one_number_by, pass_at, pass_of
from course_utils.clinic.quiet import made_by, quiet_blocks, quiet_decorators, under
from course_utils.clinic.reading import made_from, runs_once, statements, targets
from course_utils.clinic.remedies.asking import Mending, candidates, is_off, unasked
from course_utils.clinic.remedies.mute import asked_of_result
from course_utils.clinic.reopen import without_block, without_decorator
from course_utils.clinic.rewrites import Rewrite, mended, suffixed, text_of, torch_word, with_torch
from course_utils.clinic.site import FUNCTIONS, FunctionText, Site
from course_utils.clinic.strides import body_of, in_place, strides
import torch


def no_tape(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`loss.backward()` where nothing that `loss` was made from asks for a gradient."""
    found = pass_at(site)
    if found is None or isinstance(found.result, ast.List | ast.Tuple):
        return None
    maker, result = at_the_maker(site, found.result)
    false, why_not = asked_of_result(site, found) if maker.cell == site.cell else ("", "")
    name = name_of(maker, result)
    mending = _mending(maker, result)
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
        before=maker.cell,
        cure=with_torch(maker, cure),
        false_cure=false,
        why_not=why_not,
        lesson="04",
    )


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
    return _cut(site, origins, chain, result) or unasked(site, origins, chain, candidates(site, chain))


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


def _cut(site: Site, origins: Origins, chain: list[Origin], result: ast.expr) -> Mending | None:
    """The graph was cut on the way from the leaves to the result."""
    tainted: dict[str, None] = {}
    texts: list[tuple[Origin, str]] = []
    why, where, changes = "", "", []
    for origin in chain:
        value = made_from(origin.statement)
        if leaves_torch(site, value):
            return Mending("", "")
        inside = _inside(site, value)
        changes += inside
        why = why or ("What a function returns after `detach`, or as a plain number, has no graph" if inside else "")
        if not reads_tape(site, value, tainted) and not _quiet_maker(site, value) and not inside:
            continue
        tainted |= dict.fromkeys(targets(origin.statement))
        if isinstance(origin.statement, ast.For):
            continue
        plain = origin.text if isinstance(origin.unit, ast.For) else text_of(origin.cell, origin.statement)
        text, said = tied(site, plain, tainted)
        why, where = (why or said, where or origin.name) if said else (why, where)
        if origin.place < origins.here:
            texts.append((origin, text or plain))
        elif text:
            changes.append(Rewrite(origin.statement, replaced, (_indented(text, origin.statement),)))
    text, said = tied(site, text_of(site.cell, site.statement), tainted)
    if said:
        changes.append(Rewrite(site.statement, replaced, (_indented(text, site.statement),)))
        why, where = why or said, where or site.text(result)
    return _joined(site, origins, chain, list(tainted), texts, changes, why, where)


def _joined(
    site: Site, origins: Origins, chain: list[Origin], tainted: list[str],
    texts: list[tuple[Origin, str]], changes: list[Rewrite], why: str, where: str,
) -> Mending | None:  # fmt: skip
    if any(runs_once(ast.parse(text)) for _, text in texts):
        return None
    lines = list(dict.fromkeys(text for _, text in texts))
    if lines:
        loop = origins.loop
        changes.append(Rewrite(loop.body[0] if loop else site.statement, inserted, tuple(lines)))
    cell = mended(site.cell, changes)
    quiet = _quiet_around(site, origins, chain, tainted)
    if isinstance(quiet, ast.With):
        cell, why = without_block(site, cell, quiet), why or under(quiet)
    elif isinstance(quiet, FunctionText):
        cell, why = without_decorator(site, cell, quiet), why or made_by(quiet_decorators(quiet)[0])
    if cell == site.cell or not (tainted or changes):
        return None
    there = [one for made, _ in texts for one in quiet_blocks(statements(_body(made)), made.statement.lineno)]
    if not why and not there:
        return None
    why = why or under(there[0])
    return Mending(where or (tainted[0] if tainted else ""), f"{why}. ".replace("..", ".") + _KEEP, cure=cell)


_KEEP = "At least one way from the leaves to the result has to stay on the tape."


def _body(origin: Origin) -> list[ast.stmt]:
    return ast.parse(origin.cell).body


def _quiet_around(
    site: Site, origins: Origins, chain: list[Origin], tainted: list[str]
) -> ast.With | FunctionText | None:
    """The block or the function of this cell in which the tape does not run while the result is made."""
    ours = [one for one in chain if one.place == origins.here and one.name in tainted]
    for statement in [*(one.statement for one in ours), site.statement]:
        blocks = quiet_blocks(statements(site.tree.body), statement.lineno)
        blocks += quiet_blocks(statements(body_of(site)), statement.lineno)
        if blocks:
            return blocks[0]
        maker = _quiet_maker(site, statement)
        if maker:
            return maker
    function = site.nearest(FUNCTIONS)
    return function if function and quiet_decorators(function) else None


def _quiet_maker(site: Site, node: ast.AST) -> FunctionText | None:
    """The function of this cell that an expression calls, if the tape does not run in it."""
    return next((one for one in called_functions(site, node) if quiet_decorators(one)), None)


def _inside(site: Site, node: ast.AST) -> list[Rewrite]:
    """The changes in the functions of this cell that an expression calls."""
    changes = []
    for made in called_functions(site, node):
        for one in statements(made.body):
            plain = isinstance(one, ast.Assign | ast.Return | ast.AugAssign)
            text, _ = tied(site, text_of(site.cell, one), everywhere=True) if plain else ("", "")
            changes += [Rewrite(one, replaced, (_indented(text, one),))] if text else []
    return changes


def _indented(text: str, statement: ast.stmt) -> str:
    return text.replace("\n", "\n" + " " * statement.col_offset)
