"""Cures for a tensor that a result was computed from, but off the tape: by `detach()`, say, or `no_grad`."""

from __future__ import annotations

import ast
from dataclasses import replace

from course_utils.clinic.called import called_functions
from course_utils.clinic.clues import parsed
from course_utils.clinic.cuts import tied
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.origins import Origin, Origins
from course_utils.clinic.passes import PassCall
from course_utils.clinic.quiet import made_by, quiet_blocks, quiet_decorators, under
from course_utils.clinic.reading import runs_once, statements
from course_utils.clinic.reopen import without_block, without_decorator
from course_utils.clinic.rewrites import Rewrite, mended, text_of
from course_utils.clinic.site import FUNCTIONS, Site, made_within, names_in
import torch


def severed(site: Site, found: PassCall, name: str) -> tuple[str, str]:
    """The cell in which the way from a tensor to a result stays on the tape, and why; both "" if it never left it."""
    origins = Origins(site)
    blind = replace(site, names={})  # to mend the way from this tensor, and no other
    behind, made, lines, changes, said = {name}, set[str](), [], [], []
    ours = [one for one in _chain(origins, found) if one.name != name]
    for one in ours:
        inside = _in_functions(site, blind, one.statement, name)
        if not inside and not behind & {*_read(one.statement), *_read_inside(site, one.statement)}:
            continue
        behind.add(one.name)
        plain = one.text if isinstance(one.unit, ast.For) else text_of(one.cell, one.statement)
        text, cut = tied(blind, plain, behind)
        said += [told for told in (cut, *(told for _, told in inside)) if told]
        changes += [change for change, _ in inside]
        if one.place < origins.here:
            lines.append(text or plain)
            made.add(one.name)
            said += _quiet_elsewhere(one)
        elif text:
            changes.append(Rewrite(one.statement, replaced, (_indented(text, one.statement),)))
    text, cut = tied(blind, ast.unparse(found.result), behind)
    changes += [Rewrite(found.result, replaced, (text,))] if cut else []
    if lines:
        changes.append(Rewrite(origins.first_reader(made), inserted, tuple(dict.fromkeys(lines))))
    cell, quiet = _on_the_tape(site, mended(site.cell, changes), [one for one in ours if one.name in behind])
    said += [cut, quiet]
    cause = next((one for one in said if one), "")
    if not cause or cell == site.cell or any(runs_once(ast.parse(line)) for line in lines):
        return "", ""
    return f"{cause}: the way from `{name}` is off the tape there. Without it the slope is there.", cell


def may_read(site: Site, found: PassCall, name: str) -> bool:
    """Whether a result may have been computed from a tensor's numbers: what is behind it reads them, or may do so."""
    chain = _chain(Origins(site), found)
    if any(name in _read(one.statement) for one in chain if one.name != name):
        return True
    makers = [one for cell in (site.cell, *site.earlier) for one in ast.walk(parsed(cell))]
    readers = [one for one in makers if isinstance(one, (*FUNCTIONS, ast.ClassDef, ast.Lambda)) and name in _read(one)]
    words = {word for one in chain for word in {*names_in(one.statement)} - made_within(one.statement)}
    return bool(readers) and any(not _is_torchs(site.names.get(word)) for word in words)


def _is_torchs(thing: object) -> bool:
    known = isinstance(thing, torch.Tensor | int | float | str | None) or thing is torch
    return known or str(getattr(thing, "__module__", "")).startswith(("torch", "builtins"))


def _chain(origins: Origins, found: PassCall) -> list[Origin]:
    return origins.chain([found.result], lambda thing: isinstance(thing, torch.Tensor | float | int | list | tuple))


def _read(node: ast.AST) -> list[str]:
    """What is read in a piece of a cell, `w` as well as `self.w`."""
    nodes = [one for one in ast.walk(node) if isinstance(getattr(one, "ctx", None), ast.Load)]
    return [ast.unparse(one) for one in nodes if isinstance(one, ast.Name | ast.Attribute | ast.Subscript)]


def _read_inside(site: Site, statement: ast.stmt) -> list[str]:
    return [name for made in called_functions(site, statement) for name in _read(made)]


def _in_functions(site: Site, blind: Site, statement: ast.stmt, name: str) -> list[tuple[Rewrite, str]]:
    """What is to be changed in the functions of this cell that a statement calls, and what cuts there."""
    changes = []
    for made in called_functions(site, statement):
        for one in statements(made.body):
            is_plain = isinstance(one, ast.Assign | ast.Return | ast.AugAssign) and name in _read(one)
            text, cut = tied(blind, text_of(site.cell, one), {name}) if is_plain else ("", "")
            changes += [(Rewrite(one, replaced, (_indented(text, one),)), cut)] if text else []
    return changes


def _on_the_tape(site: Site, cell: str, ours: list[Origin]) -> tuple[str, str]:
    """The cell without a `no_grad` around what a result was computed from, and that in words; "" if there is none."""
    for one in (one for one in ours if one.place == len(site.earlier)):
        blocks = quiet_blocks(statements(site.tree.body), one.statement.lineno)
        if blocks:
            return without_block(site, cell, blocks[0]), under(blocks[0])
        made = next((two for two in called_functions(site, one.statement) if quiet_decorators(two)), None)
        if made:
            return without_decorator(site, cell, made), made_by(quiet_decorators(made)[0])
    return cell, ""


def _quiet_elsewhere(one: Origin) -> list[str]:
    return [under(block) for block in quiet_blocks(statements(parsed(one.cell).body), one.statement.lineno)]


def _indented(text: str, statement: ast.stmt) -> str:
    return text.replace("\n", "\n" + " " * statement.col_offset)
