"""A slider under the pictures that a function draws: each is drawn once beforehand, and the browser shows what differs.

So the learner's function stays an ordinary one, from a number to Axes, and its slider answers at once, without a kernel
too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
import math
from numbers import Integral, Real
import sys

from course_utils.alike import alike, movable
from course_utils.live import LiveFigure, Moving, Wording
from course_utils.picture import describe
from course_utils.player import Control, pace_of
from course_utils.progress import progress
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
import torch

MOST = 400  # pictures
MOST_NUMBERS = 300_000  # in all of them: more would make the notebook large


def attach_slider(
    draw: Callable[[float], Axes], *, name: str, low: float, high: float, start: float, step: float = 0.1,
    play: bool = False,
) -> LiveFigure:  # fmt: skip
    """A slider under the pictures that `draw` makes; all of them are drawn now, so that it follows a drag at once.

    Lines, markers, titles and texts may move; the axes' limits are those that hold all pictures.

    Args:
        draw: takes the slider's value and gives Axes of a figure of their own, as `plot_fit` and `plot_loss` do. The
            value is a whole number where low and step are.
        name: what the slider moves.
        low: the least value.
        high: the greatest value.
        start: the value at first.
        step: between two values; at most 400 values are drawn.
        play: whether there are buttons that go through the values, 30 a second, or fewer where there are few.

    Returns:
        A live figure; `words` has what the picture says at each value.

    Raises:
        TypeError: `draw` cannot be called, or gives no Axes.
        ValueError: not low < high, step is not above 0, `start` is none of the values, too many values, or the
            pictures differ in something that cannot be moved: their number of lines, say, or a bar.
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function of the slider's value, got {type(draw).__name__}")
    values = _values(low, high, step)
    if start not in values:
        raise ValueError(f"start must be a value of the slider, {low}, {values[1]:g}, ... up to {high}, got {start}")
    pictures = [_drawn(draw, value) for value in progress(values, len(values), f"drawing {name}")]
    at = values.index(start)
    moves = _moves(pictures, values, at)
    words = [describe(ax) for ax in pictures]
    brief = [" ".join((ax.get_title(loc="left") or ax.get_title()).split()) for ax in pictures]
    control = Control(
        name, _labels(low, step, values), at, shown=name, unit="step" if play else "", pace=pace_of(len(values))
    )
    return LiveFigure(_figure(pictures[at]), [control], moves, words, brief=brief if all(brief) else ())


def _values(low: float, high: float, step: float) -> list[float]:
    """The slider's values, in decimals: ten steps of 0.1 are 1. Whole numbers stay whole."""
    for name, number in {"low": low, "high": high, "step": step}.items():
        if not isinstance(number, Real) or isinstance(number, bool) or not math.isfinite(number):
            raise TypeError(f"{name} must be a finite number, got {number!r}")
    if not (low < high and step > 0):
        raise ValueError(f"low < high and step > 0 are wanted, got {low=}, {high=}, {step=}")
    first, width = Decimal(str(low)), Decimal(str(step))
    count = int((Decimal(str(high)) - first) / width) + 1
    if not 2 <= count <= MOST:
        raise ValueError(f"a slider has 2 to {MOST} values, got {count} from {low=}, {high=} and {step=}")
    kind = int if all(isinstance(number, Integral) for number in (low, step)) else float
    return [kind(first + place * width) for place in range(count)]


def _labels(low: float, step: float, values: Sequence[float]) -> list[str]:
    decimals = max(0, *(-int(Decimal(str(number)).as_tuple().exponent) for number in (low, step)))
    decimals = 0 if all(isinstance(value, int) for value in values) else decimals
    return [f"{value:.{decimals}f}" for value in values]


def _drawn(draw: Callable[[float], Axes], value: float) -> Axes:
    ax = draw(value)
    if not isinstance(ax, Axes):
        raise TypeError(f"draw must give Axes, as plot_fit does, got {type(ax).__name__} at {value:g}")
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close(_figure(ax))  # or pyplot would show each of them below the cell
    return ax


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def _moves(pictures: Sequence[Axes], values: Sequence[float], at: int) -> list[Moving | Wording]:
    """What differs between the pictures, as moves of the artists of the one at the start."""
    figures = [_figure(ax) for ax in pictures]
    if len({id(figure) for figure in figures}) < len(figures):
        raise ValueError("draw must make a figure of its own at each value, as plot_fit does, got the same one twice")
    alike(figures, values, at)
    rows = zip(*(movable(figure) for figure in figures), strict=True)
    moves = [_line(row, at) if isinstance(row[at], Line2D) else _text(row, at) for row in rows]
    found = [move for move in moves if move is not None]
    numbers = sum(move.x.numel() + move.y.numel() for move in found if isinstance(move, Moving))
    if numbers > MOST_NUMBERS:
        raise ValueError(
            f"the moving lines may hold {MOST_NUMBERS:,} numbers at all values together, got {numbers:,}: "
            "draw fewer points or take a longer step"
        )
    return found


def _line(row: Sequence[Line2D], at: int) -> Moving | None:
    drawn = [torch.as_tensor(line.get_xydata(), dtype=torch.float64).reshape(-1, 2) for line in row]
    longest = max(map(len, drawn))
    padded = torch.full((len(row), longest, 2), math.nan, dtype=torch.float64)
    for place, points in enumerate(drawn):
        padded[place, : len(points)] = points
    if all(torch.equal(points, drawn[0]) for points in drawn) and len(drawn[0]):
        return None
    return Moving(row[at], padded[:, None, :, 0], padded[:, None, :, 1])


def _text(row: Sequence[Text], at: int) -> Wording | None:
    texts, places = [text.get_text() for text in row], [text.get_position() for text in row]
    ax = row[at].axes
    moved = len(set(places)) > 1 and isinstance(ax, Axes) and row[at] in ax.texts
    if len(set(texts)) == 1 and not moved:
        return None
    if not moved:
        return Wording(row[at], texts)
    x, y = torch.tensor(places, dtype=torch.float64)[:, None, :, None].unbind(2)
    return Wording(row[at], texts, x=x, y=y)
