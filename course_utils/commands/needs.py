"""Which earlier cells a piece of code needs, told by the names they make."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence


def cells_needed(code: str, before: Sequence[str]) -> list[int]:
    """The places in `before` of the cells to run first, in their order.

    A cell that changes a value without giving it a name is not among them, if no name of its own is needed.

    Args:
        code: what is to run.
        before: the sources of the cells that come before it.
    """
    wanted = names_used(code) - set(dir(builtins))
    places = []
    for place in reversed(range(len(before))):
        if made := names_made(before[place]) & wanted:
            places.append(place)
            wanted = (wanted - made) | names_used(before[place])
    return sorted(places)


def names_made(code: str) -> set[str]:
    """The names that a piece of code gives a value to, at its top level."""
    return _read(code).made


def names_used(code: str) -> set[str]:
    """The names that a piece of code needs from before, for the functions it defines too.

    >>> names_used("def f(x): return x + late")
    {'late'}
    """
    names = _read(code)
    return names.early | (names.later - names.made)


def _read(code: str) -> _Names:
    names = _Names()
    try:
        names.visit(ast.parse(code))
    except SyntaxError:  # a line for IPython alone
        return _Names()
    return names


class _Names(ast.NodeVisitor):
    """The names of one scope, read in the order in which Python runs it.

    `made` have got a value; `early` were used before they had one; `later` are used when a function is called. (What
    `symtable` and `dis` tell of this differs from one Python to the next.)
    """

    def __init__(self) -> None:
        self.made: set[str] = set()
        self.early: set[str] = set()
        self.later: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.early |= {node.id} - self.made
        else:
            self.made.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._in_turn(node.value, *node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._in_turn(node.value, node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._in_turn(node.value, node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.early |= {node.target.id} - self.made
        self._in_turn(node.value, node.target)

    def visit_For(self, node: ast.For) -> None:
        self._in_turn(node.iter, node.target, *node.body, *node.orelse)

    def visit_alias(self, node: ast.alias) -> None:
        self.made.add(node.asname or node.name.partition(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.made |= {node.name} if node.name else set()
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.made.add(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._in_turn(*node.decorator_list, *node.args.defaults, *node.args.kw_defaults)
        self.made.add(node.name)
        self._when_called(node.args, *node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._in_turn(*node.args.defaults, *node.args.kw_defaults)
        self._when_called(node.args, node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._in_turn(*node.decorator_list, *node.bases, *node.keywords)
        inside = _Names()
        inside._in_turn(*node.body)
        self.early |= inside.early - self.made
        self.later |= inside.later  # methods do not see the names of their class
        self.made.add(node.name)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._at_once(*node.generators, node.elt)

    visit_SetComp = visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._at_once(*node.generators, node.key, node.value)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._in_turn(node.iter, node.target, *node.ifs)

    def _at_once(self, *nodes: ast.AST) -> None:
        """A scope of its own, which is run here and now."""
        inside = _Names()
        inside._in_turn(*nodes)
        self.early |= (inside.early | (inside.later - inside.made)) - self.made

    def _when_called(self, *nodes: ast.AST) -> None:
        """A function's scope: what gets a value anywhere in it is its own."""
        inside = _Names()
        inside._in_turn(*nodes)
        self.later |= (inside.early | inside.later) - inside.made

    def _in_turn(self, *nodes: ast.AST | None) -> None:
        for node in filter(None, nodes):
            self.visit(node)
