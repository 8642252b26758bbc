"""The learner's call that starts a backward pass: which result, from which seed, to which tensors."""

from __future__ import annotations

import ast
from dataclasses import dataclass
import re

from course_utils.clinic.rows import unrolled
from course_utils.clinic.site import FUNCTIONS, FunctionText, Site
import torch

_LOSS = re.compile("loss|cost|err|mse|objective", re.IGNORECASE)


@dataclass(frozen=True)
class PassCall:
    """A call of `backward` or `grad`.

    Attributes:
        call: the call.
        result: the expression that the pass starts from.
        seed: the expression that is given as `gradient`, or None.
        inputs: of `torch.autograd.grad`, the expressions of the tensors that it is asked for.
        seed_word: what the seed is called in this call.
    """

    call: ast.Call
    result: ast.expr
    seed: ast.expr | None = None
    inputs: tuple[ast.expr, ...] = ()
    seed_word: str = "gradient"


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
        word = "grad_outputs" if is_grad else "grad_tensors"
        seed = _argument(node, 2 if is_grad else 1, word)
        inputs = _argument(node, 1, "inputs") if is_grad else None
        return PassCall(node, _one(result), seed, _several(inputs), word) if result is not None else None
    if isinstance(node.func, ast.Attribute) and node.func.attr == "backward":
        return PassCall(node, node.func.value, _argument(node, 0, "gradient"))
    return None


def one_number_by(site: Site, result: ast.expr) -> str:
    """What makes one number of many, as they are called: "mean" of losses, or in training; "sum" of other results."""
    is_loss = bool(_LOSS.search(site.text(result))) or site.nearest((ast.For, ast.While)) is not None
    return "mean" if is_loss else "sum"


def at_the_maker(site: Site, result: ast.expr) -> tuple[Site, ast.expr]:
    """The place where a result was handed to the learner's function, with what was handed over there."""
    while True:
        function = site.nearest(FUNCTIONS)
        call = site.caller.nearest(ast.Call) if site.caller else None
        given = _given(function, call, result) if function and call else None
        if given is None or site.caller is None:
            return site, result
        site, result = unrolled(site.caller), given


def _given(function: FunctionText, call: ast.Call, result: ast.expr) -> ast.expr | None:
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if isinstance(call.func, ast.Attribute) and names[:1] == ["self"]:
        names = names[1:]
    if _called(call) != function.name:
        return None
    given = dict(zip(names, call.args, strict=False)) | {one.arg: one.value for one in call.keywords if one.arg}
    return given.get(result.id) if isinstance(result, ast.Name) else None


def _called(call: ast.Call) -> str:
    """The last word of what a call calls."""
    return ast.unparse(call.func).rpartition(".")[2]


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
