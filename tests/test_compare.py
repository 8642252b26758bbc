from decimal import Decimal
from fractions import Fraction
from math import inf, nan, pi

from course_utils.compare import close, difference, told_apart
from course_utils.numbers import as_numbers, shown
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from strange import ANSWERS, Point, a_list_that_holds_itself, a_wide_list
import torch

FRAME = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def said(yours, true, **options):
    found = difference(yours, true, **options)
    return found and f"{found.where}: yours {found.yours}, true {found.true}. {found.why}"


RIGHT = {
    "a whole number": (2, 2.0),
    "a number with a point": (2.0, 2),
    "a tensor of one number": (torch.tensor(2.0), 2),
    "a number, where a tensor is true": (2, torch.tensor(2.0)),
    "a tensor of whole numbers": (torch.tensor([1, 2]), [1.0, 2.0]),
    "32 bits": (torch.tensor(pi), pi),
    "8 bits": (torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn), [1, 2]),
    "a sparse tensor": (torch.eye(3).to_sparse(), torch.eye(3)),
    "a tensor with a graph": (torch.ones(2, requires_grad=True) * 2, [2, 2]),
    "a parameter": (torch.nn.Parameter(torch.ones(2)), [1, 1]),
    "a transposed view": (FRAME.T.contiguous().T, FRAME),
    "an array": (FRAME.numpy(), FRAME),
    "an array turned round": (np.arange(3.0)[::-1], [2, 1, 0]),
    "an array of 32 bits": (np.float32([1, 2]), [1, 2]),
    "one of numpy's numbers": (np.float64(2), 2),
    "one of numpy's whole numbers": (np.int64(2), 2),
    "a fraction": (Fraction(3, 2), 1.5),
    "a decimal": (Decimal("1.5"), 1.5),
    "a tuple": ((1, 2), [1, 2]),
    "a list of tensors": ([torch.tensor(1.0), torch.tensor(2.0)], [1, 2]),
    "a list of arrays": ([np.ones(2), np.ones(2)], [[1, 1], [1, 1]]),
    "a named tuple": (torch.tensor([3.0, 1.0]).max(0), (3, 0)),
    "a true zero, nearly": (1e-9, 0),
    "zeros, nearly": ([5, 1e-9], [5, 0]),
    "a zero with its rounding": (0, 1e-17),
    "inf": (inf, inf),
    "a text": ("w", "w"),
    "a truth value": (True, True),
    "a truth value in a tensor": (torch.tensor(True), True),
    "one of numpy's truth values": (np.bool_(True), True),
    "truth values in a tensor": (torch.tensor([True, False]), [True, False]),
    "truth values, where a tensor is true": ([True, False], torch.tensor([True, False])),
    "truth values in an array": (np.array([True, False]), (True, False)),
    "nothing": (None, None),
    "more than numbers": (["w", 2, [None, True]], ("w", 2.0, (None, True))),
    "a dict in another order": ({"b": 2, "a": "x"}, {"a": "x", "b": 2.0}),
}

WRONG = {
    "another number": (2.5, 2, ": yours 2.5, true 2. "),
    "nearly": (2.00001, 2, ": yours 2.00001, true 2. "),
    "nan": (nan, 2, ": yours nan, true 2. "),
    "nan among numbers": ([1, nan], [1, 2], "[1]: yours nan, true 2. "),
    "inf for a number": (inf, 2, ": yours inf, true 2. "),
    "minus inf": (-inf, inf, ": yours -inf, true inf. "),
    "a small number of the other sign": (-2e-8, 2e-8, ": yours -2e-08, true 2e-08. "),
    "a zero for a small number": (0, 2e-8, ": yours 0, true 2e-08. "),
    "small numbers, doubled": ([2e-8, 4e-8], [1e-8, 2e-8], "[0]: yours 2e-08, true 1e-08. "),
    "a small number for zero": (1e-6, 0, ": yours 1e-06, true 0. "),
    "True for 1": (True, 1, ": yours True, true 1. a number is wanted"),
    "True in a tensor for 1": (torch.tensor(True), 1, ": yours True, true 1. a number is wanted"),
    "numpy's True for 1": (np.bool_(True), 1, ": yours True, true 1. a number is wanted"),
    "1 for True": (1, True, ": yours 1, true True. "),
    "an imaginary part": (
        np.array([1 + 2j]),
        [1],
        ": yours an array of shape (1,), true [1]. numbers of shape (1,) are wanted",
    ),
    "a number that is to spread": (1, [1, 1], ": yours a single number, true of shape (2,). the shape is wrong"),
    "a row for a number": ([2], 2, ": yours of shape (1,), true a single number. the shape is wrong"),
    "a column for a row": (
        torch.ones(3, 1),
        torch.ones(3),
        ": yours of shape (3, 1), true of shape (3,). the shape is wrong",
    ),
    "a shape, though a value is wrong, too": (
        [9, 9, 9],
        [1, 2],
        ": yours of shape (3,), true of shape (2,). the shape is wrong",
    ),
    "the place in a frame": (FRAME + torch.eye(3)[:2] * 0.5, FRAME, "[0, 0]: yours 1.5, true 1. "),
    "a text for a number": ("2", 2, ": yours '2', true 2. a number is wanted"),
    "another text": ("W", "w", ": yours 'W', true 'w'. "),
    "nothing for a number": (None, 2, ": yours None, true 2. a number is wanted"),
    "a number for nothing": (0, None, ": yours 0, true None. "),
    "a part": (["w", 3], ["w", 2], "[1]: yours 3, true 2. "),
    "a part of a part": ([1, ["a", 3]], [1, ["a", 2]], "[1][1]: yours 3, true 2. "),
    "a part too few": (["w"], ["w", 2], ": yours ['w'], true ['w', 2]. 2 are wanted, yours has 1"),
    "no parts": (2, ["w", 2], ": yours 2, true ['w', 2]. 2 things together are wanted"),
    "a dict for a row": (
        {0: "w", 1: 2},
        ["w", 2],
        ": yours {0: 'w', 1: 2}, true ['w', 2]. 2 things together are wanted",
    ),
    "another name": ({"b": "w"}, {"a": "w"}, ": yours {'b': 'w'}, true {'a': 'w'}. 'a' is not in it"),
}


@pytest.mark.parametrize(("yours", "true"), RIGHT.values(), ids=RIGHT)
def test_a_right_answer_may_come_as(yours, true):
    assert said(yours, true) is None


@pytest.mark.parametrize(("yours", "true", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_seen(yours, true, message):
    assert said(yours, true) == message


@pytest.mark.parametrize("true", [3.0, [1.0, 2.0], "a", True, ["a", 2.0], {"a": "x"}], ids=repr)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_strange_answer_is_different(answer, true):
    yours = answer()
    if true is not True or yours is not True:
        found = difference(yours, true)
        assert 0 < len(found.yours) <= 70
        assert "\n" not in found.yours


DETACHED = (
    "a tensor that asks for no gradients, true one that asks for gradients. it is detached: no graph leads back from it"
)
TRACKED = torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("yours", "true", "message"),
    [
        (2 * TRACKED, 2 * TRACKED, None),
        (TRACKED, TRACKED, None),
        ((2 * TRACKED).detach(), 2 * TRACKED, DETACHED),
        (TRACKED, TRACKED.detach(), "a tensor that asks for gradients, true one that asks for no gradients. "),
        (1 * TRACKED, TRACKED, "a result, no leaf, true a leaf. "),
        ([2.0, 2.0], 2 * TRACKED, "[2, 2], true [2, 2]. a tensor is wanted"),
        ([TRACKED.detach()], [TRACKED], DETACHED),
    ],
)
def test_what_tensors_remember_counts_where_it_is_asked(yours, true, message):
    assert difference(yours, true) is None
    found = difference(yours, true, tracked=True)
    assert message is None if found is None else f"{found.yours}, true {found.true}. {found.why}" == message


def test_the_tolerance_is_relative():
    assert difference(1001.0, 1000.0, tolerance=2e-3) is None
    assert difference(0.1001, 0.1, tolerance=8e-4) is not None


def test_what_is_no_answer_at_all_is_the_check_authors_fault():
    with pytest.raises(TypeError, match="true must be made of numbers, texts and tensors, got Point"):
        difference(1.0, Point())


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (torch.tensor([[1.0], [2.5]]), "[[1], [2.5]]"),
        (torch.zeros(0), "a tensor of shape (0,)"),
        (torch.zeros(2, device="meta"), "a tensor of shape (2,)"),
        (torch.tensor([True, False]), "[True, False]"),
        (torch.tensor(1 + 2j), "(1+2j)"),
        (np.array(["a", "b"]), "an array of shape (2,)"),
        (np.array("a"), "'a'"),
        (len, "len"),
        (Point, "Point"),
        (Point(), "something of the kind Point"),
        ({"a": Point()}, "{'a': something of the kind Point}"),
        ([torch.tensor(2.0), "a"], "[2, 'a']"),
        (a_list_that_holds_itself(), "[[[[...]]]]"),
        ("x" * 100, f"'{'x' * 59}…"),
        (..., "Ellipsis"),
        (iter([]), "something of the kind list_iterator"),
    ],
)
def test_anything_is_shown_in_a_few_letters(thing, text):
    assert shown(thing) == text


def test_what_is_too_large_is_not_read():
    assert as_numbers(a_wide_list()) is None
    assert as_numbers([0.0] * 1_000_001) is None
    assert as_numbers(torch.zeros(1).expand(10**13)) is None


numbers = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(10**9), 10**9)
frames = st.integers(1, 3).flatmap(
    lambda n: st.lists(st.lists(numbers, min_size=n, max_size=n), min_size=1, max_size=3)
)


@settings(max_examples=50, deadline=None)
@given(numbers | st.lists(numbers, min_size=1) | frames)
def test_a_list_is_as_good_as_a_tensor_or_an_array(answer):
    forms = [answer, torch.tensor(answer, dtype=torch.float64), np.array(answer, dtype="float64")]
    for yours in forms:
        for true in forms:
            assert difference(yours, true) is None


@settings(max_examples=50, deadline=None)
@given(frames, st.data())
def test_one_wrong_number_is_found_where_it_is(answer, data):
    row = data.draw(st.integers(0, len(answer) - 1))
    column = data.draw(st.integers(0, len(answer[0]) - 1))
    wrong = [list(each) for each in answer]
    wrong[row][column] = answer[row][column] * 1.01 + 1
    if wrong[row][column] != answer[row][column]:
        assert difference(wrong, answer).where == f"[{row}, {column}]"
        assert difference(answer, wrong).where == f"[{row}, {column}]"


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-30, 1e30), st.floats(1e-4, 10), st.sampled_from([1, -1]))
def test_a_number_is_never_taken_for_its_opposite_or_a_part_of_it(true, off, sign):
    """Whatever its size: an absolute tolerance would hide all that is small."""
    if true > 1e-10:
        assert not close(torch.tensor(-true, dtype=torch.float64), torch.tensor(true, dtype=torch.float64))
        assert difference(true * (1 + sign * off), true) is not None


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_two_numbers_are_told_with_digits_that_part_them(one, other):
    if one != other:
        yours, true = told_apart(one, other)
        assert yours != true
        assert (float(yours) - float(true)) * (one - other) >= 0
