"""Sentences as HTML."""

from html import escape
import re


def to_markup(text: str) -> str:
    """The text, escaped; what stands between backticks as code.

    >>> to_markup("`a < b` is true")
    '<code>a &lt; b</code> is true'
    """
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
