"""What is said of a learner's function, which is asked at some places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

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
    return _judge(function, questions, wrong, demands, _wrong_slopes)


def judge_function(
    function: Callable[..., object],
    questions: Sequence[Question],
    wrong: Mapping[str, Sequence[object]],
    demands: Demands,
) -> str:
    """The line for any function; `wrong` holds, by sentence, what each usual mistake gives at the questions."""
    return _judge(function, questions, wrong, demands, _wrong_result)


Fault = Callable[[object, Question, Demands, str], str]  # why a value is not the true one; "" if it is


def _judge(
    function: Callable[..., object],
    questions: Sequence[Question],
    wrong: Mapping[str, Sequence[object]],
    demands: Demands,
    fault: Fault,
) -> str:
    """Ask everything, then say the first fault, with the sentence of the mistake that gives just these answers."""
    answers: list[Attempt] = []
    ends, line = deadline(), ""
    for question in questions:
        arguments = [copied(each) for each in question.arguments]
        came = outcome(attempt(function, arguments, ends), arguments, demands.changes)
        line = line or _nothing(came, question, first=not answers)
        line = line or _untouched(came, question, demands, first=not answers)
        line = line or fault(came.value, question, demands, "") or _spoilt(came, arguments, question, demands)
        answers.append(_kept(came))
        if came.fault:
            break
    if not line or line.startswith(UNSOLVED) or not (sentence := _named(answers, questions, wrong, demands)):
        return line or right_line(len(questions))
    kept = replace(demands, tracked=False)  # copies have no history
    told = (fault(came.value, question, kept, sentence) for came, question in zip(answers, questions, strict=True))
    return next(filter(None, told), line)


def _kept(came: Attempt) -> Attempt:
    """As it is now: a function may give back the same tensor each time, such as a `.grad`."""
    try:
        return came if came.fault else Attempt(copied(came.value))
    except Exception:  # what cannot be copied
        return came


def _nothing(came: Attempt, question: Question, first: bool) -> str:
    """What is said of a function that came to no value; "" if it did, or if None is right."""
    if came.unsolved:
        return f"{UNSOLVED}{came.fault}"
    if came.fault:
        return f"{WRONG}{question.where} your function {came.fault}"
    if empty(came.value) and question.true is not None:
        every = "" if first else ": is there a `return` on every way through it?"
        return f"{UNSOLVED if first else WRONG}{question.where} {NOTHING}{every}"
    return ""


def _untouched(came: Attempt, question: Question, demands: Demands, first: bool) -> str:
    """What is said of a function that has left the argument alone which it is to change."""
    if demands.changes is None or not first:
        return ""
    before = question.arguments[demands.changes]
    same = [difference(came.value, other, tolerance=demands.tolerance) is None for other in (before, question.true)]
    return f"{UNSOLVED}{question.where} your function changes nothing" if same == [True, False] else ""


def _wrong_slopes(value: object, question: Question, demands: Demands, sentence: str) -> str:
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


def _wrong_result(value: object, question: Question, demands: Demands, sentence: str) -> str:
    found = difference(value, question.true, tolerance=demands.tolerance, tracked=demands.tracked)
    if not found:
        return ""
    why = sentence or in_numbers(value, question.true, sizes_of(question.arguments))
    return fault_line("", question.where, found, why, demands.hint)


def _spoilt(came: Attempt, arguments: Sequence[object], question: Question, demands: Demands) -> str:
    """What a right result has cost; "" if nothing that counts."""
    for now, before in zip(arguments, question.arguments, strict=True):
        if not demands.keeps or as_numbers(before) is None:
            continue
        if found := difference(now, before, tolerance=1e-12, tracked=demands.tracked):
            return fault_line("", question.where, found, "The result is right, but what was given has changed.")
        if isinstance(now, torch.Tensor) and now.is_leaf and now.grad is not None:
            return f"{WRONG}{question.where}: the result is right, but a backward pass went into what was given"
    if demands.apart and any(_memory(came.value) & _memory(each) for each in arguments):
        return f"{WRONG}{question.where}: right for now, but it shows the memory of what was given, and changes with it"
    return ""


def _memory(thing: object) -> set[int]:
    """Where the numbers of a tensor are, and those of its `.grad`."""
    tensors = [thing, thing.grad if thing.is_leaf else None] if isinstance(thing, torch.Tensor) else []
    dense = [each for each in tensors if each is not None and each.layout is torch.strided]
    return {each.untyped_storage().data_ptr() for each in dense if each.numel()}


def _named(
    answers: Sequence[Attempt], questions: Sequence[Question], wrong: Mapping[str, Sequence[object]], demands: Demands
) -> str:
    """The sentence of the mistake that gives just these answers; "" if none does."""
    if len(answers) < len(questions) or any(each.fault for each in answers):
        return ""
    mine = [each.value for each in answers]
    sentences = [sentence for sentence, results in wrong.items() if _all_same(mine, results, demands)]
    sentences += [NOT_CLEARED] * piled_up(mine, [question.true for question in questions])
    return sentences[0] if sentences else ""


def _all_same(mine: Sequence[object], theirs: Sequence[object], demands: Demands) -> bool:
    pairs = zip(mine, theirs, strict=True)
    return all(difference(one, other, tolerance=demands.tolerance) is None for one, other in pairs)
