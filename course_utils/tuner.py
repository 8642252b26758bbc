"""A slider for the learning rate of the learner's own training function, under the loss curve it leads to.

The picture is an ordinary output of its cell, so the last one stays in the saved notebook when the kernel is gone; the
controls stand below it. The function is called while the page's message is being answered, and the page sends the next
value only when it has the answer: so a drag never builds a queue, however long the function takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from pathlib import Path

from course_utils.controls import Controls, Worded, controls_for, rate_slider
from course_utils.plot import numbers
from course_utils.sheet import DASHES, Picture, Sentence, Sheet
from IPython.display import DisplayHandle, display
from IPython.utils.capture import capture_output
import ipywidgets
import torch

ROUNDING = 1e-9  # of a rate that went through its logarithm
Train = Callable[..., Sequence[float] | torch.Tensor]


def tune_learning_rate(
    train: Train, *, start: float = 0.01, low: float = 0.001, high: float = 1.0, **others: object
) -> Tuner:
    """A slider for the learning rate of the learner's own training function, under the loss curve it leads to.

    Args:
        train: takes a rate and gives the loss after each epoch; it is called anew at each move of the slider. What it
            prints is shown once, at the start.
        start: the rate at first.
        low: the least rate, above 0.
        high: the greatest rate; the slider is logarithmic between the two.
        others: what else `train` takes, by name, each with what ipywidgets makes a control of: `epochs=(10, 300)` is a
            slider, a list or a dict gives choices, `True` a box, a string a line of text; a widget is taken as it is.

    Returns:
        A tuner, which shows itself; its `rate` can be read and set, its runs can be kept and compared.

    Raises:
        TypeError: `train` cannot be called, or not with a rate and the others.
        ValueError: not 0 < low <= start <= high, or no control can be made of one of the others.
    """
    if not callable(train):
        raise TypeError(f"train must be a function of the rate, got {type(train).__name__}")
    return Tuner(train, rate_slider(start, low, high), controls_for(train, others))


class Tuner:
    """Runs of a training function, one at a time, and those that were kept."""

    def __init__(self, train: Train, slider: ipywidgets.FloatLogSlider, others: Controls) -> None:
        self._kept: dict[str, list[float]] = {}
        self._train, self._slider, self._others = train, slider, others
        self._sheet, self._shown = Sheet(), DisplayHandle()  # type: ignore[no-untyped-call]
        self._losses: list[float] | None = None
        self._stands, self._anew = False, True
        self._keep = ipywidgets.Button(description="keep this run")
        self._forget = ipywidgets.Button(description="forget kept runs", disabled=True)
        self._keep.on_click(lambda _: self.keep())
        self._forget.on_click(lambda _: self.forget())
        for control in (slider, *others.values()):
            control.observe(self._move, names="value")

    @property
    def rate(self) -> float:
        """The rate the slider stands at; setting it moves the slider and the picture.

        Raises:
            TypeError: it is set to something that is no number.
            ValueError: it is set to what the slider does not reach.
        """
        return float(self._slider.value)

    @rate.setter
    def rate(self, rate: float) -> None:
        if not isinstance(rate, Real):
            raise TypeError(f"rate must be a number, got {type(rate).__name__}")
        low, high = self._range
        if not low * (1 - ROUNDING) <= rate <= high * (1 + ROUNDING):
            raise ValueError(f"rate must be from {low:g} to {high:g}, got {rate}")
        self._slider.value = rate

    @property
    def values(self) -> dict[str, object]:
        """What `train` gets: the rate, and what the other controls say."""
        return {"rate": self.rate} | {name: control.value for name, control in self._others.items()}

    @property
    def losses(self) -> list[float]:
        """The loss after each epoch at these values, those of the picture; `train` is called if it was not yet.

        Raises:
            TypeError: `train` gives something else; any error of its own as well.
            ValueError: it gives no number, or a tensor of several dimensions.
        """
        if self._losses is None:
            self._losses = _run(self._train, self.values)
        return self._losses

    @property
    def kept(self) -> dict[str, list[float]]:
        """The losses of each kept run, by its name; `keep` and `forget` change what is kept."""
        return dict(self._kept)

    def keep(self) -> None:
        """Keep the run of the picture, in the picture and in `kept`, under its name: "rate 0.0100", for instance.

        Raises:
            ValueError: as many runs are kept as can be told apart.
        """
        losses = self.losses
        if self._is_full:
            raise ValueError(f"at most {len(DASHES)} runs can be kept and told apart; forget() lets them go")
        self._kept[self._name] = losses
        self._sheet.keep(self._kept)
        self._redraw()

    def forget(self) -> None:
        """Let go of all runs that are kept."""
        self._kept.clear()
        self._sheet.keep(self._kept)
        self._redraw()

    def _ipython_display_(self) -> None:
        self._shown.display(self._draw())  # type: ignore[no-untyped-call]
        self._stands = True
        low, high = self._range
        also = "".join(f"; {name}" for name in self._others)
        words = f"(A slider stands here while the notebook runs: rate, from {low:g} to {high:g}{also}.)"
        controls = [self._slider, *self._others.values()]
        shown = [control for control in controls if isinstance(control, ipywidgets.DOMWidget)]  # others are `fixed`
        buttons = ipywidgets.HBox([self._keep, self._forget])
        display(Worded(ipywidgets.VBox([*shown, buttons]), words))  # type: ignore[no-untyped-call]
        display(_Names())  # type: ignore[no-untyped-call]

    def _move(self, change: dict[str, object]) -> None:
        self._losses = None
        self._anew = self._anew or change["owner"] is not self._slider
        self._redraw()

    def _redraw(self) -> None:
        if not self._stands:
            return
        try:
            with capture_output():  # what the function prints at each move would pile up
                _ = self.losses
        except BaseException as error:
            words = f"At {self._name} your function stops with {type(error).__name__}: {error}"
            self._show(self._sheet.say(words))
            if not isinstance(error, Exception):  # an interrupt also ends the loop that sets one rate after the other
                raise
        else:
            self._show(self._draw())

    def _show(self, picture: Picture | Sentence) -> None:
        self._shown.update(picture)  # type: ignore[no-untyped-call]
        self._keep.disabled = self._losses is None or self._is_full
        self._forget.disabled = not self._kept

    def _draw(self) -> Picture:
        losses = self.losses
        name = self._name + (":\n" if self._others else ": ")
        picture = self._sheet.draw(losses, name, anew=self._anew)
        self._anew = False
        return picture

    @property
    def _range(self) -> tuple[float, float]:
        return 10.0**self._slider.min, 10.0**self._slider.max

    @property
    def _is_full(self) -> bool:
        return self._name not in self._kept and len(self._kept) >= len(DASHES)

    @property
    def _name(self) -> str:
        values = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in self.values.items()}
        values["rate"] = f"{self.rate:{self._slider.readout_format}}"
        return ", ".join(f"{name} {value}" for name, value in values.items())


class _Names:
    """The script that names the sliders; nothing is seen of it."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
        return {"text/html": f"<script>\n{script}</script>", "text/plain": ""}


def _run(train: Train, values: dict[str, object]) -> list[float]:
    rate, others = values["rate"], {name: value for name, value in values.items() if name != "rate"}
    losses = train(rate, **others)
    try:
        return numbers(losses, "losses")
    except (TypeError, ValueError) as error:
        raise type(error)(f"train must give the loss after each epoch: {error}") from None
