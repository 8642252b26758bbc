"""A slider under the pictures that a function draws: each is drawn once beforehand, and the browser shows what differs.

So the learner's function stays an ordinary one, from a number to Axes, and its slider answers at once, without a kernel
too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
import gc
import math
from numbers import Integral, Real
import sys

from course_utils.alike import Frame, check_alike, frame_of, movable
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
    at = values.index(start)
    with _tidy():
        frames, words, brief, some = _draw_all(draw, progress(values, len(values), f"drawing {name}"), len(values), at)
        check_alike(frames, values, at, some)
        figure = some.pop(at)
        some.clear()
        gc.collect()
    control = Control(
        name, _labels(low, step, values), at, shown=name, unit="step" if play else "", pace=pace_of(len(values))
    )
    return LiveFigure(figure, [control], _moves(frames, figure), words, brief=brief if all(brief) else ())


@contextmanager
def _tidy() -> Iterator[None]:
    """Make `gc.collect` quick meanwhile: figures are knots of references that nobody else would untie for a while."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _draw_all(
    draw: Callable[[float], Axes], values: Iterable[float], count: int, at: int
) -> tuple[list[Frame], list[str], list[str], dict[int, Figure]]:
    """Of each picture its frame, its words and its title; of the start, the ends and the middle the figure as well."""
    frames, words, brief, some = [], [], [], {}
    before: Figure | None = None
    for place, value in enumerate(values):
        ax = _drawn(draw, value)
        figure = _figure(ax)
        if figure is before:
            raise ValueError(
                "draw must make a figure of its own at each value, as plot_fit does, got the same one twice"
            )
        frames.append(frame_of(figure))
        words.append(describe(ax))
        brief.append(" ".join((ax.get_title(loc="left") or ax.get_title()).split()))
        if place in {0, count // 2, count - 1, at}:
            some[place] = figure
        before = figure
        gc.collect()
    return frames, words, brief, some


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


def _moves(frames: Sequence[Frame], figure: Figure) -> list[Moving | Wording]:
    """What differs between the frames, as moves of the artists of the figure at the start."""
    lines, texts = movable(figure)
    curves = [_line(line, [frame.curves[place] for frame in frames]) for place, line in enumerate(lines)]
    wordings = [_text(text, [frame.texts[place] for frame in frames]) for place, text in enumerate(texts)]
    moving = [move for move in curves if move is not None]
    numbers = sum(move.x.numel() + move.y.numel() for move in moving)
    if numbers > MOST_NUMBERS:
        raise ValueError(
            f"the moving lines may hold {MOST_NUMBERS:,} numbers at all values together, got {numbers:,}: "
            "draw fewer points or take a longer step"
        )
    return [*moving, *(move for move in wordings if move is not None)]


def _line(line: Line2D, drawn: Sequence[torch.Tensor]) -> Moving | None:
    if all(torch.equal(points, drawn[0]) for points in drawn) and len(drawn[0]):
        return None
    padded = torch.full((len(drawn), max(map(len, drawn)), 2), math.nan, dtype=torch.float64)
    for place, points in enumerate(drawn):
        padded[place, : len(points)] = points
    return Moving(line, padded[:, None, :, 0], padded[:, None, :, 1])


def _text(text: Text, said: Sequence[tuple[str, tuple[float, float]]]) -> Wording | None:
    texts, places = zip(*said, strict=True)
    moved = len(set(places)) > 1 and isinstance(text.axes, Axes) and text in text.axes.texts
    if len(set(texts)) == 1 and not moved:
        return None
    if not moved:
        return Wording(text, texts)
    x, y = torch.tensor(places, dtype=torch.float64)[:, None, :, None].unbind(2)
    return Wording(text, texts, x=x, y=y)
