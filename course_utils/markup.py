"""Sentences as HTML, and the frame of the cards that tell them."""

from html import escape
import re


def to_markup(text: str) -> str:
    """The text, escaped; what stands between backticks as code.

    >>> to_markup("`a < b` is true")
    '<code>a &lt; b</code> is true'
    """
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


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
