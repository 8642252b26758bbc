"""Numbers that are none: nan and inf on the way forward and on the way back, and weights that have run away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from course_utils.diagnosis.belongings import held_variables, plain_tensors
from course_utils.diagnosis.checkup import Checkup, has_numbers, is_finite
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.guarding import guarded
from course_utils.diagnosis.mending import Mended, slice_of
from course_utils.diagnosis.recall import is_readable
from course_utils.diagnosis.redo import bare_name
from course_utils.diagnosis.saved import kept_by
from course_utils.diagnosis.together import log_together
from course_utils.diagnosis.wrongs.runaway import data_of, find_runaway
from course_utils.diagnosis.wrote import read_names
from course_utils.replay import Pass, replay
from course_utils.vjp import CannotReplayError
from course_utils.walk import edge_of, operands, sign
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

FORWARD = "nan or inf in the loss"
_MASKED = {"Softmax", "LogSoftmax"}  # take -inf rightly, where it is not all there is
BACKWARD = "nan or inf in a gradient"


def find_numbers(checkup: Checkup) -> Iterator[Finding]:
    """What is not finite, or soon will not be: the data, else the parameters, else the loss, else a gradient."""
    is_loss = is_finite(checkup.loss)
    broken = "" if is_loss else next((name for name, data in data_of(checkup) if name and _is_broken(data)), "")
    if broken:
        yield _in_data(checkup, broken)
    elif away := list(find_runaway(checkup)):
        yield from away
    elif not is_loss:
        yield _forward(checkup)
    else:
        yield from _find_backward(checkup)


def _forward(checkup: Checkup) -> Finding:
    """Where the loss's nan, or else its inf, first arose."""
    is_wrong = torch.isnan if bool(checkup.loss.detach().isnan().any()) else torch.isinf
    for fn in checkup.order:
        value = checkup.known.value((id(fn), 0))
        if value is not None and bool(is_wrong(value).any()):
            origin = _origin(checkup, fn)
            name = next((name for name, tensor in _constants(checkup, origin) if _is_broken(tensor)), "")
            return _in_data(checkup, name) if name else _arose(checkup, origin)
    said = f"{checkup.called} is no number any more; where that began cannot be seen here."
    return Finding(FORWARD, checkup.loss_name, said)


def _is_broken(data: torch.Tensor) -> bool:
    """Whether data hold nan or inf; -inf alone is a mask."""
    return not is_finite(data) and not _is_mask(data)


def _is_mask(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() and not bool((tensor.isnan() | tensor.isposinf()).any())


def _in_data(checkup: Checkup, name: str) -> Finding:
    away = [parameter.name for parameter in checkup.parameters if not is_finite(parameter.tensor)]
    said = f"`{name}` holds nan or inf already: it is no fault of the computation. Take out what is no number."
    begin = f" `{away[0]}` has become nan with it: give it numbers again." if away else ""
    return Finding(FORWARD, name, said + begin, _without(checkup, name))


def _without(checkup: Checkup, name: str) -> str:
    """The lines that leave out the rows with nan or inf, in all data that have them; "" where that is not known."""
    data = dict(plain_tensors(checkup.variables))
    read = {each for line in slice_of(checkup.wrote, checkup.loss_name) for each in read_names(line)} | {name}
    rows = data[name].shape[0] if name in data and data[name].dim() else 0
    partners = [each for each in read if each in data and data[each].dim() and data[each].shape[0] == rows]
    bound = [tensor for _, tensor in checkup.parameters if tensor.dim() and tensor.shape[0] == rows]
    if rows < 2 or bound or len(read) < 2:
        return ""
    finite = f"{name}.isfinite()" + (".flatten(1).all(1)" if data[name].dim() > 1 else "")
    lines = [f"{each} = {each}[whole]" for each in sorted(partners, key=lambda each: each == name)]
    return "\n".join([f"whole = {finite}", *lines])


def _origin(checkup: Checkup, fn: GradFn) -> GradFn:
    """The operation that first gave something else than numbers: nan may come of an inf before it."""
    while True:
        for source, output in operands(fn):
            value = checkup.known.value((id(source), output))
            if value is not None and not has_numbers(value) and not (bare_name(fn) in _MASKED and _is_mask(value)):
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
    mended = _mended(checkup, fn, sources) if is_first else None
    more = (
        ": a softmax or sigmoid rounds to 0 what is only small. Torch has both in one operation"
        if _is_rounded(fn)
        else ""
    )
    return Finding(
        FORWARD,
        name,
        f"{checkup.called} is no number any more: {told}{more}.",
        mended.after if mended else "",
        mended.before if mended else "",
    )


def _mended(checkup: Checkup, fn: GradFn, sources: list[torch.Tensor | None]) -> Mended | None:
    if _is_rounded(fn):  # a little more than 0 would give a loss, and no slope
        return log_together(checkup.wrote)
    values = [value for value in sources if value is not None and not value.is_complex()]
    is_right = all(bool((value >= 0).all()) for value in values)
    return guarded(checkup.wrote, sign(fn.name())) if is_right else None


def _is_rounded(fn: GradFn) -> bool:
    """Whether it is the log of a softmax, of a sigmoid, or of 1 less a sigmoid."""
    if bare_name(fn) != "Log":
        return False
    of = {bare_name(source) for source, _ in operands(fn)}
    of |= {
        bare_name(deeper) for source, _ in operands(fn) if bare_name(source) == "Rsub" for deeper, _ in operands(source)
    }
    return bool(of & {"Softmax", "Sigmoid"})


def _find_backward(checkup: Checkup) -> Iterator[Finding]:
    """A leaf whose gradient will be nan or inf although the loss is finite: a backward pass is tried by hand."""
    if not checkup.order or checkup.has_own_code or checkup.freed or checkup.loss.is_meta:
        return
    try:
        done = replay(edge_of(checkup.loss), torch.ones_like(checkup.loss.detach()))
    except CannotReplayError:
        return
    leaves = checkup.leaves
    for name, tensor in checkup.parameters:
        node = leaves.get(id(tensor))
        arriving = done.arriving[id(node)][0] if node is not None else None
        if arriving is not None and not _is_whole(arriving):
            first = _first_broken(done)
            if first is not None:
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
    return has_numbers(gradient.coalesce().values() if gradient.is_sparse else gradient)


def _broken(checkup: Checkup, name: str, fn: GradFn, arriving: torch.Tensor) -> Finding:
    operation = sign(fn.name())
    what = "nan" if bool(arriving.isnan().any()) else "inf"
    mended = guarded(checkup.wrote, operation) or Mended("", "")
    said = (
        f"The loss is finite, but the gradient of `{name}` will be {what}: it arises on the way back through "
        f"{operation}, where the slope or the product is no finite number."
    )
    if any(bare_name(each) in ("Where", "SWhere") for each in checkup.order):
        said += " `torch.where` does not help after it: 0 times inf or nan is nan."
    return Finding(BACKWARD, name, said, mended.after, mended.before)
