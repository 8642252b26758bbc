"""What became of a run of gradient descent, in words.

The way down is measured from the run's first loss to the floor, the least loss that any of the compared runs reached.
Numbers are told to the digits that another machine would print too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile
import math
from typing import NamedTuple

import torch

ARRIVED = 0.01  # of the way down is left
LEAST = 1e-5  # of the first loss: what is smaller than that is no rise and no way down, but float32's rounding
SMALL = 0.1  # of the step before: a step back that small is not seen as a swing
RESTLESS = 0.8  # of the steps in the middle of the run: steps that stay as long as this do not settle
STILL = 1e-3  # of the farthest the run got from its start: steps that short are none


class Fate(NamedTuple):
    """What became of a run: a word to sort it by, the epoch it happened in, and a sentence."""

    kind: str  # "converges", "settles higher", "too slow", "oscillates", "diverges" or "does not move"
    epoch: int | None  # arrived, or gone beyond return; 0 is the start; None where neither happened
    words: str


class _Run(NamedTuple):
    """A run as it is looked at."""

    track: list[float]
    rows: torch.Tensor  # (epochs + 1, parameters)
    way: float  # down from the first loss, 0 if there is none

    @property
    def epochs(self) -> int:
        return len(self.track) - 1

    @property
    def fallen(self) -> float:
        return self.track[0] - self.track[-1]


def fate(losses: Sequence[float], path: Sequence[Sequence[float]] | torch.Tensor, floor: float) -> Fate:
    """What became of one run.

    Args:
        losses: the loss at the start and after each epoch.
        path: the parameters as one flat list, or row of a tensor, at the same moments.
        floor: the least loss that any of the compared runs reached; inf and nan count as unknown.

    Raises:
        ValueError: there is no epoch, or losses and path differ in length.

    >>> fate([4.0, 1.0, 0.03, 0.0], [[0.0], [1.0], [1.8], [2.0]], floor=0.0)
    Fate(kind='converges', epoch=2, words='converges in 2 epochs')
    >>> fate([1.0, 4.0, 16.0], [[1.0], [-2.0], [4.0]], floor=1.0).words
    'diverges: after 2 epochs the loss is 16 times what it was'
    """
    track = [float(loss) for loss in losses]
    if len(track) < 2 or len(path) != len(track):
        raise ValueError(f"losses and path must be of one length, 2 or more, got {len(track)} and {len(path)}")
    broken = next((epoch for epoch, loss in enumerate(track) if not math.isfinite(loss)), None)
    if broken is not None:
        told = "not a number (nan)" if math.isnan(track[broken]) else track[broken]
        return Fate("diverges", broken, f"diverges: the loss is {told} from epoch {broken}")
    first = track[0]
    way = first - min(floor if math.isfinite(floor) else first, *track)
    run = _Run(track, torch.as_tensor(path, dtype=torch.float64).reshape(len(path), -1), way)
    run = run._replace(way=way if way > LEAST * abs(first) else 0.0)
    if bool((run.rows == run.rows[0]).all()):
        return Fate("does not move", None, "does not move: the slope is 0, or the steps are too small to count")
    if -run.fallen > max(ARRIVED * run.way, LEAST * abs(first)):
        return _risen(run)
    if run.way and run.fallen >= (1 - ARRIVED) * run.way:
        return _arrived(run)
    return _underway(run)


def first_diverging(rates: Sequence[float], fates: Sequence[Fate]) -> float | None:
    """The least of the rates that diverges, or None; some greater one may be lucky and land on the goal.

    Raises:
        ValueError: rates and fates differ in length.

    >>> runs = [Fate("converges", 3, ""), Fate("diverges", None, ""), Fate("diverges", 9, "")]
    >>> first_diverging([0.1, 0.2, 0.4], runs)
    0.2
    """
    if len(rates) != len(fates):
        raise ValueError(f"rates and fates must be of one length, got {len(rates)} and {len(fates)}")
    return min((rate for rate, found in zip(rates, fates, strict=True) if found.kind == "diverges"), default=None)


def _risen(run: _Run) -> Fate:
    """Above where it began: for ever farther, or in swings that stay as they are."""
    if not _is_growing(run.track):
        return Fate("oscillates", None, f"oscillates: {_after(run)} it swings, no lower than at the start")
    first, last = run.track[0], run.track[-1]
    since = 1 + max(epoch for epoch, loss in enumerate(run.track) if loss <= first)
    times = _times(last / first) if first > 0 else "above"
    return Fate("diverges", since, f"diverges: {_after(run)} the loss is {times} what it was")


def _arrived(run: _Run) -> Fate:
    level = run.track[0] - (1 - ARRIVED) * run.way
    epoch = len(run.track) - sum(1 for _ in takewhile(lambda loss: loss <= level, reversed(run.track)))
    if _still_to_fall(run) > ARRIVED * run.way:
        return Fate(
            "too slow", None, f"too slow: {_after(run)} as far down as the best of these rates, and still falling"
        )
    if _is_restless(run):
        return Fate("oscillates", epoch, f"oscillates: close to the bottom from epoch {epoch} on, but it never settles")
    swinging = ", swinging from side to side" if _turns_back(run.rows[: epoch + 2]) else ""
    return Fate("converges", epoch, f"converges in {_count(epoch)}{swinging}")


def _underway(run: _Run) -> Fate:
    where = f"{_after(run)} {_so_far(run.fallen / run.way if run.way else 0.0)}"
    if _turns_back(run.rows[min(run.epochs // 2, run.epochs - 2) :]) and run.epochs > 1:
        return Fate("oscillates", None, f"oscillates: it swings from side to side, {where}")
    late, left = run.track[run.epochs // 2] - run.track[-1], run.way - run.fallen
    if run.epochs >= 4 and abs(late) <= ARRIVED * min(run.fallen, 10 * left):
        return Fate("settles higher", None, f"settles higher: {where}, and hardly falling any more")
    return Fate("too slow", None, f"too slow: {where}")


def _is_growing(track: list[float]) -> bool:
    """Whether the highest loss of each quarter is above that of the quarter before, the first apart."""
    ends = [part * len(track) // 4 for part in range(1, 5)] if len(track) >= 8 else [0, len(track) - 1, len(track)]
    highest = [max(track[start:end]) for start, end in pairwise(ends)]
    return all(before < after for before, after in pairwise(highest))


def _still_to_fall(run: _Run) -> float:
    """How much more a steadily falling loss would fall if each quarter went on less than the last by one factor."""
    half = run.track[run.epochs // 2 :]
    if any(after > before for before, after in pairwise(half)):
        return 0.0
    middle, late, last = (run.track[part * run.epochs // 4] for part in (2, 3, 4))
    before, now = middle - late, late - last
    if now <= 0 or before <= 0:
        return 0.0
    return now * now / (before - now) if now < before else math.inf


def _is_restless(run: _Run) -> bool:
    """Whether the steps of the last quarter are about as long as those before the middle."""
    sizes = run.rows.diff(dim=0).norm(dim=1)
    early, late = sizes[run.epochs // 4 : run.epochs // 2], sizes[3 * run.epochs // 4 :]
    reach = (run.rows - run.rows[0]).norm(dim=1).max()
    return len(early) > 0 and bool((late.max() > RESTLESS * early.max()) & (late.max() > STILL * reach))


def _turns_back(rows: torch.Tensor) -> bool:
    """Whether most steps go against the one before, and are not small beside it."""
    steps = rows.diff(dim=0)
    sizes = steps.norm(dim=1)
    turns = ((steps[1:] * steps[:-1]).sum(1) < 0) & (sizes[1:] > SMALL * sizes[:-1])
    return 2 * int(turns.sum()) > len(turns)


def _after(run: _Run) -> str:
    return f"after {_count(run.epochs)}"


def _so_far(part: float) -> str:
    if part <= LEAST:
        return "no lower than at the start"
    return f"{math.floor(100 * part + 1e-6)} % of the way down" if part >= 0.01 else "less than 1 % of the way down"


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
