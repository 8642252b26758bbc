"""Autograd's errors and warnings, known by a pattern that holds from one version of torch to the next."""

from __future__ import annotations

from collections.abc import Callable
import re
from typing import NamedTuple

from course_utils import (
    remedies_changes,
    remedies_conversions,
    remedies_devices,
    remedies_flags,
    remedies_functions,
    remedies_leaves,
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
