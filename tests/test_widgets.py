from course_utils import attach_slider, plot_fit, show_machine, widgets
from course_utils.controls import WIDGET
from ipywidgets import FloatSlider
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
