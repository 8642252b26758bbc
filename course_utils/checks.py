"""Whether a learner's answer holds, and if not, where and why: one line, and the lesson goes on.

A check is soft: it prints its line to stdout, returns None and raises nothing, whatever the answer is. It is strict,
and then raises `CheckFailed`, if the environment variable `COURSE_STRICT` is 1 or nbgrader runs the notebook. What the
author of a check gets wrong (a kink, a mistake that is none) raises `ValueError` at once, in both modes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from course_utils import questions as ask
from course_utils.attempt import said
from course_utils.compare import TOLERANCE, difference
from course_utils.device import wants_strict
from course_utils.judge import judge_by, judge_slopes, judge_values
from course_utils.referee import true_slopes
from course_utils.shield import shielded
from course_utils.trial import judge_function, judge_gradients
from course_utils.verdict import RIGHT, WRONG, on_one_line


class CheckFailed(AssertionError):
    """An answer that does not hold, said in words a learner can act on."""

    def _render_traceback_(self) -> list[str]:  # IPython shows this instead of a traceback
        return [str(self)]


def check_gradient(
    of: Callable[..., object],
    at: Sequence[object],
    *,
    mistakes: Mapping[str, object] | None = None,
    tolerance: float = TOLERANCE,
    hint: str = "",
    **yours: object,
) -> None:
    """Check slopes that were worked out by hand, against autograd and nudging in 64 bits.

    Args:
        of: computes one number with torch from its parameters; smooth at `at`.
        at: its arguments in their order: numbers, nested lists or tensors.
        mistakes: as for `check_values`.
        tolerance: relative.
        hint: said where no usual mistake is recognised.
        yours: the learner's gradients, each named after its parameter: `dw` for w. Of the parameter's shape.

    Raises:
        ValueError: a name in `yours` belongs to no parameter; `of` is not smooth at `at`, or gives no single number.
        CheckFailed: in strict mode, if an answer does not hold.

    >>> check_gradient(lambda p, q: p * q + p, at=(3.0, -1.0), dp=-1.0, dq=3.0)  # doctest: +ELLIPSIS
    ✗ dp at p = 3, q = -1: yours -1, true 0. That is what 1 of the 2 paths brings: a path is missing. Add ...
    """
    parameters = ask.parameters_of(of)
    asked = {keyword: ask.parameter_of(keyword, parameters) for keyword in yours}
    slopes = true_slopes(of, dict(zip(parameters, at, strict=True)), list(asked.values()))
    true = {keyword: slopes[parameter] for keyword, parameter in asked.items()}
    question = ask.Question(ask.place_in_words(parameters, at), tuple(at), true)
    _report(judge_slopes, yours, question, mistakes or {}, ask.Demands(tolerance, hint=hint))


def check_backward(
    yours: Callable[..., object],
    of: Callable[..., object],
    at: Sequence[object],
    *,
    wrt: str = "",
    mistakes: Mapping[str, Callable[..., object]] | None = None,
    tolerance: float = TOLERANCE,
    hint: str = "",
) -> None:
    """Check a function that returns gradients, against autograd and nudging in 64 bits.

    Args:
        yours: the learner's function, of the same arguments as `of`; its numbers come as float64 tensors.
        of: computes one number with torch; smooth at each place.
        at: places: each a tuple of arguments, or a single argument.
        wrt: names of the parameters whose gradients are wanted, with spaces between; all by default. For one the
            function returns the gradient, for several a tuple of them in this order.
        mistakes: by the sentence that is told, a wrong function.
        tolerance: relative.
        hint: said where no usual mistake is recognised.

    Raises:
        ValueError, CheckFailed: as for `check_gradient`.

    >>> check_backward(lambda w, x: -2 * w * x * x, lambda w, x: (w * x) ** 2, at=[(3.0, 2.0)], wrt="w")
    ✗ dw at w = 3, x = 2: yours -24, true 24. The sign is turned round.
    """
    parameters = ask.parameters_of(of)
    names = wrt.split() or parameters
    cases = [ask.gradient_case(case, parameters, names) for case in at]
    slopes = [true_slopes(of, dict(zip(parameters, case, strict=True)), names) for case in cases]
    wrong = {sentence: ask.results_of(mistake, cases) for sentence, mistake in (mistakes or {}).items()}
    _report(
        judge_gradients, yours, ask.questions_of(parameters, cases, slopes), wrong, ask.Demands(tolerance, hint=hint)
    )


def check_function(
    yours: Callable[..., object],
    at: Sequence[object],
    *,
    wanted: Sequence[object] | None = None,
    like: Callable[..., object] | None = None,
    mistakes: Mapping[str, Callable[..., object] | Sequence[object]] | None = None,
    tolerance: float = TOLERANCE,
    tracked: bool = False,
    keeps: bool = False,
    changes: int | None = None,
    apart: bool = False,
    hint: str = "",
) -> None:
    """Check any function at some places, against true results or a function that gives them.

    Args:
        yours: the learner's function. It gets copies of the arguments, and five seconds; what it prints is dropped.
        at: places: each a tuple of arguments, or a single argument.
        wanted: the true result at each place: numbers, truth values, texts, None, tensors, or lists of such.
        like: a right function, in place of `wanted`.
        mistakes: by the sentence that is told, a wrong function or its results: what a usual mistake would give.
        tolerance: relative.
        tracked: tensors must agree in `requires_grad` and in being a leaf, too.
        keeps: the function must leave its arguments as they are.
        changes: the place of the argument that it has to change; that is compared, not what it returns.
        apart: the result must not share its memory with the arguments, nor with their `.grad`.
        hint: said where no usual mistake is recognised.

    Raises:
        ValueError, CheckFailed: not just one of `wanted` and `like` is given, or a mistake is none; as above.

    >>> check_function(lambda x: 2 * x, at=[1.0, 2.0, 3.0], like=lambda x: x + x)
    ✓ right in all 3 cases
    """
    if (wanted is None) == (like is None):
        raise ValueError("just one of wanted and like must be given")
    true = ask.results_of(wanted if like is None else like, at, changes)
    wrong = {sentence: ask.results_of(mistake, at, changes) for sentence, mistake in (mistakes or {}).items()}
    for sentence, results in wrong.items():
        if difference(results, true, tolerance=tolerance) is None:
            raise ValueError(f"mistakes must give wrong results somewhere, these are all right: {sentence}")
    questions = ask.questions_of(ask.parameters_of(like or yours), at, true)
    _report(judge_function, yours, questions, wrong, ask.Demands(tolerance, tracked, keeps, changes, apart, hint))


def check_values(
    wanted: Mapping[str, object],
    *,
    mistakes: Mapping[str, object] | None = None,
    tolerance: float = TOLERANCE,
    **yours: object,
) -> None:
    """Check named values.

    Args:
        wanted: by name the true values: numbers, truth values, texts, tensors, or lists of such.
        mistakes: by name the sentences for wrong values: {"leaves": {4: "The result is no leaf."}}, or pairs in a list.
        tolerance: relative.
        yours: by name the learner's values; None is "not solved yet".

    Raises:
        ValueError, CheckFailed: the names in `wanted` and `yours` are not the same; as for `check_gradient`.

    >>> check_values({"z": 3, "p": 7}, z=3, p=None)
    not solved yet: p is not filled in (z is right)
    """
    if set(wanted) != set(yours):
        raise ValueError(f"yours must have the names {sorted(wanted)}, got {sorted(yours)}")
    _report(judge_values, wanted, yours, mistakes or {}, tolerance)


def check_by(judge: Callable[..., object], *answers: object, solved: str = "") -> None:
    """Check by a judge of the lesson's own.

    Args:
        judge: called with the answers; gives None if they hold, else a sentence ("not solved yet..." for the stub).
        answers: the learner's; copies of them, but a tensor that has a `grad_fn` or a `.grad` itself.
        solved: what is said after "✓ right".

    Raises:
        CheckFailed: as for `check_gradient`.

    >>> check_by(lambda answer: None if answer > 2 else f"{answer} is too small", 1)
    ✗ 1 is too small
    """
    _report(judge_by, judge, answers, solved)


def _report(judge: Callable[..., str], *what: object) -> None:
    """Say the judge's line, or raise it in strict mode."""
    try:
        with shielded():
            line = on_one_line(judge(*what))
    except (Exception, SystemExit) as error:  # an answer so strange that it cannot even be compared
        line = f"{WRONG}your answer cannot be compared: {said(error)}"
    if wants_strict() and not line.startswith(RIGHT):
        raise CheckFailed(line)
    print(line)
