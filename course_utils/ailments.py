"""Autograd's errors and warnings, known by a pattern that holds from one version of torch to the next."""

from __future__ import annotations

from collections.abc import Callable
import re
from typing import NamedTuple

from course_utils import (
    remedies_asking,
    remedies_backward,
    remedies_changes,
    remedies_conversions,
    remedies_devices,
    remedies_flags,
    remedies_functions,
    remedies_leaves,
    remedies_shapes,
    remedies_steps,
    remedies_tape,
    remedies_unused,
    remedies_warnings,
)
from course_utils.leaflet import Leaflet
from course_utils.site import Site

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
    _known((RuntimeError,), r"element \d+ of tensors does not require grad", remedies_tape.no_tape),
    _known((RuntimeError,), r"differentiated tensors?\b.* does not require grad", remedies_asking.unasked_input),
    _known(
        (RuntimeError,),
        r"differentiated tensors?(?: at index (?P<index>\d+))? appears?\b.* not have been used",
        remedies_unused.not_used,
    ),
    _known((TypeError,), r"unsupported operand.*NoneType|must be .*not NoneType", remedies_steps.step_from_none),
    _known((AttributeError,), r"'NoneType' object has no attribute", remedies_steps.zeroing_none),
    _known((RuntimeError,), r"implicitly created only for scalar", remedies_shapes.many_numbers),
    _known(
        (RuntimeError,),
        r"mismatch in shape: grad_output.*?\[(?P<got>[\d, ]*)\]\) and output.*?\(\[(?P<wanted>[\d, ]*)\]\)",
        remedies_shapes.mismatch,
    ),
    _known((RuntimeError,), r"backward through the graph a second time", remedies_backward.second_backward),
    _known((RuntimeError,), r"leaf (variable|tensor) that requires grad.*in-?place", remedies_leaves.changed_in_place),
    _known(
        (RuntimeError,),
        r"modified by an in-?place operation.*?\[torch\.(?:\w+\.)*(?P<kind>\w+)Tensor \[(?P<shape>[\d, ]*)\]\]"
        r".*?is at version (?P<version>\d+)",
        remedies_changes.needed_as_it_was,
    ),
    _known((RuntimeError,), r"can't call numpy\(\) on tensor that requires grad", remedies_conversions.to_numpy),
    _known(
        (RuntimeError,), r"only tensors of floating point.*can require gradients", remedies_conversions.whole_numbers
    ),
    _known((RuntimeError,), r"only change requires_grad flags? of leaf", remedies_flags.flag_of_result),
    _known((RuntimeError,), r"can't retain_grad on tensor", remedies_flags.kept_without_asking),
    _known((RuntimeError,), r"inference tensors? (cannot be saved|outside)", remedies_devices.from_inference),
    _known((RuntimeError,), r"on the same device|not on the expected device", remedies_devices.elsewhere),
    _known(
        (RuntimeError,),
        r"function (?P<kind>\w+?)Backward returned an incorrect number of gradients "
        r"\(expected (?P<expected>\d+), got (?P<got>\d+)\)",
        remedies_functions.wrong_number,
    ),
)
WARNINGS = (
    _known((UserWarning,), r"\.grad attribute of a tensor that is not a leaf", remedies_warnings.grad_of_result),
    _known(
        (UserWarning,),
        r"target size \(torch\.Size\(\[(?P<target>[\d, ]*)\]\)\).*?"
        r"input size \(torch\.Size\(\[(?P<input>[\d, ]*)\]\)\)",
        remedies_warnings.other_shape,
    ),
)
