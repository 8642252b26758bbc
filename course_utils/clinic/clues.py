"""Clues in the learner's text: what stands where, what is bound where, and what may be bound anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from course_utils.clinic.site import Site, names_in
import torch

Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
PLAIN = (ast.Name, ast.Attribute, ast.Subscript)
INNER = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
ATOMS = (*PLAIN, ast.Call, ast.List, ast.Tuple, ast.ListComp)


def holders(tree: ast.AST, node: ast.AST) -> list[ast.AST]:
    """All that a node stands in, the nearest first."""
    above = {id(child): parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    found = []
    while (parent := above.get(id(node))) is not None:
        found.append(parent)
        node = parent
    return found


def function_of(tree: ast.AST, node: ast.AST) -> ast.AST | None:
    """The function that a node stands in; None for the cell itself."""
    return next((one for one in holders(tree, node) if isinstance(one, Function)), None)


def statement_of(tree: ast.AST, node: ast.AST) -> ast.stmt | None:
    """The smallest statement that a node stands in, or is."""
    return next((one for one in (node, *holders(tree, node)) if isinstance(one, ast.stmt)), None)


def block_of(tree: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """The statements beside a statement, itself among them."""
    parent = holders(tree, statement)[0]
    blocks = (getattr(parent, name, []) for name in ("body", "orelse", "finalbody"))
    return next(block for block in blocks if isinstance(block, list) and statement in block)


def stores(node: ast.AST) -> set[str]:
    """The names that are bound inside a piece of the cell."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def may_bind(site: Site, at: ast.AST, target: ast.AST, *, arguments: bool = True, loops: bool = False) -> bool:
    """Whether `target = ...` in this place gives the learner's own tensor a new value, and nothing breaks.

    Args:
        site: where it is.
        at: the statement before which it would stand.
        target: the name, attribute or item.
        arguments: whether the arguments of a function count as its own.
        loops: whether what a loop hands out counts as well.
    """
    root = next(names_in(target), "")
    if not isinstance(target, PLAIN) or isinstance(site.value(target), torch.nn.Parameter) or is_inner(site, root):
        return False
    if not isinstance(target, ast.Name):
        return True
    above = holders(site.tree, at)
    handed = [one.target for one in above if isinstance(one, ast.For | ast.comprehension)]
    if any(target.id in stores(one) for one in handed):
        return loops
    function = next((one for one in above if isinstance(one, Function)), None)
    if function is None:
        return True
    own = {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
    return target.id in own if target.id in own and arguments else target.id in stores(function) - own


def is_inner(site: Site, name: str) -> bool:
    """Whether a name lives only in the comprehension or the lambda at the place: no statement can reach it."""
    inner = [one for one in site.around if isinstance(one, INNER)]
    return any(name in stores(one) | {arg.arg for arg in ast.walk(one) if isinstance(arg, ast.arg)} for one in inner)


def one_line(site: Site, node: ast.AST) -> str:
    """The learner's text for a piece of the cell, on one line."""
    return " ".join(site.text(node).split())


def has_own_lines(cell: str, statement: ast.stmt) -> bool:
    """Whether nothing else stands in a statement's lines, but a comment."""
    rows = cell.encode().splitlines()
    before = rows[statement.lineno - 1][: statement.col_offset]
    after = rows[(statement.end_lineno or 1) - 1][statement.end_col_offset :].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def dotted(site: Site, node: ast.AST, tail: str) -> str:
    """The learner's text with `.detach()` or the like after it."""
    text = site.text(node)
    return f"{text}{tail}" if isinstance(node, ATOMS) and not _is_bare_tuple(node, text) else f"({text}){tail}"


def _is_bare_tuple(node: ast.AST, text: str) -> bool:
    return isinstance(node, ast.Tuple) and not text.startswith("(")


def name_of(site: Site, node: ast.AST) -> str:
    """The learner's name for what an expression stands for; "" if it has none."""
    return site.text(node) if isinstance(node, PLAIN) else ""


def torch_in(site: Site) -> str:
    """What the learner calls torch; "" if it is not in sight."""
    names = (name for name, value in site.names.items() if value is torch and not name.startswith("_"))
    return "torch" if site.names.get("torch") is torch else next(names, "")


def definitions(site: Site, name: str) -> list[ast.Assign]:
    """The assignments to one name, attribute or item in the cell, in order."""
    plain = ast.unparse(ast.parse(name))
    return [
        one
        for one in ast.walk(site.tree)
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and ast.unparse(one.targets[0]) == plain
    ]


def parsed(cell: str) -> ast.Module:
    """The tree of a cell; an empty one if it is no Python."""
    try:
        return ast.parse(cell)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def widened(site: Site, most: int = 4) -> Iterator[Site]:
    """The place in its cell, in two cells as one, in three..."""
    yield site
    if site.cell in site.earlier:  # a function from a cell of long ago
        return
    cell, lines = site.cell, 0
    for text in list(reversed(site.earlier))[:most]:
        cell = f"{text.rstrip()}\n{cell}"
        lines += text.rstrip().count("\n") + 1
        first, last, left, right = site.span
        yield replace(site, cell=cell, span=(first + lines, last + lines, left, right), earlier=())


def own_line(site: Site, wide: Site, line: int) -> int:
    """The line in its own cell, of a line in cells that were put together."""
    start = wide.line - site.line
    for text in reversed(site.earlier):
        if line > start:
            break
        start -= text.rstrip().count("\n") + 1
    return line - start
