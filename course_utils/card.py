"""A question to answer before a cell is run: pick an option, and it says why it holds or why not.

Each option is an HTML `<details>`, so the browser alone opens it: by mouse or by Enter and Space, with no script and
no kernel, in a saved page as well. Until an option is opened nothing in the page tells the right one from the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from course_utils.markup import to_markup

# What was opened keeps a dot when it closes: the transition back waits for days. A memory without a script.
# The answer stands in the source of the cell. A lesson hides it, but nbconvert shows what is hidden: the last rule.
_LOOK = """
.course-card {border: 1px solid; border-radius: 8px; padding: 12px 16px; margin: 8px 2px; max-width: 640px;}
.course-card legend {float: left; width: 100%; padding: 0; margin: 0 0 8px; border: 0; font: inherit;}
.course-card details {clear: both; margin: 6px 0 0; padding: 0;}
.course-card summary {display: flex; gap: 10px; align-items: center; padding: 7px 12px; margin: 0; cursor: pointer;
  border: 1px solid; border-radius: 6px; list-style: none;}
.course-card summary::-webkit-details-marker {display: none;}
.course-card summary:hover {text-decoration: underline;}
.course-card summary:focus-visible {outline: 3px solid; outline-offset: 2px;}
.course-card summary::before {content: ""; flex: none; box-sizing: border-box; width: 14px; height: 14px; padding: 2px;
  border: 2px solid; border-radius: 50%; background: transparent content-box; transition: background-color 0s 1e6s;}
.course-card [open] > summary::before {padding: 0; background-color: currentColor; transition-delay: 0s;}
.course-card [open] > summary {border-width: 2px; padding: 6px 11px;}
.course-card details p {margin: 8px 12px 12px 34px;}
body.jp-Notebook .jp-Cell:has(.course-card) .jp-Cell-inputWrapper {display: none;}
"""


def predict(question: str, options: Mapping[str, str], *, answer: str) -> Card:
    """A card that asks for a prediction; each option, once picked, tells why it holds or why it does not.

    Text between backticks is set as code, everything else is shown as it stands.

    Args:
        question: what is asked.
        options: at least two; from what can be picked to its explanation, in the order in which they are shown.
        answer: the right one of the options.

    Raises:
        TypeError: a text is no string, or `options` is no mapping.
        ValueError: a text is empty, there are fewer than two options, or `answer` is none of them.

    >>> predict("Where does x go?", {"Up": "It climbs the slope.", "Down": "Against the slope."}, answer="Down")
    Where does x go?
      a) Up
      b) Down
    <BLANKLINE>
    Answers, once you have chosen:
      a) ✗ Not so. It climbs the slope.
      b) ✓ Right. Against the slope.
    """
    _need_text("question", question)
    if not isinstance(options, Mapping):
        raise TypeError(f"options must be a dict from option to explanation, got {type(options).__name__}")
    if len(options) < 2:
        raise ValueError(f"options must be two or more to choose from, got {len(options)}")
    _need_text("answer", answer)
    for option, explanation in options.items():
        _need_text("an option", option)
        _need_text(f"the explanation of {option!r}", explanation)
    if answer not in options:
        raise ValueError(f"answer must be one of the options {', '.join(map(repr, options))}, got {answer!r}")
    return Card(question, options, answer)


class Card:
    """A question with options, which shows itself.

    Attributes:
        question: what is asked.
        options: from each option to its explanation.
        answer: the right option.
    """

    def __init__(self, question: str, options: Mapping[str, str], answer: str) -> None:
        self.question, self.options, self.answer = question, dict(options), answer

    def __repr__(self) -> str:
        """The words, for terminals."""
        return self.to_text()

    def to_text(self) -> str:
        """The question and its options, and after them what is said to each."""
        letters = [chr(ord("a") + place) for place in range(len(self.options))]
        asked = [f"  {letter}) {option}" for letter, option in zip(letters, self.options, strict=True)]
        told = [f"  {letter}) {self._told(option)}" for letter, option in zip(letters, self.options, strict=True)]
        return "\n".join([self.question, *asked, "", "Answers, once you have chosen:", *told])

    def to_html(self) -> str:
        """A card whose options open one at a time."""
        # Options of one name close each other. The name is made from all words, so that it is the same in every run,
        # and that two cards which both ask "What is printed?" leave each other alone.
        name = f"card-{sha256(self.to_text().encode()).hexdigest()[:12]}"
        rows = "".join(
            # No data-lm-suppress-shortcuts here: JupyterLab leaves Enter and Space to an option, and whoever has picked
            # one goes on with Shift+Enter, which must still run the cell.
            f'<details name="{name}"><summary>{to_markup(option)}</summary>'
            f"<p>{to_markup(self._told(option))}</p></details>"
            for option in self.options
        )
        return (
            f'<style>{_LOOK}</style><fieldset class="course-card">'
            f"<legend><strong>{to_markup(self.question)}</strong></legend>{rows}</fieldset>"
        )

    def _told(self, option: str) -> str:
        return f"{'✓ Right.' if option == self.answer else '✗ Not so.'} {self.options[option]}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": self.to_text()}


def _need_text(what: str, text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{what} must be a text, got {type(text).__name__}")
    if not text.strip():
        raise ValueError(f"{what} must not be empty")
