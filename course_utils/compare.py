"""A learner's answer beside the true one: shapes before values, and where they part.

Numbers are compared in 64 bits, to a relative tolerance and a small absolute one for true zeros. A list of numbers is
as good as a tensor of the same shape. On which device or in how many bits an answer comes does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import torch

TOLERANCE = 1e-6  # relative
FEW = 6  # numbers that are told one by one
LONGEST = 60  # letters of anything else that is told


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
        tolerance: relative; a tenth of it holds absolutely, for true zeros.
        tracked: tensors must agree in `requires_grad` and in being a leaf, too.

    >>> difference([1.0, 2.5], [1.0, 2.0])
    Difference(where='[1]', yours='2.5', true='2', why='')
    """
    if true is None or isinstance(true, bool | str):
        return _plain(yours, true)
    if (numbers := as_numbers(true)) is None:
        return _parts(yours, true, tolerance, tracked)
    if tracked and isinstance(true, torch.Tensor) and (found := _tracking(yours, true)):
        return found
    return _numbers(as_numbers(yours), yours, numbers, tolerance)


def _plain(yours: object, true: object) -> Difference | None:
    if isinstance(true, bool) and isinstance(yours, torch.Tensor) and yours.dtype == torch.bool and yours.dim() == 0:
        yours = bool(yours)
    same = type(yours) is type(true) and yours == true
    return None if same else Difference("", shown(yours), shown(true))


def _parts(yours: object, true: object, tolerance: float, tracked: bool) -> Difference | None:
    """Of containers that hold more than numbers: each part by itself."""
    theirs = dict(enumerate(true)) if isinstance(true, list | tuple) else true
    mine = dict(enumerate(yours)) if isinstance(yours, list | tuple) else yours
    if not isinstance(theirs, dict):
        raise TypeError(f"true must be made of numbers, texts and tensors, got {type(true).__name__}")
    if not isinstance(mine, dict):
        return Difference("", shown(yours), shown(true), f"{len(theirs)} things together are wanted")
    if list(mine) != list(theirs):
        return Difference("", shown(yours), shown(true), f"{len(theirs)} are wanted, yours has {len(mine)}")
    for place, part in theirs.items():
        if found := difference(mine[place], part, tolerance=tolerance, tracked=tracked):
            return Difference(f"[{place!r}]{found.where}", found.yours, found.true, found.why)
    return None


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


def _numbers(mine: torch.Tensor | None, yours: object, true: torch.Tensor, tolerance: float) -> Difference | None:
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
    """Of two tensors of one shape, whether each pair is the same; nan is close to nothing, inf to itself."""
    return torch.isclose(yours, true, rtol=tolerance, atol=tolerance / 10)


def as_numbers(thing: object) -> torch.Tensor | None:
    """A number, a tensor or nested lists of numbers as a float64 tensor on the CPU; None for anything else.

    >>> as_numbers([1, 2.5]), as_numbers("3"), as_numbers(True)
    (tensor([1.0000, 2.5000], dtype=torch.float64), None, None)
    """
    if isinstance(thing, bool) or thing is None:
        return None
    if isinstance(thing, torch.Tensor):
        return _of_tensor(thing)
    if isinstance(thing, Real) or type(thing).__module__ == "numpy":
        return _of_array(thing)
    if isinstance(thing, list | tuple) and thing:
        parts = [as_numbers(each) for each in thing]
        whole = [part for part in parts if part is not None]
        alike = len(whole) == len(parts) and len({part.shape for part in whole}) == 1
        return torch.stack(whole) if alike else None
    return None


def _of_tensor(tensor: torch.Tensor) -> torch.Tensor | None:
    if tensor.dtype == torch.bool or tensor.is_complex() or tensor.is_meta:
        return None
    return tensor.detach().to("cpu", torch.float64).to_dense()


def _of_array(thing: object) -> torch.Tensor | None:
    try:
        return torch.as_tensor(thing, dtype=torch.float64, device="cpu")
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def shown(thing: object) -> str:
    """Anything in a few letters on one line.

    >>> shown(torch.tensor([0.5, 2.0])), shown("w"), shown(torch.zeros(500, 2))
    ('[0.5, 2]', "'w'", 'a tensor of shape (500, 2)')
    """
    numbers = as_numbers(thing)
    if numbers is not None and numbers.numel() <= FEW:
        return _nested(numbers)
    if isinstance(thing, torch.Tensor):
        return f"a tensor of shape {tuple(thing.shape)}"
    if callable(thing):
        return str(getattr(thing, "__name__", type(thing).__name__))
    try:
        text = " ".join(repr(thing).split())
    except Exception:
        text = f"something of the kind {type(thing).__name__}"
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text


def _nested(numbers: torch.Tensor) -> str:
    if not numbers.dim():
        return f"{float(numbers):.6g}"
    return f"[{', '.join(map(_nested, numbers))}]"


def told_apart(yours: float, true: float) -> tuple[str, str]:
    """Two different numbers with as many digits as it takes to see that they are.

    >>> told_apart(9.000006, 9.0)
    ('9.000006', '9')
    """
    for digits in (4, 6, 7, 8, 10, 12, 17):
        one, other = f"{yours:.{digits}g}", f"{true:.{digits}g}"
        if one != other and not abs(float(one) - yours) + abs(float(other) - true) > abs(yours - true) / 10:
            break
    return one, other
