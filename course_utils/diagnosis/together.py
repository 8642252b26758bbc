"""The learner's line with `log` of a softmax or a sigmoid taken as one operation, which does not round to log(0)."""

from __future__ import annotations

import ast
from copy import deepcopy

from course_utils.diagnosis.mending import Mended
from course_utils.diagnosis.wrote import Wrote

_LOG_SIGMOID = "torch.nn.functional.logsigmoid"


def log_together(wrote: Wrote) -> Mended | None:
    """The only line that takes the log of a softmax or sigmoid, mended; None if there is none, or are several."""
    found = []
    for node in wrote.statements():
        together = _Together(wrote)
        after = ast.fix_missing_locations(together.visit(deepcopy(node)))
        if together.count:
            found.append(Mended(ast.unparse(node), ast.unparse(after)))
    found = list(dict.fromkeys(found))
    return found[0] if len(found) == 1 else None


class _Together(ast.NodeTransformer):
    def __init__(self, wrote: Wrote) -> None:
        self.wrote, self.count = wrote, 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        operand = _operand(node, "log")
        if operand is None:
            return node
        text = _log_of(self._made(operand))
        if isinstance(operand, ast.BinOp) and isinstance(operand.op, ast.Sub) and _is_one(operand.left):
            inner = _operand(self._made(operand.right), "sigmoid")  # 1 - sigmoid(z) is sigmoid(-z)
            text = f"{_LOG_SIGMOID}(-({ast.unparse(inner)}))" if inner is not None else ""
        if not text:
            return node
        self.count += 1
        return ast.parse(text, mode="eval").body

    def _made(self, node: ast.expr) -> ast.expr:
        """What a variable was made by; anything else as it is."""
        making = self.wrote.making(node.id) if isinstance(node, ast.Name) else None
        return making.value if isinstance(making, ast.Assign) else node


def _log_of(node: ast.expr) -> str:
    if (inner := _operand(node, "sigmoid")) is not None:
        return f"{_LOG_SIGMOID}({ast.unparse(inner)})"
    inner = _operand(node, "softmax")
    if inner is None or not isinstance(node, ast.Call):
        return ""
    given = node.args if _is_function(node) and node.args else [inner, *node.args]
    rest = [*map(ast.unparse, given), *(f"{each.arg}={ast.unparse(each.value)}" for each in node.keywords)]
    return f"torch.log_softmax({', '.join(rest)})"


def _operand(node: ast.expr, called: str) -> ast.expr | None:
    """What a function or method of this name is called on; None if the node is no such call."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != called:
        return None
    if _is_function(node):
        return node.args[0] if node.args else None
    return node.func.value


def _is_function(node: ast.Call) -> bool:
    owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    return owner in ("torch", "F", "torch.nn.functional", "nn.functional")


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1
