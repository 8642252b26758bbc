"""Whether a learner's order of values is one in which gradients can be sent: one line, as all checks give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from course_utils.checks import check_by
from course_utils.endurance import STOOD, long_fault, tried
from course_utils.numbers import shown


def check_order(yours: Callable[[Any], object], engine: Callable[..., Any]) -> None:
    """Check a function that lists the values behind a result, each after all that send to it on the way back.

    Args:
        yours: the learner's function; gets a result, and gives the list, with the result in front.
        engine: makes a value of a number; has + and *, and pairs of operand and slope in `.edges`.

    Raises:
        CheckFailed: in strict mode, if the answer does not hold.

    >>> from course_utils import Value
    >>> check_order(lambda result: [result], Value)
    ✗ s * t, where s = a * b, t = s + a: s, t, a, b are missing
    """
    check_by(lambda answer: _order_fault(answer, engine), yours, solved=f"4 graphs, {STOOD}")


def _order_fault(yours: Callable[[Any], object], engine: Callable[..., Any]) -> str | None:
    """The first thing that is wrong with a function that gives the order."""
    for text, names in _graphs(engine).items():
        came = tried(yours, next(iter(names)))
        if came.unsolved or (not came.fault and came.value is None):
            return "not solved yet: your function gives nothing back"
        fault = came.fault or _list_fault(came.value, names)
        if fault:
            return f"{text}: {fault}"
    return long_fault(yours, engine, _far_fault)


def _graphs(engine: Callable[..., Any]) -> dict[str, dict[Any, str]]:
    """By their text graphs: the names of their values, the result first."""
    a, b = engine(0.5), engine(2.0)  # in the order of their size they would be in no right order
    s = a * b
    t = s + a
    left, right = s * t, t * s
    p = b * b
    return {
        "s * t, where s = a * b, t = s + a": {left: "s * t", s: "s", t: "t", a: "a", b: "b"},
        "t * s, where s = a * b, t = s + a": {right: "t * s", s: "s", t: "t", a: "a", b: "b"},
        "b * b": {p: "b * b", b: "b"},
        "a alone": {a: "a"},
    }


def _list_fault(order: object, names: Mapping[Any, str]) -> str | None:
    """What is wrong with an order of these values."""
    if not isinstance(order, list | tuple):
        return f"a list of values is wanted, got {type(order).__name__}"
    if strange := [value for value in order if not isinstance(value, type(next(iter(names)))) or value not in names]:
        return f"the list has something that is no value behind the result: {shown(strange[0])}"
    if missing := [name for value, name in names.items() if value not in order]:
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    if twice := [name for value, name in names.items() if list(order).count(value) > 1]:
        return f"{twice[0]} comes twice: each has one turn"
    return _early_fault(list(order), names)


def _early_fault(order: list[Any], names: Mapping[Any, str]) -> str | None:
    for value in order:
        for operand, _ in value.edges:
            if order.index(operand) < order.index(value):
                return f"{names[operand]} comes before {names[value]}, which still sends to it"
    return None


def _far_fault(order: Any, leaf: Any, slope: float) -> str:
    """What is wrong with a long order: 1 is sent back along it, and what reaches the leaf must be its gradient."""
    if not isinstance(order, list | tuple):
        return f"a list of values is wanted, got {type(order).__name__}"
    kind = type(leaf)
    flow = {value: float(not place) for place, value in enumerate(order) if isinstance(value, kind)}
    for sender, operand, local in [(value, *edge) for value in flow for edge in value.edges]:
        if operand in flow:
            flow[operand] += local * flow[sender]
    holds = len(flow) == len(order) and flow.get(leaf) == slope
    return "" if holds else "the order is not right. Is every value in it, once, after all that use it?"
