import math
import re
import subprocess
import sys

from course_utils import attach_slider, plot_fit, plot_loss
from course_utils.picture import describe, new_axes
from matplotlib.figure import Figure
import pages
import pytest
import torch


def line(w):
    return plot_fit([1.0, 2.0], [2.0, 4.0], lambda x: w * x, title=f"w = {w:.1f}")


def slid(draw=line, **changes):
    return attach_slider(draw, **{"name": "w", "low": 0.0, "high": 4.0, "start": 1.0} | changes)


def html_of(live):
    return live._repr_mimebundle_()["text/html"]


def shares(ax, artist):
    """Where matplotlib draws a line, as shares of the sides of its axes."""
    sides = artist.get_transform() - ax.transAxes
    return [tuple(point) for point in sides.transform(artist.get_xydata())]


def test_the_picture_at_each_value_is_the_one_that_was_drawn():
    live = slid()
    html = html_of(live)
    assert len(live.words) == 41
    for place, words in enumerate(live.words):
        ax = line(place / 10)
        assert words == describe(ax)
        for got, wanted in zip(pages.curve(html, 0, place), shares(ax, ax.lines[0]), strict=True):
            assert got == pytest.approx(wanted, abs=1e-3)
    assert pages.data(html)["words"][-1] == [40, live.words[40]]


def test_what_never_moves_is_not_among_the_moves():
    moves = pages.data(html_of(slid()))["moves"]
    assert [move["kind"] for move in moves] == ["line", "text"]  # the model and the title, not the data
    assert moves[1]["changes"][15] == [15, "w = 1.5"]


def test_without_scripts_there_is_a_picture_with_words():
    shown = slid()._repr_mimebundle_()
    assert set(shown) == {"text/html", "image/png", "text/plain"}
    assert shown["image/png"].startswith(b"\x89PNG")
    words = shown["text/plain"].splitlines()
    assert words[0].startswith("w = 1.0. A plot of y against x. model: 50 points, (0, 0), ")
    assert words[1:4] == ["A slider moves it, w from 0.0 to 4.0, 41 places:", "w 0.0: w = 0.0", "w 0.5: w = 0.5"]
    assert re.search(r'<img class="course-picture" alt="w = 1\.0\. A plot', shown["text/html"])


def test_the_axes_hold_every_picture():
    def wave(height):
        ax = new_axes()
        ax.plot([0.0, 1.0], [0.0, height], label="a line")
        ax.set_title(f"{height:.0f}")
        return ax

    html = html_of(slid(wave, name="height", low=1.0, high=5.0, step=1.0))
    for place in range(5):
        (_, foot), (_, head) = pages.curve(html, 0, place)
        assert -0.01 < foot < head < 1.01
        assert head - foot == pytest.approx((place + 1) / 5.5, rel=0.02)  # matplotlib leaves a twentieth at each end


def test_a_curve_may_have_another_length_at_each_value_and_gaps():
    def run(epochs):
        losses = [1.0, 0.5, 0.25, math.nan, 0.1][: int(epochs)]
        ax = plot_fit([1.0, 5.0], [0.0, 1.0], lambda x: x)
        ax.plot(range(1, len(losses) + 1), losses, label="loss")
        return ax

    html = html_of(slid(run, name="epochs", low=1.0, high=5.0, step=1.0))
    curves = [pages.curve(html, 0, place) for place in range(5)]
    assert [sum(point is not None for point in curve) for curve in curves] == [1, 2, 3, 3, 4]
    assert curves[4][3] is None
    assert {len(curve) for curve in curves} == {5}


def test_inf_leaves_no_trace_in_the_picture_and_none_in_the_page():
    def draw(w):
        ax = line(1.0)
        ax.plot([0.0, w], [0.0, math.inf if w > 2 else w], label="w")
        return ax

    html = html_of(slid(draw))
    assert [point is None for point in pages.curve(html, 0, 30)] == [False, True]
    assert [point is None for point in pages.curve(html, 0, 20)] == [False, False]


def test_a_text_moves_with_its_place():
    def draw(w):
        ax = line(w)
        ax.text(w / 2, 1.0, f"here {w:.1f}")
        return ax

    html = html_of(slid(draw))
    moves = pages.data(html)["moves"]
    assert [move["kind"] for move in moves] == ["line", "text", "place", "text"]
    ax = draw(3.0)
    [wanted] = [(ax.transData - ax.transAxes).transform((1.5, 1.0))]
    assert pages.curve(html, 2, 30) == [pytest.approx(tuple(wanted), abs=1e-3)]


def bars(w):
    ax = line(1.0)
    ax.bar([1.0], [w])
    return ax


def growing(w):
    ax = line(1.0)
    for _ in range(int(w)):
        ax.plot([0, 1], [0, 1])
    return ax


def coloured(w):
    ax = line(w)
    ax.lines[0].set_color("red" if w > 2 else "blue")
    return ax


def logarithmic(w):
    ax = line(w)
    ax.set_yscale("log" if w > 2 else "linear")
    return ax


def test_a_line_that_leaves_the_picture_far_away_keeps_its_direction():
    def draw(w):
        ax = new_axes()
        ax.plot([-100.0, 100.0], [-100.0 * w, 100.0 * w], label="steep")
        ax.set(xlim=(0.0, 3.0), ylim=(0.0, 3.0), title=f"{w}")
        return ax

    (left, low), (right, high) = pages.curve(html_of(slid(draw)), 0, 20)
    assert (high - low) / (right - left) == pytest.approx(2.0, rel=1e-3)


def test_a_legend_and_the_lines_of_a_title_change_too():
    def draw(w):
        ax = new_axes()
        ax.plot([0.0, 1.0], [0.0, w], label=f"w = {w}")
        ax.legend()
        ax.set_title(f"one\n{w}")
        return ax

    changes = [move["changes"][1] for move in pages.data(html_of(slid(draw)))["moves"] if move["kind"] == "text"]
    assert changes == [[1, "one\n0.1"], [1, "w = 0.1"]]


def test_two_axes_of_a_figure_move_together():
    def draw(w):
        figure = Figure()
        one, two = figure.subplots(1, 2)
        one.plot([0.0, 1.0], [0.0, w])
        two.plot([0.0, 1.0], [w, 0.0])
        figure.suptitle(f"w is {w}")
        return one

    moves = pages.data(html_of(slid(draw)))["moves"]
    assert [(move["kind"], move.get("axes")) for move in moves] == [("line", 0), ("line", 1), ("text", None)]


def test_axes_turned_over_stay_turned_over():
    def draw(w):
        ax = line(w)
        ax.invert_yaxis()
        return ax

    low, high = slid(draw).figure.axes[0].get_ylim()
    assert low > high


@pytest.mark.parametrize(
    ("low", "high", "step", "labels"),
    [
        (0.0, 1.0, 0.25, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (0, 10, 2.5, ["0.0", "2.5", "5.0", "7.5", "10.0"]),
        (0.05, 0.35, 0.1, ["0.05", "0.15", "0.25", "0.35"]),
        (-1, 2, 1, ["-1", "0", "1", "2"]),
    ],
)
def test_the_labels_are_the_values(low, high, step, labels):
    live = slid(low=low, high=high, start=low, step=step)
    assert pages.data(html_of(live))["controls"][0]["labels"] == labels


def test_pyplots_figures_are_not_left_open():
    code = (
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt\n"
        "from course_utils import attach_slider\n"
        "def draw(w):\n    figure, ax = plt.subplots()\n    ax.plot([0, 1], [0, w])\n    return ax\n"
        "attach_slider(draw, name='w', low=0, high=3, start=1, step=1); print(plt.get_fignums())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "[]\n"


ONE = new_axes()


def the_same(w):
    ONE.clear()
    ONE.plot([0, 1], [0, w])
    return ONE


def with_scatter(w):
    ax = line(1.0)
    ax.scatter([0.0, 1.0], [w, 1.0])
    return ax


def with_ticks(w):
    ax = line(1.0)
    ax.set_xticks([0, 1], ["a", f"w = {w}"])
    return ax


def with_arrow(w):
    ax = line(1.0)
    ax.annotate("here", (w / 2, w / 2), xytext=(1.0, 1.0), arrowprops={"arrowstyle": "->"})
    return ax


def with_axline(w):
    ax = line(1.0)
    ax.axline((0, 0), slope=w)
    return ax


def with_steps(w):
    ax = line(1.0)
    ax.step([0, 1, 2], [0, w, 1])
    return ax


def with_formula(w):
    ax = line(1.0)
    ax.set_title(f"$w^2 = {w * w}$")
    return ax


def with_many(w):
    ax = line(1.0)
    ax.plot(range(5000), [w * i for i in range(5000)])
    return ax


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (the_same, "draw must make a figure of its own at each value"),
        (with_scatter, "a slider moves lines and texts, got a picture at 0 in which something else changes"),
        (with_ticks, "a slider moves lines and texts, got a picture at 0 in which something else changes"),
        (with_arrow, "a slider cannot move a text's arrow, box or offset"),
        (with_axline, "a slider cannot move an axline"),
        (with_steps, "a slider cannot move steps"),
        (with_formula, "a text that changes cannot hold formulas"),
        (with_many, "the moving lines may hold 300,000 numbers at all values together, got 410,000"),
    ],
)
def test_what_would_stand_still_without_a_word_is_refused(draw, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        slid(draw)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"draw": None}, TypeError, "draw must be a function of the slider's value, got NoneType"),
        ({"draw": lambda w: None}, TypeError, "draw must give Axes, as plot_fit does, got NoneType at 0"),
        ({"draw": bars}, ValueError, "a slider moves lines and texts, got a picture at 0 in which something else"),
        ({"draw": coloured}, ValueError, "a slider moves lines and texts, got another look of one of them at 2.1"),
        ({"draw": growing}, ValueError, "draw must make the same lines and texts at each value, got other ones at 0"),
        ({"draw": logarithmic}, ValueError, "draw must keep the scale of its axes, got another one at 2.1"),
        ({"start": 5.0}, ValueError, "start must be a value of the slider, 0.0, 0.1, ... up to 4.0, got 5.0"),
        ({"start": 0.37}, ValueError, "start must be a value of the slider, 0.0, 0.1, ... up to 4.0, got 0.37"),
        ({"low": 4.0, "start": 4.0}, ValueError, "low < high and step > 0 are wanted, got low=4.0, high=4.0, step=0.1"),
        ({"high": math.inf}, TypeError, "high must be a finite number, got inf"),
        ({"low": "0"}, TypeError, "low must be a finite number, got '0'"),
        ({"step": 0}, ValueError, "low < high and step > 0"),
        ({"step": -0.1}, ValueError, "low < high and step > 0"),
        ({"step": 0.001}, ValueError, "a slider has 2 to 400 values, got 4001 from low=0.0, high=4.0 and step=0.001"),
        ({"step": 5.0}, ValueError, "a slider has 2 to 400 values, got 1 from"),
    ],
)
def test_attach_slider_refuses(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        slid(**arguments)


def test_whole_numbers_stay_whole():
    seen = []

    def draw(value):
        seen.append(value)
        return line(float(value))

    slid(draw, low=1, high=3, start=1, step=1)
    assert seen == [1, 2, 3]
    assert {type(value) for value in seen} == {int}


def test_an_error_in_the_learners_function_is_the_learners_own():
    def draw(w):
        return line(1 / (w - 2))

    with pytest.raises(ZeroDivisionError):
        slid(draw, step=0.5)


def test_what_is_stored_is_the_same_in_each_process():
    code = (
        "from course_utils import attach_slider, plot_loss, use_style; import hashlib; use_style();"
        "draw = lambda e: plot_loss([1.0, 0.1, 0.01][:int(e)]);"
        "live = attach_slider(draw, name='e', low=1, high=3, start=1, step=1);"
        "print(hashlib.sha256(live._repr_mimebundle_()['text/html'].encode()).hexdigest())"
    )
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout for _ in range(2)}
    assert len(runs) == 1
    assert len(runs.pop()) == 65


def test_a_play_button_comes_with_play_alone():
    def units(**changes):
        return [control["unit"] for control in pages.data(html_of(slid(**changes)))["controls"]]

    assert units() == [""]
    assert units(play=True) == ["step"]


def test_losses_can_be_slid_through():
    live = slid(lambda epochs: plot_loss(torch.tensor([4.0, 2.0, 1.0])[: int(epochs)]), low=1, high=3, start=1, step=1)
    assert [words.split(".")[0] for words in live.words] == [
        "The loss stays at 4", "The loss falls from 4 to 2", "The loss falls from 4 to 1",
    ]  # fmt: skip
