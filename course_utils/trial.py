"""What is said of a learner's function, which is asked at some places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from course_utils.attempt import Attempt, attempt, copied, deadline
from course_utils.compare import difference
from course_utils.mistakes import NOT_CLEARED, in_numbers, in_slope, piled_up
from course_utils.numbers import as_numbers, as_row, shown
from course_utils.questions import Demands, Question, outcome, sizes_of
from course_utils.referee import Slope
from course_utils.verdict import UNSOLVED, WRONG, empty, fault_line, missing, right_line
import torch

NOTHING = "your function gives nothing back"


def judge_gradients(
    function: Callable[..., object],
    questions: Sequence[Question],
    wrong: Mapping[str, Sequence[object]],
    demands: Demands,
) -> str:
    """The line for a function that returns gradients; what is true at each question are slopes by name."""
    ends, answers, line = deadline(), [], ""
    for number, question in enumerate(questions):
        came = attempt(function, [copied(each) for each in question.arguments], ends)
        answers.append(_kept(came))
        line = line or _nothing(came, question.where, first=number == 0) or _wrong_slope(came.value, question, demands)
        if came.fault:
            break
    sentences = _sentences(answers, questions, wrong, demands) if line else []
    told = [
        _wrong_slope(came.value, question, demands, sentences[0])
        for came, question in zip(answers, questions, strict=False)
        if sentences
    ]
    return next(filter(None, told), line) or right_line(len(questions))


def _wrong_slope(value: object, question: Question, demands: Demands, sentence: str = "") -> str:
    """Why gradients are not the true ones; "" if they are."""
    slopes: Mapping[str, Slope] = question.true  # type: ignore[assignment]
    parts = as_row(value) if len(slopes) > 1 else [value]
    if parts is None or len(parts) != len(slopes):
        wanted = ", ".join(f"d{name}" for name in slopes)
        return f"{WRONG}{question.where}: yours {shown(value)}, wanted {len(slopes)} gradients: {wanted}"
    for (name, slope), part in zip(slopes.items(), parts, strict=True):
        if found := difference(part, slope.true, tolerance=demands.tolerance):
            if missing(part):
                return f"{UNSOLVED}{question.where} your d{name} is not filled in"
            why = sentence or in_slope(part, slope, sizes_of(question.arguments))
            return fault_line(f"d{name}", question.where, found, why, demands.hint)
    return ""


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
        line = (
            line or _faulty(came, question, demands, first=number == 0) or _spoilt(came, arguments, question, demands)
        )
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
    return fault_line("", question.where, found, in_numbers(came.value, question.true, sizes), demands.hint)


def _nothing(came: Attempt, where: str, first: bool) -> str:
    """What is said of a function that came to no value."""
    if came.unsolved:
        return f"{UNSOLVED}{came.fault}"
    if came.fault:
        return f"{WRONG}{where} your function {came.fault}"
    if empty(came.value):
        every = "" if first else ": is there a `return` on every way through it?"
        return f"{UNSOLVED if first else WRONG}{where} {NOTHING}{every}"
    return ""


def _spoilt(came: Attempt, arguments: Sequence[object], question: Question, demands: Demands) -> str:
    """What a right result has cost; "" if nothing that counts."""
    for now, before in zip(arguments, question.arguments, strict=True):
        if not demands.keeps or as_numbers(before) is None:
            continue
        if found := difference(now, before, tolerance=1e-12, tracked=demands.tracked):
            return fault_line("", question.where, found, "The result is right, but what was given has changed.")
    if demands.apart and any(_memory(came.value) & _memory(each) for each in arguments):
        return f"{WRONG}{question.where}: right for now, but it shows the memory of what was given, and changes with it"
    return ""


def _memory(thing: object) -> set[int]:
    """Where the numbers of a tensor are, and those of its `.grad`."""
    tensors = [thing, thing.grad if thing.is_leaf else None] if isinstance(thing, torch.Tensor) else []
    dense = [each for each in tensors if each is not None and each.layout is torch.strided]
    return {each.untyped_storage().data_ptr() for each in dense if each.numel()}


def _named(
    line: str,
    answers: Sequence[Attempt],
    questions: Sequence[Question],
    wrong: Mapping[str, Sequence[object]],
    demands: Demands,
) -> str:
    """The line with the sentence of the mistake that gives just these answers, if one does."""
    sentences = [] if line.startswith(UNSOLVED) else _sentences(answers, questions, wrong, demands)
    if len(answers) == len(questions) and piled_up([each.value for each in answers], [each.true for each in questions]):
        sentences.append(NOT_CLEARED)
    for question, came in zip(questions, answers, strict=False):
        found = None if came.fault else difference(came.value, question.true, tolerance=demands.tolerance)
        if sentences and found:
            return fault_line("", question.where, found, sentences[0])
    return line


def _sentences(
    answers: Sequence[Attempt], questions: Sequence[Question], wrong: Mapping[str, Sequence[object]], demands: Demands
) -> list[str]:
    """Of the mistakes that give just these answers."""
    if len(answers) < len(questions) or any(each.fault for each in answers):
        return []
    mine = [each.value for each in answers]
    return [sentence for sentence, results in wrong.items() if _all_same(mine, results, demands)]


def _all_same(mine: Sequence[object], theirs: Sequence[object], demands: Demands) -> bool:
    pairs = zip(mine, theirs, strict=True)
    return all(difference(one, other, tolerance=demands.tolerance) is None for one, other in pairs)
