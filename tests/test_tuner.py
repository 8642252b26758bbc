"""The tuner's callbacks swept over their ranges, without a browser: what its cell shows after each move."""

from io import BytesIO
import math
import re
import sys

from course_utils import tune_learning_rate
from course_utils import tuner as room
from course_utils.controls import WIDGET
from course_utils.picture import to_png
from course_utils.sheet import DASHES, Sheet
from ipywidgets import Button, Checkbox, Dropdown, FloatLogSlider, IntSlider, IntText, fixed
from matplotlib.figure import Figure
from PIL import Image
import pytest
import torch


class Page:
    """A notebook's cell: the outputs it shows now, the picture first."""

    def __init__(self):
        self.outputs = []

    def display(self, thing):
        self.outputs.append(thing._repr_mimebundle_())

    def update(self, thing):
        self.outputs[0] = thing._repr_mimebundle_()

    @property
    def words(self):
        return self.outputs[0]["text/plain"]

    @property
    def png(self):
        return self.outputs[0]["image/png"]


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.setattr(room, "display", page.display)
    monkeypatch.setattr(room, "DisplayHandle", lambda: page)
    return page


def descent(rate, epochs=10):
    """The loss w² from w = 1, w ← w − rate · 2w."""
    return [(1 - 2 * rate) ** (2 * epoch) for epoch in range(epochs)]


def shown(train=descent, **arguments):
    tuner = tune_learning_rate(train, **arguments)
    tuner._ipython_display_()
    return tuner


def place(page):
    """The room on the page that the first output takes, as its HTML says."""
    html = page.outputs[0]["text/html"]
    found = re.search(r'width="(\d+)" height="(\d+)"', html) or re.search(r"aspect-ratio: (\d+) / (\d+)", html)
    return found.groups()


def buttons(tuner):
    return tuner._keep, tuner._forget


def test_a_picture_stands_above_its_controls(page):
    shown(start=0.01)
    picture, controls, names = page.outputs
    assert set(picture) == {"text/html", "image/png", "text/plain"}
    assert set(controls) == {WIDGET, "text/plain"}
    assert controls["text/plain"] == "(A slider stands here while the notebook runs: rate, from 0.001 to 1.)"
    assert names["text/plain"] == ""
    assert page.words.startswith("Rate 0.0100: the loss falls from 1 to 0.7.")


def test_other_figures_drawn_meanwhile_leave_the_picture_whole(page):
    tuner = shown(start=0.01)
    tuner.rate = 0.1
    wanted = page.png
    tuner.rate = 0.01
    for inches in (2.0, 3.0, 4.0):  # each takes the shared pixels for its own size
        to_png(Figure(figsize=(inches, inches)))
    tuner.rate = 0.1
    assert page.png == wanted


def test_the_whole_range_can_be_swept(page):
    tuner = shown(low=0.001, high=1.5)
    slider = tuner._slider
    assert isinstance(slider, FloatLogSlider)
    steps = round((slider.max - slider.min) / slider.step)
    assert steps * slider.step == pytest.approx(slider.max - slider.min)  # the ends are whole steps apart
    seen, places = set(), {place(page)}
    for step in range(steps + 1):
        tuner.rate = 10 ** (slider.min + step * slider.step)
        assert page.words.startswith(f"Rate {tuner.rate:.4f}: the loss ")
        assert Image.open(BytesIO(page.png)).size == (1120, 576)
        seen.add((page.words, page.png))
        places.add(place(page))
    assert len(seen) == steps + 1
    assert len(places) == 1
    assert len(page.outputs) == 3
    assert tuner.rate == pytest.approx(1.5)


def test_the_rate_can_be_read_and_set(page):
    tuner = tune_learning_rate(descent, start=0.02, high=0.4)
    assert tuner.rate == pytest.approx(0.02)
    tuner.rate = 0.1
    assert tuner.values == {"rate": pytest.approx(0.1)}
    assert tuner._slider.value == tuner.rate
    tuner._ipython_display_()
    assert page.words.startswith("Rate 0.1000")
    tuner.rate = 0.4
    assert page.words.startswith("Rate 0.4000")
    assert tuner.losses == pytest.approx(descent(0.4))


@pytest.mark.parametrize(
    ("wrong", "error"), [(0.5, ValueError), (0, ValueError), (math.nan, ValueError), ("a", TypeError)]
)
def test_a_rate_that_the_slider_does_not_reach_is_refused(wrong, error):
    tuner = tune_learning_rate(descent, high=0.4)
    with pytest.raises(error, match=r"^rate must be (from 0\.001 to 0\.4, got|a number, got str)"):
        tuner.rate = wrong
    assert tuner.rate == pytest.approx(0.01)


def test_small_rates_show_two_digits(page):
    shown(low=2e-6, start=3.5e-6)
    assert page.words.startswith("Rate 0.0000035: ")


def test_the_axes_stay_the_same_when_the_rate_changes(page):
    def train(rate):
        return [loss for loss in descent(rate) if loss < 2]  # it stops early where it diverges

    tuner = shown(train, high=2.0)
    ax = tuner._sheet._axes
    limits = set()
    for rate in (0.01, 0.4, 0.99, 1.2, 2.0):
        tuner.rate = rate
        limits.add((ax.get_xlim(), ax.get_ylim(), ax.get_yscale()))
    assert limits == {((0.55, 10.45), (1e-15, 1e4), "log")}


def test_a_picture_holds_nothing_of_the_ones_before(page):
    tuner = shown()
    fresh = page.png
    for rate in (0.5, 1.0, 0.2):
        tuner.rate = rate
        assert page.png != fresh
    tuner.rate = 0.01
    assert page.png == fresh
    tuner.rate = 0.2
    tuner.keep()
    tuner.rate = 0.01
    assert page.png != fresh
    tuner.forget()
    assert page.png == fresh


def test_two_tuners_do_not_draw_on_each_other(page):
    first, second = Sheet(), Sheet()
    alone = first.draw(descent(0.1), "rate 0.1: ").png
    second.draw(descent(0.3, epochs=30), "rate 0.3: ")
    first.draw(descent(0.2), "rate 0.2: ")
    assert first.draw(descent(0.1), "rate 0.1: ").png == alone


def test_the_paper_is_white_and_the_line_has_the_colour_of_a_loss(page):
    shown()
    colours = {colour for _, colour in Image.open(BytesIO(page.png)).convert("RGB").getcolors(1000)}
    assert {(255, 255, 255), (4, 120, 87)} <= colours


def test_a_run_that_diverges_says_so(page):
    shown(lambda rate: [1.0, 100.0, math.inf, math.nan])
    assert "becomes inf in epoch 3" in page.words


@pytest.mark.parametrize("losses", [[math.inf, math.nan], [0.0, 0.0], [-1.0, -2.0], [3.0]], ids=str)
def test_losses_without_a_logarithm_or_a_second_epoch_are_drawn(page, losses):
    tuner = shown(lambda rate: torch.tensor(losses))
    tuner.rate = 0.5
    assert page.words.startswith("Rate 0.5000: the loss ")


def test_each_move_calls_the_function_once_and_is_answered_at_once(page):
    calls = []

    def train(rate):
        calls.append(rate)
        return descent(rate)

    tuner = shown(train)
    for rate in (0.1, 0.2, 0.2, 0.3):
        tuner.rate = rate
        assert page.words.startswith(f"Rate {rate:.4f}")  # before the next message can be read
    tuner.keep()
    assert tuner.losses == descent(tuner.rate)
    assert calls == pytest.approx([0.01, 0.1, 0.2, 0.3])


def test_an_error_while_dragging_is_said_once_and_goes_again(page):
    def train(rate):
        if rate > 0.5:
            raise ZeroDivisionError("<b>too fast</b>")
        return descent(rate)

    tuner = shown(train, start=0.1)
    where = place(page)
    for _ in range(2):
        tuner.rate = 0.7
        assert page.words == "At rate 0.7000 your function stops with ZeroDivisionError: <b>too fast</b>"
        assert "&lt;b&gt;too fast" in page.outputs[0]["text/html"]
        assert place(page) == where
        assert len(page.outputs) == 3
        assert tuner._keep.disabled
        with pytest.raises(ZeroDivisionError):
            tuner.keep()
        tuner.rate = 0.1
        assert page.words.startswith("Rate 0.1000")
        assert not tuner._keep.disabled


def test_what_is_no_list_of_losses_is_said_as_well(page):
    tuner = shown(lambda rate: descent(rate) if rate < 0.5 else None)
    tuner.rate = 0.6
    message = "TypeError: train must give the loss after each epoch: losses must be a list of numbers, got NoneType"
    assert page.words == f"At rate 0.6000 your function stops with {message}"


def test_an_interrupt_is_said_and_passed_on(page):
    def train(rate):
        if rate > 0.5:
            raise KeyboardInterrupt
        return descent(rate)

    tuner = shown(train)
    with pytest.raises(KeyboardInterrupt):
        tuner.rate = 0.7
    assert page.words.startswith("At rate 0.7000 your function stops with KeyboardInterrupt")


def test_an_error_at_the_start_is_an_ordinary_error(page):
    with pytest.raises(TypeError, match=r"^train must give the loss after each epoch: losses must be a list"):
        shown(lambda rate: None)
    assert page.outputs == []


def test_what_the_function_prints_is_seen_once(page, capsys):
    def train(rate):
        print("epoch 1")
        print("slow", file=sys.stderr)
        return descent(rate)

    tuner = shown(train)
    assert capsys.readouterr() == ("epoch 1\n", "slow\n")
    tuner.rate = 0.1
    assert capsys.readouterr() == ("", "")


def test_runs_are_kept_and_compared(page):
    tuner = shown()
    plain = page.png
    tuner.keep()
    assert page.png != plain
    tuner.rate = 0.3
    tuner.keep()
    tuner.keep()
    tuner.rate = 0.4
    assert tuner.kept == {"rate 0.0100": descent(0.01), "rate 0.3000": pytest.approx(descent(0.3))}
    assert page.words.startswith("Rate 0.4000: ")
    for name in tuner.kept:
        assert f"kept: {name}: 10 points, (1, 1), " in page.words
    tuner.forget()
    assert tuner.kept == {}
    assert "kept" not in page.words


def test_kept_runs_are_told_apart_without_colour(page):
    tuner = shown()
    for step in range(len(DASHES)):
        tuner.rate = 0.01 + step / 10
        tuner.keep()
    legend = tuner._sheet._axes.get_legend()
    drawn = [(line._unscaled_dash_pattern[1], line.get_linewidth()) for line in legend.legend_handles]
    assert len({tuple(dash) for dash, _ in drawn}) == len(DASHES)
    assert {width for _, width in drawn} == {1}
    assert [text.get_text() for text in legend.get_texts()] == [f"kept: {name}" for name in tuner.kept]
    tuner.rate = 0.9
    assert tuner._keep.disabled
    with pytest.raises(ValueError, match=r"^at most 6 runs can be kept and told apart; forget\(\) lets them go$"):
        tuner.keep()
    assert len(tuner.kept) == len(DASHES)


def test_a_longer_kept_run_stays_within_the_axes(page):
    tuner = shown(epochs=(1, 100))
    tuner._others["epochs"].value = 80
    tuner.keep()
    tuner._others["epochs"].value = 20
    assert tuner._sheet._axes.get_xlim()[1] > 80
    tuner.forget()
    tuner._others["epochs"].value = 30
    assert tuner._sheet._axes.get_xlim()[1] < 40


def test_the_buttons_keep_and_forget(page):
    tuner = shown()
    keep, forget = buttons(tuner)
    assert isinstance(keep, Button)
    assert (keep.description, keep.disabled, forget.disabled) == ("keep this run", False, True)
    keep.click()
    assert list(tuner.kept) == ["rate 0.0100"]
    assert not forget.disabled
    forget.click()
    assert tuner.kept == {}
    assert forget.disabled


def test_whatever_else_the_function_takes_has_a_control(page):
    seen = []

    def train(rate, epochs, kind="b", fast=False, seed=None, *, scale):
        seen.append((epochs, kind, fast, seed, scale))
        return descent(rate, epochs)

    tuner = shown(train, epochs=(5, 15), kind=["a", "b"], fast=True, seed=IntText(3), scale=fixed(2.0))
    controls = tuner._others
    assert [type(control) for control in controls.values()] == [IntSlider, Dropdown, Checkbox, IntText, fixed]
    assert tuner.values == {
        "rate": pytest.approx(0.01), "epochs": 10, "kind": "b", "fast": True, "seed": 3, "scale": 2.0,
    }  # fmt: skip
    assert page.outputs[1]["text/plain"].endswith("rate, from 0.001 to 1; epochs; kind; fast; seed; scale.)")
    for epochs in range(5, 16):
        controls["epochs"].value = epochs
        assert f"Rate 0.0100, epochs {epochs}, kind b, fast True, seed 3, scale 2: the loss falls" in page.words
        assert f"loss: {epochs} points" in page.words
    for name, value in {"kind": "a", "fast": False, "seed": 4}.items():
        controls[name].value = value
        assert f"{name} {value}" in page.words
    assert seen[-1] == (15, "a", False, 4, 2.0)
    tuner.keep()
    assert list(tuner.kept) == ["rate 0.0100, epochs 15, kind a, fast False, seed 4, scale 2"]


def test_another_control_may_choose_the_axes_anew(page):
    tuner = shown(lambda rate, scale=1.0: [scale * loss for loss in descent(rate)], scale=(1.0, 1e9))
    tuner._others["scale"].value = 1e8
    assert tuner._sheet._axes.get_ylim() == (1e-7, 1e12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"train": 0.1}, TypeError, "train must be a function of the rate, got float"),
        ({"low": 0.0}, ValueError, "rates must hold 0 < low <= start <= high, got low=0.0"),
        ({"low": -1.0}, ValueError, "rates must hold"),
        ({"start": 2.0}, ValueError, "rates must hold"),
        ({"start": math.nan}, ValueError, "rates must hold"),
        ({"high": math.inf}, ValueError, "rates must hold"),
        ({"low": 0.01, "start": 0.01, "high": 0.01}, ValueError, "rates must hold"),
        ({"epochs": None}, ValueError, r"epochs must be what ipywidgets makes a control of \(.*\), got None$"),
        ({"epochs": (300, 10)}, ValueError, r"epochs must be .*, got \(300, 10\): "),
        ({"epochs": []}, ValueError, r"epochs must be .*, got \[\]"),
        ({"epochs": Button()}, ValueError, "epochs must be "),
        (
            {"steps": (1, 5)},
            TypeError,
            r"train must take \(rate, steps=\.\.\.\), got a function of \(rate, epochs=10\)",
        ),
        ({"train": lambda: [1.0]}, TypeError, r"train must take \(rate\), got a function of \(\)"),
        ({"rate": (0, 1)}, ValueError, "others must not hold a rate"),
    ],
)
def test_tune_learning_rate_refuses(arguments, error, message):
    with pytest.raises(error, match=f"^{message}"):
        tune_learning_rate(**{"train": descent} | arguments)
