import base64
import gc
import math
import re

from course_utils import plot_fit, plot_loss
from course_utils.picture import describe, new_axes
from course_utils.plot import numbers
import numpy as np
import pytest
import torch


def title(ax):
    return ax.get_title(loc="left") or ax.get_title()


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([4.0, 2.0, 1.0], "The loss falls from 4 to 1"),
        ([1.0, 2.0], "The loss rises from 1 to 2"),
        ([0.5, 0.5], "The loss stays at 0.5"),
        ([4.0, 1e-12], "The loss falls from 4 to about 0"),
        ([4.0, 0.0], "The loss falls from 4 to 0"),
        ([1.0, 5.0, math.inf, math.nan], "The loss becomes inf in epoch 3"),
        ([math.nan], "The loss becomes nan in epoch 1"),
    ],
)
def test_the_title_says_what_happened(losses, said):
    assert title(plot_loss(losses)) == said


def test_a_run_that_diverges_is_drawn_as_far_as_it_goes_and_marked():
    ax = plot_loss([1.0, 10.0, math.inf, math.nan])
    run, mark = ax.lines
    assert list(run.get_ydata())[:2] == [1.0, 10.0]
    assert all(math.isnan(y) for y in run.get_ydata()[2:])
    assert list(mark.get_xdata()) == [3, 3]
    assert [note.get_text().strip() for note in ax.texts] == ["inf from epoch 3"]


@pytest.mark.parametrize("losses", [[math.inf, math.inf], [0.0, 0.0], [-1.0, -2.0], [1e38, math.inf], [5.0]])
def test_any_run_can_be_shown(losses):
    assert plot_loss(losses)._repr_mimebundle_()["image/png"].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "losses",
    [
        [4.0, 1.0],
        (4, 1),
        torch.tensor([4.0, 1.0]),
        torch.tensor([4.0, 1.0], requires_grad=True),
        [torch.tensor(4.0, requires_grad=True), torch.tensor([[1.0]])],
        {"loss": [4.0, 1.0]},
        np.array([4.0, 1.0]),
        [np.float32(4.0), np.int64(1)],
    ],
    ids=[
        "list",
        "tuple",
        "tensor",
        "tensor with a graph",
        "list of tensors",
        "one named run",
        "array",
        "numpy's numbers",
    ],
)
def test_numbers_come_in_many_shapes(losses):
    (line,) = plot_loss(losses).lines
    assert list(line.get_ydata()) == [4.0, 1.0]


def test_runs_keep_their_names_and_differ_by_dashes():
    ax = plot_loss({"cleared": [2.0, 1.0], "added up": [2.0, 3.0]}, title="Two runs", unit="step")
    assert [line.get_label() for line in ax.lines] == ["cleared", "added up"]
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert (title(ax), ax.get_xlabel()) == ("Two runs", "step")


def test_it_draws_where_it_is_told():
    ax = new_axes()
    assert plot_loss([2.0, 1.0], ax=ax) is ax


@pytest.mark.parametrize(
    ("losses", "error", "message"),
    [
        ([], ValueError, "losses must hold at least one number, got an empty list"),
        ({}, ValueError, "losses must hold at least one run, got an empty dict"),
        (torch.tensor([]), ValueError, "losses must hold at least one number"),
        (torch.ones(2, 2), ValueError, r"losses must have one dimension, got a tensor of shape \(2, 2\)"),
        (torch.tensor(1.0), ValueError, "losses must have one dimension"),
        (None, TypeError, "losses must be a list of numbers, got NoneType"),
        (3.0, TypeError, "losses must be a list of numbers, got float"),
        ("1, 2", TypeError, "losses must be a list of numbers, got str"),
        ([1.0, "2"], TypeError, r"losses\[1\] must be a number, got str"),
        ([1.0, None], TypeError, r"losses\[1\] must be a number, got NoneType"),
        ([torch.ones(3)], TypeError, r"losses\[0\] must be a number, got a tensor of shape \(3,\)"),
        ([1j], TypeError, r"losses\[0\] must be a number, got complex"),
        ([torch.tensor(1j)], TypeError, r"losses\[0\] must be a number, got a tensor"),
    ],
)
def test_plot_loss_refuses(losses, error, message):
    with pytest.raises(error, match=f"^{message}"):
        plot_loss(losses)


def test_plot_fit_draws_the_points_and_the_model():
    ax = plot_fit([1.0, 2.0], [2.0, 4.0], lambda x: 3 * x, title="Too steep")
    model, data = ax.lines
    assert list(data.get_xydata().flatten()) == [1.0, 2.0, 2.0, 4.0]
    assert all(y == pytest.approx(3 * x) for x, y in model.get_xydata())
    assert title(ax) == "Too steep"


@pytest.mark.parametrize(
    ("x", "y", "model", "error", "message"),
    [
        ([1.0, 2.0], [1.0], torch.relu, ValueError, "x and y must be of one length, got 2 and 1 numbers"),
        ([], [], torch.relu, ValueError, "x must hold at least one number"),
        ([1.0], "y", torch.relu, TypeError, "y must be a list of numbers, got str"),
        ([1.0], [1.0], lambda x: 3.0, TypeError, "model must give a tensor, got float"),
        ([1.0], [1.0], torch.sum, ValueError, r"model must give one output an input, shape \(50,\), got \(\)"),
    ],
)
def test_plot_fit_refuses(x, y, model, error, message):
    with pytest.raises(error, match=f"^{message}"):
        plot_fit(x, y, model)


@pytest.mark.parametrize("x", [[-3.0, -1.0], [0.0], [2.0, 5.0], [-1.0, 1.0]])
def test_the_model_is_drawn_over_all_the_data(x):
    model, _ = plot_fit(x, x, lambda inputs: inputs).lines
    assert min(model.get_xdata()) <= min(x) <= max(x) <= max(model.get_xdata())


def test_every_model_is_drawn_on_the_same_axes():
    pictures = [plot_fit([1.0, 2.0], [2.0, 4.0], lambda x, w=w: w * x) for w in (0.0, 2.0, 400.0)]
    assert {ax.get_ylim() for ax in pictures} == {(-0.4, 4.8)}
    (flat,) = {plot_fit([1.0], [0.0], lambda x: x).get_ylim()}
    assert flat == (-0.1, 0.2)


def test_a_picture_has_words_and_both_show_the_same():
    shown = plot_loss([4.0, 2.0, 1.0])._repr_mimebundle_()
    assert set(shown) == {"text/html", "image/png", "text/plain"}
    assert re.search('alt="([^"]*)"', shown["text/html"])[1] == shown["text/plain"]
    assert base64.b64encode(shown["image/png"]).decode() in shown["text/html"]
    assert "loss: 3 points, (1, 4), (2, 2), (3, 1)." in shown["text/plain"]


def test_the_words_follow_what_a_learner_adds():
    ax = plot_loss([4.0, 2.0])
    ax.plot([1, 2], [3.0, 3.0], label="a guess")
    assert "a guess: 2 points, (1, 3), (2, 3)." in describe(ax)


@pytest.mark.parametrize("place", [0, 25, 50, 74, 99])
def test_the_words_change_with_the_points_they_tell(place):
    track = [1.0 + epoch for epoch in range(100)]
    other = list(track)
    other[place] *= 2
    assert describe(plot_loss(other)) != describe(plot_loss(track))


def test_the_words_tell_no_point_that_is_not_drawn():
    words = describe(plot_loss([1.0, 10.0, 100.0, math.inf, math.inf]))
    assert "loss: 5 points, (1, 1), (2, 10), (3, 1e+02). inf from epoch 4." in words
    assert "nan" not in words


def test_the_same_data_give_the_same_bytes():
    one, other = (plot_loss([4.0, 2.0, 1.0])._repr_mimebundle_() for _ in range(2))
    assert one == other


def test_shown_pictures_share_one_bitmap():
    kept = [plot_loss([4.0, 2.0, 1.0 / n]) for n in range(1, 6)]
    shown = [ax._repr_mimebundle_() for ax in kept]
    gc.collect()
    assert len([thing for thing in gc.get_objects() if type(thing).__name__ == "RendererAgg"]) <= 2
    assert [ax._repr_mimebundle_() for ax in kept] == shown  # and each can be shown again


def test_numbers_reads_any_device_and_type():
    assert numbers([True, 2, torch.tensor(3), torch.tensor([4.0])], "x") == [1.0, 2.0, 3.0, 4.0]
