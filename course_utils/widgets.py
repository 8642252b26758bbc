"""Controls that call the other rooms: a slider whose every move draws anew, and the card of what this machine has.

The picture is an ordinary output of its cell and the slider stands below it. So the picture stays in the notebook when
the kernel is gone, the last one that was looked at; only the slider needs a running kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
import math

from course_utils.machine import Finding, check_machine
from course_utils.plot import numbers, plot_loss
from IPython.display import DisplayHandle, display
import ipywidgets
from matplotlib.axes import Axes
import torch

Train = Callable[[float], Sequence[float] | torch.Tensor]

WIDGET = "application/vnd.jupyter.widget-view+json"


def tune_learning_rate(train: Train, *, start: float = 0.01, low: float = 0.001, high: float = 1.0) -> Tuner:
    """A slider for the learning rate of the learner's own training function, under the loss curve it leads to.

    Args:
        train: takes a rate and gives the loss after each epoch; it is called anew at each move of the slider.
        start: the rate at first.
        low: the least rate, above 0.
        high: the greatest rate; the slider is logarithmic between the two.

    Returns:
        A tuner, which shows itself; its `rate` can be read and set.

    Raises:
        TypeError: `train` cannot be called.
        ValueError: not 0 < low <= start <= high.
    """
    if not callable(train):
        raise TypeError(f"train must be a function of the rate, got {type(train).__name__}")
    if not (0 < low <= start <= high < math.inf and low < high):
        raise ValueError(f"rates must hold 0 < low <= start <= high, got low={low}, start={start}, high={high}")
    slider = ipywidgets.FloatLogSlider(
        value=start, min=math.log10(low), max=math.log10(high), step=0.05, description="rate", readout_format=".4f",
        layout=ipywidgets.Layout(width="600px"),
    )  # fmt: skip
    return Tuner(lambda rate: _draw_run(train, rate), slider, f"rate, from {low:g} to {high:g}")


def show_machine() -> MachineCard:
    """What the lessons need and whether it is here; in a running notebook also the versions and the device found."""
    return MachineCard(check_machine())


class SliderPicture:
    """A picture drawn anew at each move of a slider; `value` reads the slider and sets it."""

    def __init__(self, draw: Callable[[float], Axes], slider: ipywidgets.DOMWidget, words: str) -> None:
        self._draw, self._slider, self._words = draw, slider, words
        self._shown: list[DisplayHandle] = []
        slider.observe(self._redraw, names="value")

    @property
    def value(self) -> float:
        """Where the slider stands."""
        return float(self._slider.value)

    @value.setter
    def value(self, value: float) -> None:
        self._slider.value = value

    def _ipython_display_(self) -> None:
        handle = display(self._draw(self.value), display_id=True)  # type: ignore[no-untyped-call]
        control = _Control(self._slider, f"(A slider stands here while the notebook runs: {self._words}.)")
        display(control)  # type: ignore[no-untyped-call]
        self._shown = [handle] if handle is not None else []

    def _redraw(self, change: dict[str, float]) -> None:
        for handle in self._shown:
            handle.update(self._picture(change["new"]))  # type: ignore[no-untyped-call]

    def _picture(self, value: float) -> Axes | _Control:
        """The picture at this value; an error in the learner's function is shown in its place, as a sentence."""
        try:
            return self._draw(value)
        except Exception as error:
            message = f"At {value:.4g} your function stops with {type(error).__name__}: {error}"
            return _Control(ipywidgets.HTML(f"<p>{escape(message)}</p>"), message)


class Tuner(SliderPicture):
    """A `SliderPicture` over the learning rate."""

    @property
    def rate(self) -> float:
        """The rate the slider stands at."""
        return self.value

    @rate.setter
    def rate(self, rate: float) -> None:
        self.value = rate


class MachineCard:
    """The findings about this machine: in words that every good machine shares, and live with what was found."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        rows = "".join(
            f"<tr><td>{'✓' if finding.fine else '✗'}</td><td>{escape(finding.what)}</td>"
            f"<td>{escape(finding.found)}</td><td>{escape('' if finding.fine else finding.cure)}</td></tr>"
            for finding in self.findings
        )
        table = f"<table>{rows}</table><p>Widgets work: this box is one.</p>"
        return _Control(ipywidgets.HTML(table), "\n".join(map(str, self.findings)))._repr_mimebundle_()


class _Control:
    """A widget, and beside it the words that stand for it where no kernel runs."""

    def __init__(self, widget: ipywidgets.DOMWidget, words: str) -> None:
        self.widget, self.words = widget, words

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        # The widget's own words are its repr, which differs between versions of ipywidgets: only its view is taken.
        return {WIDGET: self.widget._repr_mimebundle_()[WIDGET], "text/plain": self.words}


def _draw_run(train: Train, rate: float) -> Axes:
    losses = train(rate)
    try:
        track = numbers(losses, "losses")
    except (TypeError, ValueError) as error:
        raise type(error)(f"train must give the loss after each epoch: {error}") from None
    ax = plot_loss(track)
    ax.set_title(f"Rate {rate:.4f}: {ax.get_title(loc='left').lower()}", loc="left")
    if math.isfinite(track[0]) and track[0] > 0:
        # The same axes at every rate: the eye compares curves, and a run that diverges leaves the picture.
        decade = math.ceil(math.log10(track[0]))
        ax.set_ylim(10.0 ** (decade - 15), 10.0 ** (decade + 4))
    return ax
