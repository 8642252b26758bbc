"""A cell in which each statement has its lines for itself, so that one of them can be mended alone."""

from __future__ import annotations

import ast
from dataclasses import replace

from course_utils.clinic.site import Site

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def unrolled(site: Site) -> Site:
    """The same place, in a cell without `a; b` and without a block behind its colon; the site itself if it has none.

    The lines may have other numbers then.
    """
    first = _statements(site.tree)
    cell = unrolled_cell(site.cell)
    if cell == site.cell:
        return site
    place = next(number for number, one in enumerate(first) if one is site.statement)
    old, new = site.statement, _statements(ast.parse(cell))[place]
    down, aside = new.lineno - old.lineno, new.col_offset - old.col_offset
    line, last, left, right = site.span
    moved = (left + aside if line == old.lineno else left, right + aside if last == old.lineno else right)
    return replace(site, cell=cell, span=(line + down, last + down, *moved))


def unrolled_cell(cell: str) -> str:
    r"""The cell with a line for each statement.

    >>> print(unrolled_cell("for _ in range(2): a = 1; b = 2"))
    for _ in range(2):
        a = 1
        b = 2
    """
    rows = cell.encode().splitlines(keepends=True)
    margins = _margins(ast.parse(cell), rows)
    for statement, margin in sorted(margins, key=lambda pair: (pair[0].lineno, pair[0].col_offset), reverse=True):
        row = rows[statement.lineno - 1]
        before, rest = row[: statement.col_offset], row[statement.col_offset :]
        if before.strip():
            head = before.rstrip().removesuffix(b";").rstrip()
            rows[statement.lineno - 1] = head + b"\n" + b" " * margin + rest
    return b"".join(rows).decode()


def _statements(tree: ast.AST) -> list[ast.stmt]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _margins(tree: ast.Module, rows: list[bytes]) -> list[tuple[ast.stmt, int]]:
    """Each statement with the spaces that belong before it."""
    found: list[tuple[ast.stmt, int]] = []
    stack: list[tuple[ast.AST, int]] = [(tree, -4)]
    while stack:
        node, margin = stack.pop()
        for block in (getattr(node, name, None) or [] for name in _BLOCKS):
            for one in block if isinstance(block, list) else []:
                if isinstance(one, ast.stmt):
                    found.append((one, _margin(block[0], rows, margin)))
                at_case = one.pattern.col_offset - len("case ") if isinstance(one, ast.match_case) else margin
                stack.append((one, found[-1][1] if isinstance(one, ast.stmt) else at_case))
    return found


def _margin(first: ast.stmt, rows: list[bytes], margin: int) -> int:
    """The spaces before a block: four more than before what it stands behind, if it shares a line with that."""
    shares = rows[first.lineno - 1][: first.col_offset].strip()
    return margin + 4 if shares else first.col_offset
