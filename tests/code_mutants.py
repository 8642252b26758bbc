"""Faults made from the code of a cell: one number and one operator, always the same ones.

Of each kind the first in the cell is changed. A number in an f-string's format is text and stays.
"""

import ast
from dataclasses import dataclass

SIGNS = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "+"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "+"), ast.Pow: ("**", "*"), ast.MatMult: ("@", "*"), ast.Lt: ("<", ">="), ast.Gt: (">", "<="),
    ast.LtE: ("<=", ">"), ast.GtE: (">=", "<"), ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A cell's code with a fault.

    Attributes:
        lesson: the notebook's stem.
        kind: a column of the table.
        cell: the id of the cell.
        fault: the line as it was and as it is.
        source: the code of the whole cell; "" where it is not the code that has the fault.
    """

    lesson: str
    kind: str
    cell: str
    fault: str
    source: str


def mutants_of(lesson, cell):
    """The mutants of a code cell: none, one or two."""
    nodes = [node for node in outside_of_texts(ast.parse(cell.source)) if hasattr(node, "lineno")]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset, -node.end_lineno, -node.end_col_offset))
    for kind, change in (("code constant", changed_number), ("operator", changed_operator)):
        found = next((one for node in nodes if (one := change(node, cell.source.encode()))), None)
        if found:
            start, end, new = found
            whole = cell.source.encode()
            source = (whole[:start] + new + whole[end:]).decode()
            ast.parse(source)
            line = whole[:start].count(b"\n")
            was, now = (text.splitlines()[line].strip() for text in (cell.source, source))
            yield Mutant(lesson, kind, cell.id, f"{was} → {now}", source)


def outside_of_texts(node):
    """All parts of a syntax tree that stand in no f-string: within one, Python 3.11 does not tell where they are."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.JoinedStr):
            yield child
            yield from outside_of_texts(child)


def changed_number(node, code):
    """Where a number stands, and one more than an integer, half as much again as a fraction; zero becomes one."""
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return None
    value = node.value
    new = value + 1 if isinstance(value, int) or value == 0 else value * 1.5
    start, end = span(node, code)
    return start, end, repr(new).encode()


def changed_operator(node, code):
    """Where an operator stands, and the one in its place."""
    match node:
        case ast.BinOp(left=before, op=op, right=after) | ast.AugAssign(target=before, op=op, value=after):
            pass
        case ast.Compare(left=before, ops=[op, *_], comparators=[after, *_]):
            pass
        case _:
            return None
    if type(op) not in SIGNS:
        return None
    old, new = (sign.encode() for sign in SIGNS[type(op)])
    begin, end = span(before, code)[1], span(after, code)[0]
    start = code.index(old, begin, end)
    return start, start + len(old), new


def span(node, code):
    """Where a part of the code begins and ends, in bytes."""
    starts = [0]
    for line in code.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
