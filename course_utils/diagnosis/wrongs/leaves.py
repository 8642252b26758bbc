"""Parameters that will not learn as they should: no leaves, not asking, elsewhere, with old gradients."""

from __future__ import annotations

from collections.abc import Iterator

from course_utils.diagnosis.belongings import held_variables, owner_of
from course_utils.diagnosis.checkup import Checkup, Parameter, is_leaf, reached
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.mending import slice_of
from course_utils.diagnosis.wrote import attributes, read_names
import torch

OLD = "gradient not zeroed"
REPLACED = "no leaf any more"
MUTE = "does not ask"
APART = "on another device"


def find_replaced(checkup: Checkup) -> Iterator[Finding]:
    """A name that stands for a result where a leaf should be, or for a tensor that does not ask for a gradient."""
    asks = any(parameter.tensor.requires_grad for parameter in checkup.parameters)
    for name, tensor in checkup.parameters:
        if not tensor.is_leaf and not tensor.retains_grad:
            yield _replaced(checkup, name)
        elif not tensor.requires_grad and (not isinstance(tensor, torch.nn.Parameter) or not asks):
            yield _mute(name, tensor)


def _replaced(checkup: Checkup, name: str) -> Finding:
    said = f"`{name}` is the result of an operation, no leaf: backward() leaves no gradient at it. "
    if _is_on_the_way(checkup, name):
        told = "What learns is the leaf it was made from. To see the gradient at the result too, before backward():"
        return Finding(REPLACED, name, said + told, f"{name}.retain_grad()")
    told = (
        "Make it a leaf again after the line that replaced it; an update in place, inside `torch.no_grad()`, never "
        "replaces it."
    )
    return Finding(REPLACED, name, said + told, f"{name} = {name}.detach().requires_grad_()")


def _is_on_the_way(checkup: Checkup, name: str) -> bool:
    """Whether it was made from another tensor of the learner's that asks, by no step: `z = w * x`."""
    lines = slice_of(checkup.wrote, name)
    if not lines or any(name in read_names(line) or "grad" in attributes(line) for line in lines):
        return False
    held = [checkup.variables.get(each) for each in read_names(lines[0])]
    return any(isinstance(each, torch.nn.Module) or getattr(each, "requires_grad", False) for each in held)


def _mute(name: str, tensor: torch.Tensor) -> Finding:
    said = f"`{name}` does not ask for a gradient, so backward() leaves none at it and it never moves. "
    if tensor.is_floating_point() or tensor.is_complex():
        told = (
            "Let it ask before the loss is computed. Was it replaced inside `torch.no_grad()`? Then let it ask after "
            "that line."
        )
        return Finding(MUTE, name, said + told, f"{name}.requires_grad_()")
    cure = f"{name} = {name}.float().requires_grad_()"
    return Finding(MUTE, name, said + "Whole numbers cannot: make it one with a decimal point first.", cure)


def find_apart(checkup: Checkup) -> Iterator[Finding]:
    """A parameter on another device than most."""
    devices = [str(tensor.device) for _, tensor in checkup.parameters] + [str(checkup.loss.device)]
    most = max(dict.fromkeys(devices), key=lambda device: (devices.count(device), device == devices[-1]))
    for name, tensor in checkup.parameters:
        if str(tensor.device) != most:
            yield Finding(
                APART,
                name,
                f"`{name}` is on the device {tensor.device}, the rest is on {most}. Make it there, as a leaf, and "
                "compute the loss again; an optimizer must be made after that.",
                _moved(checkup, name, tensor, most),
            )


def _moved(checkup: Checkup, name: str, tensor: torch.Tensor, device: str) -> str:
    owner = name.rpartition(".")[0]
    module = owner_of(checkup.variables, tensor)
    if module is not None and tensor.is_meta:
        is_simple = hasattr(module, "reset_parameters")
        return f'{owner}.to_empty(device="{device}")\n{owner}.reset_parameters()' if is_simple else ""
    if isinstance(tensor, torch.nn.Parameter):
        return f'{owner}.to("{device}")' if module is not None else ""
    if not tensor.is_meta:
        return f'{name} = {name}.detach().to("{device}").requires_grad_()'
    if tensor.dim() < 2:
        return f'{name} = torch.zeros_like({name}, device="{device}").requires_grad_()'
    return (
        f'{name} = torch.randn_like({name}, device="{device}").mul(0.1).requires_grad_()'  # it has no numbers to move
    )


def find_old_gradients(checkup: Checkup, *, accumulate: bool) -> Iterator[Finding]:
    """A parameter that holds a gradient before backward(): the next one is added to it."""
    if accumulate or checkup.freed or not checkup.order:
        return
    for parameter in checkup.parameters:
        if is_leaf(parameter) and _holds(parameter.tensor.grad) and reached(checkup, parameter.tensor):
            name = parameter.name
            yield Finding(
                OLD,
                name,
                f"`{name}.grad` already holds a gradient, and backward() adds to it. Clear it before backward(), in "
                "each step. (To add up several passes on purpose: `diagnose(..., accumulate=True)`.)",
                _clearing(checkup, parameter),
            )


def _holds(grad: torch.Tensor | None) -> bool:
    if grad is None or grad.is_meta:
        return False
    return bool((grad.coalesce().values() if grad.is_sparse else grad).count_nonzero())


def _clearing(checkup: Checkup, parameter: Parameter) -> str:
    """The line that clears it: the optimizer's or the module's, where one of the learner's holds it."""
    for kind in (torch.optim.Optimizer, torch.nn.Module):
        for name, thing in held_variables(checkup.variables):
            if isinstance(thing, kind) and any(held is parameter.tensor for held in _parameters(thing)):
                return f"{name}.zero_grad()"
    return f"{parameter.name}.grad = None"


def _parameters(thing: torch.optim.Optimizer | torch.nn.Module) -> list[torch.Tensor]:
    if isinstance(thing, torch.nn.Module):
        return list(thing.parameters())
    return [held for group in thing.param_groups for held in group["params"]]
