"""A sheet of paper on which one run after the other is drawn: a picture of a run costs a line and a title.

Everything that stays (the axes, their ticks, the runs that are kept) is drawn once and put back as pixels. The colours
of a picture are those of the course on its paper, known beforehand: looking for the best ones would take longer than
all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
import math
from zlib import compress, decompress

from course_utils.markup import plain
from course_utils.memory import give_back
from course_utils.picture import SharedCanvas, describe, finite
from course_utils.plot import plot_loss
from course_utils.style import COLOURS, picture_html
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from PIL import Image

DASHES = ("--", ":", "-.", (0, (8, 3)), (0, (1, 4)), (0, (8, 2, 1, 2, 1, 2)))  # as many kept runs can be told apart
INKS = ("ink", "quiet", "grid", "value", "gradient", "loss", "other")
LEVELS = 16  # of each colour on paper


@dataclass(frozen=True)
class Picture:
    """A finished picture with its words, a cell's output."""

    png: bytes
    words: str
    width: int
    height: int

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        html = picture_html(self.png, mime="image/png", words=self.words, width=self.width, height=self.height)
        return {"text/html": html, "image/png": self.png, "text/plain": self.words}


@dataclass(frozen=True)
class Sentence:
    """Words in the place of a picture, which has the same size: the page does not jump."""

    words: str
    width: int
    height: int

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        style = (
            f"display: block; box-sizing: border-box; width: {self.width}px; max-width: 100%; overflow: auto; "
            f"aspect-ratio: {self.width} / {self.height}; padding: 2em; border: 1px dashed; white-space: pre-wrap;"
        )
        html = f'<div class="course-sentence" role="alert" style="{style}">{plain(self.words)}</div>'
        return {"text/html": html, "text/plain": self.words}


class Sheet:
    """Axes that stay, and one run on them at a time."""

    def __init__(self) -> None:
        self._figure = Figure(layout="constrained", dpi=160)
        self._canvas = SharedCanvas(self._figure)
        width, height = self._figure.get_size_inches() * 100
        self._size = round(width), round(height)  # on the page, in CSS pixels
        self._axes = self._figure.add_subplot()
        self._limits: tuple[float, float] | None = None
        self._longest = self._longest_kept = 0
        self._moving: list[Artist] = []
        self._kept: list[Artist] = []

    def keep(self, runs: Mapping[str, list[float]]) -> None:
        """Put these runs, and no others, as thin lines below every run to come: no more than there are `DASHES`."""
        _remove(self._kept)
        for (name, losses), dash in zip(runs.items(), DASHES, strict=False):
            self._kept += self._axes.plot(
                range(1, len(losses) + 1), finite(losses), color=COLOURS["ink"], linestyle=dash, linewidth=1,
                label=f"kept: {name}",
            )  # fmt: skip
        if runs:
            columns = 2 if max(map(len, runs)) < 24 else 1
            legend = self._axes.legend(handles=list(self._kept), ncols=columns, fontsize=9, handlelength=4)
            legend.set(frame_on=False, loc="upper right")
            for text in legend.get_texts():
                text.set_parse_math(False)
            self._kept.append(legend)
        self._longest_kept = max(map(len, runs.values()), default=0)
        _still.cache_clear()

    def draw(self, losses: list[float], name: str, *, anew: bool = False) -> Picture:
        """The run under a title, `name` with what happened after it, on the axes of the run before.

        Args:
            losses: the loss after each epoch, inf and nan included.
            name: what the run is called, with what stands between that and what happened.
            anew: choose the axes for this run, if it does not start within those of the run before.
        """
        ax = self._axes
        _remove(self._moving)
        ax.set_prop_cycle(None)
        before = {*ax.lines, *ax.texts}
        plot_loss(losses, ax=ax)
        happened = ax.get_title(loc="left") or ax.get_title()
        ax.set_title("", loc="center")
        title = ax.set_title(f"{name[0].upper()}{name[1:]}{happened[0].lower()}{happened[1:]}", loc="left")
        title.set_parse_math(False)  # a learner's $ is a $
        self._choose_axes(losses, anew)
        self._moving = [artist for artist in (*ax.lines, *ax.texts) if artist not in before]
        self._paint([*self._moving, title])
        png = _encode(self._canvas)
        if anew:
            give_back()  # not at each step of a drag
        return Picture(png, describe(ax), *self._size)

    def say(self, words: str) -> Sentence:
        """The words in the place of a run."""
        return Sentence(words, *self._size)

    def _choose_axes(self, losses: list[float], anew: bool) -> None:
        """The same axes at every rate: the eye compares curves, and a run that diverges leaves the picture."""
        ax, first = self._axes, losses[0]
        self._longest = max(len(losses), self._longest_kept, 0 if anew else self._longest)
        margin = max(self._longest - 1, 1) / 20
        ax.set_xlim(1 - margin, self._longest + margin)
        inside = self._limits is not None and self._limits[0] < first < self._limits[1]
        if math.isfinite(first) and first > 0 and (self._limits is None or (anew and not inside)):
            decade = math.ceil(math.log10(first))
            self._limits = 10.0 ** (decade - 15), 10.0 ** (decade + 4)
        if self._limits is not None:
            ax.set(yscale="log", ylim=self._limits)
        else:  # no logarithm of such losses
            ax.relim()
            ax.autoscale_view(scalex=False)

    def _paint(self, moving: Iterable[Artist]) -> None:
        for artist in moving:
            artist.set_animated(True)  # `draw` leaves them out
        ax = self._axes
        still = _still(self, (ax.get_xlim(), ax.get_ylim(), ax.get_yscale()))
        pixels = self._canvas.get_renderer().buffer_rgba()  # type: ignore[no-untyped-call]
        pixels.cast("B")[:] = decompress(still)
        for artist in moving:
            ax.draw_artist(artist)

    def pixels(self) -> bytes:
        """What is drawn once, everything but the run: mostly paper, so its pixels fit in a hundredth of their size."""
        self._canvas.draw()  # type: ignore[no-untyped-call]
        return compress(self._canvas.buffer_rgba(), level=1)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=2)
def _still(sheet: Sheet, state: object) -> bytes:
    """The sheet without a run; only the last two that were looked at, whatever a notebook holds on to."""
    return sheet.pixels()


def _remove(artists: list[Artist]) -> None:
    for artist in artists:
        artist.remove()
    artists.clear()


def _encode(canvas: SharedCanvas) -> bytes:
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    height, width, _ = pixels.shape
    image = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1).convert("RGB")
    file = BytesIO()
    image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(file, format="png")
    return file.getvalue()


@lru_cache(maxsize=1)
def _palette() -> Image.Image:
    """Paper, and each colour of a line or a letter in steps towards it: the edges of both are blends."""
    paper, *inks = (_channels(COLOURS[role]) for role in ("paper", *INKS))
    blends = [
        [round(to + (of - to) * level / LEVELS) for of, to in zip(ink, paper, strict=True)]
        for ink in inks for level in range(1, LEVELS + 1)
    ]  # fmt: skip
    # Pillow looks for the nearest colour in steps of four: what is nearly paper would be taken for paper and back.
    told_apart = [blend for blend in blends if min(blend) < min(paper) - 8]
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for colour in (paper, *told_apart) for channel in colour])
    return palette


def _channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
