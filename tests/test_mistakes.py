"""Each usual mistake is named where it was made, and nowhere else."""

from course_utils.mistakes import (
    BITS,
    HALF,
    SHAPE,
    SIGN,
    TRANSPOSED,
    TWICE,
    TWICE_OF_TWO,
    UPSTREAM,
    in_numbers,
    in_slope,
    piled_up,
)
from course_utils.referee import Slope, true_slopes
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

ONE_OF_TWO = "That is what 1 of the 2 paths brings: a path is missing. Add what all paths bring, do not overwrite."
TWO_OF_THREE = "That is what 2 of the 3 paths bring: a path is missing. Add what all paths bring, do not overwrite."
TEN_TIMES = "That is 10 times as much: 1/10 is missing, a mean is wanted."
TEN_TOO_OFTEN = "That is 1/10 of it: is it divided by 10 once too often?"


def slope_of(of, **given):
    return true_slopes(of, given, list(given)[:1]).popitem()[1]


SHARED = slope_of(lambda p, q: p * q + p * p, p=3.0, q=5.0)  # 11 = 5 + 3 + 3
LOSS = slope_of(lambda w, x, y: (w * x - y) ** 2, w=3.0, x=5.0, y=1.0)  # 140 = 28 * 5
COLUMN = torch.tensor([[7.0], [2.0]], dtype=torch.float64)
MIXED = slope_of(lambda w: ((w @ COLUMN) ** 2).sum(), w=[[1.0, 2.0], [3.0, 5.0]])
SYMMETRIC = slope_of(lambda w: (w * w).sum(), w=[[1.0, 2.0], [2.0, 5.0]])


@pytest.mark.parametrize(
    ("yours", "slope", "sizes", "sentence"),
    [
        (5.0, slope_of(lambda p, q: p * q + p, p=3.0, q=5.0), (), ONE_OF_TWO),
        (8.0, SHARED, (), TWO_OF_THREE),
        (5.0, LOSS, (), UPSTREAM),
        (-140.0, LOSS, (), SIGN),
        (280.0, LOSS, (), TWICE),
        (70.0, LOSS, (), HALF),
        (1400.0, LOSS, (10,), TEN_TIMES),
        (14.0, LOSS, (10,), TEN_TOO_OFTEN),
        (280.0, LOSS, (2, 10), TWICE_OF_TWO),
        (MIXED.true.T, MIXED, (), TRANSPOSED),
        (-MIXED.true, MIXED, (), SIGN),
        ([140.0], LOSS, (), SHAPE),
        (MIXED.true.sum(0), MIXED, (), SHAPE),
        (torch.tensor(140.0) * 1.002, LOSS, (), ""),
        (torch.tensor(140.0) * 1.00002, LOSS, (), BITS),
        (139.0, LOSS, (), ""),
        (-280.0, LOSS, (), ""),
        (1400.0, LOSS, (), ""),
        (0.0, LOSS, (), ""),
        (float("nan"), LOSS, (), ""),
        ("140", LOSS, (), ""),
        (2 * SYMMETRIC.true, SYMMETRIC, (), TWICE),
        (MIXED.true.T + 1, MIXED, (), ""),
        ([[1.0], [2.0], [3.0]], Slope(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)), (), SHAPE),
    ],
)  # fmt: skip
def test_a_mistake_is_named(yours, slope, sizes, sentence):
    assert in_slope(yours, slope, sizes) == sentence


def test_a_path_that_brings_everything_is_not_missing():
    """At q = 0 the path through p * q brings 0: the other one is all there is."""
    slope = slope_of(lambda p, q: p * q + p * p * p, p=3.0, q=0.0)
    assert in_slope(27.0 * (1 + 3e-6), slope) == ""
    assert in_slope(9.0, slope) != ""


def test_an_upstream_factor_of_1_is_not_forgotten():
    slope = slope_of(lambda w, x: w * x, w=3.0, x=2.0)
    assert in_slope(2.0 * (1 + 3e-6), slope) == ""


def test_where_nothing_arrives_the_local_slope_is_the_mistake():
    slope = slope_of(lambda w, x: (w * x - 6) ** 2, w=3.0, x=2.0)
    assert slope.true == 0
    assert in_slope(2.0, slope) == UPSTREAM
    assert in_slope(1.0, slope) == ""


@pytest.mark.parametrize("true", [0.0, [0.0, 0.0]])
def test_at_a_true_zero_no_factor_is_named(true):
    zero = torch.tensor(true, dtype=torch.float64)
    assert in_numbers(zero + 1, zero, sizes=[2, 3]) == ""
    assert in_slope(zero + 1, Slope(zero), sizes=[2, 3]) == ""


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_mistakes_are_named_at_every_size(size):
    assert in_numbers(-size, size) == SIGN
    assert in_numbers(2 * size, size) == TWICE
    assert in_numbers(1.5 * size, size) == ""


def nudged(f, w, h, dtype, sides=2):
    w = torch.tensor(w, dtype=dtype)
    return (f(w + h) - f(w - h if sides == 2 else w)) / (sides * h)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("h", [1e-5, 1e-6])
@pytest.mark.parametrize("w", [0.7, 1.3, 2.0, 3.1])
def test_a_nudge_too_small_for_32_bits_is_named(w, h, sides):
    true = 3 * w**2 + 5
    yours = nudged(lambda w: w**3 + 5 * w + 4, w, h, torch.float32, sides)
    assert abs(float(yours) / true - 1) > 1e-6
    assert in_numbers(yours, true) == BITS
    assert in_numbers(float(yours), true) == BITS  # `.item()` keeps the digits as they are


@pytest.mark.parametrize("w", [0.7, 1.3, 2.0, 3.1])
def test_the_same_nudge_in_64_bits_is_right(w):
    yours = nudged(lambda w: w**3 + 5 * w + 4, w, 1e-5, torch.float64)
    assert float(yours) == pytest.approx(3 * w**2 + 5, rel=1e-6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(0.1, 100), st.floats(1e-3, 0.15), st.sampled_from([-1, 1]))
def test_what_is_just_wrong_is_not_put_down_to_32_bits(true, off, sign):
    """A learner's wrong number is a tensor of 32 bits as a rule, and may be near the true one."""
    yours = torch.tensor(true * (1 + sign * off))
    many = 12
    chance = sum(in_numbers(yours * (1 + k / 1000), true) == BITS for k in range(many))
    assert chance <= 1


@pytest.mark.parametrize(
    ("yours", "true"), [(5.0, 14 / 3), (2.5, 2.25), (0.11, 0.1), (13.0, 12.0), (1000.0, 1100.0), (125.0, 120.0)]
)
def test_round_numbers_are_not_put_down_to_32_bits(yours, true):
    assert in_numbers(torch.tensor(yours), true) == ""


def test_where_32_bits_are_wanted_they_are_no_mistake():
    true = torch.tensor(17.0)
    assert in_numbers(nudged(lambda w: w**3 + 5 * w + 4, 2.0, 1e-6, torch.float32), true) == ""


@pytest.mark.parametrize(
    ("yours", "true", "piled"),
    [
        ([2.0, 8.0, 9.0], [2.0, 6.0, 1.0], True),
        ([[1.0, 1.0], [3.0, 4.0]], [[1.0, 1.0], [2.0, 3.0]], True),
        ([2.0, 6.0, 1.0], [2.0, 6.0, 1.0], False),
        ([2.0], [2.0], False),
        ([2.0, 8.0, None], [2.0, 6.0, 1.0], False),
        (["a", "b"], ["a", "b"], False),
    ],
)
def test_gradients_that_were_not_cleared_pile_up(yours, true, piled):
    assert piled_up(yours, true) is piled
