"""The learner's own line, mended: what takes it off the tape taken out."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import NamedTuple

from course_utils.diagnosis.wrote import Wrote, assigned, read_names

DEEP = 200  # statements that are followed back from one

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
    if not found or None in found or any(set(assigned(node)) & set(read_names(node)) for node in found if node):
        return ""  # `h = f(h)` run once more is another step
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
    loops = [
        each for each in ast.walk(node) if isinstance(each, ast.comprehension) and names & set(read_names(each.iter))
    ]
    names = names.union(each.id for loop in loops for each in ast.walk(loop.target) if isinstance(each, ast.Name))
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


def root_of(name: str) -> str:
    """The variable in a longer name: `net` in `net.0.weight`, `params` in `params['w']`."""
    return name.partition(".")[0].partition("[")[0]


def _leading_to(statements: Sequence[ast.stmt], parameter: str) -> set[str]:
    """The variables that were made from the parameter, and itself."""
    found = {root_of(parameter)}
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
    return expression(f"torch.stack({ast.unparse(node)})") if is_list else node


def expression(text: str) -> ast.expr:
    """A piece of code, as a tree."""
    return ast.parse(text, mode="eval").body
