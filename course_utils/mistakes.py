"""The usual mistakes of backpropagation, recognised by what they give: each has a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course_utils.compare import TOLERANCE, as_numbers, close
from course_utils.referee import Slope
import torch

SIGN = "The sign is turned round."
TWICE = "That is twice as much: is something counted twice, by a second backward or a gradient that was not cleared?"
HALF = "That is half of it: is a factor 2 missing? A square has the slope 2 times what is squared."
TRANSPOSED = "It is transposed: rows and columns have changed places."
UPSTREAM = "That is the local slope alone: multiply it by the upstream factor, what arrives from the result."
BITS = "The digits of 32 bits end here: a nudge must be made in 64 bits, or be larger."
SHAPE = "A gradient has the shape of what it belongs to."
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
    if mine.shape == slope.true.shape:
        for many, part in slope.partly:
            if _same(mine, part):
                return (
                    f"That is what {many} of the {slope.paths} paths bring{'s' * (many == 1)}: a path is missing. "
                    "Add what all paths bring, do not overwrite."
                )
        if slope.local is not None and _same(mine, slope.local):
            return UPSTREAM
        if _same(mine, slope.true / 2):
            return HALF
    return in_numbers(yours, slope.true, sizes) or (SHAPE if mine.shape != slope.true.shape else "")


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
    if mine.shape != right.shape or (right.dim() == 2 and _same(mine, right.T)):
        return TRANSPOSED if mine.dim() == 2 and _same(mine, right.T) else ""
    if _same(mine, -right):
        return SIGN
    return _times(mine, right, sorted(set(sizes) - {0, 1})) or _bits(yours, true, mine, right)


def _times(mine: torch.Tensor, right: torch.Tensor, sizes: Sequence[int]) -> str:
    if _same(mine, 2 * right):
        return TWICE
    for n in sizes:
        if _same(mine, n * right):
            return f"That is {n} times as much: 1/{n} is missing, a mean is wanted."
        if _same(mine, right / n):
            return f"That is 1/{n} of it: is it divided by {n} once too often?"
    return ""


def _bits(yours: object, true: object, mine: torch.Tensor, right: torch.Tensor) -> str:
    """32 bits keep seven digits: what is nearly right in them, and not meant to be, is a nudge that was too small."""
    meant = isinstance(true, torch.Tensor) and true.dtype in FEW_BITS
    small = isinstance(yours, torch.Tensor) and yours.dtype in FEW_BITS
    return BITS if small and not meant and bool(close(mine, right, tolerance=0.2).all()) else ""


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and bool(close(one, other, tolerance=10 * TOLERANCE).all())
