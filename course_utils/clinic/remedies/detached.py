"""Cures for a graph that was cut on its way from the leaves to the result."""

from __future__ import annotations

import ast

from course_utils.clinic.called import called_functions
from course_utils.clinic.clues import stores
from course_utils.clinic.cuts import leaves_torch, reads_tape, tied
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.origins import Origin, Origins
from course_utils.clinic.quiet import is_quiet, made_by, quiet_blocks, quiet_decorators, under
from course_utils.clinic.reading import made_from, runs_once, statements, targets
from course_utils.clinic.remedies.asking import Mending
from course_utils.clinic.reopen import without_block, without_decorator
from course_utils.clinic.rewrites import Rewrite, mended, text_of
from course_utils.clinic.site import FUNCTIONS, FunctionText, Site, names_in
from course_utils.clinic.strides import body_of


def cut(site: Site, origins: Origins, chain: list[Origin], result: ast.expr) -> Mending | None:
    """The graph was cut on the way from the leaves to the result.

    What was cut before the loop may have been cut on purpose, as a target is: it is mended if nothing else is found.
    """
    inside = [origin for origin in chain if not _is_before_loop(origins, origin)]
    return _cut(site, origins, inside, result) or (_cut(site, origins, chain, result) if inside != chain else None)


def _is_before_loop(origins: Origins, origin: Origin) -> bool:
    return origins.loop is not None and origin.place == origins.here and not origins.is_in_loop(origin)


def _cut(site: Site, origins: Origins, chain: list[Origin], result: ast.expr) -> Mending | None:
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
        if origin.place < origins.here or _is_before_loop(origins, origin):
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
        changes.append(Rewrite(origins.first_reader({one.name for one, _ in texts}), inserted, tuple(lines)))
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
        inner = [block for made in called_functions(site, statement) for block in _quiet_parts(made)]
        if inner:
            return inner[0]
    function = site.nearest(FUNCTIONS)
    return function if function and quiet_decorators(function) else None


def _quiet_maker(site: Site, node: ast.AST) -> FunctionText | None:
    """The function of this cell that an expression calls, if the tape does not run in it."""
    return next((one for one in called_functions(site, node) if quiet_decorators(one)), None)


def _quiet_parts(made: FunctionText) -> list[ast.With]:
    """The blocks of a function in which the tape does not run while that is computed which it returns."""
    given = [one for one in ast.walk(made) if isinstance(one, ast.Return)]
    read = {name for one in given for name in names_in(one)}
    blocks = [one for one in ast.walk(made) if isinstance(one, ast.With) and is_quiet(one.items)]
    return [one for one in blocks if stores(one) & read or any(two in given for two in ast.walk(one))]


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
