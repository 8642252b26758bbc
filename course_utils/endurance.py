"""Whether a walk over a graph stands long chains and many paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

from course_utils.attempt import Attempt, attempt

SECONDS = 2  # for what must not take a path at a time: less than a check has in all; an honest walk takes 0.1
LENGTH = 10_000  # operations in a row; Python's functions call each other some 1000 deep
DIAMONDS = 40  # with 2 ways through each
STOOD = f"{LENGTH} operations in a row, {DIAMONDS} diamonds"
DEEP = "RecursionError. Python's functions call each other only so deep: use a loop and a list"
ENDLESS = f"it is still running after {SECONDS:g} seconds"
SLOW = {  # on a chain there is one path, on diamonds there are few values
    "row": "Is something looked up in a list again and again? Use a set",
    "diamonds": "Has each value one turn, or one on each path?",
}


def long_fault(
    go: Callable[[Any], object], engine: Callable[..., Any], wrong: Callable[[Any, Any, float], str]
) -> str | None:
    """What goes wrong on a long chain, or where there are more paths than can be walked; None if nothing does.

    Args:
        go: walks over the graph behind a result.
        engine: makes a value of a number; has + and *, with bare numbers too.
        wrong: says what is wrong with what `go` gave, beside the only leaf and its true gradient; "" if nothing is.
    """
    graphs = {
        f"{LENGTH} operations in a row": (_chain, LENGTH + 1),
        f"{DIAMONDS} diamonds, two ways through each": (_diamonds, 2**DIAMONDS),
    }
    for text, (build, slope) in graphs.items():
        leaf = engine(1.0)
        came = tried(go, build(leaf))
        if fault := came.fault or wrong(came.value, leaf, float(slope)):
            clue = next((told for word, told in SLOW.items() if word in text), "")
            return f"{text}: {fault}. {clue}" if fault == ENDLESS else f"{text}: {fault}"
    return None


def tried(go: Callable[..., object], *arguments: object) -> Attempt:
    """What comes of a call that should be quick; a fault begins with "it"."""
    came = attempt(go, arguments, monotonic() + SECONDS)
    if "RecursionError" in came.fault:
        return replace(came, fault=DEEP)
    if "still running" in came.fault:
        return replace(came, fault=ENDLESS)
    return replace(came, fault=came.fault and f"it {came.fault}")


def _chain(x: Any) -> Any:
    total = x
    for _ in range(LENGTH):
        total = total + x
    return total


def _diamonds(r: Any) -> Any:
    for place in range(DIAMONDS):  # one side is longer: the distance to the result gives no order
        r = r + r * 1 * 1 if place % 2 else r * 1 * 1 + r
    return r
