"""Whether a figure drawn for many values differs in lines and texts alone: only these can be moved in the browser.

Whatever else changes would stand still there without a word, so it is refused. To be sure, the first picture, the last
and the one in the middle are drawn without what moves, and must be the same to the letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import StringIO

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import AxLine, Line2D
from matplotlib.text import Annotation, Text


def movable(figure: Figure) -> list[Line2D | Text]:
    """All lines and texts of a figure that a slider can move, in an order that is that of every such figure."""
    found: list[Line2D | Text] = []
    for ax in figure.axes:
        titles = [getattr(ax, f"{side}title") for side in ("_left_", "_right_")]
        legend = ax.get_legend()
        names = legend.get_texts() if legend is not None else []
        found += [*ax.lines, *ax.texts, ax.title, *titles, ax.xaxis.label, ax.yaxis.label, *names]
    return [*found, *figure.texts]


def alike(figures: Sequence[Figure], values: Sequence[float], at: int) -> None:
    """Refuse figures that differ from the one at the start in what no slider moves; give all the same limits.

    Raises:
        ValueError: they do; it names the first such value.
    """
    for figure, value in zip(figures, values, strict=True):
        _same_parts(figures[at], figure, value)
    _share_limits(figures)
    for artist in movable(figures[at]):
        _check_kind(artist)
    if any(ax.name == "3d" for ax in figures[at].axes):
        raise ValueError("a slider cannot move what is drawn in three dimensions")
    first = _rest(figures[at])
    for place in sorted({0, len(figures) // 2, len(figures) - 1} - {at}):
        if _rest(figures[place]) != first:
            raise ValueError(
                f"a slider moves lines and texts, got a picture at {values[place]:g} in which something else changes"
            )


def _same_parts(first: Figure, other: Figure, value: float) -> None:
    counts = [[len(part) for part in _parts(figure)] for figure in (first, other)]
    if counts[0] != counts[1]:
        raise ValueError(f"draw must make the same lines and texts at each value, got other ones at {value:g}")
    for mine, theirs in zip(first.axes, other.axes, strict=True):
        if (mine.get_xscale(), mine.get_yscale()) != (theirs.get_xscale(), theirs.get_yscale()):
            raise ValueError(f"draw must keep the scale of its axes, got another one at {value:g}")
    for one, two in zip(movable(first), movable(other), strict=True):
        if _looks(one) != _looks(two):
            raise ValueError(f"a slider moves lines and texts, got another look of one of them at {value:g}")
        if isinstance(one, Text) and isinstance(two, Text) and _drags_along(one, two):
            raise ValueError(f"a slider cannot move a text's arrow, box or offset, got one that changes at {value:g}")


def _parts(figure: Figure) -> Iterator[Sequence[object]]:
    yield figure.axes
    yield figure.texts
    for ax in figure.axes:
        yield from (ax.lines, ax.texts, ax.patches, ax.collections, ax.images, ax.tables, ax.child_axes)
        yield [] if ax.get_legend() is None else ax.get_legend().get_texts()  # type: ignore[union-attr]


def _looks(artist: Line2D | Text) -> list[object]:
    """What of an artist stays as it is while the slider moves."""
    common: list[object] = [artist.get_color(), artist.get_alpha(), artist.get_visible()]
    if isinstance(artist, Text):
        return [*common, artist.get_fontsize(), artist.get_fontweight(), artist.get_rotation()]
    marker = [artist.get_marker(), artist.get_markersize(), artist.get_markerfacecolor(), artist.get_markeredgecolor()]
    return [*common, artist.get_linestyle(), artist.get_linewidth(), *marker]


def _drags_along(one: Text, two: Text) -> bool:
    """Whether something hangs on a text that the text alone does not move."""
    if one.get_bbox_patch() is not None and one.get_text() != two.get_text():
        return True
    if not (isinstance(one, Annotation) and isinstance(two, Annotation)):
        return False
    return tuple(one.xy) != tuple(two.xy) and (one.arrow_patch is not None or one.anncoords != "data")


def _check_kind(artist: Line2D | Text) -> None:
    if isinstance(artist, AxLine):
        raise ValueError("a slider cannot move an axline: draw the line between two points with plot")
    if isinstance(artist, Line2D) and (artist.get_drawstyle() != "default" or artist.get_markevery() is not None):
        raise ValueError("a slider cannot move steps or leave out markers: give plot the points that are to be seen")


def _share_limits(figures: Sequence[Figure]) -> None:
    """One pair of limits for all, wide enough for each and in the direction of each."""
    for row in zip(*(figure.axes for figure in figures), strict=True):
        for axis in ("x", "y"):
            limits = [getattr(ax, f"get_{axis}lim")() for ax in row]
            ends = min(min(pair) for pair in limits), max(max(pair) for pair in limits)
            for ax, (low, high) in zip(row, limits, strict=True):
                getattr(ax, f"set_{axis}lim")(*(ends if low <= high else ends[::-1]))


def _rest(figure: Figure) -> str:
    """The figure as an SVG without what a slider can move; where things stand does not count."""
    drawing = StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "course"}), _blank(figure):
        canvas = FigureCanvasSVG(figure)
        canvas.print_svg(drawing, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    return drawing.getvalue()


@contextmanager
def _blank(figure: Figure) -> Iterator[None]:
    engine = figure.get_layout_engine()
    with ExitStack() as stack:
        stack.callback(figure.set_layout_engine, engine)
        figure.set_layout_engine("none")
        for artist in movable(figure):
            if isinstance(artist, Line2D):
                stack.callback(artist.set_data, *artist.get_data(orig=True))  # type: ignore[arg-type]
                artist.set_data([], [])
            else:
                stack.callback(artist.set_text, artist.get_text())
                artist.set_text("")
        yield
