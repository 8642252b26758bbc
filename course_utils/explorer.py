"""Gradient descent at many learning rates, run beforehand all at once, and a slider that looks at any of them.

Two hundred rates cost what one costs, as they are one tensor. So nothing has to be computed while the slider moves.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from numbers import Integral, Real

from course_utils.batch import Loss, Model, Task
from course_utils.descent import Descent, descend
from course_utils.fate import Fate, fate, first_diverging
from course_utils.givens import Numbers, Start, squared_error
from course_utils.learning import Learning
from course_utils.live import LiveFigure
from course_utils.panels import landscape_panel, loss_panel, rates_panel, short_labels
from course_utils.picture import SelfShowingAxes, WholeFigure
from course_utils.player import Control, pace_of
from matplotlib.figure import Figure
import torch

MOST_EPOCHS = 1000
MOST_POINTS = 100_000  # of all runs together


def explore_learning_rate(
    model: Model, start: Start, x: Numbers | None = None, y: Numbers | None = None, *, low: float = 0.001,
    high: float = 1.0, at: float | None = None, rates: int = 200, epochs: int = 100, order: str = "full batch",
    seed: int = 0, loss: Loss = squared_error,
) -> Explorer:  # fmt: skip
    """What gradient descent does at each learning rate: a slider over the rates, another through the epochs.

    Shows the last loss against the rate, the loss over all data after each epoch, the way on the loss if there are one
    or two parameters, and the model on the data; says in words what happens, and which rate is the first to diverge.
    All samples are learnt from; of more than 100 the picture has 100, chosen at random, as its axis says.

    Args:
        model: `model(x, *parameters)` gives one output a sample; without data, `model(*parameters)` is the loss itself.
        start: the parameter at first, a number or a tensor; a tuple of several.
        x: the inputs, one number a sample, or rows of them.
        y: the targets, as many.
        low: the least rate, above 0.
        high: the greatest rate.
        at: the rate the slider stands at first; by default the one in the middle.
        rates: how many rates, equally far apart on a logarithmic scale.
        epochs: how often each run goes through the data; 2 or more.
        order: "full batch", one step an epoch; "per sample", one a sample; "shuffled", the same in an order drawn anew.
        seed: draws that order.
        loss: of outputs and targets, elementwise.

    Returns:
        A live figure with the numbers behind it: `run`, `losses`, `fates` and `first_diverging`.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: not 0 < low < high, `at` is not between, rates or epochs are too few or too many, the loss is not
            finite at the start, or data and model do not fit together.
    """
    tried = _tried_rates(low, high, at, rates)
    epochs = _whole("epochs", epochs, 2, MOST_EPOCHS)
    if len(tried) * epochs > MOST_POINTS:
        raise ValueError(f"rates times epochs must be at most {MOST_POINTS:,}, got {len(tried)} times {epochs}")
    if isinstance(start, list):
        raise TypeError("start must be one start, a number, a tensor or a tuple of them, got a list")
    middle = math.sqrt(low * high) if at is None else at
    place = int((tried / middle).log().abs().argmin())
    tried[place] = middle
    run = descend(model, start, tried, x, y, epochs=epochs, order=order, seed=seed, loss=loss)
    learning = Learning(Task(model, loss), run.parameters, x, y)
    if not bool(learning.losses[0, 0].isfinite()):
        raise ValueError(f"the loss must be finite at the start, got {float(learning.losses[0, 0])}")
    return Explorer(run, learning, place)


class Explorer(LiveFigure):
    """A live figure of many runs.

    Attributes:
        run: their rates, losses and parameters.
        losses: over all the data, at the start and after each epoch; shape (rates, epochs + 1). Those of `run` were met
            on the way, each before its step.
        fates: what became of each.
        first_diverging: the least rate that diverges, or None.
    """

    def __init__(self, run: Descent, learning: Learning, at: int) -> None:
        self.run, self.losses = run, learning.losses
        self.fates = _fates(self.losses, learning.ways)
        rates = run.rates.tolist()
        self.first_diverging = first_diverging(rates, self.fates)
        labels = _labels(run.rates)
        words = [f"Rate {label}: {found.words}." for label, found in zip(labels, self.fates, strict=True)]
        titles = [f"Rate {label}: {found.kind}" for label, found in zip(labels, self.fates, strict=True)]
        figure, axes = _figure(with_way=learning.ways.shape[-1] <= 2, with_fit=learning.has_curve)
        moves = rates_panel(axes["rates"], run.rates, self.losses, at, self.first_diverging)
        moves += loss_panel(axes["loss"], self.losses, at, titles)
        if "way" in axes:
            moves += landscape_panel(axes["way"], learning.ways, self.losses, learning.loss_at, learning.names, at)
        if "fit" in axes:
            moves += learning.draw_fit(axes["fit"], at)
        super().__init__(figure, self._controls(labels, at), moves, words, sentence=True)

    def _controls(self, labels: Sequence[str], at: int) -> list[Control]:
        marks = [
            (place, f"diverges from {labels[place]}")
            for place, rate in enumerate(self.run.rates.tolist())
            if rate == self.first_diverging
        ]
        epochs = self.losses.shape[1] - 1
        counted = [f"{epoch} of {epochs}" for epoch in range(epochs + 1)]
        return [
            Control("learning rate", labels, at, shown="rate", marks=marks),
            Control("epoch", counted, epochs, shown="epoch", unit="epoch", pace=pace_of(epochs)),
        ]


def _labels(rates: torch.Tensor) -> list[str]:
    """The rates with as many decimals as tell them apart, four at least."""
    decimals = max(4, math.ceil(-math.log10(float(rates.diff().min()))))
    return [f"{rate:.{decimals}f}" for rate in rates.tolist()]


def _fates(losses: torch.Tensor, ways: torch.Tensor) -> list[Fate]:
    floor = float(losses[losses.isfinite()].min())
    return [fate(track, way, floor) for track, way in zip(losses.tolist(), ways.double().unbind(), strict=True)]


def _figure(*, with_way: bool, with_fit: bool) -> tuple[Figure, dict[str, SelfShowingAxes]]:
    """A figure with room for what there is to see: two panels, three in a row or two by two."""
    names = ["rates", "loss", *["way"] * with_way, *["fit"] * with_fit]
    columns = 3 if len(names) == 3 else 2
    rows = len(names) // columns
    figure = WholeFigure(figsize=(8.8, 2.45 * rows + 0.3))
    # Fixed margins, wide enough for labels of seven letters: to find them by drawing takes as long as the drawing.
    inch = 1 / figure.get_figheight()
    grid = figure.add_gridspec(
        rows, columns, left=0.095, right=0.985, bottom=0.55 * inch, top=1 - 0.3 * inch, wspace=0.3, hspace=0.42
    )
    places = [(place // columns, place % columns) for place in range(len(names))]
    axes = [figure.add_subplot(grid[place], axes_class=SelfShowingAxes) for place in places]
    for ax in axes:
        short_labels(ax)
    return figure, dict(zip(names, axes, strict=True))  # type: ignore[arg-type]


def _tried_rates(low: float, high: float, at: float | None, rates: int) -> torch.Tensor:
    for name, value in {"low": low, "high": high, "at": low if at is None else at}.items():
        if not isinstance(value, Real):
            raise TypeError(f"{name} must be a number, got {value!r}")
    if not (0 < low < high < math.inf and high / low > 1.01):
        raise ValueError(f"rates must hold 0 < low < high, a hundredth apart at least, got low={low}, high={high}")
    if at is not None and not low <= at <= high:
        raise ValueError(f"at must lie between low and high, got {at} with low={low}, high={high}")
    rates = _whole("rates", rates, 2, 400)
    return torch.logspace(math.log10(low), math.log10(high), rates, dtype=torch.float64)


def _whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most:,}, got {value!r}")
    return int(value)
