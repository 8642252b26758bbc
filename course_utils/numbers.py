"""Any object as numbers, where it is made of such, and in a few letters.

A learner's object may fail or never end at whatever it is asked. So its own `__repr__`, `__len__`, `__eq__` and the
like are not called, and what is too large or too deep to be an answer is not read.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from reprlib import Repr
from types import BuiltinFunctionType, EllipsisType, FunctionType, NoneType
from typing import Any

import torch

FEW = 6  # numbers that are told one by one
MOST = 1_000_000  # numbers of an answer that are read
LONGEST = 60  # letters of anything else that is told
PLAIN = {int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, range, slice, NoneType, EllipsisType}


def as_numbers(thing: object) -> torch.Tensor | None:
    """A number, a tensor or nested lists of numbers as a float64 tensor on the CPU; None for anything else.

    >>> as_numbers([1, 2.5]), as_numbers("3"), as_numbers(True)
    (tensor([1.0000, 2.5000], dtype=torch.float64), None, None)
    """
    try:
        return _read(thing, MOST)
    except Exception:  # what cannot be read as numbers is none: int 10**400, a quantized tensor, an odd class
        return None


def _read(thing: Any, most: int) -> torch.Tensor | None:
    kind = type(thing)
    if issubclass(kind, torch.Tensor):
        return _of_tensor(thing)
    if _is_numpy(kind):
        plain = thing.dtype.kind in "iuf" and thing.size <= most
        return torch.from_numpy(thing.astype("float64").reshape(-1)).reshape(thing.shape) if plain else None
    if (row := as_row(thing)) is not None:
        return _of_row(row, most)
    number = _as_float(thing, kind)
    return None if number is None else torch.tensor(number, dtype=torch.float64, device="cpu")


def _as_float(thing: Any, kind: type) -> float | None:
    if kind is bool:
        return None
    for base in (float, int):
        if issubclass(kind, base):
            return base.__float__(thing)
    return float(thing) if kind in (Fraction, Decimal) else None


def _of_tensor(tensor: torch.Tensor) -> torch.Tensor | None:
    odd = tensor.dtype == torch.bool or tensor.is_complex() or tensor.is_meta or tensor.is_nested
    if odd or tensor.numel() > MOST:
        return None
    return tensor.detach().to("cpu", torch.float64).to_dense()


def _of_row(row: list[object], most: int) -> torch.Tensor | None:
    """All parts alike, `most` numbers together: a list may hold itself, or one list a million times."""
    if not 0 < len(row) <= most:
        return None
    if all(type(each) is float or type(each) is int for each in row):
        return torch.tensor(row, dtype=torch.float64, device="cpu")
    parts: list[torch.Tensor] = []
    for each in row:
        part = _read(each, most // len(row))
        if part is None or part.shape != (parts or [part])[0].shape:
            return None
        parts.append(part)
    return torch.stack(parts)


def as_row(thing: Any) -> list[object] | None:
    """What a list or a tuple holds; None for anything else."""
    for base in (list, tuple):
        if issubclass(type(thing), base):
            return list(base.__iter__(thing))
    return None


def _is_numpy(kind: type) -> bool:
    return kind.__module__ == "numpy" and hasattr(kind, "dtype")


def truths(thing: Any) -> object:
    """Truth values of torch or numpy as Python's own, in lists if they are many; anything else as it is.

    >>> truths(torch.tensor([True, False]))
    [True, False]
    """
    kind = type(thing)
    if issubclass(kind, torch.Tensor):
        known = thing.dtype == torch.bool and not thing.is_meta and thing.layout is torch.strided
        return thing.tolist() if known and thing.numel() <= MOST else thing
    return thing.tolist() if _is_numpy(kind) and thing.dtype.kind == "b" and thing.size <= MOST else thing


def shown(thing: object) -> str:
    """Anything in a few letters on one line.

    >>> shown(torch.tensor([0.5, 2.0])), shown("w"), shown(torch.zeros(500, 2))
    ('[0.5, 2]', "'w'", 'a tensor of shape (500, 2)')
    """
    numbers = as_numbers(thing)
    if numbers is not None and 0 < numbers.numel() <= FEW:
        return _nested(numbers)
    try:
        text = " ".join(_in_words(thing).split())
    except Exception:
        text = f"something of the kind {type(thing).__name__}"
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text


def _in_words(thing: Any) -> str:
    kind = type(thing)
    if issubclass(kind, torch.Tensor):
        whole = thing.dtype.is_complex or thing.dtype == torch.bool
        few = whole and not thing.is_meta and 0 < thing.numel() <= FEW
        return str(thing.tolist()) if few else f"a tensor of shape {tuple(thing.shape)}"
    if _is_numpy(kind):
        return f"an array of shape {thing.shape}" if thing.shape else shown(thing.tolist())
    if issubclass(kind, (FunctionType, BuiltinFunctionType, type)):
        return str(thing.__name__)
    return kind.__name__ if callable(thing) else _Brief().repr(thing)


class _Brief(Repr):
    """Like `repr`, but it reads only the front of what is large, and no learner's own words."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = LONGEST // 3  # "1, "
        self.maxlevel = 3  # a list may hold itself many times
        self.maxstring = self.maxlong = self.maxother = 2 * LONGEST

    def repr1(self, x: Any, level: int) -> str:
        if type(x) in PLAIN:
            return super().repr1(x, level)
        return shown(x) if as_numbers(x) is not None else f"something of the kind {type(x).__name__}"


def _nested(numbers: torch.Tensor) -> str:
    if not numbers.dim():
        return f"{float(numbers):.6g}"
    return f"[{', '.join(map(_nested, numbers))}]"
