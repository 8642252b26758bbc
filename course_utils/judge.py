"""What is said of an answer, in one line: `✓ right`, `not solved yet`, or `✗` with where, yours and true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from time import monotonic

from course_utils.attempt import SECONDS, Attempt, attempt, copied
from course_utils.compare import Difference, as_numbers, difference, shown
from course_utils.mistakes import in_numbers, in_slope
from course_utils.questions import Question, outcome
from course_utils.referee import Slope

UNSOLVED = "not solved yet: "
RIGHT = "✓ right"
WRONG = "✗ "
NOTHING = "your function gives nothing back"


@dataclass(frozen=True)
class Demands:
    """How answers are compared. Attributes as the arguments of `check_function`."""

    tolerance: float
    tracked: bool = False
    keeps: bool = False
    changes: int | None = None
    hint: str = ""


def fault_line(name: str, where: str, found: Difference, sentence: str) -> str:
    """The line for a wrong answer: what, where, yours, true, and what may be the matter."""
    inside = found.where if name else f", in {found.where}" * bool(found.where)
    head = f"{name}{inside} {where}".strip() if name else f"{where}{inside}"
    why = sentence or (f"{found.why[0].upper()}{found.why[1:]}." if found.why else "")
    return f"{WRONG}{head}: yours {found.yours}, true {found.true}. {why}".rstrip(" ")


def missing(answer: object) -> bool:
    """Whether an answer is a stub's: None or `...`."""
    return answer is None or answer is ...


def judge_slopes(where: str, yours: Mapping[str, object], slopes: Mapping[str, Slope], tolerance: float) -> str:
    """The line for gradients found by hand, by the learner's name of each; both in the same order."""
    open_ones = [name for name, answer in yours.items() if missing(answer)]
    for name, answer in yours.items():
        if name not in open_ones and (found := difference(answer, slopes[name].true, tolerance=tolerance)):
            return fault_line(name, where, found, in_slope(answer, slopes[name]))
    if open_ones:
        return unsolved_line(open_ones, [name for name in yours if name not in open_ones])
    return f"{RIGHT}: " + ", ".join(f"{name} = {shown(slopes[name].true)}" for name in yours)


def unsolved_line(open_ones: Sequence[str], right: Sequence[str]) -> str:
    """The line for values that are still None, beside others that are right."""
    verb = "is" if len(open_ones) == 1 else "are"
    rest = f" ({', '.join(right)} {'is' if len(right) == 1 else 'are'} right)" if right else ""
    return f"{UNSOLVED}{', '.join(open_ones)} {verb} still None{rest}"


def judge_values(
    wanted: Mapping[str, object], yours: Mapping[str, object], mistakes: Mapping[str, object], tolerance: float
) -> str:
    """The line for named values."""
    open_ones = [name for name in wanted if missing(yours[name])]
    for name, true in wanted.items():
        if name not in open_ones and (found := difference(yours[name], true, tolerance=tolerance)):
            named = mistakes.get(name, {})
            pairs = named.items() if isinstance(named, Mapping) else named
            hits = [words for wrong, words in pairs if difference(yours[name], wrong, tolerance=tolerance) is None]  # type: ignore[attr-defined]
            return fault_line(name, "", found, hits[0] if hits else in_numbers(yours[name], true))
    if open_ones:
        return unsolved_line(open_ones, [name for name in wanted if name not in open_ones])
    return RIGHT


def judge_gradients(
    function: Callable[..., object],
    questions: Sequence[Question],
    demands: Demands,
) -> str:
    """The line for a function that returns gradients; what is true at each question are slopes by name."""
    ends = monotonic() + SECONDS
    for number, question in enumerate(questions):
        slopes: Mapping[str, Slope] = question.true  # type: ignore[assignment]
        came = attempt(function, [copied(each) for each in question.arguments], ends - monotonic())
        if line := _nothing(came, question.where, first=number == 0):
            return line
        if len(slopes) > 1 and not (isinstance(came.value, list | tuple) and len(came.value) == len(slopes)):
            wanted = ", ".join(f"d{name}" for name in slopes)
            return f"{WRONG}{question.where}: yours {shown(came.value)}, wanted {len(slopes)} gradients: {wanted}"
        parts = came.value if len(slopes) > 1 else [came.value]
        sizes = _sizes(question.arguments)
        for (name, slope), part in zip(slopes.items(), parts, strict=True):  # type: ignore[call-overload]
            if found := difference(part, slope.true, tolerance=demands.tolerance):
                if missing(part):
                    return f"{UNSOLVED}{question.where} your d{name} is None"
                return fault_line(f"d{name}", question.where, found, in_slope(part, slope, sizes) or demands.hint)
    return _all_right(len(questions))


def judge_function(
    function: Callable[..., object],
    questions: Sequence[Question],
    wrong: Mapping[str, Sequence[object]],
    demands: Demands,
) -> str:
    """The line for any function; `wrong` holds, by sentence, what each usual mistake gives at the questions."""
    ends, answers, line = monotonic() + SECONDS, [], ""
    for number, question in enumerate(questions):
        arguments = [copied(each) for each in question.arguments]
        came = outcome(attempt(function, arguments, ends - monotonic()), arguments, demands.changes)
        answers.append(came)
        line = line or _faulty(came, question, demands, first=number == 0) or _spoilt(arguments, question, demands)
        if came.fault:
            break
    if not line:
        return _all_right(len(questions))
    return _named(line, answers, questions, wrong, demands)


def judge_by(judge: Callable[..., object], answers: Sequence[object], solved: str) -> str:
    """The line of a lesson's own judge, which gives None or a sentence."""
    came = attempt(judge, [copied(answer) for answer in answers])
    if came.fault:
        return f"{WRONG}with your answer the check {came.fault}"
    if came.value is None:
        return f"{RIGHT}: {solved}" if solved else RIGHT
    return str(came.value) if str(came.value).startswith(UNSOLVED.strip(": ")) else f"{WRONG}{came.value}"


def _faulty(came: Attempt, question: Question, demands: Demands, first: bool) -> str:
    """Why an answer is not the true one; "" if it is."""
    if question.true is not None and (line := _nothing(came, question.where, first=first)):
        return line
    found = difference(came.value, question.true, tolerance=demands.tolerance, tracked=demands.tracked)
    if not found:
        return ""
    if demands.changes is not None:
        before = copied(question.arguments[demands.changes])
        if first and difference(came.value, before, tolerance=demands.tolerance) is None:
            return f"{UNSOLVED}{question.where} your function changes nothing"
    sizes = _sizes(question.arguments)
    return fault_line("", question.where, found, in_numbers(came.value, question.true, sizes) or demands.hint)


def _sizes(arguments: Sequence[object]) -> set[int]:
    """Over how many numbers a mean may go: the lengths of the arguments, and their products."""
    lengths = {n for each in arguments if (row := as_numbers(each)) is not None for n in row.shape}
    return lengths | {one * other for one, other in product(lengths, lengths)}


def _nothing(came: Attempt, where: str, first: bool) -> str:
    """What is said of a function that came to no value."""
    if came.unsolved:
        return f"{UNSOLVED}{came.fault}"
    if came.fault:
        return f"{WRONG}{where} your function {came.fault}"
    if missing(came.value):
        every = "" if first else ": is there a `return` on every way through it?"
        return f"{UNSOLVED if first else WRONG}{where} {NOTHING}{every}"
    return ""


def _spoilt(arguments: Sequence[object], question: Question, demands: Demands) -> str:
    if demands.keeps:
        for now, before in zip(arguments, question.arguments, strict=True):
            if as_numbers(before) is not None and (found := difference(now, before, tolerance=1e-12)):
                return fault_line(
                    "", question.where, found, "The result is right, but your function has changed what it was given."
                )
    return ""


def _named(
    line: str,
    answers: Sequence[Attempt],
    questions: Sequence[Question],
    wrong: Mapping[str, Sequence[object]],
    demands: Demands,
) -> str:
    """The line with the sentence of the mistake that gives just these answers, if one does."""
    if len(answers) < len(questions) or any(each.fault for each in answers) or line.startswith(UNSOLVED):
        return line
    for sentence, results in wrong.items():
        pairs = zip(answers, results, strict=True)
        if all(difference(mine.value, theirs, tolerance=demands.tolerance) is None for mine, theirs in pairs):
            place = next(n for n, q in enumerate(questions) if _faulty(answers[n], q, demands, first=False))
            found = difference(answers[place].value, questions[place].true, tolerance=demands.tolerance)
            return fault_line("", questions[place].where, found, sentence) if found else line
    return line


def _all_right(many: int) -> str:
    return f"{RIGHT} at all {many} points" if many > 1 else RIGHT
