"""The line that is said of an answer: `✓ right`, `not solved yet`, or `✗` with where, yours, true and why."""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.compare import Difference

UNSOLVED = "not solved yet: "
RIGHT = "✓ right"
WRONG = "✗ "
LONGEST = 1000  # letters of a line


def empty(answer: object) -> bool:
    """Whether an answer is a stub's: None or `...`."""
    return answer is None or answer is ...


def missing(answer: object) -> bool:
    """Whether it is, or is a list that still holds such a one."""
    return empty(answer) or (type(answer) in (list, tuple) and any(map(empty, answer)))  # type: ignore[call-overload]


def fault_line(name: str, where: str, found: Difference, sentence: str, hint: str = "") -> str:
    """The line for a wrong answer: what, where, yours, true, and what may be the matter, or else a hint."""
    inside = found.where if name else f", in {found.where}" * bool(found.where)
    head = f"{name}{inside} {where}".strip() if name else f"{where}{inside}"
    why = sentence or (f"{found.why[0].upper()}{found.why[1:]}." if found.why else hint)
    return f"{WRONG}{head}: yours {found.yours}, true {found.true}. {why}".rstrip(" ")


def unsolved_line(open_ones: Sequence[str], right: Sequence[str]) -> str:
    """The line for values that are not filled in, beside others that are right."""
    verb = "is" if len(open_ones) == 1 else "are"
    rest = f" ({', '.join(right)} {'is' if len(right) == 1 else 'are'} right)" if right else ""
    return f"{UNSOLVED}{', '.join(open_ones)} {verb} not filled in{rest}"


def right_line(many: int) -> str:
    """The line for a function that is right wherever it was asked."""
    return f"{RIGHT} in all {many} cases" if many > 1 else RIGHT


def on_one_line(text: str) -> str:
    """The text on one line of printable letters: an error's text may hold anything.

    >>> on_one_line("two" + chr(10) + "lines and a bell" + chr(7))
    'two lines and a bell�'
    """
    line = " ".join(text[: 9 * LONGEST].split())
    line = f"{line[:LONGEST]}…" if len(line) > LONGEST else line
    return "".join(letter if letter.isprintable() else "�" for letter in line)
