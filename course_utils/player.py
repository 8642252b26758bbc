"""A picture with a slider below it that moves it in the browser alone: the form of every such output of the course.

All that will be shown is computed beforehand and stored in the page; a short script, which lies beside this file, only
shows it. So the picture follows a drag at once, and keeps working in an exported page and without a kernel. Where
scripts do not run, the still picture and its words are left.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
import json
from pathlib import Path
from typing import TypeVar
import zlib

from course_utils.markup import NO_FORMULAS, holds_formulas

T = TypeVar("T")
Changes = list[tuple[int, T]]  # from which place on what holds


@dataclass(frozen=True)
class Control:
    """A slider, and buttons beside it where it can be played.

    Attributes:
        name: what it moves, said to screen readers.
        labels: what each of its places is called.
        start: the place it stands at first.
        shown: what stands before the slider.
        unit: what one step is called; with a unit there are buttons, one of which plays.
        pace: milliseconds from one picture to the next while it plays.
        marks: places that have a mark under the slider, with its words.
    """

    name: str
    labels: Sequence[str]
    start: int = 0
    shown: str = ""
    unit: str = ""
    pace: int = 33
    marks: Sequence[tuple[int, str]] = ()


def pace_of(places: int) -> int:
    """Milliseconds from one picture to the next: 30 a second, fewer if playing would be over before the eye follows."""
    return max(33, 3000 // places)


def player_html(
    still: str, controls: Sequence[Control], moves: Sequence[dict[str, object]], words: Sequence[str], *,
    sentence: bool, drawing: tuple[str, bytes] | None = None, below: str = "",
) -> str:  # fmt: skip
    """The HTML of a picture that its controls move.

    Args:
        still: an `<img>`; if it is an SVG, that is what moves.
        controls: one or two; the words go by the first.
        moves: what changes in the drawing, as the script beside this file reads it.
        words: what the picture says at each place of the first control.
        sentence: whether the words stand below the picture too, or are for screen readers alone.
        drawing: an SVG that takes the place of the still picture, and the numbers of its curves, packed by `Numbers`.
        below: HTML that follows.
    """
    data = {
        "controls": [vars(control) for control in controls],
        "moves": moves,
        "words": changes(words),
        "sentence": sentence,
    }
    packed = ""
    if drawing is not None:
        svg, numbers = drawing
        packed = f" data-drawing='{_packed(svg.encode())}' data-numbers='{_packed(numbers)}'"
    return (
        f"<div class='{_kind(words)}' data-live='{_attribute(json.dumps(data, allow_nan=False, ensure_ascii=False))}'"
        f"{packed}>{still}{below}</div><script>{_script()}</script>"
    )


def changes(things: Iterable[T]) -> Changes[T]:
    """Of a row of things those that differ from the one before, with their places.

    >>> changes(["a", "a", "b"])
    [(0, 'a'), (2, 'b')]
    """
    found: Changes[T] = []
    for place, thing in enumerate(things):
        if not found or found[-1][1] != thing:
            found.append((place, thing))
    return found


def _kind(words: Sequence[str]) -> str:
    """The class of the box. The script puts the words on the page: they are no formulas."""
    return f"course-live {NO_FORMULAS}" if any(map(holds_formulas, words)) else "course-live"


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode("ascii")


def _attribute(text: str) -> str:
    """Between single quotes: JSON is full of the double ones."""
    return escape(text, quote=False).replace("'", "&#39;")


@cache
def _script() -> str:
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
