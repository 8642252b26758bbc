"""A matplotlib figure that follows a slider in the browser, without a kernel.

matplotlib draws it once. What moves is read off beforehand, as lengths along the axes, and a script in the page puts it
in place: one display frame from key to picture, where drawing anew takes half a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
import json

from course_utils.curves import Numbers, Stored, axes_of, lengths_along
from course_utils.memory import give_back
from course_utils.picture import describe, to_png, to_svg
from course_utils.player import Control, changes, player_html
from course_utils.style import picture_html
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
import torch

STILL = 120  # dots to 100 pixels of the page: scripts put the SVG in the bitmap's place


@dataclass(frozen=True)
class Moving:
    """A line, or a row of markers, that moves.

    Attributes:
        line: the artist; what it shows at the start is for the still picture.
        x: shape (places of the first control or 1, moments of the second or 1, points), in the line's own units.
        y: as x; inf and nan leave gaps.
        shown: "all" points, those "so far" at the moment of the last control, or the one of "now".
        moments: which of the second control's moments are there, if not all.
    """

    line: Line2D
    x: torch.Tensor
    y: torch.Tensor
    shown: str = "all"
    moments: Sequence[int] = ()


@dataclass(frozen=True)
class Wording:
    """A text that changes, and moves too if given x and y; `texts` has one for each place of the first control."""

    text: Text
    texts: Sequence[str]
    x: torch.Tensor | None = None
    y: torch.Tensor | None = None


class LiveFigure:
    """A figure with its sliders, which shows itself; `words` says what it shows at each place of the first one.

    Args:
        figure: drawn as it is to be seen at the start, outside pyplot.
        controls: one, or two of which the second counts moments.
        moves: what changes.
        words: one text for each place of the first control.
        sentence: whether the words stand below the picture, or are for screen readers alone.
        brief: the words in short, where they are long.
    """

    def __init__(
        self, figure: Figure, controls: Sequence[Control], moves: Sequence[Moving | Wording], words: Sequence[str], *,
        sentence: bool = False, brief: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.figure, self.controls, self.moves = figure, tuple(controls), tuple(moves)
        self.words, self.sentence, self.brief = tuple(words), sentence, tuple(brief) or tuple(words)
        if any("$" in text for move in moves if isinstance(move, Wording) for text in move.texts):
            raise ValueError("a text that changes cannot hold formulas or the sign $, as the browser sets plain text")

    def __repr__(self) -> str:
        """The words, for terminals."""
        return self.to_text()

    def to_text(self) -> str:
        """The still picture in words, then what the slider brings, at up to nine of its places."""
        first = self.controls[0]
        axes = [ax for ax in self.figure.axes if ax.lines]
        last = len(first.labels) - 1
        chosen = sorted({round(step * last / 8) for step in range(9)})
        rows = [f"{first.name} {first.labels[place]}: {self.brief[place]}" for place in chosen]
        reach = f"{first.name} from {first.labels[0]} to {first.labels[-1]}, {len(first.labels)} places"
        marks = "".join(f"; marked is: {words}" for _, words in first.marks)
        return "\n".join([*map(describe, axes), f"A slider moves it, {reach}{marks}:", *rows])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        self._lay_out()
        png = to_png(self.figure, STILL)
        width, height = (round(float(inches) * 100) for inches in self.figure.get_size_inches())
        words = self.to_text()
        still = picture_html(png, mime="image/png", words=words, width=width, height=height)
        moves, numbers = self._stored()
        drawing = _svg(self.figure, self.moves), numbers
        html = player_html(still, self.controls, moves, self.words, sentence=self.sentence, drawing=drawing)
        give_back()
        return {"text/html": html, "image/png": png, "text/plain": words}

    def _lay_out(self) -> None:
        """Find the layout once, with room for texts that are empty at the start."""
        if self.figure.get_layout_engine() is not None:
            with _named(self.moves, lines=False):
                self.figure.draw_without_rendering()
            self.figure.set_layout_engine("none")

    def _stored(self) -> tuple[list[Stored], bytes]:
        """The moves as the script reads them, and the numbers they point to."""
        numbers = Numbers()
        found: list[Stored] = []
        for place, move in enumerate(self.moves):
            name: Stored = {"id": f"move-{place}"}
            if isinstance(move, Moving):
                where = self._curve(numbers, move.line, move.x, move.y)
                moments = list(move.moments) or list(range(max(move.x.shape[1], move.y.shape[1])))
                found.append(name | where | {"kind": "line", "shown": move.shown, "moments": moments})
                continue
            text: Stored = {"kind": "text", "changes": changes(move.texts)}
            found.append(name | text)
            if move.x is not None and move.y is not None:
                home = self._curve(numbers, move.text, *(torch.tensor([[[at]]]) for at in move.text.get_position()))
                where = self._curve(numbers, move.text, move.x, move.y)
                found.append(name | where | {"kind": "place", "shown": "all", "home": home})
        return found, numbers.row

    def _curve(self, numbers: Numbers, artist: Line2D | Text, x: torch.Tensor, y: torch.Tensor) -> Stored:
        across, up = lengths_along(artist, x, y)
        return {"axes": self.figure.axes.index(axes_of(artist)), "x": numbers.add(across), "y": numbers.add(up)}


def _svg(figure: Figure, moves: Sequence[Moving | Wording]) -> str:
    """The figure as an SVG in which whatever moves can be found by its name, and is there even where it was empty."""
    with _named(moves):
        drawing = to_svg(figure)
    # Where the axes are is the layout's affair, and that the fonts': it goes with the drawing, not with the numbers.
    width, height = (72 * float(inches) for inches in figure.get_size_inches())
    boxes = [ax.get_position() for ax in figure.axes]
    sides = [[box.x0 * width, box.x1 * width, (1 - box.y1) * height, (1 - box.y0) * height] for box in boxes]
    return drawing.replace("</svg>", f"<desc id='sides'>{json.dumps(sides)}</desc></svg>")


@contextmanager
def _named(moves: Sequence[Moving | Wording], *, lines: bool = True) -> Iterator[None]:
    """What moves has a name, and is put in view meanwhile: matplotlib would leave out what cannot be seen."""
    with ExitStack() as stack:
        for place, move in enumerate(moves):
            if isinstance(move, Moving):
                if not lines:
                    continue
                line = move.line
                line.set_gid(f"move-{place}")
                stack.callback(line.set_data, *line.get_data(orig=True))  # type: ignore[arg-type]
                stack.callback(line.set_transform, line.get_transform())
                line.set_data([0.4, 0.6], [0.5, 0.5])
                line.set_transform(axes_of(line).transAxes)
            else:
                move.text.set_gid(f"move-{place}")
                stack.callback(move.text.set_text, move.text.get_text())
                move.text.set_text(max(move.texts, key=lambda text: (text.count("\n"), bool(text))) or " ")
        yield
