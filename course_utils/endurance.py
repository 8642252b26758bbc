"""Whether a walk over a graph stands long chains and many paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

from course_utils.attempt import Attempt, attempt

SECONDS = 1.5  # for what must not take a path at a time
LENGTH = 10_000  # operations in a row; Python's functions call each other some 1000 deep
DIAMONDS = 40  # with 2 ways through each
STOOD = f"{LENGTH} operations in a row, {DIAMONDS} diamonds"
DEEP = "RecursionError. Python's functions call each other only so deep: use a loop and a list"
ENDLESS = f"it is still running after {SECONDS:g} seconds. Has each value one turn, or one on each path?"


def long_fault(go: Callable[[Any], object], engine: Callable[..., Any]) -> str | None:
    """What goes wrong on a long chain, or where there are more paths than can be walked; None if nothing does.

    Args:
        go: walks over the graph behind a result.
        engine: makes a value of a number; has +.
    """
    graphs = {
        f"{LENGTH} operations in a row": _chain(engine),
        f"{DIAMONDS} diamonds, two ways through each": _diamonds(engine),
    }
    for text, result in graphs.items():
        if fault := tried(go, result).fault:
            return f"{text}: {fault}"
    return None


def tried(go: Callable[..., object], *arguments: object) -> Attempt:
    """What comes of a call that should be quick; a fault begins with "it"."""
    came = attempt(go, arguments, monotonic() + SECONDS)
    if "RecursionError" in came.fault:
        return replace(came, fault=DEEP)
    if "still running" in came.fault:
        return replace(came, fault=ENDLESS)
    return replace(came, fault=came.fault and f"it {came.fault}")


def _chain(engine: Callable[..., Any]) -> Any:
    x = engine(1.0)
    total = x
    for _ in range(LENGTH):
        total = total + x
    return total


def _diamonds(engine: Callable[..., Any]) -> Any:
    r = engine(0.5)
    for _ in range(DIAMONDS):
        r = r + r
    return r
