"""Autograd's errors and warnings, known by a pattern that holds from one version of torch to the next."""

from __future__ import annotations

from collections.abc import Callable
import re
from typing import NamedTuple

from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.remedies import (
    asking,
    backward,
    changes,
    conversions,
    devices,
    flags,
    functions,
    leaves,
    shapes,
    steps,
    tape,
    unused,
    warnings,
    whole,
)
from course_utils.clinic.site import Site

Treat = Callable[[Site, "re.Match[str]"], Leaflet | None]


class Ailment(NamedTuple):
    """An error that the clinic knows.

    Attributes:
        kinds: the classes of the error, or the category of the warning.
        pattern: what its text must hold.
        treat: makes the leaflet; gives None if it turns out to be something else.
    """

    kinds: tuple[type[BaseException], ...]
    pattern: re.Pattern[str]
    treat: Treat


def _known(kinds: tuple[type[BaseException], ...], pattern: str, treat: Treat) -> Ailment:
    return Ailment(kinds, re.compile(pattern, re.IGNORECASE | re.DOTALL), treat)


AILMENTS = (
    _known((RuntimeError,), r"element \d+ of tensors does not require grad", tape.no_tape),
    _known((RuntimeError,), r"differentiated tensors?\b.* does not require grad", asking.unasked_input),
    _known(
        (RuntimeError,),
        r"differentiated tensors?(?: at index (?P<index>\d+))? appears?\b.* not have been used",
        unused.not_used,
    ),
    _known((TypeError,), r"unsupported operand.*NoneType|must be .*not NoneType", steps.step_from_none),
    _known((AttributeError,), r"'NoneType' object has no attribute", steps.zeroing_none),
    _known((RuntimeError,), r"implicitly created only for scalar", shapes.many_numbers),
    _known(
        (RuntimeError,),
        r"mismatch in shape: grad_output.*?\[(?P<got>[\d, ]*)\]\) and output.*?\(\[(?P<wanted>[\d, ]*)\]\)",
        shapes.mismatch,
    ),
    _known((RuntimeError,), r"backward through the graph a second time", backward.second_backward),
    _known((RuntimeError,), r"leaf (variable|tensor) that requires grad.*in-?place", leaves.changed_in_place),
    _known(
        (RuntimeError,),
        r"modified by an in-?place operation.*?\[torch\.(?:\w+\.)*(?P<kind>\w+)Tensor \[(?P<shape>[\d, ]*)\]\]"
        r".*?is at version (?P<version>\d+)",
        changes.needed_as_it_was,
    ),
    _known((RuntimeError,), r"can't call numpy\(\) on tensor that requires grad", conversions.to_numpy),
    _known((RuntimeError,), r"only tensors of floating point.*can require gradients", whole.whole_numbers),
    _known((RuntimeError,), r"only change requires_grad flags? of leaf", flags.flag_of_result),
    _known((RuntimeError,), r"can't retain_grad on tensor", flags.kept_without_asking),
    _known((RuntimeError,), r"inference tensors? (cannot be saved|outside)", devices.from_inference),
    _known(
        (RuntimeError,),
        r"on the same device|not on the expected device|DeviceType, but got tensor with",
        devices.elsewhere,
    ),
    _known(
        (RuntimeError,),
        r"function (?P<kind>\w+?)Backward returned an incorrect number of gradients "
        r"\(expected (?P<expected>\d+), got (?P<got>\d+)\)",
        functions.wrong_number,
    ),
)
WARNINGS = (
    _known((UserWarning,), r"\.grad attribute of a tensor that is not a leaf", warnings.grad_of_result),
    _known(
        (UserWarning,),
        r"target size \(torch\.Size\(\[(?P<target>[\d, ]*)\]\)\).*?"
        r"input size \(torch\.Size\(\[(?P<input>[\d, ]*)\]\)\)",
        warnings.other_shape,
    ),
)
