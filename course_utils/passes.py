"""The learner's call that starts a backward pass: which result, from which seed, to which tensors."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from course_utils.site import Site
import torch


@dataclass(frozen=True)
class PassCall:
    """A call of `backward` or `grad`.

    Attributes:
        call: the call.
        result: the expression that the pass starts from.
        seed: the expression that is given as `gradient`, or None.
        inputs: of `torch.autograd.grad`, the expressions of the tensors that it is asked for.
    """

    call: ast.Call
    result: ast.expr
    seed: ast.expr | None = None
    inputs: tuple[ast.expr, ...] = ()


def pass_at(site: Site) -> PassCall | None:
    """The backward pass that a place is in; None if it is in none."""
    for node in reversed(site.around):
        found = pass_of(site, node)
        if found is not None:
            return found
    return None


def pass_of(site: Site, node: ast.AST) -> PassCall | None:
    """The backward pass that a piece of the cell is; None if it is none."""
    if not isinstance(node, ast.Call):
        return None
    asked = site.value(node.func)
    if asked is torch.autograd.grad or asked is torch.autograd.backward:
        is_grad = asked is torch.autograd.grad
        result = _argument(node, 0, "outputs" if is_grad else "tensors")
        seed = _argument(node, 2 if is_grad else 1, "grad_outputs" if is_grad else "grad_tensors")
        inputs = _argument(node, 1, "inputs") if is_grad else None
        return PassCall(node, _one(result), seed, _several(inputs)) if result is not None else None
    if isinstance(node.func, ast.Attribute) and node.func.attr == "backward":
        return PassCall(node, node.func.value, _argument(node, 0, "gradient"))
    return None


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    if len(call.args) > place:
        return call.args[place]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _one(node: ast.expr) -> ast.expr:
    """The only one of a list of one."""
    return node.elts[0] if isinstance(node, ast.List | ast.Tuple) and len(node.elts) == 1 else node


def _several(node: ast.expr | None) -> tuple[ast.expr, ...]:
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(node.elts)
    return (node,) if node is not None else ()
