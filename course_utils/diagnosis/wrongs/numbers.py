"""Numbers that are none: nan and inf on the way forward and on the way back, and weights that have run away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from course_utils.diagnosis.checkup import Checkup, Parameter, held_variables, is_finite
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.mending import guarded
from course_utils.diagnosis.recall import is_readable
from course_utils.diagnosis.saved import kept_by
from course_utils.replay import Pass, replay
from course_utils.vjp import CannotReplayError
from course_utils.walk import edge_of, operands, sign
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

FORWARD = "nan or inf in the loss"
BACKWARD = "nan or inf in a gradient"
RUNAWAY = "the steps run away"
HUGE_WEIGHT, HUGE_LOSS, LARGE_WEIGHT = 1e9, 1e12, 1e6
_RATES = ("rate", "lr", "learning_rate", "step_size", "alpha", "eta")


def find_numbers(checkup: Checkup) -> Iterator[Finding]:
    """What is not finite, or soon will not be: the parameters, else the loss, else a gradient."""
    away = list(_find_runaway(checkup))
    yield from away
    if not away and not is_finite(checkup.loss):
        yield _forward(checkup)
    elif not away:
        yield from _find_backward(checkup)


def _find_runaway(checkup: Checkup) -> Iterator[Finding]:
    loss = _largest(checkup.loss)
    for parameter in checkup.parameters:
        weight = _largest(parameter.tensor)
        if weight > HUGE_WEIGHT or (weight > LARGE_WEIGHT and loss > HUGE_LOSS):
            yield _runaway(checkup, parameter, weight)


def _largest(tensor: torch.Tensor) -> float:
    """The largest size of its numbers, inf where one is not finite; 0 of what cannot be read."""
    if not is_readable(tensor) or not (tensor.is_floating_point() or tensor.is_complex()):
        return 0.0
    if not is_finite(tensor):
        return float("inf")
    return float(tensor.detach().abs().max())


def _runaway(checkup: Checkup, parameter: Parameter, weight: float) -> Finding:
    held = "holds nan or inf" if weight == float("inf") else f"has grown to {weight:.0e}"
    return Finding(
        RUNAWAY,
        parameter.name,
        f"`{parameter.name}` {held}: each step went past the goal and farther than the one before, unless it began "
        "like this. Take a smaller rate and begin again from the start: what is lost does not come back.",
        _slower(checkup),
    )


def _slower(checkup: Checkup) -> str:
    variables = dict(held_variables(checkup.variables))
    for name in _RATES:
        if isinstance(variables.get(name), float):
            return f"{name} = {name} / 100"
    for name, thing in variables.items():
        if isinstance(thing, torch.optim.Optimizer) and "lr" in thing.defaults:
            return f'for group in {name}.param_groups: group["lr"] /= 100'
    return ""


def _forward(checkup: Checkup) -> Finding:
    """Where the loss's nan, or else its inf, first arose."""
    is_wrong = torch.isnan if bool(checkup.loss.detach().isnan().any()) else torch.isinf
    for fn in checkup.order:
        value = checkup.known.value((id(fn), 0))
        if value is not None and bool(is_wrong(value).any()):
            origin = _origin(checkup, fn)
            name = next((name for name, tensor in _constants(checkup, origin) if not is_finite(tensor)), "")
            return _in_data(name) if name else _arose(checkup, origin)
    said = f"{checkup.called} is no number any more; where that began cannot be seen here."
    return Finding(FORWARD, checkup.loss_name, said)


def _in_data(name: str) -> Finding:
    said = f"`{name}` holds nan or inf already: it is no fault of the computation. Look for it and take it out."
    return Finding(FORWARD, name, said, f"{name} = torch.nan_to_num({name}, 0.0, 0.0, 0.0)")


def _origin(checkup: Checkup, fn: GradFn) -> GradFn:
    """The operation that first gave something else than numbers: nan may come of an inf before it."""
    while True:
        for source, output in operands(fn):
            value = checkup.known.value((id(source), output))
            if value is not None and not bool(value.isfinite().all()):
                fn = source
                break
        else:
            return fn


def _constants(checkup: Checkup, fn: GradFn) -> Iterator[tuple[str, torch.Tensor]]:
    """The learner's tensors without a graph that a node keeps; or that it may have taken, where it keeps none."""
    for tensor in kept_by(fn).values():
        if not tensor.requires_grad and is_readable(tensor) and (name := checkup.name_of(tensor)):
            yield name, tensor
    if any(source is None for source, _ in fn.next_functions):
        shape = tuple(fn._input_metadata[0].shape)
        for name, thing in held_variables(checkup.variables):
            if isinstance(thing, torch.Tensor) and not thing.requires_grad and tuple(thing.shape) == shape:
                yield name, thing


def _arose(checkup: Checkup, fn: GradFn) -> Finding:
    operation = sign(fn.name())
    name = checkup.name_of_source((fn, 0)) or checkup.loss_name
    sources = [checkup.known.value((id(source), output)) for source, output in operands(fn)]
    is_first = sources and all(value is not None and bool(value.isfinite().all()) for value in sources)
    of = [called for source in operands(fn) if (called := checkup.name_of_source(source))]
    place = f"the operation {operation}" + (f" of `{of[0]}`" if of else "")
    told = f"it began in {place}" if is_first else f"it is seen from {place} on"
    values = [value for value in sources if value is not None and not value.is_complex()]
    mended = (
        guarded(checkup.wrote, operation) if is_first and all(bool((value >= 0).all()) for value in values) else None
    )
    return Finding(
        FORWARD,
        name,
        f"{checkup.called} is no number any more: {told}.",
        mended.after if mended else "",
        mended.before if mended else "",
    )


def _find_backward(checkup: Checkup) -> Iterator[Finding]:
    """A leaf whose gradient will be nan or inf although the loss is finite: a backward pass is tried by hand."""
    if not checkup.order or checkup.has_own_code or checkup.freed or checkup.loss.is_meta:
        return
    try:
        done = replay(edge_of(checkup.loss), torch.ones_like(checkup.loss.detach()))
    except CannotReplayError:
        return
    first = _first_broken(done)
    leaves = checkup.leaves
    for name, tensor in checkup.parameters:
        node = leaves.get(id(tensor))
        arriving = done.arriving[id(node)][0] if node is not None else None
        if first is not None and arriving is not None and not _is_whole(arriving):
            yield _broken(checkup, name, first, arriving)


def _first_broken(done: Pass) -> GradFn | None:
    """The first node on the way back that makes something else than numbers of numbers."""
    for fn in done.order:
        came = all(_is_whole(gradient) for gradient in done.arriving[id(fn)])
        if came and not all(_is_whole(gradient) for gradient in done.sent[id(fn)]):
            return fn
    return None


def _is_whole(gradient: torch.Tensor | None) -> bool:
    if gradient is None or gradient.is_meta or gradient.is_nested:
        return True
    return bool((gradient.coalesce().values() if gradient.is_sparse else gradient).isfinite().all())


def _broken(checkup: Checkup, name: str, fn: GradFn, arriving: torch.Tensor) -> Finding:
    operation = sign(fn.name())
    what = "nan" if bool(arriving.isnan().any()) else "inf"
    mended = guarded(checkup.wrote, operation)
    return Finding(
        BACKWARD,
        name,
        f"The loss is finite, but the gradient of `{name}` will be {what}: it arises on the way back through "
        f"{operation}, whose slope is infinite where its operand is now. `torch.where` does not help behind it: 0 "
        "times infinity is nan. The operand must never be there.",
        mended.after if mended else "",
        mended.before if mended else "",
    )
