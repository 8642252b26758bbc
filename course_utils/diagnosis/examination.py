"""What is silently wrong in a training step, found without changing anything in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
import re
from typing import Any
import warnings

from course_utils.diagnosis.checkup import Checkup, read_step
from course_utils.diagnosis.findings import Diagnosis, Finding
from course_utils.diagnosis.recall import is_functions
from course_utils.diagnosis.wrongs.leaves import find_apart, find_old_gradients, find_replaced
from course_utils.diagnosis.wrongs.memory import find_changed
from course_utils.diagnosis.wrongs.numbers import find_numbers
from course_utils.diagnosis.wrongs.paths import find_unreached
from course_utils.diagnosis.wrongs.shapes import find_squares
from course_utils.diagnosis.wrongs.sums import find_kept_alive
from course_utils.diagnosis.wrote import callers_text
from course_utils.names import callers_variables
import torch


def diagnose(
    loss: torch.Tensor,
    /,
    *parameters: torch.Tensor | torch.nn.Module | Iterable[Any],
    accumulate: bool = False,
) -> Diagnosis:
    """What is silently wrong in a training step, each with a cure, or that nothing was found; it shows itself.

    Call it when the loss is computed and before backward(). Afterwards the graph has lost most of what it kept, and
    less can be said. Nothing changes: no `.grad`, no buffer, no hook, no random number.

    It looks for gradients that were not zeroed, parameters that the loss does not depend on, that are no leaves any
    more, do not ask or are on another device, values changed by way of `.data`, losses that keep old graphs alive, nan
    and inf on both ways, weights that run away, and a column that met a row. What cannot be known is not said: of a
    change by way of `.data`, if neither the numbers that are kept tell of it nor a line after that of the loss.

    Args:
        loss: what backward() is to be called on.
        parameters: what is to learn: tensors, modules, lists or dictionaries of them, what `parameters()` gives;
            without any, each leaf that the loss leads to.
        accumulate: whether gradients of several passes are added up on purpose.

    Raises:
        TypeError: `loss` is no tensor, or `parameters` holds something else.
        ValueError: `loss` holds no number at all.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> found = diagnose(w * w, w)
    >>> [(finding.kind, finding.name, finding.cure) for finding in found.findings]
    [('gradient not zeroed', 'w', 'w.grad = None')]
    >>> w.grad = None
    >>> diagnose(w * w, w)
    ✓ nothing found
    """
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"loss must be a torch tensor, got {type(loss).__name__}")
    if not loss.numel():
        raise ValueError(f"loss must hold a number, got the shape {tuple(loss.shape)}")
    if not isinstance(accumulate, bool):
        raise TypeError(f"accumulate must be True or False, got {accumulate!r}")
    tensors = list({id(tensor): tensor for given in parameters for tensor in _tensors(given)}.values())
    tensors = [tensor for tensor in tensors if not torch.nn.parameter.is_lazy(tensor)]  # those have no numbers yet
    variables = callers_variables()
    if is_functions(loss):  # torch.func differentiates without backward()
        return Diagnosis([])
    wrote = callers_text(variables)
    findings: list[Finding] = []
    with torch.inference_mode(mode=False), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with quietly():
            checkup = read_step(loss, tensors, variables, wrote)
            for look in _looks(checkup, accumulate):
                with quietly():
                    findings += list(look)
    return Diagnosis([_with_code_as_cure(finding) for finding in findings])


def quietly() -> suppress:
    """What keeps one thing that cannot be looked at from hiding all others."""
    return suppress(Exception)


def _with_code_as_cure(finding: Finding) -> Finding:
    """The finding as a sentence, its cure as code; without one where the tensor has no name that code could use."""
    finding = replace(finding, sentence=finding.sentence[:1].upper() + finding.sentence[1:])
    for cure in (finding.cure, re.sub(r"\.(\d+)\b", r"[\1]", finding.cure)):  # net.0.weight is net[0].weight
        with suppress(SyntaxError):
            ast.parse(cure)
            return replace(finding, cure=cure)
    return replace(finding, cure="", replaces="")


def _looks(checkup: Checkup, accumulate: bool) -> list[Iterator[Finding]]:
    return [
        find_replaced(checkup),
        find_apart(checkup),
        find_unreached(checkup),
        find_numbers(checkup),
        find_changed(checkup),
        find_squares(checkup),
        find_kept_alive(checkup),
        find_old_gradients(checkup, accumulate=accumulate),
    ]


def _tensors(given: object) -> list[torch.Tensor]:
    if isinstance(given, torch.Tensor):
        return [given]
    if isinstance(given, torch.nn.Module):
        return list(given.parameters())
    wanted = "parameters must be tensors or modules"
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise TypeError(f"{wanted}, got {type(given).__name__}")
    held = list(given.values() if isinstance(given, Mapping) else given)
    for each in held:
        if not isinstance(each, torch.Tensor | torch.nn.Module):
            raise TypeError(f"{wanted}, got {type(each).__name__} among them")
    return [tensor for each in held for tensor in ([each] if isinstance(each, torch.Tensor) else each.parameters())]
