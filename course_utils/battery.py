"""Whether an engine that a learner built does what one must: one line, as all checks give.

An engine is a class such as `Value`: made of a number, with operators, `backward()`, `.data` and `.grad`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import methodcaller
from typing import Any

from course_utils.checks import check_by
from course_utils.compare import difference
from course_utils.endurance import STOOD, long_fault, tried
from course_utils.mistakes import in_numbers
from course_utils.verdict import empty
import torch

PLACES = [(3.0, 2.0), (1.5, -0.5)]  # of a and b
WAIT = "Each must wait until all has arrived, and send only then."

# In the order in which an engine is built. Each with what is said of a wrong gradient, where nothing better is known.
TRIALS: Mapping[str, tuple[Callable[[Any, Any], Any], str]] = {
    "a + b": (lambda a, b: a + b, ""),
    "a * b": (lambda a, b: a * b, ""),
    "a * a + a": (lambda a, b: a * a + a, "`a` is used three times: add what arrives, do not overwrite."),
    "s * (s + a), where s = a * b": (lambda a, b: (s := a * b) * (s + a), WAIT),
    "(s + a) * s, where s = a * b": (lambda a, b: ((s := a * b) + a) * s, WAIT),
    "a + 2": (lambda a, b: a + 2, ""),
    "2 + a": (lambda a, b: 2 + a, ""),
    "a * 2": (lambda a, b: a * 2, ""),
    "2 * a": (lambda a, b: 2 * a, ""),
    "-a": (lambda a, b: -a, ""),
    "a - b": (lambda a, b: a - b, ""),
    "a - 2": (lambda a, b: a - 2, ""),
    "2 - a": (lambda a, b: 2 - a, ""),
    "a / b": (lambda a, b: a / b, ""),
    "a / 2": (lambda a, b: a / 2, ""),
    "2 / a": (lambda a, b: 2 / a, ""),
    "b ** 3": (lambda a, b: b**3, ""),
    "a ** -1.5": (lambda a, b: a**-1.5, ""),
    "a.relu() + b.relu()": (lambda a, b: a.relu() + b.relu(), ""),
    "b.tanh()": (lambda a, b: b.tanh(), ""),
    "b.exp()": (lambda a, b: b.exp(), ""),
    "a.log()": (lambda a, b: a.log(), ""),
}


def check_engine(engine: Callable[..., Any]) -> None:
    """Check a class of the learner's own that does what `Value` does, against torch in 64 bits.

    Args:
        engine: called with a number. It must have + - * / **, a minus sign in front, bare numbers on either side,
            `relu`, `tanh`, `exp`, `log`, and `backward`, which adds to `.grad`, 0 at first: on a shared operand, on
            a diamond, a second time, on a long chain and on many paths. Asked are the leaves' gradients.

    Raises:
        CheckFailed: in strict mode, if the engine does not hold.

    >>> from course_utils import Value
    >>> check_engine(Value)
    ✓ right: 22 expressions, a second backward, 10000 operations in a row, 40 diamonds
    """
    check_by(_engine_fault, engine, solved=f"{len(TRIALS)} expressions, a second backward, {STOOD}")


def _engine_fault(engine: Callable[..., Any]) -> str | None:
    """The first thing that is wrong with an engine; None if nothing is."""
    if empty(engine):
        return "not solved yet: there is no engine"
    for text, (expression, clue) in TRIALS.items():
        for place in PLACES:
            came = tried(partial(_trial_fault, engine, expression, place, clue))  # a partial: no line of ours is told
            if came.fault or came.value:
                return f"{text} at a = {place[0]:g}, b = {place[1]:g}: {came.fault or came.value}"
    return _again_fault(engine) or _shared_fault(engine) or long_fault(methodcaller("backward"), engine, _far_fault)


def _trial_fault(
    engine: Callable[..., Any], expression: Callable[[Any, Any], Any], place: tuple[float, float], clue: str
) -> str | None:
    """What is wrong with an expression: its number, its gradients, or what became of its operands."""
    a, b = engine(place[0]), engine(place[1])
    s, t = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in place)
    result, true = expression(a, b), expression(s, t)
    if found := difference(result.data, true.detach()):
        return f"its .data is {found.yours}, true {found.true}"
    result.backward()
    slopes = [0.0 if slope is None else slope for slope in torch.autograd.grad(true, [s, t], allow_unused=True)]
    if difference([a.data, b.data], list(place)):
        return "backward() must leave .data as it was"
    for name, yours, slope, other in (("a", a.grad, slopes[0], slopes[1]), ("b", b.grad, slopes[1], slopes[0])):
        if found := difference(yours, slope):
            why = (clue if difference(slope, 0.0) else "") or _why(yours, slope, other)
            return f"{name}.grad is {found.yours}, true {found.true}. {why}".rstrip()
    return None


def _why(yours: object, slope: object, other: object) -> str:
    if told := in_numbers(yours, slope):
        return told
    return "That is the slope for the other operand." if difference(yours, other) is None else ""


def _again_fault(engine: Callable[..., Any]) -> str | None:
    x = engine(3.0)
    y = (x * x + 1) * 3
    y.backward()
    y.backward()
    clues = {
        72: "The second pass sends on what the first one left: keep this pass apart from .grad.",
        18: "The second pass must add to .grad, not overwrite it.",
    }
    if found := difference(x.grad, 36.0):
        clue = clues.get(x.grad, "")
        return f"(x * x + 1) * 3 at x = 3, backward() twice: x.grad is {found.yours}, true 36. {clue}".rstrip()
    return None


def _shared_fault(engine: Callable[..., Any]) -> str | None:
    """An operand of two results gets the gradients of both."""
    x = engine(3.0)
    first, second = x * x, x * 2
    first.backward()
    second.backward()
    found = difference(x.grad, 8.0)
    return f"x * x and x * 2 at x = 3, one backward() each: x.grad is {found.yours}, true 8" if found else None


def _far_fault(_: object, leaf: Any, slope: float) -> str:
    found = difference(leaf.grad, slope)
    return f"the leaf's .grad is {found.yours}, true {found.true}" if found else ""
