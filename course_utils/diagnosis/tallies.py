"""What the learner's text says of a variable that gathers losses: a line that adds to it, and that line mended."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
import inspect
from textwrap import dedent
from types import FunctionType

from course_utils.diagnosis.belongings import held_variables, is_own
from course_utils.diagnosis.mending import Mended, expression, root_of, slice_of
from course_utils.diagnosis.wrote import Wrote, read_names


def adds_up(wrote: Wrote, variables: Mapping[str, object], name: str) -> bool:
    """Whether a line of the learner's adds to this variable, here or where its object's class is written."""
    owner = variables.get(root_of(name))
    inside = f"self{name.removeprefix(root_of(name))}" if is_own(owner) else name
    if any(_is_adding(node, called) for node in wrote.statements() for called in (name, inside)):
        return True
    texts = [_source(type(owner))] if is_own(owner) else []
    texts += [_source(thing) for _, thing in held_variables(variables) if isinstance(thing, FunctionType)]
    return any(_is_adding(node, called) for node in Wrote([], texts).statements() for called in (name, inside))


def _is_adding(node: ast.stmt, name: str) -> bool:
    """Whether a line is `total += loss` or `total = total + loss`."""
    if isinstance(node, ast.AugAssign):
        return ast.unparse(node.target) == name
    if not isinstance(node, ast.Assign) or name not in map(ast.unparse, node.targets):
        return False
    return name in _expressions(node.value)


def is_differentiated(wrote: Wrote, name: str) -> bool:
    """Whether backward() is called on this variable, or on what is made of it: then it is of one step."""
    for node in wrote.statements():
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "backward":
                lines = [line for each in read_names(call.func.value) for line in slice_of(wrote, each)]
                if any(name in _expressions(each) for each in [call.func.value, *lines]):
                    return True
    return False


def with_number(wrote: Wrote, name: str, loss: str) -> Mended | None:
    """The only line that gives the loss to this variable, which now gives its number; None where that is not known."""
    found = []
    for node in wrote.statements():
        is_about = root_of(name) in [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
        mended = _Numbered(loss)
        after = mended.visit(deepcopy(node))
        if is_about and mended.count and not any(each.endswith(".backward") for each in _expressions(node)):
            found.append(Mended(ast.unparse(node), ast.unparse(ast.fix_missing_locations(after))))
    found = list(dict.fromkeys(found))
    found = [mended for mended in found if name in mended.before] or found
    return found[0] if len(found) == 1 else None


class _Numbered(ast.NodeTransformer):
    """Gives the loss's number where the loss stood; what already does stays."""

    def __init__(self, loss: str) -> None:
        self.loss, self.count = loss, 0

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._numbered(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if ast.unparse(node.value) == self.loss:  # loss.item(), loss.detach()
            return node
        return self._numbered(node)

    def _numbered(self, node: ast.Name | ast.Attribute) -> ast.AST:
        if ast.unparse(node) != self.loss or not isinstance(node.ctx, ast.Load):
            return node
        self.count += 1
        return expression(f"{self.loss}.item()")


def _expressions(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name | ast.Attribute | ast.Subscript) and isinstance(each.ctx, ast.Load):
            yield ast.unparse(each)


def _source(thing: object) -> str:
    with suppress(OSError, TypeError):
        return dedent(inspect.getsource(thing))  # type: ignore[arg-type]
    return ""
