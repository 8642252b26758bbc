"""The learner's cell, mended: as few letters as possible are changed, all others stay as they were typed."""

from __future__ import annotations

import ast
from textwrap import indent


def replaced(cell: str, node: ast.AST, text: str) -> str:
    r"""The cell with other text for an expression or a statement.

    >>> import ast
    >>> cell = "loss = w * x  # the first try"
    >>> replaced(cell, ast.parse(cell).body[0].value, "w + x")
    'loss = w + x  # the first try'
    """
    rows = cell.encode().splitlines(keepends=True)  # columns are told in bytes
    first, left, last, right = _place(node)
    before = b"".join(rows[: first - 1]) + rows[first - 1][:left]
    after = rows[last - 1][right:] + b"".join(rows[last:])
    return (before + text.encode() + after).decode()


def inserted(cell: str, statement: ast.stmt, *lines: str) -> str:
    r"""The cell with lines before a statement, indented as it is.

    >>> import ast
    >>> cell = "for _ in range(2):\n    loss.backward()"
    >>> print(inserted(cell, ast.parse(cell).body[0].body[0], "loss = w * x"))
    for _ in range(2):
        loss = w * x
        loss.backward()
    """
    margin = " " * statement.col_offset
    rows = cell.split("\n")
    at = statement.lineno - 1
    new = [f"{margin}{row}" if row else row for line in lines for row in line.split("\n")]
    return "\n".join([*rows[:at], *new, *rows[at:]])


def followed(cell: str, statement: ast.stmt, *lines: str) -> str:
    r"""The cell with lines after a statement, indented as it is.

    >>> import ast
    >>> cell = "y = w * x\ny.backward()"
    >>> print(followed(cell, ast.parse(cell).body[0], "y.retain_grad()"))
    y = w * x
    y.retain_grad()
    y.backward()
    """
    rows, at = cell.split("\n"), statement.end_lineno or statement.lineno
    margin = " " * statement.col_offset
    return "\n".join([*rows[:at], *(indent(line, margin) for line in lines), *rows[at:]])


def wrapped(cell: str, statement: ast.stmt, header: str) -> str:
    r"""The cell with a statement inside a block.

    >>> import ast
    >>> cell = "w -= rate * w.grad"
    >>> print(wrapped(cell, ast.parse(cell).body[0], "with torch.no_grad():"))
    with torch.no_grad():
        w -= rate * w.grad
    """
    rows = cell.split("\n")
    first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
    inside = [f"    {row}" if row.strip() else row for row in rows[first:last]]
    return "\n".join([*rows[:first], " " * statement.col_offset + header, *inside, *rows[last:]])


def without(cell: str, statement: ast.stmt) -> str:
    r"""The cell without a statement that has its lines for itself; where it stands alone, `pass` takes its place.

    >>> import ast
    >>> cell = "if known:\n    y = 1\n    y = 2"
    >>> print(without(cell, ast.parse(cell).body[0].body[0]))
    if known:
        y = 2
    """
    rows, first, last = cell.split("\n"), statement.lineno, statement.end_lineno or statement.lineno
    fields = [block for node in ast.walk(ast.parse(cell)) for _, block in ast.iter_fields(node)]
    blocks = [block for block in fields if isinstance(block, list) and block and isinstance(block[0], ast.stmt)]
    if any(len(block) > 1 and any(one.lineno == first for one in block) for block in blocks):
        return "\n".join([*rows[: first - 1], *rows[last:]])
    return replaced(cell, statement, "pass")


def _place(node: ast.AST) -> tuple[int, int, int, int]:
    place = tuple(getattr(node, name, None) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"))
    if None in place:
        raise ValueError(f"node must have a place in the cell, got {type(node).__name__}")
    first, left, last, right = (int(number) for number in place if number is not None)
    return first, left, last, right
