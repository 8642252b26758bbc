from course_utils.referee import as_leaf, true_slopes
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch


def slopes(of, **given):
    return true_slopes(of, given, list(given))


def test_the_slopes_are_those_of_autograd_in_64_bits():
    found = slopes(lambda w, x: ((w * x).sin() ** 2).sum(), w=[1.0, 2.0], x=3.0)
    assert found["w"].true.dtype == torch.float64
    w = torch.tensor([1.0, 2.0], dtype=torch.float64)
    wanted = 2 * (3 * w).sin() * (3 * w).cos() * 3
    torch.testing.assert_close(found["w"].true, wanted, rtol=1e-12, atol=0)
    torch.testing.assert_close(found["x"].true, (wanted * w / 3).sum(), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("of", "given"),
    [
        (lambda w: w.abs(), {"w": 0.0}),
        (lambda w: w.relu(), {"w": 0.0}),
        (lambda w: (w.detach() * w).sum(), {"w": [2.0, 3.0]}),
        (lambda w: w * w.data, {"w": 3.0}),
        (lambda w: w.round() * 2 + 0 * w, {"w": 0.5}),
        (lambda w, x: w * x.abs(), {"w": 2.0, "x": 0.0}),
    ],
    ids=["a kink", "relu at 0", "a detached step", "data", "a jump", "a kink in one of two"],
)
def test_a_question_without_one_answer_is_refused(of, given):
    with pytest.raises(ValueError, match=r"of must be smooth .*Is there a kink, or a detached step\?"):
        slopes(of, **given)


@pytest.mark.parametrize(
    "of", [lambda w: 3.0, lambda w: w * torch.ones(2), lambda w: None], ids=["float", "two", "None"]
)
def test_a_result_that_is_no_single_number_is_refused(of):
    with pytest.raises(ValueError, match="of must give a tensor of one number"):
        slopes(of, w=1.0)


def test_a_parameter_that_does_not_count_has_slope_zero():
    found = slopes(lambda w, b: w * w, w=3.0, b=2.0)
    assert (found["w"].true, found["b"].true) == (6, 0)


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_the_referee_does_not_care_what_is_switched_off(off):
    with off():
        assert slopes(lambda w: w * w, w=3.0)["w"].true == 6


def test_the_default_dtype_does_not_count():
    torch.set_default_dtype(torch.float16)
    try:
        assert slopes(lambda w: (w / 3) ** 2, w=1.0)["w"].true.item() == pytest.approx(2 / 9, rel=1e-12)
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_steep_curve_is_no_kink():
    assert slopes(lambda w: 1e9 * (w - 3) ** 2, w=3.0)["w"].true == 0


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_nudges_fit_the_size_of_what_is_nudged(size):
    found = slopes(lambda w: (w**3).sum(), w=[size, -2 * size])
    assert found["w"].true.tolist() == pytest.approx([3 * size**2, 12 * size**2])


def test_the_argument_is_left_as_it_is():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    slopes(lambda w: (w * w).sum(), w=w)
    assert w.grad is None
    leaf = as_leaf(w)
    assert leaf is not w
    assert (leaf.dtype, leaf.requires_grad) == (torch.float64, True)


def test_clues_of_a_graph_with_two_paths():
    slope = slopes(lambda p, q: p * q + p, p=3.0, q=-1.0)["p"]
    assert slope.paths == 2
    assert sorted(float(part) for many, part in slope.partly if many == 1) == [-1, 1]


def test_clues_of_the_upstream_factor():
    slope = slopes(lambda w, x: (w * x - 4) ** 2, w=3.0, x=2.0)["w"]
    assert (slope.true, slope.partway[0], slope.paths) == (8, 2, 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=5), st.floats(-3, 3))
def test_partial_sums_hold_all_paths_but_some(numbers, p):
    def of(p):
        total = p * numbers[0]
        for number in numbers[1:]:
            total = total + p * number
        return total

    slope = slopes(of, p=p)["p"]
    assert slope.paths == len(numbers)
    assert float(slope.true) == pytest.approx(sum(numbers), abs=1e-9)
    alone = [float(part) for many, part in slope.partly if many == 1]
    assert sorted(alone) == pytest.approx(sorted(numbers))
    assert {many for many, _ in slope.partly} == set(range(1, len(numbers)))


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_slopes_found_on_the_card_come_to_the_cpu():
    found = slopes(lambda w: (w * w).sum(), w=torch.tensor([1.0, 2.0], device="cuda"))
    assert found["w"].true.device.type == "cpu"
    assert found["w"].partway[0].device.type == "cpu"
