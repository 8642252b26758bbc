"""Values that the backward pass needs and that were changed where autograd does not look: `.data`, NumPy's arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from course_utils.diagnosis.behind import changes_since
from course_utils.diagnosis.belongings import plain_tensors
from course_utils.diagnosis.checkup import Checkup
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.mending import made_again
from course_utils.diagnosis.recall import UNSURE, Key, address, is_readable
from course_utils.diagnosis.redo import bare_name, redo
from course_utils.record import note_of
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

CHANGED = "changed behind the tape"
MANY = 1000  # numbers of a difference that are looked at
TELLING = 3  # different sizes of numbers, which no accident makes alike
_DIGITS = {torch.float64: 1e-9, torch.float32: 1e-4}  # how far two results of one computation may be apart


def find_changed(checkup: Checkup) -> Iterator[Finding]:
    """A tensor that an operation keeps and that no longer holds what it held when the operation ran.

    Each result that is known twice, held by somebody and computed again from its operands, either agrees or not. What
    takes part where they agree is as it was. Where that tells too little, the learner's lines may tell more. A change
    that spoils no gradient is passed over.
    """
    if (mirrored := _mirrored(checkup)) and checkup.wrote.has_attribute("data", "numpy", "from_numpy"):
        yield _finding(checkup, [mirrored])
        return
    agreeing, apart = _compare(checkup)
    safe = frozenset[int]().union(*agreeing, [address(checkup.loss)] if is_readable(checkup.loss) else [])
    written = _written(checkup, safe)
    left = [places - safe for places in apart if places - safe]
    while left:
        counts = Counter(place for places in left for place in places)
        most = max(counts.values())
        suspects = {place for place, count in counts.items() if count == most}
        if not suspects <= checkup.known.kept:
            suspects &= set(written)
        if not suspects:
            break  # it may be one whose change does no harm
        yield from _blamed(checkup, suspects & checkup.known.kept)
        left = [places for places in left if not places & suspects]
        written = {place: is_sure for place, is_sure in written.items() if place not in suspects}
    yield from _blamed(checkup, {place for place in checkup.known.kept if written.get(place)})


def _written(checkup: Checkup, safe: frozenset[int]) -> dict[int, bool]:
    """The memory that the learner's lines have changed by way of `.data` since the loss, and whether surely so.

    What was changed twice may be as it was. That a square agrees does not tell whether the signs in it were turned.
    """
    named = dict(checkup.variables) | dict(checkup.parameters)
    changes = list(changes_since(checkup.wrote, checkup.loss_name))
    safe = safe.union(*_explained(checkup)) if changes else safe
    found: dict[int, bool] = {}
    for change in changes:
        tensor = named.get(change.name)
        if isinstance(tensor, torch.Tensor) and is_readable(tensor):
            place = address(tensor)
            if place not in safe or change.is_turn:
                found[place] = change.is_sure and place not in found
    return found


def _blamed(checkup: Checkup, suspects: set[int]) -> Iterator[Finding]:
    """The finding about those of some suspects that most likely were changed."""
    weights = {place: _weight(checkup, place) for place in suspects}
    if suspects:
        yield _finding(checkup, [place for place in suspects if weights[place] == max(weights.values())])


def _compare(checkup: Checkup) -> tuple[list[frozenset[int]], list[frozenset[int]]]:
    """The memory that took part where two values of one result agree, and where they do not."""
    agreeing: list[frozenset[int]] = []
    apart: list[frozenset[int]] = []
    for key, now in checkup.known.now.items():
        again = checkup.known.again.get(key)
        shared = again is None or now.places & again.places  # a view agrees with itself whatever happens
        if again is not None and not shared and UNSURE not in now.places | again.places:
            (agreeing if _agree(now.value, again.value) else apart).append(now.places | again.places)
    for fn in checkup.order:
        note = note_of(fn)
        held = checkup.known.now.get((id(fn), 0))
        if note is not None and note.value is not None and held is not None and UNSURE not in held.places:
            (agreeing if _agree(held.value, note.value) else apart).append(held.places)
    return agreeing, apart


def _explained(checkup: Checkup) -> Iterator[frozenset[int]]:
    """The memory that took part in a difference which one of the learner's data explains as it is now."""
    for fn in checkup.order:
        now = checkup.known.now.get((id(fn), 0))
        if bare_name(fn) == "Sub" and now is not None:
            for _, held in plain_tensors(checkup.variables):
                made = _difference(checkup, fn, held)
                if made is not None and _agree(now.value, made):
                    operands = [(id(source), output) for source, output in fn.next_functions if source is not None]
                    yield now.places.union(*(_places(checkup, key) for key in operands))


def _places(checkup: Checkup, key: Key) -> frozenset[int]:
    known = checkup.known.now.get(key) or checkup.known.again.get(key)
    return known.places if known else frozenset()


def _agree(now: torch.Tensor, again: torch.Tensor) -> bool:
    if now.shape != again.shape or now.dtype != again.dtype or not now.is_floating_point():
        return True
    if torch.equal(now, again):
        return True
    near = _DIGITS.get(now.dtype, 0.05)
    scale = float(torch.nan_to_num(now, 0.0, 0.0, 0.0).abs().max())
    return torch.allclose(now, again, rtol=near, atol=near * min(scale, 1e30), equal_nan=True)


def _mirrored(checkup: Checkup) -> int | None:
    """The address of a difference whose signs alone have changed since: the square of it does not tell, data does."""
    for fn in checkup.order:
        now = checkup.known.now.get((id(fn), 0))
        if bare_name(fn) != "Sub" or now is None or UNSURE in now.places or not now.places <= checkup.known.kept:
            continue
        made = [_difference(checkup, fn, held) for _, held in plain_tensors(checkup.variables)]
        known = [each for each in made if each is not None]
        if any(_agree(now.value, each) for each in known):
            continue
        sizes = now.value.abs()
        is_told = any(_agree(sizes, each.abs()) for each in known)
        if is_told and len(set(sizes.flatten()[:MANY].tolist())) >= TELLING:
            return next(iter(now.places))
    return None


def _difference(checkup: Checkup, fn: GradFn, data: torch.Tensor) -> torch.Tensor | None:
    """What a difference would be, were these data the side of it that has no graph; None if that cannot be."""
    sides = [
        None if source is None else checkup.known.value((id(source), output)) for source, output in fn.next_functions
    ]
    is_data = [source is None for source, _ in fn.next_functions]
    other = sides[is_data.index(False)] if sum(is_data) == 1 else None
    if other is None or data.numel() > prod(fn._input_metadata[0].shape):
        return None
    return redo(fn, [data if side is None else side for side in sides])


def _weight(checkup: Checkup, place: int) -> int:
    """How likely it is the one that was changed: a parameter, else one with a name."""
    if any(is_readable(tensor) and address(tensor) == place for _, tensor in checkup.parameters):
        return 2
    return int(bool(checkup.name_of(checkup.known.held[place])))


def _finding(checkup: Checkup, places: list[int]) -> Finding:
    held = [tensor for place, tensor in checkup.known.held.items() if place in places]  # in the order of the graph
    names = [name for tensor in held if (name := checkup.name_of(tensor))]
    name = " or ".join(dict.fromkeys(names)) or "a value on the way"
    called = " or ".join(f"`{each}`" for each in dict.fromkeys(names)) or "A value on the way"
    after = " after the change."
    if any(not tensor.is_leaf for tensor in held):  # computed again, it is as before the change
        after = ". If the change is meant, make it on the way there, without `.data`."
    return Finding(
        CHANGED,
        name,
        f"{called} was changed after an operation had used it, "
        "by way of `.data` or of a NumPy array: the backward pass needs the old numbers, finds the new ones and says "
        f"nothing. Compute {checkup.called} again{after}",
        made_again(checkup.wrote, checkup.steps()),
    )
