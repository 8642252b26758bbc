"""The battery against engines with one fault each, and what is said of each."""

from operator import add, mul

from course_utils import Value, check_engine, check_order
from course_utils.engine import operands_first
from engines import (
    as_found,
    back,
    by_distance,
    by_logarithm,
    each_path,
    engine_with,
    last_in_first_out,
    last_pass,
    overwrites,
    reads_grad,
    rule,
    short_graphs_only,
    spoils,
    too_deep_in_silence,
)
import pytest

AT = "at a = 3, b = 2:"
FAULTS = {
    "nothing": (None, "not solved yet: there is no engine"),
    "a text": ("Value", f"✗ a + b {AT} it stops with TypeError: 'str' object is not callable"),
    "no backward": (
        engine_with(backward=None),
        f"✗ a + b {AT} it stops with TypeError: 'NoneType' object is not callable",
    ),
    "no constants": (
        engine_with(__radd__=None),
        f"✗ 2 + a {AT} it stops with TypeError: 'NoneType' object is not callable",
    ),
    "overwritten": (
        engine_with(backward=back(join=overwrites)),
        f"✗ a * a + a {AT} a.grad is 3, true 7. `a` is used three times: add what arrives, do not overwrite.",
    ),
    "too early": (
        engine_with(backward=back(order=as_found)),
        f"✗ s * (s + a), where s = a * b {AT} a.grad is 24, true 36. "
        "Each must wait until all has arrived, and send only then.",
    ),
    "last in, first out": (
        engine_with(backward=back(order=last_in_first_out)),
        f"✗ (s + a) * s, where s = a * b {AT} a.grad is 24, true 36. "
        "Each must wait until all has arrived, and send only then.",
    ),
    "by distance": (
        engine_with(backward=back(order=by_distance)),
        "✗ 40 diamonds, two ways through each: it stops with KeyError: Value(2.74878e+11)",
    ),
    "powers by the logarithm": (
        engine_with(__pow__=rule(by_logarithm, lambda a, n: (n * by_logarithm(a, n - 1), 0.0))),
        "✗ b ** 3 at a = 1.5, b = -0.5: it stops with ValueError: math domain error",
    ),
    "short graphs only": (
        engine_with(backward=short_graphs_only),
        "✗ 10000 operations in a row: the leaf's .grad is 0, true 1e+04",
    ),
    "too deep, and silent about it": (
        engine_with(backward=too_deep_in_silence),
        "✗ 10000 operations in a row: the leaf's .grad is 0, true 1e+04",
    ),
    "swapped slopes": (
        engine_with(__mul__=rule(mul, lambda a, b: (a, b))),
        f"✗ a * b {AT} a.grad is 3, true 2. That is the slope for the other operand.",
    ),
    "a sign": (
        engine_with(__sub__=rule(lambda a, b: a - b, lambda a, b: (1.0, 1.0))),
        f"✗ a - b {AT} b.grad is 1, true -1. The sign is turned round.",
    ),
    "a wrong number": (
        engine_with(__sub__=rule(add, lambda a, b: (1.0, -1.0))),
        f"✗ a - b {AT} its .data is 5, true 1",
    ),
    "a reflected form turned round": (
        engine_with(__rsub__=lambda self, other: self - other),
        f"✗ 2 - a {AT} its .data is 1, true -1",
    ),
    "a wrong power": (
        engine_with(__pow__=rule(lambda a, n: a**n, lambda a, n: (a ** (n - 1), 0.0))),
        f"✗ b ** 3 {AT} b.grad is 4, true 12.",
    ),
    "a wrong tanh": (
        engine_with(tanh=rule(lambda a: Value(a).tanh().data, lambda a: [1 - a**2])),
        f"✗ b.tanh() {AT} b.grad is -3, true 0.07065.",
    ),
    "what earlier passes left": (
        engine_with(backward=reads_grad),
        "✗ (x * x + 1) * 3 at x = 3, backward() twice: x.grad is 72, true 36. "
        "The second pass sends on what the first one left: keep this pass apart from .grad.",
    ),
    "a second pass overwrites": (
        engine_with(backward=back(store=last_pass)),
        "✗ (x * x + 1) * 3 at x = 3, backward() twice: x.grad is 18, true 36. "
        "The second pass must add to .grad, not overwrite it.",
    ),
    "another start": (
        engine_with(backward=back(start=2.0)),
        f"✗ a + b {AT} a.grad is 2, true 1. "
        "That is twice as much: is something counted twice, such as a second backward?",
    ),
    "operands spoilt": (
        engine_with(backward=back(store=spoils)),
        f"✗ a + b {AT} backward() must leave .data as it was",
    ),
    "a function that calls itself": (
        engine_with(backward=each_path),
        "✗ 10000 operations in a row: RecursionError. "
        "Python's functions call each other only so deep: use a loop and a list",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_engine_with_a_fault_is_seen(fault, capsys, monkeypatch):
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    engine, line = FAULTS[fault]
    check_engine(engine)
    assert capsys.readouterr().out == f"{line}\n"


@pytest.mark.parametrize("engine", [Value, engine_with(), engine_with(backward=back())])
def test_a_right_engine_passes(engine, capsys):
    check_engine(engine)
    assert capsys.readouterr().out.startswith("✓ right: 22 expressions")


def test_an_order_is_for_a_graph_with_each_value_once(capsys):
    check_order(lambda result: operands_first(result)[::-1], Value)
    assert capsys.readouterr().out == "✓ right: 4 graphs, 10000 operations in a row, 40 diamonds\n"
    check_order(operands_first, Value)
    assert capsys.readouterr().out.endswith("a comes before s, which still sends to it\n")
