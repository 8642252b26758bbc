"""Sentences as HTML, and the frame of the cards that tell them."""

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


# A viewer that drops the style still strikes out what goes. With it, each mark has a tint beside its sign. A class more
# where JupyterLab's own rules for <pre> would win else.
_LOOK = """
section.NAME {border: 1px solid; border-left-width: 6px; border-radius: 8px; padding: 10px 16px;
  margin: 8px 2px; max-width: 760px;}
section.NAME p {margin: 8px 0;}
section.NAME pre.course-code {margin: 4px 0 8px; padding: 6px 10px; border: 1px dashed;
  white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere;}
section.NAME del, section.NAME ins {text-decoration: none; padding: 1px 0;
  -webkit-box-decoration-break: clone; box-decoration-break: clone;}
section.NAME del {background: rgba(214, 93, 60, 0.2);}
section.NAME ins {background: rgba(46, 160, 90, 0.22); font-weight: bold;}
"""


def look_of(card: str) -> str:
    """The CSS of a card whose `<section>` has this class: its frame, and code in which lines go and lines come."""
    return _LOOK.replace("NAME", card)
