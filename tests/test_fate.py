import math

from course_utils.descent import descend
from course_utils.fate import Fate, fate, first_diverging
import pytest
import torch

INF, NAN = math.inf, math.nan


def bowl(rate, epochs=100, start=1.0):
    """Gradient descent on w² from `start`: losses and path. Each step multiplies w by 1 - 2 · rate."""
    path = [[start * (1 - 2 * rate) ** step] for step in range(epochs + 1)]
    return [w**2 for (w,) in path], path


def told(losses, path=None, floor=0.0):
    return fate(losses, path or [[loss if math.isfinite(loss) else 9.0] for loss in losses], floor)


@pytest.mark.parametrize(
    ("rate", "kind", "epoch", "words"),
    [
        (0.00001, "too slow", None, "too slow: after 100 epochs less than 1 % of the way down"),
        (0.001, "too slow", None, "too slow: after 100 epochs 32 % of the way down"),
        (0.01, "too slow", None, "too slow: after 100 epochs 98 % of the way down"),
        (0.1, "converges", 11, "converges in 11 epochs"),
        (0.5, "converges", 1, "converges in 1 epoch"),
        (0.52, "converges", 1, "converges in 1 epoch"),
        (0.75, "converges", 4, "converges in 4 epochs, swinging from side to side"),
        (0.999, "oscillates", None, "oscillates: it swings from side to side, after 100 epochs 32 % of the way down"),
        (1.0, "oscillates", None,
         "oscillates: it swings from side to side, after 100 epochs no lower than at the start"),
        (1.001, "diverges", 1, "diverges: after 100 epochs the loss is 1.5 times what it was"),
        (1.02, "diverges", 1, "diverges: after 100 epochs the loss is 2,600 times what it was"),
        (1.04, "diverges", 1, "diverges: after 100 epochs the loss is 4.8 million times what it was"),
        (1.1, "diverges", 1, "diverges: after 100 epochs the loss is more than a billion times what it was"),
    ],
)  # fmt: skip
def test_every_rate_on_a_bowl_has_its_words(rate, kind, epoch, words):
    assert fate(*bowl(rate), floor=0.0) == Fate(kind, epoch, words)


@pytest.mark.parametrize(
    ("losses", "floor", "expected"),
    [
        ([4.0, INF, NAN], 0.0, Fate("diverges", 1, "diverges: the loss is inf from epoch 1")),
        ([NAN, NAN], 0.0, Fate("diverges", 0, "diverges: the loss is not a number (nan) from epoch 0")),
        ([1.0, -INF], 0.0, Fate("diverges", 1, "diverges: the loss is -inf from epoch 1")),
        # it falls first and rises later: from epoch 3 on it stays above
        ([1.0, 0.5, 0.9, 1.5, 2.0], 0.0,
         Fate("diverges", 3, "diverges: after 4 epochs the loss is 2 times what it was")),
        ([1.0, 1.02], 0.0, Fate("diverges", 1, "diverges: after 1 epoch the loss is a little above what it was")),
        ([1.0, 53.4], 0.0, Fate("diverges", 1, "diverges: after 1 epoch the loss is 53 times what it was")),
        ([1.0, 999_999.0], 0.0,
         Fate("diverges", 1, "diverges: after 1 epoch the loss is 1 million times what it was")),
        ([0.0, 2.0], 0.0, Fate("diverges", 1, "diverges: after 1 epoch the loss is above what it was")),
        ([-3.0, -1.0], -3.0, Fate("diverges", 1, "diverges: after 1 epoch the loss is above what it was")),
        # above the start, but not for ever farther
        ([1.0, 1.4, 0.9, 1.4, 0.9, 1.4, 0.9, 1.4, 0.9, 1.4], 0.0,
         Fate("oscillates", None, "oscillates: after 9 epochs it swings, no lower than at the start")),
        # arrived, gone again, and back: what counts is from when on it stays
        ([1.0, 0.0, 0.5, 0.0, 0.0], 0.0, Fate("converges", 3, "converges in 3 epochs, swinging from side to side")),
        ([1.0, 0.01, 0.01], 0.0, Fate("converges", 1, "converges in 1 epoch")),
        ([1.0, 0.011, 0.011], 0.0, Fate("too slow", None, "too slow: after 2 epochs 98 % of the way down")),
        # a floor that the run itself is below, or that nobody knows
        ([1.0, 0.05, 0.0, 0.0], 0.5, Fate("converges", 2, "converges in 2 epochs")),
        ([1.0, 0.05, 0.0, 0.0], NAN, Fate("converges", 2, "converges in 2 epochs")),
        ([1.0, 0.05, 0.0, 0.0], -INF, Fate("converges", 2, "converges in 2 epochs")),
        # the best of these runs is its own floor, and has not arrived anywhere
        ([1.0 - 0.01 * epoch for epoch in range(9)], 0.92, Fate(
            "too slow", None, "too slow: after 8 epochs as far down as the best of these rates, and still falling")),
        # rounding is neither a way down nor a rise
        ([1.0, 1.0 - 1e-7, 1.0 - 2e-7], 1.0 - 3e-7,
         Fate("too slow", None, "too slow: after 2 epochs no lower than at the start")),
        ([1.0, 1.0 + 1e-7, 1.0 + 2e-7], 1.0,
         Fate("too slow", None, "too slow: after 2 epochs no lower than at the start")),
        ([1.0, 0.6, 0.5, 0.5, 0.5, 0.5], 0.0, Fate(
            "settles higher", None,
            "settles higher: after 5 epochs 50 % of the way down, and hardly falling any more")),
        # 98 % down, and what is left still falls by a third in the second half: that is no standstill
        ([1.0, 0.5, 0.2, 0.03, 0.027, 0.024, 0.02], 0.0,
         Fate("too slow", None, "too slow: after 6 epochs 98 % of the way down")),
    ],
)  # fmt: skip
def test_every_curve_has_its_words(losses, floor, expected):
    assert told(losses, floor=floor) == expected


@pytest.mark.parametrize("floor", [2.0, 0.5])
def test_a_run_that_never_moves_is_told_so(floor):
    words = "does not move: the slope is 0, or the steps are too small to count"
    assert told([2.0] * 5, [[1.0, 3.0]] * 5, floor) == Fate("does not move", None, words)


def test_a_valley_is_crossed_in_one_direction_and_followed_in_another():
    """Steep across, flat along: it swings as long as the steps across are the larger ones."""
    path = [[(-0.8) ** step, 1 - 0.01 * step] for step in range(4)]
    losses = [100 * a**2 + b for a, b in path]
    assert told(losses, path, floor=0.0).kind == "oscillates"
    along = [[0.1 * (-0.8) ** step, 1 - 0.2 * step] for step in range(4)]
    assert told([1.0, 0.8, 0.6, 0.4], along, floor=0.0).words == "too slow: after 3 epochs 60 % of the way down"


def test_swings_of_the_first_epochs_alone_are_no_oscillation():
    path = [[0.0], [1.0], [0.0], [1.0], [0.0], [1.0], [0.0], [-0.1], [-0.2], [-0.3]]
    losses = [1.0 - 0.05 * epoch for epoch in range(10)]
    assert told(losses, path).words == "too slow: after 9 epochs 45 % of the way down"


def test_a_run_that_swings_for_ever_close_to_the_bottom_does_not_converge():
    path = [[0.0], [0.6], [0.95], *([[1.05], [0.95]] * 4)]
    losses = [(w - 1) ** 2 for (w,) in path]
    assert told(losses, path) == Fate(
        "oscillates", 2, "oscillates: close to the bottom from epoch 2 on, but it never settles"
    )


@pytest.mark.parametrize(
    ("rate", "kind"), [(0.05, "settles higher"), (0.1, "converges"), (0.145, "oscillates"), (0.16, "oscillates")]
)
def test_two_valleys(rate, kind):
    """w⁴ − 3w² + w from 2: the right valley is higher, the left one's limit is 0.1398."""
    found = descend(lambda w: w**4 - 3 * w**2 + w, torch.tensor(2.0).double(), rate, epochs=60)
    path = found.parameters[0]
    losses = path**4 - 3 * path**2 + path
    assert fate(losses.tolist(), path[:, None].tolist(), floor=-3.514).kind == kind


@pytest.mark.parametrize("factor", [-0.99, -0.9, -0.5, 0.3, 0.9, 0.96])
def test_whatever_shrinks_steadily_converges_or_is_on_its_way(factor):
    for epochs in (3, 8, 20, 100):
        path = [[factor**step] for step in range(epochs + 1)]
        found = fate([w**2 for (w,) in path], path, floor=0.0)
        assert found.kind == ("converges" if factor ** (2 * epochs) <= 0.01 else found.kind)
        assert found.kind in {"converges", "too slow" if factor > 0 else "oscillates"}


def test_tensors_are_read_too():
    found = descend(lambda w: w**2, 1.0, [0.001, 0.1, 1.1])
    words = [
        fate(losses, path, floor=0.0).words
        for losses, path in zip(found.parameters[0] ** 2, found.parameters[0].unsqueeze(-1), strict=True)
    ]
    assert words == [fate(*bowl(rate), floor=0.0).words for rate in (0.001, 0.1, 1.1)]


@pytest.mark.parametrize(("losses", "path"), [([], []), ([1.0], [[1.0]]), ([1.0, 0.5], [[1.0]] * 3)])
def test_a_path_of_another_length_is_refused(losses, path):
    with pytest.raises(ValueError, match=r"^losses and path must be of one length, 2 or more, got"):
        fate(losses, path, 0.0)


RATES = [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("ccdd", 0.3), ("dddd", 0.1), ("cccd", 0.4), ("cccc", None), ("dddc", 0.1), ("cdcd", 0.2), ("csod", 0.4),
    ],
)  # fmt: skip
def test_the_first_diverging_rate_is_the_least(kinds, expected):
    names = {"c": "converges", "d": "diverges", "s": "too slow", "o": "oscillates"}
    fates = [Fate(names[kind], None, "") for kind in kinds]
    assert first_diverging(RATES, fates) == expected
    assert first_diverging(RATES[::-1], fates[::-1]) == expected


def test_the_first_diverging_rate_needs_a_fate_for_each():
    assert first_diverging([], []) is None
    with pytest.raises(ValueError, match=r"^rates and fates must be of one length, got 4 and 0$"):
        first_diverging(RATES, [])


@pytest.mark.parametrize("steepness", [0.5, 2.0, 28.0])
def test_on_a_bowl_the_first_diverging_rate_lies_above_two_over_the_curvature(steepness):
    """The loss is steepness / 2 · w², so its curvature is `steepness`."""
    critical = 2 / steepness
    rates = [critical * (0.9 + 0.005 * step) for step in range(41)]
    found = descend(lambda w: steepness / 2 * w**2, torch.tensor(1.0).double(), rates)
    losses_seen = steepness / 2 * found.parameters[0] ** 2
    floor = float(losses_seen.min())
    fates = [
        fate(losses, path, floor)
        for losses, path in zip(losses_seen.tolist(), found.parameters[0].unsqueeze(-1).tolist(), strict=True)
    ]
    assert first_diverging(rates, fates) == pytest.approx(critical * 1.005)
