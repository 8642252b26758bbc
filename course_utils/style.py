"""Colours by role, light and dark.

A role keeps its colour in graphs and in plots, and always has a second mark beside it: a word, a dash or a shape.
Pictures are made once, for light paper. In a dark notebook one CSS rule turns them over: lightness inverts, hues stay.
"""

from __future__ import annotations

import base64
from html import escape

from course_utils.afterwards import once_loaded

# Each text colour reaches 4.5:1 on every fill it is printed on, each line colour 3:1 on paper (a test measures it).
COLOURS = {
    "paper": "#ffffff",
    "ink": "#1f2937",
    "quiet": "#566070",
    "grid": "#d9dde3",
    "value": "#1d4ed8",
    "gradient": "#b03a00",
    "loss": "#047857",
    "other": "#a21caf",
    "leaf fill": "#e3edff",
    "operation fill": "#f3f4f6",
    "result fill": "#dcf5e6",
    "hand fill": "#fdebb3",
}

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
MONO = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"
MONO_WIDTH = 61  # of one letter, in hundredths of the type size: the widest of these

_DARK_RULE = (
    "[data-jp-theme-light='false'] .course-picture, .vscode-dark .course-picture "
    "{filter: invert(0.93) hue-rotate(180deg);}"
)


def use_style() -> None:
    """Set matplotlib's defaults to the look of the course, for the learner's own figures too.

    Changes `matplotlib.rcParams` in place: size, type, grid and the order of line colours with their dashes. Where
    matplotlib is not loaded yet, it happens once it is: a lesson without a chart never loads it, which saves 27 MiB.
    """
    once_loaded("matplotlib", _set_defaults)


def picture_html(image: bytes, *, mime: str, words: str, width: int, height: int) -> str:
    """An `<img>` of `image` that says `words` to whoever cannot see it; it is turned over in a dark notebook.

    Args:
        image: the file's bytes.
        mime: its type, "image/png" or "image/svg+xml".
        words: the text alternative, the whole of what the picture says.
        width: in CSS pixels; the picture shrinks with a narrower page and never grows.
        height: in CSS pixels, so that the page does not jump while the picture loads.
    """
    data = base64.b64encode(image).decode("ascii")
    return (
        f"<style>{_DARK_RULE}</style>"
        f'<img class="course-picture" alt="{escape(words, quote=True)}" width="{width}" height="{height}" '
        f'style="max-width:100%;height:auto;" decoding="sync" src="data:{mime};base64,{data}">'
    )


def _set_defaults() -> None:
    from matplotlib import rcParams
    from matplotlib.rcsetup import cycler

    lines = cycler(color=[COLOURS[role] for role in ("loss", "gradient", "value", "other")])
    rcParams.update(
        {
            "figure.figsize": (7.0, 3.6),
            "figure.dpi": 100,
            "figure.facecolor": COLOURS["paper"],
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": COLOURS["quiet"],
            "axes.labelcolor": COLOURS["ink"],
            "axes.prop_cycle": lines + cycler(linestyle=["-", "--", ":", "-."]),
            "grid.color": COLOURS["grid"],
            "text.color": COLOURS["ink"],
            "xtick.color": COLOURS["ink"],
            "ytick.color": COLOURS["ink"],
            "lines.linewidth": 2.0,
        }
    )
