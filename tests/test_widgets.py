import math

from course_utils import attach_slider, plot_fit, show_machine, tune_learning_rate, widgets
from course_utils.widgets import WIDGET
from ipywidgets import FloatLogSlider, FloatSlider
import pytest


class Page:
    """A notebook's page: what was displayed, and what each output with a handle shows now."""

    def __init__(self):
        self.outputs = []

    def display(self, thing, display_id=False):
        self.outputs.append(thing._repr_mimebundle_())
        return Handle(self, len(self.outputs) - 1) if display_id else None

    def words(self, place=0):
        return self.outputs[place]["text/plain"]


class Handle:
    def __init__(self, page, place):
        self.page, self.place = page, place

    def update(self, thing):
        self.page.outputs[self.place] = thing._repr_mimebundle_()


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.setattr(widgets, "display", page.display)
    return page


def descent(rate):
    """The loss w² from w = 1 in ten steps, w ← w − rate · 2w."""
    return [(1 - 2 * rate) ** (2 * epoch) for epoch in range(10)]


def test_a_picture_stands_above_its_slider(page):
    tuner = tune_learning_rate(descent, start=0.01)
    tuner._ipython_display_()
    picture, slider = page.outputs
    assert set(picture) == {"text/html", "image/png", "text/plain"}
    assert set(slider) == {WIDGET, "text/plain"}
    assert page.words(1) == "(A slider stands here while the notebook runs: rate, from 0.001 to 1.)"
    assert page.words(0).startswith("Rate 0.0100: the loss falls from 1 to 0.7.")


def test_the_whole_range_can_be_swept(page):
    tuner = tune_learning_rate(descent, low=0.001, high=1.5)
    tuner._ipython_display_()
    slider = tuner._slider
    assert isinstance(slider, FloatLogSlider)
    seen = set()
    for step in range(round((slider.max - slider.min) / slider.step)):
        tuner.rate = 10 ** (slider.min + step * slider.step)
        assert page.words().startswith(f"Rate {tuner.rate:.4f}: the loss ")
        seen.add(page.words())
    assert len(seen) == step + 1
    assert "your function stops" not in "".join(seen)


def test_the_rate_can_be_read_and_set(page):
    tuner = tune_learning_rate(descent, start=0.02)
    assert tuner.rate == pytest.approx(0.02)
    tuner.rate = 0.1
    assert tuner.rate == pytest.approx(0.1)
    tuner._ipython_display_()
    assert page.words().startswith("Rate 0.1000")


def test_the_axes_stay_the_same_when_the_rate_changes():
    pictures = [widgets._draw_run(descent, rate) for rate in (0.01, 0.4, 0.99, 1.2)]
    assert {ax.get_ylim() for ax in pictures} == {(1e-15, 1e4)}


def test_a_run_that_diverges_says_so(page):
    tuner = tune_learning_rate(lambda rate: [1.0, 100.0, math.inf, math.nan])
    tuner._ipython_display_()
    assert "becomes inf in epoch 3" in page.words()


def test_an_error_while_dragging_is_said_in_words_and_goes_again(page):
    def train(rate):
        if rate > 0.5:
            raise ZeroDivisionError("<b>too fast</b>")
        return descent(rate)

    tuner = tune_learning_rate(train, start=0.1)
    tuner._ipython_display_()
    tuner.rate = 0.7
    assert page.words() == "At 0.7 your function stops with ZeroDivisionError: <b>too fast</b>"
    tuner.rate = 0.1
    assert page.words().startswith("Rate 0.1000")


def test_an_error_at_the_start_is_an_ordinary_error(page):
    with pytest.raises(TypeError, match="train must give the loss after each epoch: losses must be a list of numbers"):
        tune_learning_rate(lambda rate: None)._ipython_display_()


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
    ],
)
def test_tune_learning_rate_refuses(arguments, error, message):
    with pytest.raises(error, match=f"^{message}"):
        tune_learning_rate(**{"train": descent} | arguments)


def line(w):
    return plot_fit([1.0, 2.0], [2.0, 4.0], lambda x: w * x, title=f"w = {w:.1f}")


def test_a_slider_moves_its_picture(page):
    slid = attach_slider(line, name="w", low=0.0, high=4.0, start=1.0)
    slid._ipython_display_()
    assert isinstance(slid._slider, FloatSlider)
    assert page.words().startswith("w = 1.0. ")
    for tenth in range(41):
        slid.value = tenth / 10
        assert page.words().startswith(f"w = {tenth / 10:.1f}. ")
    assert len(page.outputs) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"draw": None}, TypeError, "draw must be a function of the slider's value, got NoneType"),
        ({"start": 5.0}, ValueError, "low <= start <= high and step > 0 are wanted, got low=0.0, start=5.0, high=4.0"),
        ({"low": 4.0, "start": 4.0}, ValueError, "low <= start"),
        ({"step": 0}, ValueError, "low <= start"),
    ],
)
def test_attach_slider_refuses(arguments, error, message):
    with pytest.raises(error, match=f"^{message}"):
        attach_slider(**{"draw": line, "name": "w", "low": 0.0, "high": 4.0, "start": 1.0} | arguments)


def test_the_machine_card_says_the_same_everywhere_and_more_while_it_lives():
    card = show_machine()
    shown = card._repr_mimebundle_()
    assert set(shown) == {WIDGET, "text/plain"}
    assert shown["text/plain"].splitlines()[0] == "✓ Python: 3.11 or newer"
