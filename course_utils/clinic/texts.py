"""The text of the learner's cell, as it can be mended: found for a frame, with spaces where it has tabs."""

from __future__ import annotations

import ast
from contextlib import suppress
from functools import lru_cache
import linecache
import re
from types import FrameType

_WIDTH = 4
_TIMED = ("<timed exec>", "<timed eval>")  # under %%time


def text_of_frame(frame: FrameType) -> str:
    """The text that a frame's code was made from; "" if it is not to be had."""
    if frame.f_code.co_filename in _TIMED and frame.f_back is not None:
        magic = frame.f_back.f_locals
        text = magic.get("expr") if isinstance(magic.get("cell"), str) else ""
        return text if isinstance(text, str) else ""
    return "".join(linecache.getlines(frame.f_code.co_filename))


@lru_cache(maxsize=64)
def untabbed(text: str) -> str:
    r"""The text with four spaces for each tab that a line begins with; the text itself if that is no longer the same.

    >>> untabbed("for _ in range(2):\n\tx = '\t'")
    "for _ in range(2):\n    x = '\t'"
    """
    if "\t" not in text:
        return text
    with suppress(SyntaxError, ValueError):
        tree = ast.parse(text)
        inside = _inside_strings(tree)
        rows = text.split("\n")
        spaced = "\n".join(row if number in inside else _spaced(row) for number, row in enumerate(rows, 1))
        if ast.dump(ast.parse(spaced)) == ast.dump(tree):
            return spaced
    return text


def shifted(before: str, after: str, line: int, column: int) -> int:
    """The column in the text without tabs, of a column in the text with them; both in bytes."""
    old, new = (text.encode().split(b"\n")[line - 1 : line] or [b""] for text in (before, after))
    grown = len(new[0]) - len(old[0])
    return column + grown if column else column


def _spaced(row: str) -> str:
    margin = re.match(r"[ \t]*", row)
    wide = margin[0].replace("\t", " " * _WIDTH) if margin else ""
    return wide + row.lstrip(" \t") if row.strip() else row


def _inside_strings(tree: ast.AST) -> set[int]:
    """The lines that begin inside a string."""
    found: set[int] = set()
    for one in ast.walk(tree):
        if isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Constant) and isinstance(one.value, str | bytes)):
            found |= set(range(one.lineno + 1, (one.end_lineno or one.lineno) + 1))
    return found
