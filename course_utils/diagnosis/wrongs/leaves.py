"""Parameters that will not learn as they should: no leaves, not asking, out of reach, with old gradients."""

from __future__ import annotations

from collections.abc import Iterator

from course_utils.diagnosis.belongings import held_variables, owner_of
from course_utils.diagnosis.checkup import Checkup, Parameter, is_leaf, reached
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.inside import calls_own, cut_inside
from course_utils.diagnosis.mending import made_again, root_of, slice_of, uncut, without_slope
from course_utils.diagnosis.saved import hides_leaves
from course_utils.diagnosis.wrote import assigned, read_names
import torch

OLD = "gradient not zeroed"
REPLACED = "no leaf any more"
MUTE = "does not ask"
UNREACHED = "no path from the loss"
APART = "on another device"


def find_replaced(checkup: Checkup) -> Iterator[Finding]:
    """A name that stands for a result where a leaf should be, or for a tensor that does not ask for a gradient."""
    asks = any(parameter.tensor.requires_grad for parameter in checkup.parameters)
    for name, tensor in checkup.parameters:
        if not tensor.is_leaf and not tensor.retains_grad:
            yield Finding(
                REPLACED,
                name,
                f"`{name}` is the result of an operation, no leaf: backward() leaves no gradient at it. "
                "Make it a leaf again after the line that replaced it; an update in place, inside `torch.no_grad()`, "
                "never replaces it.",
                f"{name} = {name}.detach().requires_grad_()",
            )
        elif not tensor.requires_grad and (not isinstance(tensor, torch.nn.Parameter) or not asks):
            yield _mute(name, tensor)


def _mute(name: str, tensor: torch.Tensor) -> Finding:
    said = f"`{name}` does not ask for a gradient, so backward() leaves none at it and it never moves. "
    if tensor.is_floating_point() or tensor.is_complex():
        told = "Let it ask, before the loss is computed; if it was replaced inside `torch.no_grad()`, after that line."
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


def find_unreached(checkup: Checkup) -> Iterator[Finding]:
    """A parameter that the loss does not depend on."""
    if not checkup.is_whole or any(hides_leaves(fn) for fn in checkup.order):
        return
    asking = [parameter for parameter in checkup.parameters if is_leaf(parameter)]
    for parameter in asking:
        if str(parameter.tensor.device) == str(checkup.loss.device) and not reached(checkup, parameter.tensor):
            yield _unreached(checkup, parameter)
    if not checkup.parameters and not checkup.loss.requires_grad:
        yield Finding(
            UNREACHED,
            checkup.loss_name,
            f"{checkup.called} has no graph: nothing it was made from asks for a gradient, or it was computed "
            "inside `torch.no_grad()`.",
        )


def _unreached(checkup: Checkup, parameter: Parameter) -> Finding:
    name, loss, wrote = parameter.name, checkup.loss_name, checkup.wrote
    said = f"{checkup.called} does not depend on `{name}`: it gets no gradient and never moves. "
    is_used = _is_partly_reached(checkup, name)
    mended = None if is_used else uncut(wrote, loss, name)
    if mended := mended or cut_inside(checkup.variables, wrote, loss, name, is_used=is_used):
        told = "This line takes the way from it off the tape."
        if not mended.after:
            told = f"`{mended.before}` takes the way from it off the tape: use torch's own functions on the way."
        return Finding(UNREACHED, name, said + told, mended.after, mended.before if mended.after else "")
    if line := "" if is_used else without_slope(wrote, loss, name):
        told = f"`{line}` compares or counts, which has no slope. A loss must change a little when the weights do."
        return Finding(UNREACHED, name, said + told)
    is_read = any(root_of(name) in read_names(line) for line in slice_of(wrote, loss))
    if is_read and not is_used and not calls_own(checkup.variables, wrote, loss):
        told = "It was made after the loss, or the loss was computed inside `torch.no_grad()`: compute the loss again."
        return Finding(UNREACHED, name, said + told, made_again(wrote, _between(checkup, root_of(name))))
    told = (
        "Use it on the way to the loss, where nothing takes it off the tape, or do not count it among the parameters."
    )
    return Finding(UNREACHED, name, said + told)


def _is_partly_reached(checkup: Checkup, name: str) -> bool:
    """Whether the loss depends on something else of the same module or list: then this was used as it is."""
    root = root_of(name)
    module = checkup.variables.get(root)
    held = [tensor for called, tensor in checkup.parameters if root_of(called) == root]
    held += module.parameters() if isinstance(module, torch.nn.Module) else []
    return any(reached(checkup, tensor) for tensor in held)


def _between(checkup: Checkup, parameter: str) -> list[str]:
    """The variables from a parameter to the loss, in order, as the learner's text has them."""
    found = {parameter}
    lines = slice_of(checkup.wrote, checkup.loss_name)
    names: list[str] = []
    for _ in lines:
        for line in lines:
            fresh = [each for each in assigned(line) if each not in found]
            if fresh and found & set(read_names(line)):
                found.update(fresh)
                names += fresh
    return names


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
