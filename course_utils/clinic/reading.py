"""What a statement of the learner's reads, and what it gives a value."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from course_utils.clinic.site import Site
import torch

_SCOPE = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_GROWS = {"append", "extend", "insert", "update"}


def on_tape(thing: object) -> bool:
    """Whether a value is a result that a tape leads back from, or holds one."""
    if isinstance(thing, torch.Tensor):
        return thing.grad_fn is not None
    held = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list | tuple) else ()
    return any(isinstance(one, torch.Tensor) and one.grad_fn is not None for one in list(held)[:1000])


def statements(body: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    """All statements of a block in the order of the text, those in blocks inside it too; functions stay closed."""
    stack = list(body)[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, _SCOPE):
            inner = [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.expr)]
            stack += inner[::-1]


def places(site: Site, node: ast.AST) -> Iterator[ast.expr]:
    """The variables, attributes and items that are read, as far as they are known: of `self.w.T * x` self.w and x."""
    stack = [node]
    while stack:
        one = stack.pop()
        known = isinstance(one, ast.Name | ast.Attribute | ast.Subscript) and site.value(one) is not None
        of_tensor = isinstance(one, ast.Attribute) and (
            isinstance(site.value(one.value), torch.Tensor) or callable(site.value(one))
        )
        if known and not of_tensor and isinstance(one, ast.expr):
            yield one
        else:
            stack += list(ast.iter_child_nodes(one))[::-1]


def runs_once(block: ast.AST) -> bool:
    """Whether it would be wrong to run a statement again: it goes backward, steps, makes a leaf, or shows something."""
    text = ast.unparse(block)
    return any(sign in text for sign in ("backward(", ".step(", "requires_grad", "Parameter(", "grad(", "print("))


def targets(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a value, or changes."""
    found: list[ast.expr] = []
    match statement:
        case ast.Assign(targets=given):
            found += given
        case ast.AugAssign(target=one) | ast.AnnAssign(target=one) | ast.For(target=one):
            found.append(one)
        case ast.With(items=items):
            found += [item.optional_vars for item in items if item.optional_vars]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=one, attr=name))):
            found += [one] if name in _GROWS or (name.endswith("_") and not name.endswith("__")) else []
    flat = [one for node in found for one in (node.elts if isinstance(node, ast.Tuple | ast.List) else [node])]
    holders = [one.value for one in flat if isinstance(one, ast.Subscript)]
    return {ast.unparse(one) for one in (*flat, *holders)}


def adds_to(statement: ast.stmt, name: str) -> bool:
    """Whether a statement changes what was there, instead of putting another in its place."""
    if isinstance(statement, ast.Assign):
        return name not in {ast.unparse(one) for one in statement.targets} and not any(
            isinstance(one, ast.Tuple | ast.List) for one in statement.targets
        )
    return isinstance(statement, ast.AugAssign | ast.Expr)


def made_from(statement: ast.stmt) -> ast.AST:
    """What a statement computes its value from."""
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign) and statement.value is not None:
        return statement.value
    return statement.iter if isinstance(statement, ast.For) else statement
