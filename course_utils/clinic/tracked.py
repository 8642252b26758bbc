"""Whether an expression of the learner's gives a tensor that asks for a gradient, told without running it."""

from __future__ import annotations

import ast

from course_utils.clinic.site import Site, names_in
import torch

_OFF = {"item", "detach", "numpy", "tolist", "size", "dim", "numel", "detach_", "argmax", "argmin"}


def asks(site: Site, node: ast.AST) -> bool | None:
    """Whether an expression gives a tensor that asks for a gradient; None if that cannot be said without running it."""
    value = site.value(node)
    if value is not None:
        return isinstance(value, torch.Tensor) and value.requires_grad
    match node:
        case ast.Constant():
            return False
        case ast.Name(id=name):
            return False if name in site.names else None
        case ast.BinOp(left=left, right=right):
            return _any(asks(site, left), asks(site, right))
        case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
            return asks(site, inner)
        case ast.Call():
            return _call_asks(site, node)
    return None


def reads_asker(site: Site, node: ast.AST, *, but: str = "") -> bool:
    """Whether a piece of the cell reads a tensor that asks for a gradient, or a module, under another name than one."""
    held = [site.names.get(name) for name in names_in(node) if name != but]
    return any(
        isinstance(one, torch.nn.Module) or (isinstance(one, torch.Tensor) and one.requires_grad) for one in held
    )


def _call_asks(site: Site, call: ast.Call) -> bool | None:
    callee = site.value(call.func)
    if callee is torch.nn.Parameter:
        return True
    if isinstance(callee, torch.nn.Module):
        return any(parameter.requires_grad for parameter in callee.parameters())
    if not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr in _OFF:
        return False
    if str(getattr(site.value(call.func.value), "__name__", "")).partition(".")[0] == "torch":
        told = [word.value for word in call.keywords if word.arg == "requires_grad"]
        return bool(site.value(told[0])) if told else _any(*(asks(site, one) for one in call.args))
    return asks(site, call.func.value) if hasattr(torch.Tensor, call.func.attr) else None


def _any(*answers: bool | None) -> bool | None:
    return True if True in answers else None if None in answers else False
