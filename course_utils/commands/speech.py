"""What the commands print: plain words, which come out whole where a terminal cannot show ✓ and ✗."""

from __future__ import annotations

import sys

import click


def say(text: str, *, err: bool = False) -> None:
    """Print a line at once, in letters that the stream has.

    Args:
        text: the line.
        err: on stderr.
    """
    stream = sys.stderr if err else sys.stdout
    click.echo(in_letters_of(stream.encoding or "ascii", text), file=stream)


def in_letters_of(encoding: str, text: str) -> str:
    """The text without a mark that this encoding lacks: a word beside it says the same; other letters as escapes.

    >>> in_letters_of("ascii", "✓ fine: torch")
    'fine: torch'
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("✓ ", "").replace("✗ ", "")
    return text.encode(encoding, "backslashreplace").decode(encoding)
