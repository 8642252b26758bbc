"""The usual mistakes of backpropagation, recognised by what they give: each has a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course_utils.compare import TOLERANCE, close
from course_utils.numbers import as_numbers
from course_utils.referee import Slope
import torch

SIGN = "The sign is turned round."
TWICE = "That is twice as much: is something counted twice, such as a second backward?"
TWICE_OF_TWO = "That is twice as much: is something counted twice, or is 1/2 missing, of a mean?"
HALF = "That is half of it: is a factor 2 missing (as from a square), or a mean taken where paths add?"
TRANSPOSED = "It is transposed: rows and columns have changed places."
UPSTREAM = "That is the slope of a step on the way: multiply it by what arrives from the result, the upstream factor."
BITS = "The digits of 32 bits end here: a nudge must be made in 64 bits, or be larger."
NOT_CLEARED = "Each result holds the ones before it: is a gradient not cleared in between?"
SHAPE = "A gradient has the shape of what it belongs to."
NUDGES = (1e-4, 1e-5, 1e-6, 1e-7)  # with which 32 bits go wrong
MANY_UNITS = 1e5  # of more, any number is a whole number within 32 bits
FEW_BITS = (torch.float32, torch.float16, torch.bfloat16)


def in_slope(yours: object, slope: Slope, sizes: Iterable[int] = ()) -> str:
    """The sentence for a wrong gradient; "" if it is wrong in a new way.

    Args:
        yours: the learner's gradient, which differs from the true one.
        slope: the true one, with its clues.
        sizes: lengths over which a mean may have been taken, for the missing 1/n.
    """
    mine = as_numbers(yours)
    if mine is None:
        return ""
    for many, part in slope.partly:
        if _taken_for(mine, part, slope.true):
            return (
                f"That is what {many} of the {slope.paths} paths bring{'s' * (many == 1)}: a path is missing. "
                "Add what all paths bring, do not overwrite."
            )
    # The own steps come first; further ones last, since a missing 1/n looks like the step before the mean.
    own, further = slope.partway[:1], slope.partway[1:]
    if any(_taken_for(mine, part, slope.true) for part in own):
        return UPSTREAM
    if _taken_for(mine, slope.true / 2, slope.true):
        return HALF
    if mine.shape != slope.true.shape:
        return in_numbers(yours, slope.true) or SHAPE
    on_the_way = any(_taken_for(mine, part, slope.true) for part in further)
    return in_numbers(yours, slope.true, sizes) or UPSTREAM * on_the_way


def in_numbers(yours: object, true: object, sizes: Iterable[int] = ()) -> str:
    """The sentence for wrong numbers of any kind; "" if none fits. Arguments as for `in_slope`.

    >>> in_numbers(-3.0, 3.0)
    'The sign is turned round.'
    >>> in_numbers([30.0, 60.0], [3.0, 6.0], sizes=[10])
    'That is 10 times as much: 1/10 is missing, a mean is wanted.'
    """
    mine, right = as_numbers(yours), as_numbers(true)
    if mine is None or right is None or not right.any():
        return ""
    if mine.dim() == right.dim() == 2 and _same(mine, right.T):
        return TRANSPOSED
    if mine.shape != right.shape:
        return ""
    if _same(mine, -right):
        return SIGN
    return _times(mine, right, sorted(set(sizes) - {0, 1})) or _bits(yours, true, mine, right)


def _times(mine: torch.Tensor, right: torch.Tensor, sizes: Sequence[int]) -> str:
    if _same(mine, 2 * right):
        return TWICE_OF_TWO if 2 in sizes else TWICE
    for n in sizes:
        if _same(mine, n * right):
            return f"That is {n} times as much: 1/{n} is missing, a mean is wanted."
        if _same(mine, right / n):
            return f"That is 1/{n} of it: is it divided by {n} once too often?"
    return ""


def _bits(yours: object, true: object, mine: torch.Tensor, right: torch.Tensor) -> str:
    """32 bits keep seven digits: what is nearly right in them, and not meant to be, is a nudge that was too small."""
    small, meant = (isinstance(each, torch.Tensor) and each.dtype in FEW_BITS for each in (yours, true))
    if meant or not bool(close(mine, right, tolerance=0.2).all()):
        return ""
    seven_digits = small and bool(close(mine, right, tolerance=1e-4).all())
    return (
        BITS if seven_digits or any(_coarse(mine, mine - right, h * sides) for h in NUDGES for sides in (1, 2)) else ""
    )


def _coarse(mine: torch.Tensor, error: torch.Tensor, width: float) -> bool:
    """Whether the change that such a nudge made is in whole units, of a power of 2 not much below the error."""
    unit = (error.abs() * width).clamp(min=1e-30).log2().floor().exp2() / 4
    units = mine * width / unit
    return bool(((units - units.round()).abs() <= 1e-7 * units.abs()).all() and (units.abs() < MANY_UNITS).all())


def piled_up(yours: Sequence[object], true: Sequence[object]) -> bool:
    """Whether each result is the sum of the true ones so far; at one place alone that tells nothing.

    >>> piled_up([2.0, 8.0, 9.0], [2.0, 6.0, 1.0])
    True
    """
    mine, right = as_numbers(list(yours)), as_numbers(list(true))
    return mine is not None and right is not None and len(mine) > 1 and _same(mine, right.cumsum(0))


def _taken_for(mine: torch.Tensor, wrong: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether it is what a mistake gives, where that differs from what is right."""
    return _same(mine, wrong) and not _same(wrong, right)


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and bool(close(one, other, tolerance=10 * TOLERANCE).all())
