"""A `Scene` as a PNG or PDF file, drawn by matplotlib: for slides and print, where SVG cannot go."""

from __future__ import annotations

from io import BytesIO
from math import hypot

from course_utils.layout import Point
from course_utils.scene import LABEL, MARGIN, TITLE, Arrow, Box, Scene, Text
from course_utils.style import COLOURS, FONT, MONO
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Curve

DOTS = 100  # pixels in an inch of our figure; a PNG has twice as many
HEAD = 10  # pixels, as in the SVG

_FRAMES = {
    "leaf": ("leaf fill", "value", 16),
    "operation": ("operation fill", "quiet", 6),
    "result": ("result fill", "loss", 6),
    "pill": ("paper", "gradient", 9),
}
_TEXTS = {"title": "ink", "value": "value", "gradient": "gradient", "slope": "gradient", "stored": "gradient"}


def to_file(scene: Scene, kind: str, *, sent: bool = False) -> bytes:
    """The bytes of a file.

    Args:
        scene: what is drawn.
        kind: "png" or "pdf".
        sent: whether the arrows point the way that gradients take.
    """
    figure = Figure(figsize=(scene.width / DOTS, scene.height / DOTS), dpi=DOTS)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-MARGIN, scene.width - MARGIN), ylim=(scene.height - MARGIN, -MARGIN))
    ax.set_axis_off()
    for arrow in scene.arrows:
        _draw_arrow(ax, arrow, sent=sent)
    for box in scene.boxes:
        _draw_box(ax, box)
    file = BytesIO()
    # Without a date the same graph gives the same file.
    figure.savefig(file, format=kind, dpi=2 * DOTS, metadata={"CreationDate": None} if kind == "pdf" else None)
    return file.getvalue()


def _draw_box(ax: Axes, box: Box) -> None:
    if box.role in _FRAMES:
        fill, line, round_by = _FRAMES[box.role]
        ax.add_patch(
            FancyBboxPatch(
                (box.x, box.y), box.width, box.height, boxstyle=f"round,pad=0,rounding_size={round_by}",
                facecolor=COLOURS[fill], edgecolor=COLOURS[line], linewidth=1 if box.role == "pill" else 1.4,
            )
        )  # fmt: skip
    for text in box.texts:
        _draw_text(ax, text)


def _draw_text(ax: Axes, text: Text) -> None:
    # Not a formula: a learner's $ is a $.
    ax.text(
        text.x, text.y, text.text, color=COLOURS[_TEXTS.get(text.role, "quiet")], ha="center", va="baseline",
        fontsize=(TITLE if text.role == "title" else LABEL) * 72 / DOTS, parse_math=False,
        fontweight="bold" if text.role == "title" else "normal",
        fontfamily=_families(MONO if text.role == "source" else FONT),
    )  # fmt: skip


def _families(css: str) -> list[str]:
    """The one family of ours that matplotlib brings along."""
    return [name for family in css.split(",") if (name := family.strip().strip("'")).startswith("DejaVu")]


def _draw_arrow(ax: Axes, arrow: Arrow, *, sent: bool) -> None:
    backward = sent and arrow.pill is not None
    colour = COLOURS["gradient" if backward else "quiet"]
    codes = [Curve.MOVETO, *[Curve.CURVE4] * (len(arrow.route) - 1)]
    dashes = "--" if arrow.role == "constant" else "-"
    curve = PathPatch(Curve(arrow.route, codes), fill=False, edgecolor=colour, linewidth=1.4, linestyle=dashes)
    ax.add_patch(curve)
    first, second, *_ = arrow.route
    *_, before, last = arrow.route
    if arrow.pill is None:
        _draw_head(ax, last, _beyond(before, last), colour)
        return
    ends = [(first, _beyond(second, first)), (last, _beyond(before, last))]
    head, bar = ends if backward else ends[::-1]
    _draw_head(ax, *head, colour)
    ax.plot(*zip(*bar, strict=True), color=colour, linewidth=1.4, solid_capstyle="butt")
    _draw_box(ax, arrow.pill)


def _beyond(before: Point, end: Point) -> Point:
    """The point an arrowhead's length further along."""
    x, y = end[0] - before[0], end[1] - before[1]
    length = hypot(x, y) or 1.0
    return end[0] + HEAD * x / length, end[1] + HEAD * y / length


def _draw_head(ax: Axes, foot: Point, tip: Point, colour: str) -> None:
    x, y = (tip[0] - foot[0]) * 0.4, (tip[1] - foot[1]) * 0.4
    ax.add_patch(Polygon([tip, (foot[0] - y, foot[1] + x), (foot[0] + y, foot[1] - x)], color=colour, linewidth=0))
