"""Graphs of earlier steps that somebody keeps alive: a running sum of losses, a list of them, a state carried on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from course_utils.diagnosis.checkup import Checkup, held_variables
from course_utils.diagnosis.findings import Finding
from course_utils.diagnosis.saved import is_freed
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
    for name, thing in held_variables(checkup.variables):
        for called, held in _holders(name, thing):
            if isinstance(held, torch.Tensor):
                if id(held) not in passed and _is_running_sum(checkup, held):
                    yield _sum(checkup, called)
            elif _is_history(checkup, [each for each in held if isinstance(each, torch.Tensor)]):
                yield _list(checkup, called, is_list=not isinstance(thing, dict) or called != name)
    yield from _carried_on(checkup)


def _holders(name: str, thing: object) -> Iterator[tuple[str, torch.Tensor | list[object]]]:
    """The tensors and lists that a variable stands for, by name: itself, or what a dictionary or `self` holds."""
    inner: list[tuple[str, object]] = [(name, thing)]
    if isinstance(thing, dict) and name != "Out":
        inner = [(f"{name}[{key!r}]", held) for key, held in islice(thing.items(), MOST)]
        inner.append((name, list(thing.values())))
    elif name == "self":
        inner = [(f"self.{key}", held) for key, held in getattr(thing, "__dict__", {}).items()]
    for called, held in inner:
        if isinstance(held, torch.Tensor):
            yield called, held
        elif isinstance(held, list | tuple | deque):
            yield called, list(held)[-MOST:]


def _is_running_sum(checkup: Checkup, tensor: torch.Tensor) -> bool:
    """Whether it is a sum of two losses or more like this one, at least one of an earlier step."""
    if tensor.is_leaf or tensor.numel() != 1:
        return False
    terms = _terms(edge_of(tensor)[0])
    return len(terms) > 1 and _are_passes(checkup, terms)


def _is_history(checkup: Checkup, tensors: Sequence[torch.Tensor]) -> bool:
    made = [edge_of(tensor)[0] for tensor in tensors if not tensor.is_leaf and tensor.numel() == 1]
    return len(made) > 1 and _are_passes(checkup, made)


def _are_passes(checkup: Checkup, terms: Sequence[GradFn]) -> bool:
    """Whether two or more are made as the loss is, and some, not of this step, have been gone through."""
    if not checkup.order:
        return False
    made, here = checkup.order[-1].name(), checkup.nodes
    # A term may be the loss times a number.
    alike = [term for term in terms if made in (term.name(), *(source.name() for source, _ in operands(term)))]
    return len(alike) > 1 and any(id(term) not in here and _is_gone_through(term) for term in alike)


def _terms(fn: GradFn) -> list[GradFn]:
    """What a chain of sums adds up, the last term first."""
    found: list[GradFn] = []
    while fn.name() == "AddBackward0" and len(found) < MOST:
        parts = [source for source, _ in operands(fn)]
        if not parts:
            break
        found += parts[1:]
        fn = parts[0]
        if len(parts) == 1:  # the first loss, added to a number
            break
    return [*found, fn]


def _is_gone_through(term: GradFn) -> bool:
    """Whether a backward pass has freed something behind a node."""
    seen, waiting = {id(term)}, [term]
    while waiting and len(seen) < DEEP:
        fn = waiting.pop()
        if is_freed(fn):
            return True
        fresh = [source for source, _ in operands(fn) if id(source) not in seen]
        seen.update(map(id, fresh))
        waiting += fresh
    return False


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
    return Finding(
        ALIVE,
        name,
        f"`{name}` adds up losses with their graphs: none of them can be freed, and each step needs more memory. Add "
        "numbers, in the line that adds the loss.",
        f"{name} += {checkup.loss_name}.item()" if checkup.loss_name.isidentifier() else "",
    )


def _list(checkup: Checkup, name: str, *, is_list: bool) -> Finding:
    return Finding(
        ALIVE,
        name,
        f"`{name}` keeps losses with their graphs: none of them can be freed, and each step needs more memory. Keep "
        "numbers, in the line that keeps the loss.",
        f"{name}.append({checkup.loss_name}.item())" if checkup.loss_name.isidentifier() and is_list else "",
    )
