"""A learner's answer beside the true one: shapes before values, and where they part.

Numbers are compared in 64 bits, to a relative tolerance and a small absolute one for true zeros. A list of numbers is
as good as a tensor of the same shape. On which device or in how many bits an answer comes does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from course_utils.numbers import as_numbers, as_row, shown, truths
import torch

TOLERANCE = 1e-6  # relative
ZERO = 1e-10  # what is smaller may be a zero with its rounding


@dataclass(frozen=True)
class Difference:
    """Where two answers part.

    Attributes:
        where: the place in them, such as "[0, 2]"; "" for the whole.
        yours: what the learner has there, in words.
        true: what should be there, in words.
        why: what kind of difference it is, where it is not one of numbers; "" there.
    """

    where: str
    yours: str
    true: str
    why: str = ""


def difference(
    yours: object, true: object, *, tolerance: float = TOLERANCE, tracked: bool = False
) -> Difference | None:
    """Where `yours` first differs from `true`; None if nowhere.

    Args:
        yours: anything.
        true: numbers, truth values, texts, None, tensors, or tuples, lists and dicts of such.
        tolerance: relative, see `close`.
        tracked: tensors must agree in `requires_grad` and in being a leaf, too.

    >>> difference([1.0, 2.5], [1.0, 2.0])
    Difference(where='[1]', yours='2.5', true='2', why='')
    """
    yours, true = truths(yours), truths(true)
    if true is None or isinstance(true, bool | str):
        same = type(yours) is type(true) and yours == true
        return None if same else Difference("", shown(yours), shown(true))
    if tracked and isinstance(true, torch.Tensor) and (found := _tracking(yours, true)):
        return found
    numbers = None if tracked and _holds_tensors(true) else as_numbers(true)
    return _parts(yours, true, tolerance, tracked) if numbers is None else _numbers(yours, numbers, tolerance)


def _holds_tensors(thing: object) -> bool:
    return isinstance(thing, list | tuple) and any(isinstance(each, torch.Tensor) for each in thing)


def _parts(yours: object, true: object, tolerance: float, tracked: bool) -> Difference | None:
    """Of containers that hold more than numbers: each part by itself."""
    theirs, mine = _named_parts(true), _named_parts(yours)
    if theirs is None:
        raise TypeError(f"true must be made of numbers, texts and tensors, got {type(true).__name__}")
    if mine is None or (as_row(yours) is None) != (as_row(true) is None):
        return Difference("", shown(yours), shown(true), f"{len(theirs)} things together are wanted")
    if len(mine) != len(theirs):
        return Difference("", shown(yours), shown(true), f"{len(theirs)} are wanted, yours has {len(mine)}")
    for place, part in theirs.items():
        if place not in mine:
            return Difference("", shown(yours), shown(true), f"{place!r} is not in it")
        if found := difference(mine[place], part, tolerance=tolerance, tracked=tracked):
            return Difference(f"[{place!r}]{found.where}", found.yours, found.true, found.why)
    return None


def _named_parts(thing: object) -> Mapping[object, object] | None:
    row = as_row(thing)
    return dict(enumerate(row)) if row is not None else thing if type(thing) is dict else None


def _tracking(yours: object, true: torch.Tensor) -> Difference | None:
    if not isinstance(yours, torch.Tensor):
        return Difference("", shown(yours), shown(true), "a tensor is wanted")
    if yours.requires_grad != true.requires_grad:
        words = {True: "asks for gradients", False: "asks for no gradients"}
        why = "it is detached: no graph leads back from it" if true.requires_grad else ""
        return Difference(
            "", f"a tensor that {words[yours.requires_grad]}", f"one that {words[true.requires_grad]}", why
        )
    if yours.is_leaf != true.is_leaf:
        words = {True: "a leaf", False: "a result, no leaf"}
        return Difference("", words[yours.is_leaf], words[true.is_leaf])
    return None


def _numbers(yours: object, true: torch.Tensor, tolerance: float) -> Difference | None:
    mine = as_numbers(yours)
    if mine is None:
        return Difference("", shown(yours), shown(true), _wanted(true))
    if mine.shape != true.shape:
        return Difference("", _shape(mine), _shape(true), "the shape is wrong")
    apart = ~close(mine, true, tolerance)
    if not apart.any():
        return None
    place = tuple(apart.nonzero()[0].tolist())
    where = f"[{', '.join(map(str, place))}]" if place else ""
    return Difference(where, *told_apart(float(mine[place]), float(true[place])))


def _wanted(true: torch.Tensor) -> str:
    return f"numbers {_shape(true)} are wanted" if true.dim() else "a number is wanted"


def _shape(numbers: torch.Tensor) -> str:
    return f"of shape {tuple(numbers.shape)}" if numbers.dim() else "a single number"


def close(yours: torch.Tensor, true: torch.Tensor, tolerance: float = TOLERANCE) -> torch.Tensor:
    """Of two tensors of one shape, whether each pair is the same; nan is close to nothing, inf to itself.

    For true zeros a tenth of the tolerance holds absolutely. Among small numbers it shrinks with the largest of them:
    else every small answer would do for a small true one.

    >>> small = torch.tensor(2e-8, dtype=torch.float64)
    >>> close(small, small), close(-small, small), close(small, 0 * small)
    (tensor(True), tensor(False), tensor(True))
    """
    known = true[true.isfinite()].abs()
    largest = float(known.max()) if known.numel() else 0.0
    zero = tolerance / 10 * (min(1.0, largest) if largest > ZERO else 1.0)
    return torch.isclose(yours, true, rtol=tolerance, atol=zero)


def told_apart(yours: float, true: float) -> tuple[str, str]:
    """Two different numbers with as many digits as it takes to see that they are.

    >>> told_apart(9.000006, 9.0)
    ('9.000006', '9')
    """
    yours, true = yours + 0.0, true + 0.0  # -0.0 is 0
    for digits in (4, 6, 7, 8, 10, 12, 17):
        one, other = f"{yours:.{digits}g}", f"{true:.{digits}g}"
        if one != other and not abs(float(one) - yours) + abs(float(other) - true) > abs(yours - true) / 10:
            break
    return one, other
