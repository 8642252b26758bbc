"""The learner's line with an operation that is kept away from where it has no slope."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy

from course_utils.diagnosis.mending import Mended, expression
from course_utils.diagnosis.wrote import Wrote

_AT_ZERO = {"sqrt", "log", "log2", "log10", "rsqrt", "^"}  # have no slope at 0, and one just above it


def guarded(wrote: Wrote, operation: str) -> Mended | None:
    """The line with this operation, which now never meets the place where it has no slope.

    Inside `torch.where` the operand is chosen first; elsewhere it is kept a little above 0. None where the text has
    no such line, or several.
    """
    found = list(dict.fromkeys(_guarded(wrote, operation)))
    return found[0] if len(found) == 1 else None


def _guarded(wrote: Wrote, operation: str) -> Iterator[Mended]:
    for node in wrote.statements():
        mended = _Guard(operation)
        after = ast.fix_missing_locations(mended.visit(deepcopy(node)))
        if mended.count == 1:
            yield Mended(ast.unparse(node), ast.unparse(after))


class _Guard(ast.NodeTransformer):
    def __init__(self, operation: str) -> None:
        self.operation, self.count = operation, 0
        self.choices: list[tuple[ast.expr, bool]] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "where" and len(node.args) == 3:
            condition = node.args[0]
            for place, holds in ((1, True), (2, False)):
                self.choices.append((condition, holds))
                node.args[place] = self.visit(node.args[place])
                self.choices.pop()
            return node
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and self._is_meant(node):
            if len(node.args) > (self.operation == "^"):  # torch.sqrt(x), torch.pow(x, 0.5)
                node.args[0] = self._safe(node.args[0])
            else:
                node.func.value = self._safe(node.func.value)
        return node

    def _is_meant(self, node: ast.Call) -> bool:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return called == self.operation or (
            self.operation == "^" and called == "pow" and bool(node.args) and not _is_whole(node.args[-1])
        )

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and self.operation == "÷" and self.choices:
            node.right = self._safe(node.right)
        elif isinstance(node.op, ast.Pow) and self.operation == "^" and not _is_whole(node.right):
            node.left = self._safe(node.left)
        return node

    def _safe(self, operand: ast.expr) -> ast.expr:
        text = ast.unparse(operand)
        if not self.choices and self.operation not in _AT_ZERO:
            return operand
        self.count += 1
        if not self.choices:
            return expression(f"({text} + 1e-12)")
        condition, holds = self.choices[-1]
        chosen = f"{text}, 1.0" if holds else f"1.0, {text}"
        return expression(f"torch.where({ast.unparse(condition)}, {chosen})")


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)
