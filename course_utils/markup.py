"""Sentences as HTML."""

from html import escape
import re

# JupyterLab and nbconvert look for formulas in whatever HTML they show; each has its own word for "not here".
NO_FORMULAS = "mathjax_ignore tex2jax_ignore"


def to_markup(text: str) -> str:
    """The text as `plain` gives it; what stands between backticks as code, where no formula is looked for.

    >>> to_markup("`a < b` is true")
    '<code>a &lt; b</code> is true'
    """
    pieces = re.split("`([^`]+)`", text)
    return "".join(f"<code>{escape(piece)}</code>" if place % 2 else plain(piece) for place, piece in enumerate(pieces))


def plain(text: str) -> str:
    r"""The text, escaped; where MathJax might take it for a formula it is told to pass.

    >>> plain("$x$ < 3")
    '<span class="mathjax_ignore tex2jax_ignore">$x$ &lt; 3</span>'
    """
    return f'<span class="{NO_FORMULAS}">{escape(text)}</span>' if holds_formulas(text) else escape(text)


def holds_formulas(text: str) -> bool:
    """Whether MathJax would look for a formula in it: all of them begin with one of two signs."""
    return "$" in text or "\\" in text
