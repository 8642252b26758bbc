"""What a slider can move of a figure, its lines and texts, and whether it differs in these alone from value to value.

Whatever else changes would stand still in the browser without a word, so it is refused. To be sure, the first picture,
the last and the one in the middle are drawn without what moves, and must be the same to the letter. Of the others only
a `Frame` is kept: a figure takes half a megabyte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from course_utils.picture import to_svg
from matplotlib.figure import Figure
from matplotlib.lines import AxLine, Line2D
from matplotlib.text import Annotation, Text
import torch

Limits = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A figure at one value: of each of its movable artists what moves, how it looks, and what hangs on it."""

    curves: list[torch.Tensor]  # (points, 2), for each line
    texts: list[tuple[str, tuple[float, float]]]  # the words and their place
    looks: list[object]
    hangs: list[tuple[bool, object]]  # of each text: whether it has a box, and where its arrow or offset starts
    counts: list[int]
    scales: list[str]
    limits: list[Limits]  # of each axes: x, then y


def frame_of(figure: Figure) -> Frame:
    """What is kept of a figure.

    Raises:
        ValueError: it holds a line or axes that cannot be moved.
    """
    if any(ax.name == "3d" for ax in figure.axes):
        raise ValueError("a slider cannot move what is drawn in three dimensions")
    lines, texts = movable(figure)
    for line in lines:
        _check_line(line)
    return Frame(
        [torch.as_tensor(line.get_xydata(), dtype=torch.float64).reshape(-1, 2).clone() for line in lines],
        [(text.get_text(), (text.get_position()[0], text.get_position()[1])) for text in texts],
        [*map(_looks, lines), *map(_looks, texts)],
        [(text.get_bbox_patch() is not None, _anchor(text)) for text in texts],
        [len(part) for part in _parts(figure)],
        [scale for ax in figure.axes for scale in (ax.get_xscale(), ax.get_yscale())],
        [limits for ax in figure.axes for limits in (ax.get_xlim(), ax.get_ylim())],
    )


def movable(figure: Figure) -> tuple[list[Line2D], list[Text]]:
    """All lines and texts of a figure that a slider can move, in an order that is that of every such figure."""
    texts: list[Text] = [*figure.texts]
    for ax in figure.axes:
        titles = [getattr(ax, f"{side}title") for side in ("_left_", "_right_")]
        legend = ax.get_legend()
        names = legend.get_texts() if legend is not None else []
        texts += [*ax.texts, ax.title, *titles, ax.xaxis.label, ax.yaxis.label, *names]
    return [line for ax in figure.axes for line in ax.lines], texts


def check_alike(frames: Sequence[Frame], values: Sequence[float], at: int, some: Mapping[int, Figure]) -> None:
    """Refuse frames that differ from the one at the start in what no slider moves; give `some` the same limits.

    Args:
        frames: one for each value.
        values: what the slider stands at.
        at: the place of the start.
        some: the figures of some places, the start among them, which are compared as a whole.

    Raises:
        ValueError: two differ; it names the first such value.
    """
    for frame, value in zip(frames, values, strict=True):
        _check_pair(frames[at], frame, value)
    for figure in some.values():
        _set_limits(figure, frames)
    first = _rest(some[at])
    for place, figure in some.items():
        if _rest(figure) != first:
            raise ValueError(
                f"a slider moves lines and texts, got a picture at {values[place]:g} in which something else changes"
            )


def _check_pair(first: Frame, other: Frame, value: float) -> None:
    if first.counts != other.counts:
        raise ValueError(f"draw must make the same lines and texts at each value, got other ones at {value:g}")
    if first.scales != other.scales:
        raise ValueError(f"draw must keep the scale of its axes, got another one at {value:g}")
    if first.looks != other.looks:
        raise ValueError(f"a slider moves lines and texts, got another look of one of them at {value:g}")
    for (mine, _), (theirs, _), (box, anchor), (_, other_anchor) in zip(
        first.texts, other.texts, first.hangs, other.hangs, strict=True
    ):
        if (box and mine != theirs) or anchor != other_anchor:
            raise ValueError(f"a slider cannot move a text's arrow, box or offset, got one that changes at {value:g}")


def _check_line(line: Line2D) -> None:
    if isinstance(line, AxLine):
        raise ValueError("a slider cannot move an axline: draw the line between two points with plot")
    if line.get_drawstyle() != "default" or line.get_markevery() is not None:
        raise ValueError("a slider cannot move steps or leave out markers: give plot the points that are to be seen")


def _parts(figure: Figure) -> Iterator[Sequence[object]]:
    yield from (figure.axes, figure.texts)
    for ax in figure.axes:
        yield from (ax.lines, ax.texts, ax.patches, ax.collections, ax.images, ax.tables, ax.child_axes)
        legend = ax.get_legend()
        yield [] if legend is None else legend.get_texts()


def _looks(artist: Line2D | Text) -> list[object]:
    """What of an artist stays as it is while the slider moves."""
    common: list[object] = [artist.get_color(), artist.get_alpha(), artist.get_visible()]
    if isinstance(artist, Text):
        return [*common, artist.get_fontsize(), artist.get_fontweight(), artist.get_rotation()]
    marker = [artist.get_marker(), artist.get_markersize(), artist.get_markerfacecolor(), artist.get_markeredgecolor()]
    return [*common, artist.get_linestyle(), artist.get_linewidth(), *marker]


def _anchor(text: Text) -> object:
    """Where an arrow ends or an offset starts, which the text's own place does not tell."""
    if isinstance(text, Annotation) and (text.arrow_patch is not None or text.anncoords != "data"):
        return tuple(text.xy)
    return None


def _set_limits(figure: Figure, frames: Sequence[Frame]) -> None:
    """One pair of limits that is wide enough for each frame, in the direction of each."""
    setters = [setter for ax in figure.axes for setter in (ax.set_xlim, ax.set_ylim)]
    for place, setter in enumerate(setters):
        pairs = [frame.limits[place] for frame in frames]
        ends = min(map(min, pairs)), max(map(max, pairs))
        setter(*(ends if pairs[0][0] <= pairs[0][1] else ends[::-1]))


def _rest(figure: Figure) -> str:
    """The figure as an SVG without what a slider can move."""
    with _blank(figure):
        return to_svg(figure)


@contextmanager
def _blank(figure: Figure) -> Iterator[None]:
    lines, texts = movable(figure)
    with ExitStack() as stack:
        stack.callback(figure.set_layout_engine, figure.get_layout_engine())
        figure.set_layout_engine("none")
        for line in lines:
            stack.callback(line.set_data, *line.get_data(orig=True))  # type: ignore[arg-type]
            line.set_data([], [])
        for text in texts:
            stack.callback(text.set_text, text.get_text())
            text.set_text("")
        yield
