"""What is said of values a learner found, and by a judge of the lesson's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from course_utils.attempt import attempt, copied
from course_utils.compare import difference
from course_utils.mistakes import in_numbers, in_slope
from course_utils.questions import Demands, Question, sizes_of
from course_utils.referee import Slope
from course_utils.verdict import RIGHT, UNSOLVED, WRONG, fault_line, missing, unsolved_line
import torch


def judge_slopes(
    yours: Mapping[str, object], question: Question, mistakes: Mapping[str, object], demands: Demands
) -> str:
    """The line for gradients found by hand; what is true are slopes by the learner's name of each, in this order."""
    slopes: Mapping[str, Slope] = question.true  # type: ignore[assignment]
    open_ones = [name for name, answer in yours.items() if missing(answer)]
    for name, answer in yours.items():
        if name not in open_ones and (found := difference(answer, slopes[name].true, tolerance=demands.tolerance)):
            why = _listed(answer, mistakes.get(name, {}), demands.tolerance)
            why = why or in_slope(answer, slopes[name], sizes_of(question.arguments))
            return fault_line(name, question.where, found, why, demands.hint)
    if open_ones:
        return unsolved_line(open_ones, [name for name in yours if name not in open_ones])
    return f"{RIGHT}: {', '.join(yours)}"


def judge_values(
    wanted: Mapping[str, object], yours: Mapping[str, object], mistakes: Mapping[str, object], tolerance: float
) -> str:
    """The line for named values."""
    open_ones = [name for name in wanted if missing(yours[name])]
    for name, true in wanted.items():
        if name not in open_ones and (found := difference(yours[name], true, tolerance=tolerance)):
            told = _listed(yours[name], mistakes.get(name, {}), tolerance)
            return fault_line(name, "", found, told or in_numbers(yours[name], true))
    if open_ones:
        return unsolved_line(open_ones, [name for name in wanted if name not in open_ones])
    return RIGHT


def _listed(answer: object, mistakes: object, tolerance: float) -> str:
    """The sentence that the check itself has for this wrong value; "" if it has none."""
    pairs = mistakes.items() if isinstance(mistakes, Mapping) else mistakes
    hits = [words for wrong, words in pairs if difference(answer, wrong, tolerance=tolerance) is None]  # type: ignore[attr-defined]
    return hits[0] if hits else ""


def judge_by(judge: Callable[..., object], answers: Sequence[object], solved: str) -> str:
    """The line of a lesson's own judge, which gives None or a sentence."""
    came = attempt(judge, [_lent(answer) for answer in answers])
    if came.unsolved:
        return f"{UNSOLVED}{came.fault}"
    if came.fault and any(map(missing, answers)):
        return f"{UNSOLVED}your answer is still None"
    if came.fault:
        return f"{WRONG}with your answer the check {came.fault}"
    if came.value is None:
        return f"{RIGHT}: {solved}" if solved else RIGHT
    return str(came.value) if str(came.value).startswith(UNSOLVED.strip(": ")) else f"{WRONG}{came.value}"


def _lent(answer: object) -> object:
    """A copy; but of a tensor with a history none, which would not tell how it was made, nor what a backward left."""
    try:
        history = isinstance(answer, torch.Tensor) and (answer.grad_fn is not None or answer.grad is not None)
        return answer if history else copied(answer)
    except Exception:  # a list that holds itself, an odd class
        return answer
