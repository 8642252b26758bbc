import math

from course_utils.descent import descend
from course_utils.fate import Fate, critical_rate, fate
import pytest
import torch

INF, NAN = math.inf, math.nan


def bowl(rate, epochs=100, start=1.0):
    """Gradient descent on w² from `start`: losses and path. Each step multiplies w by 1 - 2 · rate."""
    path = [[start * (1 - 2 * rate) ** step] for step in range(epochs + 1)]
    return [w**2 for (w,) in path[:-1]], path


def told(losses, path=None, floor=0.0):
    return fate(losses, path or [[float(step)] for step in range(len(losses) + 1)], floor)


@pytest.mark.parametrize(
    ("rate", "kind", "epoch", "words"),
    [
        (0.00001, "too slow", None, "too slow: after 100 epochs less than 1 % of the way down"),
        (0.001, "too slow", None, "too slow: after 100 epochs 33 % of the way down"),
        (0.01, "too slow", None, "too slow: after 100 epochs 98 % of the way down"),
        (0.1, "converges", 12, "converges in 12 epochs"),
        (0.5, "converges", 2, "converges in 2 epochs"),
        (0.52, "converges", 2, "converges in 2 epochs"),
        (0.75, "converges", 5, "converges in 5 epochs, swinging from side to side"),
        (0.999, "oscillates", None, "oscillates: it swings from side to side, after 100 epochs 33 % of the way down"),
        (
            1.0,
            "oscillates",
            None,
            "oscillates: it swings from side to side, after 100 epochs no lower than at the start",
        ),
        (1.001, "diverges", 2, "diverges: after 100 epochs the loss is 1.5 times what it was"),
        (1.02, "diverges", 2, "diverges: after 100 epochs the loss is 2,400 times what it was"),
        (1.04, "diverges", 2, "diverges: after 100 epochs the loss is 4.1 million times what it was"),
        (1.1, "diverges", 2, "diverges: after 100 epochs the loss is more than a billion times what it was"),
    ],
)
def test_every_rate_on_a_bowl_has_its_words(rate, kind, epoch, words):
    assert fate(*bowl(rate), floor=0.0) == Fate(kind, epoch, words)


@pytest.mark.parametrize(
    ("losses", "floor", "expected"),
    [
        ([4.0, INF, NAN], 0.0, Fate("diverges", 2, "diverges: the loss is inf from epoch 2")),
        ([NAN, NAN], 0.0, Fate("diverges", 1, "diverges: the loss is not a number (nan) from epoch 1")),
        ([1.0, -INF], 0.0, Fate("diverges", 2, "diverges: the loss is -inf from epoch 2")),
        ([NAN], NAN, Fate("diverges", 1, "diverges: the loss is not a number (nan) from epoch 1")),
        # it falls first and rises later: from epoch 4 on it stays above
        ([1.0, 0.5, 0.9, 2.0, 1.5], 0.0,
         Fate("diverges", 4, "diverges: after 5 epochs the loss is 1.5 times what it was")),
        ([1.0, 1.02], 0.0, Fate("diverges", 2, "diverges: after 2 epochs the loss is a little above what it was")),
        ([1.0, 53.4], 0.0, Fate("diverges", 2, "diverges: after 2 epochs the loss is 53 times what it was")),
        ([1.0, 999_999.0], 0.0,
         Fate("diverges", 2, "diverges: after 2 epochs the loss is 1 million times what it was")),
        ([0.0, 2.0], 0.0, Fate("diverges", 2, "diverges: after 2 epochs the loss is above what it was")),
        ([-3.0, -1.0], -3.0, Fate("diverges", 2, "diverges: after 2 epochs the loss is above what it was")),
        ([-1.0, -2.0, -2.999], -3.0, Fate("converges", 3, "converges in 3 epochs")),
        # arrived, gone again, and back: what counts is from when on it stays
        ([1.0, 0.0, 0.5, 0.0, 0.0], 0.0, Fate("converges", 4, "converges in 4 epochs")),
        ([1.0, 0.01, 0.01], 0.0, Fate("converges", 2, "converges in 2 epochs")),
        ([1.0, 0.011, 0.011], 0.0, Fate("too slow", None, "too slow: after 3 epochs 99 % of the way down")),
        # a floor that the run itself is below, or that nobody knows
        ([1.0, 0.1, 0.0], 0.5, Fate("converges", 3, "converges in 3 epochs")),
        ([1.0, 0.1, 0.0], NAN, Fate("converges", 3, "converges in 3 epochs")),
        ([1.0, 0.1, 0.0], -INF, Fate("converges", 3, "converges in 3 epochs")),
        # rounding is neither a way down nor a rise
        ([1.0, 1.0 - 1e-7, 1.0 - 2e-7], 1.0 - 3e-7,
         Fate("too slow", None, "too slow: after 3 epochs no lower than at the start")),
        ([1.0, 1.0 + 1e-7, 1.0 + 2e-7], 1.0,
         Fate("too slow", None, "too slow: after 3 epochs no lower than at the start")),
        ([1.0, 0.6, 0.5, 0.5, 0.5, 0.5], 0.0, Fate(
            "too slow", None, "too slow or stuck: after 6 epochs 50 % of the way down, and hardly falling any more")),
        ([1.0], 0.0, Fate("too slow", None, "one epoch is too little to tell")),
        ([1.0], 1.0, Fate("too slow", None, "one epoch is too little to tell")),
    ],
)  # fmt: skip
def test_every_curve_has_its_words(losses, floor, expected):
    assert told(losses, floor=floor) == expected


@pytest.mark.parametrize(("floor", "kind", "epoch"), [(2.0, "converges", 1), (0.5, "too slow", None)])
def test_a_run_that_never_moves_is_told_so(floor, kind, epoch):
    words = "does not move: the slope is 0, or the steps are too small to count"
    assert told([2.0] * 5, [[1.0, 3.0]] * 6, floor) == Fate(kind, epoch, words)


def test_a_valley_is_crossed_in_one_direction_and_followed_in_another():
    """Steep across, flat along: it swings as long as the steps across are the larger ones."""
    path = [[(-0.8) ** step, 1 - 0.01 * step] for step in range(5)]
    losses = [100 * a**2 + b for a, b in path[:-1]]
    assert told(losses, path, floor=0.0).kind == "oscillates"
    along = [[0.1 * (-0.8) ** step, 1 - 0.2 * step] for step in range(5)]
    assert told([1.0, 0.8, 0.6, 0.4], along, floor=0.0).words == "too slow: after 4 epochs 60 % of the way down"


def test_swings_of_the_first_epochs_alone_are_no_oscillation():
    path = [[0.0], [1.0], [0.0], [1.0], [0.0], [1.0], [0.0], [-0.1], [-0.2], [-0.3], [-0.4]]
    losses = [1.0 - 0.05 * epoch for epoch in range(10)]
    assert told(losses, path).words == "too slow: after 10 epochs 45 % of the way down"


def test_swings_after_arrival_are_no_swinging_on_the_way():
    path = [[0.0], [0.6], [0.95], [1.05], [0.95], [1.05], [0.95], [1.05]]
    assert told([1.0, 0.2, 0.0025, 0.0025, 0.0025, 0.0025, 0.0025], path).words == "converges in 3 epochs"


def test_a_path_that_breaks_with_its_last_step_is_no_swing():
    assert told([1.0, 0.9, 0.8], [[0.0], [1.0], [2.0], [NAN]]).kind == "too slow"


def test_tensors_are_read_too():
    found = descend(lambda w: w**2, 1.0, [0.001, 0.1, 1.1])
    words = [
        fate(losses, path, floor=0.0).words
        for losses, path in zip(found.losses, found.parameters[0].unsqueeze(-1), strict=True)
    ]
    assert words == [fate(*bowl(rate), floor=0.0).words for rate in (0.001, 0.1, 1.1)]


@pytest.mark.parametrize(("losses", "path"), [([], [[1.0]]), ([1.0], [[1.0]]), ([1.0], [[1.0]] * 3)])
def test_a_path_of_another_length_is_refused(losses, path):
    with pytest.raises(ValueError, match=r"^path must have one row more than losses, got"):
        fate(losses, path, 0.0)


RATES = [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("ccdd", 0.3), ("dddd", 0.1), ("cccd", 0.4), ("cccc", None), ("dddc", 0.1), ("cdcd", 0.2), ("csod", 0.4),
    ],
)  # fmt: skip
def test_the_critical_rate_is_the_least_that_diverges(kinds, expected):
    names = {"c": "converges", "d": "diverges", "s": "too slow", "o": "oscillates"}
    fates = [Fate(names[kind], None, "") for kind in kinds]
    assert critical_rate(RATES, fates) == expected
    assert critical_rate(RATES[::-1], fates[::-1]) == expected


def test_the_critical_rate_needs_a_fate_for_each():
    assert critical_rate([], []) is None
    with pytest.raises(ValueError, match=r"^rates and fates must be of one length, got 4 and 0$"):
        critical_rate(RATES, [])


@pytest.mark.parametrize("steepness", [0.5, 2.0, 28.0])
def test_on_a_bowl_the_critical_rate_is_two_over_the_curvature(steepness):
    """The loss is steepness / 2 · w², so its curvature is `steepness`."""
    critical = 2 / steepness
    rates = [critical * (0.9 + 0.005 * step) for step in range(41)]
    found = descend(lambda w: steepness / 2 * w**2, torch.tensor(1.0).double(), rates)
    floor = float(found.losses.min())
    fates = [
        fate(losses, path, floor)
        for losses, path in zip(found.losses.tolist(), found.parameters[0].unsqueeze(-1).tolist(), strict=True)
    ]
    assert critical_rate(rates, fates) == pytest.approx(critical * 1.005)
