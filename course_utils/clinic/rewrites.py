"""What cures are made of: keywords added, methods called on a result, blocks taken away, several changes at once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from textwrap import dedent
from typing import NamedTuple

from course_utils.clinic.clues import torch_in
from course_utils.clinic.edits import inserted, replaced
from course_utils.clinic.site import Site

_WHOLE = ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.List | ast.Tuple


class Rewrite(NamedTuple):
    """An edit of one statement: what `edit(cell, node, *texts)` makes of the cell."""

    node: ast.expr | ast.stmt
    edit: Callable[..., str]
    texts: tuple[str, ...]


def mended(cell: str, changes: Iterable[Rewrite]) -> str:
    """The cell after all changes, each made once; of two of one node, the later one is made first."""
    for _, change in sorted(enumerate(dict.fromkeys(changes)), key=_order, reverse=True):
        cell = change.edit(cell, change.node, *change.texts)
    return cell


def _order(pair: tuple[int, Rewrite]) -> tuple[int, int, bool, int]:
    """Lines that come before a statement come last: they move it from its place."""
    number, change = pair
    return change.node.lineno, change.node.col_offset, change.edit is not inserted, number


def with_keyword(cell: str, call: ast.Call, text: str) -> str:
    """The cell with one more argument for a call.

    >>> cell = "loss.backward()"
    >>> with_keyword(cell, ast.parse(cell).body[0].value, "retain_graph=True")
    'loss.backward(retain_graph=True)'
    """
    segment = ast.get_source_segment(cell, call) or ""
    head = segment[:-1].rstrip()
    gap = "" if head.endswith(("(", ",")) else ", "
    return replaced(cell, call, f"{head}{' ' if head.endswith(',') else gap}{text})")


def suffixed(cell: str, node: ast.expr, suffix: str) -> str:
    """The cell with a method called on an expression.

    >>> cell = "(x * w).backward()"
    >>> suffixed(cell, ast.parse(cell).body[0].value.func.value, ".sum()")
    '(x * w).sum().backward()'
    """
    text = ast.get_source_segment(cell, node) or ""
    if isinstance(node, _WHOLE):
        return replaced(cell, node, text + suffix)
    rows = cell.encode().splitlines(keepends=True)
    left, right = rows[node.lineno - 1][: node.col_offset], rows[(node.end_lineno or 1) - 1][node.end_col_offset :]
    if left.endswith(b"(") and right.startswith(b")."):  # its own brackets, as in (x * w).backward()
        outer = ast.Name("_", lineno=node.lineno, col_offset=node.col_offset - 1)
        outer.end_lineno, outer.end_col_offset = node.end_lineno, (node.end_col_offset or 0) + 1
        return replaced(cell, outer, f"({text}){suffix}")
    return replaced(cell, node, f"({text}){suffix}")


def unwrapped(cell: str, block: ast.With) -> str:
    """The cell without a `with` line; what stood under it moves to the left."""
    rows = cell.split("\n")
    first, last = block.body[0].lineno - 1, block.end_lineno or block.lineno
    shift = block.body[0].col_offset - block.col_offset
    inside = [row[shift:] if row[:shift].isspace() else row for row in rows[first:last]]
    return "\n".join([*rows[: block.lineno - 1], *inside, *rows[last:]])


def text_of(cell: str, statement: ast.stmt) -> str:
    """A statement's text, beginning at the left margin."""
    rows = cell.split("\n")[statement.lineno - 1 : statement.end_lineno]
    if rows[0][: statement.col_offset].strip():
        return ast.get_source_segment(cell, statement) or ast.unparse(statement)
    rows[-1] = rows[-1].encode()[: statement.end_col_offset].decode()
    return dedent("\n".join(rows))


def torch_word(site: Site) -> str:
    """The learner's word for torch: "torch" if there is none."""
    return torch_in(site) or "torch"


def with_torch(site: Site, cell: str) -> str:
    """The cell; with `import torch` above if it needs torch and the learner has no word for it."""
    return cell if torch_in(site) else inserted(cell, ast.parse(cell).body[0], "import torch")
