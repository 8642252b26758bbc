"""The four pictures of gradient descent at many rates: what each draws, and what of it moves.

The first slider goes through the rates, the second through the epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import math

from course_utils.live import Moving, Wording
from course_utils.picture import UNTOLD, finite
from course_utils.style import COLOURS
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
import torch

Moves = list[Moving | Wording]
LossAt = Callable[[torch.Tensor], torch.Tensor]  # of (points, 1 or 2) the losses there
MOST_DOTS = 100  # of the samples; with 300 a live figure of 200 rates and 100 epochs is larger than 200 kB
FLOOR = 1e-9  # of the first loss: what is below is float32's rounding


def rates_panel(ax: Axes, rates: torch.Tensor, losses: torch.Tensor, at: int, limit: float | None) -> Moves:
    """The last loss against the rate: where it is least, and from which rate on descent diverges."""
    ax.set(xscale="log", xlabel="rate", ylabel="loss after the last epoch", title="Which rate learns most")
    log_labels(ax.xaxis)
    loss_axis(ax, losses)
    # What is below the axis is drawn at its foot: there are the best rates, and the eye should find them.
    last = losses[:, -1]
    last = last.clamp(min=2 * ax.get_ylim()[0]) if ax.get_yscale() == "log" else last
    ax.plot(rates.tolist(), finite(last.tolist()), color=COLOURS["loss"], linestyle="-", label="loss")
    if limit is not None:
        ax.axvline(limit, color=COLOURS["gradient"], linestyle="--", linewidth=1.5, label=UNTOLD)
        ax.annotate(
            " diverges", (limit, 1.0), xycoords=("data", "axes fraction"), rotation=90, ha="left", va="top",
            color=COLOURS["gradient"],
        )  # fmt: skip
    rate = float(rates[at])
    here = ax.axvline(rate, color=COLOURS["value"], linestyle="-", linewidth=1, label=UNTOLD)
    (dot,) = ax.plot([rate], finite(last[at : at + 1].tolist()), **_DOT, label="here")  # type: ignore[arg-type]
    across = rates[:, None, None]
    return [
        Moving(here, across.expand(-1, 1, 2), torch.tensor([[[0.0, 1.0]]])),
        Moving(dot, across, last[:, None, None]),
    ]


def loss_panel(ax: Axes, losses: torch.Tensor, at: int, titles: Sequence[str]) -> Moves:
    """The loss at the start and after each epoch: all of it thin, what has been so far thick."""
    epochs = losses.shape[1] - 1
    ax.set(xlabel="epoch", ylabel="loss", title=titles[at])
    y = finite(losses[at].tolist())
    (faint,) = ax.plot(range(epochs + 1), y, color=COLOURS["loss"], alpha=0.35, linewidth=1, linestyle="-")
    (line,) = ax.plot(range(epochs + 1), y, color=COLOURS["loss"], linestyle="-", label="loss")
    (dot,) = ax.plot([epochs], y[-1:], **_DOT, label="now")  # type: ignore[arg-type]
    faint.set_label(UNTOLD)
    ax.set_xlim(-0.02 * epochs, 1.03 * epochs)
    loss_axis(ax, losses)
    x, y_all = torch.arange(epochs + 1.0).expand(len(losses), 1, -1), losses[:, None, :]
    moves = [Moving(faint, x, y_all), Moving(line, x, y_all, "so far"), Moving(dot, x, y_all, "now")]
    return [*moves, Wording(ax._left_title, titles)]  # type: ignore[attr-defined]


def landscape_panel(
    ax: Axes, ways: torch.Tensor, losses: torch.Tensor, loss_at: LossAt, names: Sequence[str], at: int
) -> Moves:
    """The loss over one or two numbers, and the way down on it; `ways` has shape (rates, epochs + 1, 1 or 2)."""
    best = ways.flatten(0, 1)[int(losses.flatten().nan_to_num(math.inf, math.inf, math.inf).argmin())]
    reach = _reach(ways, losses, best)
    if ways.shape[-1] == 1:
        _draw_valley(ax, losses, best, reach, loss_at)
        x, y = ways[..., 0], losses
    else:
        _draw_map(ax, best, reach, loss_at)
        x, y = ways.unbind(-1)
    ax.set(xlabel=names[0], ylabel=names[1] if len(names) > 1 else "loss")
    style = {"color": COLOURS["gradient"], "linestyle": "-", "linewidth": 1.2, "marker": "o", "markersize": 3}
    (way,) = ax.plot(finite(x[at].tolist()), finite(y[at].tolist()), **style, label="the way")  # type: ignore[arg-type]
    (dot,) = ax.plot(finite(x[at, -1:].tolist()), finite(y[at, -1:].tolist()), **_DOT, label="now")  # type: ignore[arg-type]
    x, y = x[:, None, :], y[:, None, :]
    return [Moving(way, x, y, "so far"), Moving(dot, x, y, "now")]


def _reach(ways: torch.Tensor, losses: torch.Tensor, best: torch.Tensor) -> torch.Tensor:
    """How far the picture goes from the best place, along each number: the start, and all runs that stay below it."""
    below = (losses <= losses[:, :1]).all(1)
    reach = (ways[0, 0] - best).abs() * 1.4
    if below.any():  # a number may end where it began, and have gone a long way
        reach = torch.maximum(reach, 1.05 * (ways[below] - best).abs().amax((0, 1)))
    return torch.where(reach > 0, reach, reach.max()) if reach.max() > 0 else torch.ones_like(reach)


def _draw_valley(ax: Axes, losses: torch.Tensor, best: torch.Tensor, reach: torch.Tensor, loss_at: LossAt) -> None:
    grid = best + reach * torch.linspace(-1, 1, 61).to(best)[:, None]
    heights = loss_at(grid)
    ax.plot(grid[:, 0].tolist(), finite(heights.tolist()), color=COLOURS["quiet"], linestyle="-", label="loss")
    ax.set_title("The way down")
    bottom = min(float(heights[heights.isfinite()].min()), float(losses[0, 0]))
    height = 1.8 * (float(losses[0, 0]) - bottom) or 1.0  # the start is well in view
    ax.set_ylim(bottom - 0.08 * height, bottom + height)
    seen = grid[heights <= bottom + height]
    ax.set_xlim(float(seen.min()), float(seen.max()))


def _draw_map(ax: Axes, best: torch.Tensor, reach: torch.Tensor, loss_at: LossAt) -> None:
    steps = torch.linspace(-1, 1, 41).to(best)
    first, second = best[0] + reach[0] * steps, best[1] + reach[1] * steps
    heights = loss_at(torch.cartesian_prod(first, second)).reshape(len(first), len(second)).T
    heights = heights.nan_to_num(float(heights[heights.isfinite()].max()))
    low, high = float(heights.min()), float(heights.max())
    levels = [low + (high - low) * (step / 9) ** 3 for step in range(1, 9)]  # closer together near the bottom
    ax.contour(
        first.tolist(), second.tolist(), heights.tolist(), levels=levels, colors=COLOURS["quiet"], linewidths=0.8
    )
    ax.plot([float(best[0])], [float(best[1])], "*", color=COLOURS["loss"], markersize=11, label="best reached")
    ax.set_title("The way down, seen from above")
    ax.set_xlim(float(first[0]), float(first[-1]))
    ax.set_ylim(float(second[0]), float(second[-1]))


def fit_panel(
    ax: Axes,
    x: torch.Tensor,
    y: torch.Tensor,
    grid: torch.Tensor,
    answers: torch.Tensor,
    moments: Sequence[int],
    at: int,
) -> Moves:
    """The data, and what the model answers for the grid; `answers` has shape (rates, moments, points of the grid).

    Of more than MOST_DOTS samples that many are drawn, at random: each n-th could hit or miss a pattern in them. The
    label below says so; the axis y has room for all of them.
    """
    ax.set(xlabel="x", ylabel="y", title="What it says of the data")
    (line,) = ax.plot(
        grid.tolist(), finite(answers[at, -1].tolist()), color=COLOURS["value"], linestyle="-", label="model"
    )
    drawn = torch.arange(len(x))
    if len(x) > MOST_DOTS:
        drawn = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:MOST_DOTS].sort().values
        ax.set_xlabel(f"x ({MOST_DOTS} of {len(x):,} samples drawn)")
    ax.plot(
        x.cpu()[drawn].tolist(), y.cpu()[drawn].tolist(), "o", color=COLOURS["ink"],
        markersize=6 if len(x) < 50 else 3, label="data",
    )  # fmt: skip
    low, high = min(0.0, float(y.min())), max(0.0, float(y.max()))
    ax.set_ylim(low - 0.1 * (high - low or 1.0), high + 0.2 * (high - low or 1.0))
    return [Moving(line, grid.expand(answers.shape), answers, moments=moments)]


def loss_axis(ax: Axes, losses: torch.Tensor) -> None:
    """The same loss axis at every rate: around the first loss, so that a run that diverges leaves the picture."""
    first, least = float(losses[0, 0]), float(losses[losses.isfinite()].min())
    if first <= 0 or least < 0:
        reach = first - least or 1.0
        ax.set_ylim(least - 0.1 * reach, first + 0.5 * reach)
        return
    bottom = max(least, FLOOR * first)
    low, high = math.floor(math.log10(bottom)), math.ceil(math.log10(first) + 0.5)
    ax.set_yscale("log")
    ax.set_ylim(10.0**low, 10.0**high)
    log_labels(ax.yaxis)


def short_labels(ax: Axes) -> None:
    """Seven letters at most at the ticks of both axes, and few ticks where panels are narrow."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))


def log_labels(axis: Axis) -> None:
    """Plain numbers at the powers of ten, 10⁻⁸ where plain ones are long; plain text is also quick to set."""
    axis.set_major_locator(LogLocator(numticks=6))
    axis.set_major_formatter(FuncFormatter(_power))
    axis.set_minor_locator(NullLocator())  # eight ticks a decade cost more time than they tell


def _power(value: float, _: object) -> str:
    exponent = round(math.log10(value))
    return f"{value:g}" if -4 <= exponent <= 4 else "10" + str(exponent).translate(_RAISED)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DOT = {"marker": "o", "linestyle": "", "color": COLOURS["value"], "markersize": 8}
