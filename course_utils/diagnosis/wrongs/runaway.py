"""Weights that have run away: what made them so, where that can be known, and what is to be done."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy

from course_utils.diagnosis.belongings import held_variables, plain_tensors
from course_utils.diagnosis.checkup import Checkup, Parameter, is_finite
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.mending import Mended, slice_of
from course_utils.diagnosis.recall import is_readable
from course_utils.diagnosis.redo import bare_name
from course_utils.diagnosis.saved import kept_by
from course_utils.diagnosis.wrote import Wrote, read_names
import torch

RUNAWAY = "the steps run away"
BROKEN = "nan or inf in a weight"
HUGE_WEIGHT, HUGE_LOSS, LARGE_WEIGHT = 1e9, 1e12, 1e6
_RATES = ("rate", "lr", "learning_rate")
# Operations whose slopes stay numbers as long as what comes in does: only steps too large make nan of them.
_TAME = {
    "Add", "Sub", "Rsub", "Mul", "Neg", "Mm", "Mv", "Dot", "Bmm", "Addmm", "Baddbmm", "MseLoss", "L1Loss", "HuberLoss",
    "SmoothL1Loss", "Abs", "Relu", "LeakyRelu", "Tanh", "Sigmoid", "Gelu", "Silu", "Elu", "Softplus", "LogSigmoid",
    "Mean", "Sum", "T", "Transpose", "Permute", "View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Expand",
    "Clone", "ToCopy", "Cat", "Stack", "Select", "Slice", "Index", "Embedding", "Convolution", "NativeBatchNorm",
    "NativeLayerNorm", "Softmax", "LogSoftmax", "NllLoss", "BinaryCrossEntropyWithLogits", "Sin", "Cos", "Unbind",
    "MaxPool2DWithIndices", "AvgPool2D", "torch::autograd::AccumulateGrad", "AccumulateGrad",
}  # fmt: skip


def find_runaway(checkup: Checkup) -> Iterator[Finding]:
    """A parameter that is no number any more, or far larger than all that it works on."""
    loss, data = largest(checkup.loss), max([1.0, *_sizes(checkup)])
    for parameter in checkup.parameters:
        weight = largest(parameter.tensor)
        if weight > HUGE_WEIGHT * data or (weight > LARGE_WEIGHT * data and loss > HUGE_LOSS):
            yield _runaway(checkup, parameter, weight)


def largest(tensor: torch.Tensor) -> float:
    """The largest size of its numbers, inf where one is not finite; 0 of what cannot be read."""
    if not is_readable(tensor) or not (tensor.is_floating_point() or tensor.is_complex()):
        return 0.0
    return float(tensor.detach().abs().max()) if is_finite(tensor) else float("inf")


def data_of(checkup: Checkup) -> list[tuple[str, torch.Tensor]]:
    """The data that the loss was made from, by name: what operations keep, and what the learner's lines read."""
    read = {name for line in slice_of(checkup.wrote, checkup.loss_name) for name in read_names(line)}
    found = [(name, held) for name, held in plain_tensors(checkup.variables) if name in read]
    kept = [tensor for fn in checkup.order for tensor in kept_by(fn).values() if not tensor.requires_grad]
    return found + [(checkup.name_of(tensor), tensor) for tensor in kept if is_readable(tensor)]


def _sizes(checkup: Checkup) -> list[float]:
    sizes = [largest(tensor) for _, tensor in data_of(checkup)]
    return [size for size in sizes if size != float("inf")]


def _runaway(checkup: Checkup, parameter: Parameter, weight: float) -> Finding:
    name = parameter.name
    held = "holds nan or inf" if weight == float("inf") else f"has grown to {weight:.0e}"
    if mended := _upward(checkup.wrote, name):
        told = "This line adds the gradient, which leads up: steps go against it. Mend it and begin again."
        return Finding(RUNAWAY, name, f"`{name}` {held}. {told}", mended.after, mended.before)
    is_tame = all(_is_tame(fn) for fn in checkup.order)
    if weight == float("inf") and not is_tame:
        told = (
            "a step was taken with a gradient that was no number, or the steps were too large. Begin again from the "
            "start, and diagnose each step: the first that has a finding tells which."
        )
        return Finding(BROKEN, name, f"`{name}` {held}: {told}")
    mended = _slower(checkup, parameter)
    went = "each step went farther past the goal" if is_tame else "the steps were too large for the slopes they met"
    told = (
        f"{went} (if it did not begin like this). Take a smaller rate and begin again from the start: what is lost "
        "does not come back."
    )
    return Finding(RUNAWAY, name, f"`{name}` {held}: {told}", mended.after, mended.before)


def _is_tame(fn: torch.autograd.graph.Node) -> bool:
    if bare_name(fn) == "Pow":
        exponent = getattr(fn, "_saved_exponent", None)
        return isinstance(exponent, int | float) and exponent >= 1
    return bare_name(fn) in _TAME


def _upward(wrote: Wrote, name: str) -> Mended | None:
    """The line `w += rate * w.grad` and what it should be."""
    for node in wrote.statements():
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and _moves(node, name):
            if any(isinstance(each, ast.USub) for each in ast.walk(node)):
                continue
            mended = deepcopy(node)
            mended.op = ast.Sub()
            return Mended(ast.unparse(node), ast.unparse(mended))
    return None


def _moves(node: ast.stmt, name: str) -> bool:
    """Whether a line moves a parameter by its gradient, as `w -= ...`, `w.data -= ...` or `w = w - ...`."""
    target = (
        node.target if isinstance(node, ast.AugAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    )
    return target is not None and ast.unparse(target) in (name, f"{name}.data") and _reads_gradient(node)


def _reads_gradient(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Attribute) and each.attr == "grad" for each in ast.walk(node))


def _slower(checkup: Checkup, parameter: Parameter) -> Mended:
    """What makes the rate smaller: the optimizer's that holds the parameter, a variable's, a number's in the line."""
    variables = dict(held_variables(checkup.variables))
    for name, thing in variables.items():
        groups = thing.param_groups if isinstance(thing, torch.optim.Optimizer) else []
        if any(held is parameter.tensor for group in groups for held in group["params"]):
            return Mended("", f'for group in {name}.param_groups: group["lr"] /= 100')
    lines = [node for node in checkup.wrote.statements() if _reads_gradient(node)]
    read = [name for node in lines for name in read_names(node)]
    for name in read or _RATES:
        if isinstance(variables.get(name), int | float) and not isinstance(variables[name], bool):
            return Mended("", f"{name} = {name} / 100")
    return next((mended for node in lines if (mended := _smaller(node, parameter.name))), Mended("", ""))


def _smaller(node: ast.stmt, name: str) -> Mended | None:
    """The line `w -= 20.0 * w.grad` with a hundredth of its number."""
    mended = deepcopy(node)
    numbers = [each for each in ast.walk(mended) if isinstance(each, ast.Constant)]
    number = numbers[0].value if len(numbers) == 1 else None
    if not _moves(node, name) or not isinstance(number, int | float):
        return None
    numbers[0].value = number / 100
    return Mended(ast.unparse(node), ast.unparse(mended))
