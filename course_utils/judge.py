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
    true = {name: slope.true for name, slope in slopes.items()}
    sizes = sizes_of(question.arguments)
    line = _judge(
        yours, true, question.where, mistakes, demands, lambda name: in_slope(yours[name], slopes[name], sizes)
    )
    return line or f"{RIGHT}: {', '.join(yours)}"


def judge_values(
    wanted: Mapping[str, object], yours: Mapping[str, object], mistakes: Mapping[str, object], tolerance: float
) -> str:
    """The line for named values."""
    usual = lambda name: in_numbers(yours[name], wanted[name])  # noqa: E731
    return _judge(yours, wanted, "", mistakes, Demands(tolerance), usual) or RIGHT


def _judge(
    yours: Mapping[str, object],
    true: Mapping[str, object],
    where: str,
    mistakes: Mapping[str, object],
    demands: Demands,
    usual: Callable[[str], str],
) -> str:
    """The line for the first value that is wrong, or for those not filled in; "" if all are right."""
    open_ones = [name for name in true if missing(yours[name])]
    right = [name for name in true if name not in open_ones]
    for name in right:
        if found := difference(yours[name], true[name], tolerance=demands.tolerance):
            why = _listed(yours[name], mistakes.get(name, {}), demands.tolerance) or usual(name)
            return fault_line(name, where, found, why, demands.hint)
    return unsolved_line(open_ones, right) if open_ones else ""


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
        return unsolved_line(["your answer"], [])
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
