"""What became of a run of gradient descent, in words.

The way down is measured from the run's first loss to the floor, the least loss that any of the compared runs reached.
Numbers are told to the digits that another machine would print too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
import math
from typing import NamedTuple

import torch

ARRIVED = 0.01  # of the way down is left
LEAST = 1e-5  # of the first loss: what is smaller than that is no rise and no way down, but float32's rounding
SMALL = 0.1  # of the step before: a step back that small is not seen as a swing


class Fate(NamedTuple):
    """What became of a run: a word to sort it by, the epoch it happened in, and a sentence."""

    kind: str  # "converges", "too slow", "oscillates" or "diverges"
    epoch: int | None  # counted from 1: arrived, or gone beyond return; None where neither happened
    words: str


def fate(losses: Sequence[float], path: Sequence[Sequence[float]], floor: float) -> Fate:
    """What became of one run.

    Args:
        losses: the loss of each epoch.
        path: the parameters as one flat list, at the start and after each epoch: a row more than there are losses.
        floor: the least loss that any of the compared runs reached; inf and nan count as unknown.

    Raises:
        ValueError: there is no loss, or path has not one row more than losses.

    >>> fate([4.0, 1.0, 0.03, 0.0], [[0.0], [1.0], [1.8], [2.0], [2.0]], floor=0.0)
    Fate(kind='converges', epoch=3, words='converges in 3 epochs')
    >>> fate([1.0, 4.0, 16.0], [[1.0], [-2.0], [4.0], [-8.0]], floor=1.0).words
    'diverges: after 3 epochs the loss is 16 times what it was'
    """
    track = [float(loss) for loss in losses]
    if not track or len(path) != len(track) + 1:
        raise ValueError(f"path must have one row more than losses, got {len(path)} rows and {len(track)} losses")
    first, last = track[0], track[-1]
    broken = next((epoch for epoch, loss in enumerate(track, start=1) if not math.isfinite(loss)), None)
    if broken is not None:
        told = "not a number (nan)" if math.isnan(track[broken - 1]) else track[broken - 1]
        return Fate("diverges", broken, f"diverges: the loss is {told} from epoch {broken}")
    way = first - min(floor if math.isfinite(floor) else first, *track, first)
    way = way if way > LEAST * abs(first) else 0.0
    rows = torch.as_tensor(path, dtype=torch.float64).reshape(len(path), -1)
    if bool((rows == rows[0]).all()):
        return _unmoved(way)
    if last > first + max(ARRIVED * way, LEAST * abs(first)):
        return Fate("diverges", _since(track, lambda loss: loss > first), _rise(first, last, len(track)))
    if len(track) == 1:
        return Fate("too slow", None, "one epoch is too little to tell")
    if way and last <= first - (1 - ARRIVED) * way:
        return _arrival(track, rows, first - (1 - ARRIVED) * way)
    return _underway(track, rows, way)


def critical_rate(rates: Sequence[float], fates: Sequence[Fate]) -> float | None:
    """The least of the rates that diverges, or None; some greater one may be lucky and land on the goal.

    Raises:
        ValueError: rates and fates differ in length.

    >>> runs = [Fate("converges", 3, ""), Fate("diverges", None, ""), Fate("diverges", 9, "")]
    >>> critical_rate([0.1, 0.2, 0.4], runs)
    0.2
    """
    if len(rates) != len(fates):
        raise ValueError(f"rates and fates must be of one length, got {len(rates)} and {len(fates)}")
    return min((rate for rate, found in zip(rates, fates, strict=True) if found.kind == "diverges"), default=None)


def _since(track: list[float], holds: Callable[[float], bool]) -> int:
    """The epoch from which on it holds to the end."""
    return len(track) - sum(1 for _ in takewhile(holds, reversed(track))) + 1


def _unmoved(way: float) -> Fate:
    words = "does not move: the slope is 0, or the steps are too small to count"
    return Fate("too slow", None, words) if way else Fate("converges", 1, words)


def _rise(first: float, last: float, epochs: int) -> str:
    return f"diverges: after {_count(epochs)} the loss is {_times(last / first) if first > 0 else 'above'} what it was"


def _arrival(track: list[float], rows: torch.Tensor, level: float) -> Fate:
    epoch = _since(track, lambda loss: loss <= level)
    swinging = ", swinging from side to side" if _turns_back(rows[: epoch + 1]) else ""
    return Fate("converges", epoch, f"converges in {_count(epoch)}{swinging}")


def _underway(track: list[float], rows: torch.Tensor, way: float) -> Fate:
    middle = len(track) // 2
    fallen = track[0] - track[-1]
    where = f"after {_count(len(track))} {_so_far(fallen / way if way else 0.0)}"
    if _turns_back(rows[middle:]):
        return Fate("oscillates", None, f"oscillates: it swings from side to side, {where}")
    if len(track) >= 4 and 0 < ARRIVED * way < fallen and abs(track[middle] - track[-1]) <= ARRIVED * fallen:
        return Fate("too slow", None, f"too slow or stuck: {where}, and hardly falling any more")
    return Fate("too slow", None, f"too slow: {where}")


def _turns_back(rows: torch.Tensor) -> bool:
    """Whether most steps go against the one before, and are not small beside it."""
    steps = rows.diff(dim=0)
    sizes = steps.norm(dim=1)
    turns = ((steps[1:] * steps[:-1]).sum(1) < 0) & (sizes[1:] > SMALL * sizes[:-1])
    return 2 * int(turns.sum()) > len(turns)


def _so_far(part: float) -> str:
    if part <= LEAST:
        return "no lower than at the start"
    return f"{100 * part:.0f} % of the way down" if part >= 0.01 else "less than 1 % of the way down"


def _times(factor: float) -> str:
    if factor < 1.05:
        return "a little above"
    if factor > 1e9:
        return "more than a billion times"
    number = float(f"{factor:.2g}")
    if number >= 1e6:
        return f"{number / 1e6:g} million times"
    return f"{number:,.0f} times" if number >= 10 else f"{number:g} times"


def _count(epochs: int) -> str:
    return f"{epochs} epoch{'s' * (epochs > 1)}"
