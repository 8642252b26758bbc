"""Parameters that the loss does not lead to, and what lies between."""

from __future__ import annotations

from collections.abc import Iterator

from course_utils.diagnosis.checkup import Checkup, Parameter, is_leaf, reached
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.inside import calls_own, cut_inside
from course_utils.diagnosis.mending import made_again, root_of, slice_of, uncut, without_slope
from course_utils.diagnosis.saved import hides_leaves
from course_utils.diagnosis.wrote import assigned, read_names
import torch

UNREACHED = "no path from the loss"


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
    no_path = f"No path leads from {checkup.called} to `{name}`: it gets no gradient and never moves. "
    is_used = _is_partly_reached(checkup, name)
    mended = None if is_used else uncut(wrote, loss, name)
    if mended := mended or cut_inside(checkup.variables, wrote, loss, name, is_used=is_used):
        told = "This line takes the way from it off the tape."
        if not mended.after:
            told = f"`{mended.before}` takes the way from it off the tape: use torch's own functions on the way."
        return Finding(UNREACHED, name, no_path + told, mended.after, mended.before if mended.after else "")
    if line := "" if is_used else without_slope(wrote, loss, name):
        told = f"`{line}` compares or counts, which has no slope. A loss must change a little when the weights do."
        return Finding(UNREACHED, name, no_path + told)
    is_read = any(root_of(name) in read_names(line) for line in slice_of(wrote, loss))
    if is_read and not is_used and not calls_own(checkup.variables, wrote, loss):
        names = _between(checkup, root_of(name))
        if told := _why_again(checkup, root_of(name), names):
            return Finding(UNREACHED, name, no_path + told, made_again(wrote, names))
        told = (
            "An operation without a slope (argmax, a comparison, rounding) may lie between. Or "
            f"`{root_of(name)}` was made after the loss: then compute the loss again."
        )
        return Finding(UNREACHED, name, no_path + told)
    told = (
        "Use it on the way to the loss, where nothing takes it off the tape, or do not count it among the parameters."
    )
    return Finding(UNREACHED, name, said + told)


def _why_again(checkup: Checkup, name: str, between: list[str]) -> str:
    """What the lines tell of why the loss must be computed again; "" where that may not help."""
    if any(name in assigned(line) for line, _ in checkup.wrote.since(checkup.loss_name)):
        return f"`{name}` was made after the loss: compute the loss again."
    off_tape = checkup.wrote.off_tape()
    if any(checkup.wrote.making(each) in off_tape for each in between):
        return "What lies between was computed inside `torch.no_grad()`: compute it again, outside of it."
    if not checkup.loss.requires_grad and checkup.wrote.has_attribute("set_grad_enabled", "no_grad", "inference_mode"):
        return f"`{name}` was made after the loss, or that was computed inside `torch.no_grad()`: compute it again."
    return ""


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
