"""A slider under the pictures that a function draws: each is drawn once beforehand, and the browser shows what differs.

So the learner's function stays an ordinary one, from a number to Axes, and its slider answers at once, without a kernel
too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import math

from course_utils.live import LiveFigure, Moving, Wording
from course_utils.picture import describe
from course_utils.player import Control
from course_utils.progress import progress
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
import torch

MOST = 400  # pictures


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
        play: whether there are buttons that go through the values, 30 a second.

    Returns:
        A live figure; `words` has what the picture says at each value.

    Raises:
        TypeError: `draw` cannot be called, or gives no Axes.
        ValueError: not low <= start <= high, step is not above 0, too many values, or the pictures differ in something
            that cannot be moved: their number of lines, say, or a bar.
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function of the slider's value, got {type(draw).__name__}")
    if not (-math.inf < low <= start <= high < math.inf and low < high and step > 0):
        raise ValueError(f"low <= start <= high and step > 0 are wanted, got {low=}, {start=}, {high=}, {step=}")
    count = math.floor((high - low) / step + 1e-9) + 1
    if not 2 <= count <= MOST:
        raise ValueError(f"a slider has 2 to {MOST} values, got {count} from {low=}, {high=} and {step=}")
    values = [round(low + place * step, 9) for place in range(count)]  # whole numbers stay whole
    pictures = [_drawn(draw, value) for value in progress(values, count, f"drawing {name}")]
    at = min(range(count), key=lambda place: abs(values[place] - start))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    labels = [f"{value:.{decimals}f}" for value in values]
    control = Control(name, labels, at, shown=name, unit="step" if play else "")
    moves = _moves(pictures, values, at)
    words = [describe(ax) for ax in pictures]
    brief = [" ".join((ax.get_title(loc="left") or ax.get_title()).split()) for ax in pictures]
    figure = pictures[at].get_figure(root=True)
    assert figure is not None
    return LiveFigure(figure, [control], moves, words, brief=brief if all(brief) else ())


def _drawn(draw: Callable[[float], Axes], value: float) -> Axes:
    ax = draw(value)
    if not isinstance(ax, Axes):
        raise TypeError(f"draw must give Axes, as plot_fit does, got {type(ax).__name__} at {value:g}")
    return ax


def _moves(pictures: Sequence[Axes], values: Sequence[float], at: int) -> list[Moving | Wording]:
    """What differs between the pictures, as moves of the artists of the one at the start."""
    for ax, value in zip(pictures, values, strict=True):
        _same_kind(pictures[at], ax, value)
    _share_limits(pictures)
    rows = zip(*(_movable(ax) for ax in pictures), strict=True)
    moves = [_line(row, at) if isinstance(row[at], Line2D) else _text(row, at) for row in rows]
    return [move for move in moves if move is not None]


def _share_limits(pictures: Sequence[Axes]) -> None:
    """One pair of limits for all, wide enough for each."""
    lows, highs = zip(*(sorted(ax.get_xlim()) for ax in pictures), strict=True)
    bottoms, tops = zip(*(sorted(ax.get_ylim()) for ax in pictures), strict=True)
    for ax in pictures:
        ax.set_xlim(min(lows), max(highs))
        ax.set_ylim(min(bottoms), max(tops))


def _movable(ax: Axes) -> list[Line2D | Text]:
    titles = [getattr(ax, f"{side}title") for side in ("_left_", "_right_")]
    return [*ax.lines, *ax.texts, ax.title, *titles, ax.xaxis.label, ax.yaxis.label]


def _same_kind(first: Axes, other: Axes, value: float) -> None:
    """Refuse two pictures that differ in what no slider can move."""
    kinds = {"lines": "lines", "texts": "texts", "patches": "bars or shapes", "collections": "point clouds or areas"}
    for kind, words in kinds.items():
        counts = len(getattr(first, kind)), len(getattr(other, kind))
        if counts[0] != counts[1]:
            raise ValueError(
                f"draw must make the same lines and texts at each value, got {counts[0]} and {counts[1]} {words} "
                f"(the latter at {value:g})"
            )
    fixed = [[*ax.lines, *ax.patches, *ax.collections, *ax.images] for ax in (first, other)]
    if list(map(_looks, fixed[0])) != list(map(_looks, fixed[1])):
        raise ValueError(f"a slider moves lines and texts, got a picture at {value:g} in which something else changes")
    if first.get_yscale() != other.get_yscale() or first.get_xscale() != other.get_xscale():
        raise ValueError(f"draw must keep the scale of its axes, got another one at {value:g}")


def _looks(artist: Artist) -> list[object]:
    """What of an artist stays as it is while the slider moves."""
    if isinstance(artist, Line2D):
        return [artist.get_color(), artist.get_linestyle(), artist.get_linewidth(), artist.get_marker()]
    if isinstance(artist, Patch):
        path = artist.get_path().transformed(artist.get_patch_transform())
        return torch.as_tensor(path.vertices).flatten().tolist()
    if isinstance(artist, Collection):
        paths = [place for path in artist.get_paths() for place in torch.as_tensor(path.vertices).flatten().tolist()]
        return [*paths, *torch.as_tensor(artist.get_offsets()).flatten().tolist()]
    values = artist.get_array() if isinstance(artist, AxesImage) else None
    return [] if values is None else [values.tobytes()]


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
    moved = len(set(places)) > 1 and row[at] in _axes_texts(row[at])
    if len(set(texts)) == 1 and not moved:
        return None
    if not moved:
        return Wording(row[at], texts)
    x, y = torch.tensor(places, dtype=torch.float64)[:, None, :, None].unbind(2)
    return Wording(row[at], texts, x=x, y=y)


def _axes_texts(text: Text) -> Sequence[Text]:
    return text.axes.texts if isinstance(text.axes, Axes) else []
