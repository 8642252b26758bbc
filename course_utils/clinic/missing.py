"""The backward pass that is missing before a step, written as the learner's cells tell it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from types import FunctionType

from course_utils.clinic.called import called_functions
from course_utils.clinic.clues import PLAIN, block_of, holders, parsed
from course_utils.clinic.edits import followed, inserted, without
from course_utils.clinic.origins import Origin, Origins
from course_utils.clinic.passes import PassCall, one_number_by, pass_of
from course_utils.clinic.reading import on_tape, runs_once, statements
from course_utils.clinic.rewrites import Rewrite, text_of
from course_utils.clinic.site import FUNCTIONS, Site
from course_utils.clinic.ways import leads
import torch

Loop = ast.For | ast.While


def goes_back(site: Site, statement: ast.AST) -> PassCall | None:
    """The first pass that runs where a statement runs, also in a function that it calls; None if there is none."""
    stack: list[ast.AST] = [statement]
    while stack:
        one = stack.pop()
        if found := pass_of(site, one):
            return found
        if not isinstance(one, (ast.Lambda, *FUNCTIONS, ast.ClassDef)) or one in called_functions(site, statement):
            stack += [*ast.iter_child_nodes(one)][::-1]
        if one is statement:
            stack += called_functions(site, statement)
    return None


def passed_before(site: Site, chain: list[Origin]) -> list[str]:
    """The names of a chain that an earlier pass in the cell went through as well."""
    gone: set[tuple[str, int, int]] = set()
    for one in passes_before(site):
        there = replace(site, span=(one.lineno, one.lineno, one.col_offset, one.col_offset))
        found = goes_back(there, one)
        behind = Origins(there).chain([found.result], on_tape) if found else []
        gone |= {(origin.name, origin.place, origin.statement.lineno) for origin in behind}
    same = [origin for origin in chain if (origin.name, origin.place, origin.statement.lineno) in gone]
    return list(dict.fromkeys(origin.name for origin in same))


def passes_before(site: Site) -> Iterator[ast.stmt]:
    """The statements before a place, in its function or cell, that go backward."""
    before = [one for one in statements(_block(site)) if one.lineno < site.line and not hasattr(one, "body")]
    yield from (one for one in before if goes_back(site, one))


def has_pass(site: Site, step: ast.stmt) -> bool:
    """Whether a pass may run before a step: it stands before it, or the step is in a function."""
    inside = any(isinstance(one, FUNCTIONS) for one in holders(site.tree, step))
    before = [one for one in statements(site.tree.body) if one.lineno < step.lineno and isinstance(one, ast.Expr)]
    hidden = any(isinstance(one.value, ast.Call) and _is_learners(site.value(one.value.func)) for one in before)
    return inside or hidden or any(True for _ in _passes_before(site, step))


def _is_learners(thing: object) -> bool:
    """Whether a function is the learner's own: it may hold a pass."""
    return isinstance(thing, FunctionType) and not thing.__module__.startswith("torch")


def _passes_before(site: Site, step: ast.stmt) -> Iterator[ast.stmt]:
    before = [one for one in statements(site.tree.body) if one.lineno < step.lineno and not hasattr(one, "body")]
    yield from (one for one in before if goes_back(site, one))


def pass_again(site: Site, step: ast.stmt) -> list[Rewrite]:
    """The forward pass that the cells before hold, once more before the pass of a step; and that pass, if it is there.

    None if it is not known, or the step is in a function.
    """
    if any(isinstance(one, FUNCTIONS) for one in holders(site.tree, step)):
        return []
    here = next(_passes_before(site, step), None)
    if here is None and has_pass(site, step):
        return []
    found = (here, "") if here else next(earlier_passes(site), None)
    lines = [line for line in _anew(site, *found) if line] if found else []
    return [Rewrite(_front(site, here or step), inserted, tuple(lines))] if lines else []


def missing_pass(site: Site, leaf: torch.Tensor) -> tuple[str, list[Rewrite]] | None:
    """The result from which a pass has to start, and what puts it before the place; None if a pass is there."""
    step = site.statement
    inside = [one for one in statements(_block(site)) if not hasattr(one, "body")]
    passes = [(one, found) for one in inside if (found := goes_back(site, one))]
    if passes:
        return _moved(site, *passes[0], leaf)
    made = list(_results(site, leaf, [one for one in inside if one.lineno < step.lineno]))
    for name, one, _ in sorted(made, key=lambda found: found[2]):
        return name, [Rewrite(one, followed, (f"{name}.backward()",))]
    again = pass_again(site, step)
    if again and not _reaches(site, again[0].texts, leaf):
        return None
    if again:
        return again[0].texts[-1].rpartition(".backward")[0], again
    for cell in [] if has_pass(site, step) else reversed(site.earlier):
        for name, _one, _ in _results(site, leaf, list(statements(parsed(cell).body))):
            pass_there = ast.parse(f"{name}.backward()").body[0]
            lines = _anew(site, pass_there, f"{name}.backward()") if _loop(site, step) else [f"{name}.backward()"]
            return name, [Rewrite(_front(site, step), inserted, tuple(lines))]
    return None


def _reaches(site: Site, lines: tuple[str, ...], leaf: torch.Tensor) -> bool:
    """Whether a result that lines compute was made from a leaf, or is made from it when they run again."""
    found = pass_of(site, ast.parse(lines[-1], mode="eval").body)
    read = (one for line in lines for one in ast.walk(ast.parse(line)) if isinstance(one, PLAIN))
    return any(site.value(one) is leaf for one in read) or (
        found is not None and leads(site.value(found.result), leaf) is True
    )


def _block(site: Site) -> list[ast.stmt]:
    function = site.nearest(FUNCTIONS)
    return function.body if function else site.tree.body


def _results(site: Site, leaf: torch.Tensor, made: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt, bool]]:
    """The results that lead back to a leaf, the last first: what a pass starts from, where made, if of many numbers."""
    for one in reversed(made):
        held = site.value(one.targets[0]) if isinstance(one, ast.Assign) else None
        if isinstance(one, ast.Assign) and isinstance(held, torch.Tensor) and held.grad_fn and leads(held, leaf):
            name = ast.unparse(one.targets[0])
            tail = "" if held.numel() == 1 else f".{one_number_by(site, one.targets[0])}()"
            yield f"{name}{tail}", one, bool(tail)


def _moved(site: Site, one: ast.stmt, found: PassCall, leaf: torch.Tensor) -> tuple[str, list[Rewrite]] | None:
    """A pass that stands behind its step, in front of it."""
    block = block_of(site.tree, one)
    step = next((held for held in (site.statement, *holders(site.tree, site.statement)) if held in block), None)
    if not isinstance(step, ast.stmt) or block.index(step) >= block.index(one) or not isinstance(one, ast.Expr):
        return None
    made = [two for two in block[: block.index(step)] if isinstance(two, ast.Assign)]
    name = site.text(found.result)
    if name not in {ast.unparse(two.targets[0]) for two in made} or not leads(site.value(found.result), leaf):
        return None
    return name, [Rewrite(one, without, ()), Rewrite(step, inserted, (text_of(site.cell, one),))]


def earlier_passes(site: Site) -> Iterator[tuple[ast.stmt, str]]:
    """The passes of the cells before, the last first: statement and text."""
    for cell in reversed(site.earlier):
        for one in reversed(list(statements(parsed(cell).body))):
            if isinstance(one, ast.Expr) and pass_of(site, one.value):
                yield one, ast.get_source_segment(cell, one) or ast.unparse(one)


def _anew(site: Site, one: ast.stmt, text: str) -> list[str]:
    """The statements that compute a result, as they stand in the cells before, and its pass; none if not known."""
    found = pass_of(site, one.value) if isinstance(one, ast.Expr) else None
    if found is None:
        return []
    origins = Origins(site)
    chain = [origin for origin in origins.chain([found.result], on_tape) if not runs_once(origin.unit)]
    chain = [origin for origin in chain if ".grad" not in origin.text]  # a step is no part of the loss
    is_made = not isinstance(found.result, ast.Name) or found.result.id in {origin.name for origin in chain}
    return [*dict.fromkeys(origin.text for origin in chain if origin.place < origins.here), text] if is_made else []


def _loop(site: Site, step: ast.stmt) -> Loop | None:
    """The outermost loop around a step."""
    return next((one for one in reversed(holders(site.tree, step)) if isinstance(one, Loop)), None)


def _front(site: Site, step: ast.stmt) -> ast.stmt:
    """Where a pass belongs that comes before a step: in its loop, if that has none of its own."""
    above = [one for one in (step, *holders(site.tree, step)) if isinstance(one, ast.stmt)]
    loop = _loop(site, step)
    if loop is None or any(goes_back(site, one) for one in loop.body):
        return above[-1]
    return next(one for one in above if one in loop.body)
