import gc
import math
from operator import add, mul, neg, sub, truediv

from course_utils import Value, trace
from course_utils.engine import operands_first
from engines import as_found, back, engine_with, overwrites, reads_grad, rule
from hypothesis import find, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

# Each rule on Values and on tensors, at points away from kinks and with large slopes.
RULES = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
    "a ** 3": lambda a, b: a**3,
    "a ** -1.5": lambda a, b: a**-1.5,
    "a ** 0": lambda a, b: a**0 * b,
    "-a": lambda a, b: -a,
    "2 + a": lambda a, b: 2 + a,
    "2 - a": lambda a, b: 2 - a,
    "2 * a": lambda a, b: 2 * a,
    "2 / a": lambda a, b: 2 / a,
    "a + 2": lambda a, b: a + 2,
    "a - 2": lambda a, b: a - 2,
    "a / 2": lambda a, b: a / 2,
    "relu": lambda a, b: a.relu() * b.relu() + b.relu(),
    "tanh": lambda a, b: a.tanh(),
    "exp": lambda a, b: a.exp(),
    "log": lambda a, b: a.log(),
    "a * a": lambda a, b: a * a,
    "shared": lambda a, b: (a * b + a) * (a - b),
}


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=20, deadline=None)
@given(st.floats(0.3, 3), st.floats(-3, -0.3))
def test_each_rule_against_torch(rule, one, other):
    a, b = Value(one), Value(other)
    ours = RULES[rule](a, b)
    ours.backward()
    s, t = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (one, other))
    theirs = RULES[rule](s, t)
    theirs.backward()
    assert ours.data == pytest.approx(theirs.item())
    assert a.grad == pytest.approx(s.grad.item())
    assert b.grad == pytest.approx(0.0 if t.grad is None else t.grad.item())


# A program: starts of three leaves, and steps, each of which takes two of the values so far and adds one.
STEPS = {
    "+": lambda a, b: a + b,
    "−": lambda a, b: a - b,
    "×": lambda a, b: a * b,
    "÷": lambda a, b: a / (b * b + 1),
    "^": lambda a, b: a**2 + b,
    "^−1": lambda a, b: (a * a + 1) ** -1.5,
    "negate": lambda a, b: -a,
    "2 −": lambda a, b: 2 - a,
    "2 ÷": lambda a, b: 2 / (a * a + 1),
    "relu": lambda a, b: a.relu() + b,
    "tanh": lambda a, b: a.tanh(),
    "exp": lambda a, b: b.tanh().exp(),
    "log": lambda a, b: (a * a + 1).log(),
}
number = st.floats(-3, 3).map(lambda each: round(each, 2) or 0.01)
step = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9), st.integers(0, 9))
programs = st.tuples(st.tuples(number, number, number), st.lists(step, min_size=1, max_size=8))


def run(program, made_of):
    """The leaves of a program, and its result, which is the sum of its last two values."""
    starts, steps = program
    leaves = [made_of(start) for start in starts]
    values = list(leaves)
    for name, one, other in steps:
        values.append(STEPS[name](values[one % len(values)], values[other % len(values)]))
    return leaves, values[-1] + values[-2]


def is_right(engine, program, passes=2):
    """Whether an engine agrees with torch in 64 bits after a pass, and after one more."""
    tensors, true = run(program, lambda start: torch.tensor(start, dtype=torch.float64, requires_grad=True))
    leaves, result = run(program, engine)
    slopes = [0.0 if slope is None else slope.item() for slope in torch.autograd.grad(true, tensors, allow_unused=True)]
    same = result.data == pytest.approx(true.item())
    for count in range(1, passes + 1):
        result.backward()
        wanted = [count * slope for slope in slopes]
        same = same and [leaf.grad for leaf in leaves] == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    return same


@settings(max_examples=150, deadline=None)
@given(programs)
def test_any_expression_against_torch(program):
    assert is_right(Value, program)


FAULTY = {
    "overwrites": engine_with(backward=back(join=overwrites)),
    "wrong order": engine_with(backward=back(order=as_found)),
    "reads .grad": engine_with(backward=reads_grad),
    "wrong slope of tanh": engine_with(tanh=rule(math.tanh, lambda a: [1 - math.tanh(a)])),
    "wrong slope of a quotient": engine_with(__truediv__=rule(truediv, lambda a, b: (1 / b, a / b**2))),
    "wrong slope of a difference": engine_with(__sub__=rule(sub, lambda a, b: (1.0, 1.0))),
    "wrong slope of a sign": engine_with(__neg__=rule(neg, lambda a: [1.0])),
    "wrong slope of a power": engine_with(__pow__=rule(pow, lambda a, n: (a ** (n - 1), 0.0))),
    "swapped slopes of a product": engine_with(__mul__=rule(mul, lambda a, b: (a, b))),
    "one slope of a sum": engine_with(__add__=rule(add, lambda a, b: (1.0, 0.0))),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_the_comparison_with_torch_catches_a_planted_fault(fault):
    passes = 2 if fault == "reads .grad" else 1
    program = find(
        programs,
        lambda each: not is_right(FAULTY[fault], each, passes),
        settings=settings(max_examples=2000, database=None, deadline=None),
    )
    assert is_right(Value, program, passes)


def test_a_second_pass_adds_exactly_one_more_gradient():
    x = Value(3.0)
    y = (x * 2) ** 2
    y.backward()
    assert x.grad == 24.0
    y.backward()
    assert x.grad == 48.0  # micrograd says 72: it sends on what earlier passes left


def test_a_very_long_chain_is_gone_through_and_freed():
    x = Value(1.0)
    total = x
    for _ in range(100_000):
        total = total + 1.0
    total.backward()
    assert x.grad == 1.0
    assert len(operands_first(total)) == 200_001
    with pytest.raises(ValueError, match="more than 5000 operations"):
        trace(total)
    del total
    gc.collect()


def test_the_graph_of_a_value():
    x, y = Value(2.0), Value(-3.0)
    z = x * y + 2
    graph = trace(z)
    assert [(node.kind, node.name, node.op) for node in graph.nodes] == [
        ("leaf", "x", ""), ("leaf", "y", ""), ("operation", None, "×"), ("constant", None, ""), ("operation", "z", "+"),
    ]  # fmt: skip
    assert graph.gradient_of("x").item() == -3.0
    assert x.grad == 0.0
    z.backward()
    assert trace(z).nodes[0].grad.item() == -3.0


@pytest.mark.parametrize("bad", ["1", None, [1.0], 1j])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(TypeError, match=f"data must be a number, got {type(bad).__name__}"):
        Value(bad)
    with pytest.raises(TypeError):
        Value(1.0) + bad


def test_a_value_takes_no_start():
    with pytest.raises(ValueError, match="a Value is a single number, and its backward pass starts from 1"):
        trace(Value(2.0) * 3, gradient=torch.tensor(2.0))


def test_a_value_as_exponent_is_refused():
    with pytest.raises(TypeError, match="exponent must be a number, got Value"):
        Value(2.0) ** Value(3.0)


def test_what_has_no_value_is_pythons_own_error():
    with pytest.raises(ZeroDivisionError):
        Value(1.0) / 0
    with pytest.raises(ValueError, match=r"math domain error|expected a positive"):
        Value(-1.0).log()
    assert math.isclose(Value(0.5).tanh().data, math.tanh(0.5))
    assert repr(Value(0.5)) == "Value(0.5)"


def test_numpys_numbers_and_upright_roots():
    assert Value(np.float32(2)).data == Value(np.int64(2)).data == 2.0
    root = Value(0.0) ** 0.5
    assert root.edges[0][1] == math.inf
    with pytest.raises(ValueError, match=r"a negative number has no power 0\.5, got -2"):
        Value(-2.0) ** 0.5
