"""Axes that show themselves in a notebook: a picture, and the same in words.

The words are read off the Axes when they are shown, so whatever a learner adds to them is told as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO, StringIO
import math
from pathlib import Path
import re
from typing import Any

from course_utils.memory import give_back
from course_utils.saving import write_whole
from course_utils.style import picture_html
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from PIL import Image

_NO_XML = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"  # letters that no XML may hold
UNTOLD = "_untold"  # the label of a line that adds nothing to the words
ROUNDING = 1e-9  # beside where a line starts, what is smaller than this is float32's rounding: no digit is defended


def new_axes() -> Axes:
    """Empty Axes that show themselves in a notebook, outside pyplot: nothing keeps them alive or shows them twice."""
    return WholeFigure(layout="constrained").add_subplot(axes_class=SelfShowingAxes)


class WholeFigure(Figure):
    """A figure that is saved whole or not at all, whatever the disk does, and drawn whatever its texts hold."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it; a text that is no formula in spite of its dollars is set as it stands."""
        for text in self.findobj(Text):
            if "$" in text.get_text() and not _is_formula(text.get_text()):
                text.set_parse_math(False)
        super().draw(renderer)

    def savefig(self, fname: object, **options: Any) -> None:
        """Save the picture as matplotlib does; a file has all of it, or what it held before.

        Args:
            fname: a path, or a file that is open; without an ending it gets that of matplotlib's defaults.
            options: matplotlib's own: `dpi`, `format` and so on.

        Raises:
            OSError: the file cannot be written; the error has its name.
        """
        if not isinstance(fname, str | Path):
            super().savefig(fname, **options)  # type: ignore[arg-type]
            return
        kind = options.pop("format", None) or Path(fname).suffix[1:]
        path = Path(fname) if kind else Path(f"{str(fname).rstrip('.')}.{rcParams['savefig.format']}")
        file = BytesIO()
        super().savefig(file, format=kind or rcParams["savefig.format"], **options)
        write_whole(path, file.getvalue())


class SelfShowingAxes(Axes):
    """Axes whose value in a notebook is their picture, with words for whoever cannot see it."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        figure = self.get_figure(root=True)
        assert figure is not None
        width, height = figure.get_size_inches() * 100
        png, words = to_png(figure), describe(self)
        html = picture_html(png, mime="image/png", words=words, width=round(width), height=round(height))
        give_back()
        return {"text/html": html, "image/png": png, "text/plain": words}


def describe(ax: Axes) -> str:
    """What is drawn on `ax`, in words: title, axes, and of each line its name and up to five of its finite points.

    >>> ax = new_axes()
    >>> _ = ax.plot([1, 2, 3], [4.0, 2.0, 1.0], label="loss")
    >>> _ = ax.set(title="It falls", xlabel="epoch", ylabel="loss")
    >>> describe(ax)
    'It falls. A plot of loss against epoch. loss: 3 points, (1, 4), (2, 2), (3, 1).'
    """
    scale = " (logarithmic)" if ax.get_yscale() == "log" else ""
    title = f"{title}. " if (title := _text(ax.get_title(loc="left") or ax.get_title())) else ""
    lines = [_describe_line(line) for line in ax.lines]
    notes = [f"{_text(note.get_text())}." for note in ax.texts]
    axes = f"A plot of {ax.get_ylabel() or 'y'}{scale} against {ax.get_xlabel() or 'x'}." if ax.axison else ""
    return " ".join([(title + axes).rstrip(), *(line for line in lines if line), *notes])


def digits(value: float, track: Sequence[float]) -> str:
    """The value to two digits; `about 0` where only rounding is left of where the track started."""
    return "about 0" if 0 < abs(value) < ROUNDING * abs(track[0]) else f"{value:.2g}"


def to_png(figure: Figure, dots: int = 160) -> bytes:
    """The figure in 64 colours, a fifth of the bytes, and nobody sees it; `dots` go to 100 pixels of the page."""
    small, dpi = BytesIO(), figure.dpi
    try:
        figure.set_dpi(dots)
        canvas = SharedCanvas(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        renderer = canvas.get_renderer()
        size = int(renderer.width), int(renderer.height)
        pixels = renderer.buffer_rgba()  # type: ignore[no-untyped-call]
        image = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")
    finally:
        figure.set_dpi(dpi)
    image.quantize(64, Image.Quantize.FASTOCTREE).save(small, format="png", compress_level=6)
    return small.getvalue()


def to_svg(figure: Figure) -> str:
    """The figure as an SVG that is the same each time, with its texts as text."""
    drawing = StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "course"}):
        canvas = FigureCanvasSVG(figure)
        canvas.print_svg(drawing, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    return re.sub(_NO_XML, "�", drawing.getvalue())


def finite(track: Iterable[float]) -> list[float]:
    """The numbers as matplotlib likes them: nan, which is a gap, for what is infinite."""
    return [y if math.isfinite(y) else math.nan for y in track]


class SharedCanvas(FigureCanvasAgg):
    """A canvas whose pixels all figures of a size share.

    Each figure holds on to the pixels it was drawn with, 3 MB, and a notebook holds on to the figures of its outputs.
    """

    def get_renderer(self) -> RendererAgg:
        """The pixels of all figures of this size: not those of last time, if another size took their place."""
        width, height = self.figure.bbox.size
        renderer = _pixels(width, height, self.figure.dpi)
        self.renderer = renderer  # where matplotlib's canvas looks for what was drawn
        return renderer


def _is_formula(text: str) -> bool:
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _pixels(width: float, height: float, dpi: float) -> RendererAgg:
    return RendererAgg(width, height, dpi)  # type: ignore[no-untyped-call]


def _describe_line(line: Line2D) -> str:
    x, y = (data.tolist() for data in line.get_data(orig=False))  # type: ignore[union-attr] # orig: in numbers
    name = str(line.get_label())
    drawn = [place for place in range(len(y)) if math.isfinite(y[place])]
    if not drawn or name == UNTOLD:
        return ""
    chosen = sorted({drawn[round(step * (len(drawn) - 1) / 4)] for step in range(5)})
    is_log = line.axes is not None and line.axes.get_xscale() == "log"
    across = [f"{at:.2g}" if is_log else f"{round(at, 2):g}" for at in x]
    points = ", ".join(f"({across[place]}, {digits(y[place], y)})" for place in chosen)
    return f"{'a line' if name.startswith('_') else name}: {len(x)} point{'s' if len(x) > 1 else ''}, {points}."


def _text(label: str) -> str:
    return " ".join(label.split()).rstrip(".")
