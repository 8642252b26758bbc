"""What is said of a learner's function, which is asked at some places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from course_utils.attempt import Attempt, attempt, copied, deadline
from course_utils.compare import difference
from course_utils.mistakes import NOT_CLEARED, in_numbers, in_slope, piled_up
from course_utils.numbers import as_numbers, as_row, shown
from course_utils.questions import Question, outcome, sizes_of
from course_utils.referee import Slope
from course_utils.verdict import UNSOLVED, WRONG, fault_line, missing, right_line

NOTHING = "your function gives nothing back"


@dataclass(frozen=True)
class Demands:
    """How answers are compared. Attributes as the arguments of `check_function`."""

    tolerance: float
    tracked: bool = False
    keeps: bool = False
    changes: int | None = None
    hint: str = ""


def judge_gradients(
    function: Callable[..., object],
    questions: Sequence[Question],
    demands: Demands,
) -> str:
    """The line for a function that returns gradients; what is true at each question are slopes by name."""
    ends = deadline()
    for number, question in enumerate(questions):
        slopes: Mapping[str, Slope] = question.true  # type: ignore[assignment]
        came = attempt(function, [copied(each) for each in question.arguments], ends)
        if line := _nothing(came, question.where, first=number == 0):
            return line
        parts = as_row(came.value) if len(slopes) > 1 else [came.value]
        if parts is None or len(parts) != len(slopes):
            wanted = ", ".join(f"d{name}" for name in slopes)
            return f"{WRONG}{question.where}: yours {shown(came.value)}, wanted {len(slopes)} gradients: {wanted}"
        sizes = sizes_of(question.arguments)
        for (name, slope), part in zip(slopes.items(), parts, strict=True):
            if found := difference(part, slope.true, tolerance=demands.tolerance):
                if missing(part):
                    return f"{UNSOLVED}{question.where} your d{name} is None"
                return fault_line(f"d{name}", question.where, found, in_slope(part, slope, sizes) or demands.hint)
    return right_line(len(questions))


def judge_function(
    function: Callable[..., object],
    questions: Sequence[Question],
    wrong: Mapping[str, Sequence[object]],
    demands: Demands,
) -> str:
    """The line for any function; `wrong` holds, by sentence, what each usual mistake gives at the questions."""
    ends, answers, line = deadline(), [], ""
    for number, question in enumerate(questions):
        arguments = [copied(each) for each in question.arguments]
        came = outcome(attempt(function, arguments, ends), arguments, demands.changes)
        answers.append(_kept(came))
        line = line or _faulty(came, question, demands, first=number == 0) or _spoilt(arguments, question, demands)
        if came.fault:
            break
    if not line:
        return right_line(len(questions))
    return _named(line, answers, questions, wrong, demands)


def _kept(came: Attempt) -> Attempt:
    """As it is now: a function may give back the same tensor each time, such as a `.grad`."""
    numbers = as_numbers(came.value)
    return came if came.fault or numbers is None else Attempt(numbers.clone())


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
    sizes = sizes_of(question.arguments)
    return fault_line("", question.where, found, in_numbers(came.value, question.true, sizes) or demands.hint)


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
    mine = [each.value for each in answers]
    sentences = [sentence for sentence, results in wrong.items() if _all_same(mine, results, demands)]
    if piled_up(mine, [question.true for question in questions]):
        sentences.append(NOT_CLEARED)
    for question, value in zip(questions, mine, strict=True):
        found = difference(value, question.true, tolerance=demands.tolerance)
        if sentences and found:
            return fault_line("", question.where, found, sentences[0])
    return line


def _all_same(mine: Sequence[object], theirs: Sequence[object], demands: Demands) -> bool:
    pairs = zip(mine, theirs, strict=True)
    return all(difference(one, other, tolerance=demands.tolerance) is None for one, other in pairs)
