"""Graphs of earlier steps that somebody keeps alive: a running sum of losses, a list of them, a state carried on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from course_utils.diagnosis.belongings import held_variables, named
from course_utils.diagnosis.checkup import Checkup
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.redo import bare_name
from course_utils.diagnosis.saved import is_freed
from course_utils.diagnosis.tallies import adds_up, is_differentiated, with_number
from course_utils.walk import edge_of, operands
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

ALIVE = "graph kept alive"
MOST = 50  # terms of a sum, or tensors of a list, that are looked at, the last ones
DEEP = 200  # nodes of a term that are looked at


def find_kept_alive(checkup: Checkup) -> Iterator[Finding]:
    """A variable that holds the graphs of losses that backward() has already gone through."""
    passed = {id(checkup.loss), *(id(parameter.tensor) for parameter in checkup.parameters)}
    for name, thing in named(held_variables(checkup.variables)):
        if isinstance(thing, torch.Tensor):
            if id(thing) not in passed and _is_running_sum(checkup, name, thing):
                yield _sum(checkup, name)
        elif name not in ("In", "Out") and _is_history(checkup, name, _losses_in(thing)):
            yield _list(checkup, name)
    yield from _carried_on(checkup)


def _losses_in(thing: object) -> list[torch.Tensor]:
    """The single numbers on the tape that a list or dictionary holds, and the tuples in it."""
    if not isinstance(thing, list | tuple | deque | dict):
        return []
    rows = list(thing.values() if isinstance(thing, dict) else thing)[-MOST:]
    held = [each for row in rows for each in (row if isinstance(row, tuple) else [row])]
    return [each for each in held if isinstance(each, torch.Tensor) and not each.is_leaf and each.numel() == 1]


def _is_running_sum(checkup: Checkup, name: str, tensor: torch.Tensor) -> bool:
    """Whether it is a sum of two losses or more like this one, at least one of an earlier step."""
    if tensor.is_leaf or tensor.numel() != 1:
        return False
    terms = _terms(edge_of(tensor)[0])
    if len(terms) < 2 or not _are_passes(checkup, terms):
        return False
    is_of_several = any(not _is_gone_through(term) and _keeps_behind(term) for term in terms)
    return is_of_several or (
        adds_up(checkup.wrote, checkup.variables, name) and not is_differentiated(checkup.wrote, name)
    )


def _is_history(checkup: Checkup, name: str, losses: Sequence[torch.Tensor]) -> bool:
    made = [edge_of(tensor)[0] for tensor in losses]
    return len(made) > 1 and _are_passes(checkup, made) and not is_differentiated(checkup.wrote, name)


def _are_passes(checkup: Checkup, terms: Sequence[GradFn]) -> bool:
    """Whether two or more are made as the loss is, and some, not of this step, have been gone through."""
    if not checkup.order:
        return False
    made, here = _unscaled(checkup.order[-1]).name(), checkup.nodes
    alike = [term for term in terms if _unscaled(term).name() == made]
    return len(alike) > 1 and any(id(term) not in here and _is_gone_through(term) for term in alike)


def _unscaled(fn: GradFn) -> GradFn:
    """What was multiplied by a number or divided by one; anything else as it is."""
    while bare_name(fn) in ("Mul", "Div", "Neg") and len(operands(fn)) == 1:
        fn = operands(fn)[0][0]
    return fn


def _terms(fn: GradFn) -> list[GradFn]:
    """What a chain of sums adds up, the last term first; what is carried on may be scaled in each step."""
    found: list[GradFn] = []
    while _unscaled(fn).name() == "AddBackward0" and len(found) < MOST:
        parts = [source for source, _ in operands(_unscaled(fn))]
        if not parts:
            break
        found += parts[1:]
        fn = parts[0]
        if len(parts) == 1:  # the first loss, added to a number
            break
    return [*found, fn]


def _keeps_behind(term: GradFn) -> bool:
    """Whether something behind a node would be freed by a backward pass."""
    return any(_keeps(fn) for fn in _behind(term))


def _behind(term: GradFn) -> Iterator[GradFn]:
    seen, waiting = {id(term)}, [term]
    while waiting and len(seen) < DEEP:
        fn = waiting.pop()
        yield fn
        fresh = [source for source, _ in operands(fn) if id(source) not in seen]
        seen.update(map(id, fresh))
        waiting += fresh


def _is_gone_through(term: GradFn) -> bool:
    """Whether a backward pass has freed something behind a node."""
    return any(map(is_freed, _behind(term)))


def _carried_on(checkup: Checkup) -> Iterator[Finding]:
    """The loss's own graph leads into one that backward() has gone through, and is itself not gone through."""
    entries = [
        (source, output)
        for fn in checkup.order
        if id(fn) not in checkup.freed
        for source, output in operands(fn)
        if id(source) in checkup.freed
    ]
    root = checkup.order[-1] if checkup.order else None
    fresh = [fn for fn in checkup.order if id(fn) not in checkup.freed and _keeps(fn)]
    if not entries or root is None or not fresh:
        return
    name = next((name for source, _ in reversed(entries) if (name := _state(checkup, source))), checkup.loss_name)
    yield Finding(
        ALIVE,
        name,
        f"`{name}` leads into the graph of an earlier step, which backward() has already gone through: all steps hang "
        "together, and backward() will stop there. Take it off the tape before the next step uses it.",
        f"{name} = {name}.detach()",
    )


def _keeps(fn: GradFn) -> bool:
    return any(attribute.startswith("_raw_saved_") for attribute in dir(fn))


def _state(checkup: Checkup, entry: GradFn) -> str:
    """The variable that carries the old graph on: one of this step made as the old one was; "" if there is none."""
    shape = tuple(entry._input_metadata[0].shape)
    for fn in checkup.order:
        if id(fn) not in checkup.freed and fn.name() == entry.name() and fn is not checkup.order[-1]:
            name = checkup.name_of_source((fn, 0))
            if name and tuple(fn._input_metadata[0].shape) == shape:
                return name
    return checkup.name_of_source((entry, 0))


def _sum(checkup: Checkup, name: str) -> Finding:
    said = f"`{name}` adds up losses with their graphs: none of them can be freed, and each step needs more memory. "
    return _as_numbers(checkup, name, said + "Add numbers, in the line that adds the loss.")


def _list(checkup: Checkup, name: str) -> Finding:
    said = f"`{name}` keeps losses with their graphs: none of them can be freed, and each step needs more memory. "
    return _as_numbers(checkup, name, said + "Keep numbers, in the line that keeps the loss.")


def _as_numbers(checkup: Checkup, name: str, said: str) -> Finding:
    mended = with_number(checkup.wrote, name, checkup.loss_name)
    return Finding(ALIVE, name, said, mended.after if mended else "", mended.before if mended else "")
