"""The learner's own line, mended: what cuts the tape taken out, an operation kept away from where it has no slope."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

from course_utils.diagnosis.wrote import Wrote, assigned, read_names

DEEP = 200  # statements that are followed back from one

_AT_ZERO = {"sqrt", "log", "log2", "log10", "rsqrt", "^"}  # have no slope at 0, and one just above it

# Calls that give numbers without a graph, and attributes that do.
_CUTTING = {"detach", "item", "tolist", "numpy"}
_COPYING = {"tensor", "as_tensor", "float", "from_numpy", "Tensor", "FloatTensor", "array", "asarray"}
_STEPS = {"argmax", "argmin", "long", "int", "bool", "eq", "gt", "lt", "ge", "le", "multinomial", "sample", "argsort"}
_FOREIGN = {"np", "numpy", "math", "int", "bool", "round"}  # what they give is no result of torch's


class Mended(NamedTuple):
    """A line of the learner's, and what is to stand in its place."""

    before: str
    after: str


def made_again(wrote: Wrote, names: Iterable[str]) -> str:
    """The lines that made these variables, in order; "" if one of them is not found."""
    found = [wrote.making(name) for name in names]
    if not found or None in found:
        return ""
    return "\n".join(dict.fromkeys(ast.unparse(node) for node in found if node is not None))


def slice_of(wrote: Wrote, name: str) -> list[ast.stmt]:
    """The statements that a variable came from, its own first."""
    found: list[ast.stmt] = []
    asked, waiting = {name}, [name]
    while waiting and len(found) < DEEP:
        node = wrote.making(waiting.pop(0))
        if node is None or node in found:
            continue
        found.append(node)
        fresh = [each for each in read_names(node) if each not in asked]
        asked.update(fresh)
        waiting += fresh
    return found


def uncut(wrote: Wrote, loss: str, parameter: str) -> Mended | None:
    """The line between a parameter and the loss that leaves the tape, without what takes it off."""
    statements = slice_of(wrote, loss)
    for node in statements:
        if parameter in assigned(node):
            continue
        if mended := taken_out(node, _leading_to(statements, parameter)):
            return mended
    return None


def taken_out(node: ast.stmt, names: set[str]) -> Mended | None:
    """A line without what takes these variables off the tape; None if nothing does.

    Nothing stands in its place where a function of NumPy's or Python's gets them: torch's own is then wanted.
    """
    mended = ast.fix_missing_locations(_Uncut(names).visit(deepcopy(node)))
    is_foreign = any(
        ast.unparse(call.func).partition(".")[0] in _FOREIGN and names & set(read_names(call))
        for call in ast.walk(mended)
        if isinstance(call, ast.Call)
    )
    if ast.dump(mended) == ast.dump(node) and not is_foreign:
        return None
    return Mended(ast.unparse(node), "" if is_foreign else ast.unparse(mended))


def without_slope(wrote: Wrote, loss: str, parameter: str) -> str:
    """The line between a parameter and the loss that compares or counts; "" if there is none."""
    statements = slice_of(wrote, loss)
    names = _leading_to(statements, parameter)
    for node in statements:
        for each in ast.walk(node):
            called = each.func.attr if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) else ""
            is_step = isinstance(each, ast.Compare) or called in _STEPS
            if is_step and names & set(read_names(each)):
                return ast.unparse(node)
    return ""


def _leading_to(statements: Sequence[ast.stmt], parameter: str) -> set[str]:
    """The variables that were made from the parameter, and itself."""
    found = {parameter.partition(".")[0].partition("[")[0]}
    for _ in statements:
        for node in statements:
            if found & set(read_names(node)):
                found.update(assigned(node))
    return found


class _Uncut(ast.NodeTransformer):
    """Takes out what takes the parameter's results off the tape."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _CUTTING and self._is_about(function.value):
            return function.value
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in _COPYING and node.args and self._is_about(node.args[0]):
            return _stacked(node.args[0])
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        return node.value if node.attr == "data" and self._is_about(node.value) else node

    def _is_about(self, node: ast.expr) -> bool:
        return bool(self.names & set(read_names(node)))


def _stacked(node: ast.expr) -> ast.expr:
    """A list of results as one tensor."""
    is_list = isinstance(node, ast.List | ast.ListComp)
    return _expression(f"torch.stack({ast.unparse(node)})") if is_list else node


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
            return _expression(f"({text} + 1e-12)")
        condition, holds = self.choices[-1]
        chosen = f"{text}, 1.0" if holds else f"1.0, {text}"
        return _expression(f"torch.where({ast.unparse(condition)}, {chosen})")


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
