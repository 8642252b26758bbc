"""What a learner's function is asked: at which places, and what should come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import inspect
from itertools import product

from course_utils.attempt import Attempt, attempt, copied
from course_utils.numbers import as_numbers, shown
from course_utils.referee import as_leaf, widened

FEW = 4  # numbers of an argument that are told one by one


@dataclass(frozen=True)
class Question:
    """One call that a learner's function is asked for.

    Attributes:
        where: the arguments in words, such as "at w = 2".
        arguments: a copy is passed.
        true: what should come of it.
    """

    where: str
    arguments: tuple[object, ...]
    true: object


@dataclass(frozen=True)
class Demands:
    """How answers are compared. Attributes as the arguments of `check_function`."""

    tolerance: float
    tracked: bool = False
    keeps: bool = False
    changes: int | None = None
    apart: bool = False
    hint: str = ""


def place_in_words(names: Sequence[str], arguments: Sequence[object]) -> str:
    """The arguments by their names, such as "at w = 2, f = cube".

    >>> place_in_words(["w", "X"], [[1.0, 2.0], [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]])
    'at w = [1, 2], X of shape (2, 3)'
    """
    return "at " + ", ".join(_argument(name, thing) for name, thing in zip(names, arguments, strict=False))


def _argument(name: str, thing: object) -> str:
    numbers = as_numbers(thing)
    if numbers is not None and numbers.numel() > FEW:
        return f"{name} of shape {tuple(numbers.shape)}"
    return f"{name} = {shown(thing)}"


def sizes_of(arguments: Sequence[object]) -> set[int]:
    """Over how many numbers a mean may go: the lengths of the arguments, and their products."""
    lengths = {n for each in arguments if (row := as_numbers(each)) is not None for n in row.shape}
    return lengths | {one * other for one, other in product(lengths, lengths)}


def questions_of(names: Sequence[str], cases: Sequence[object], true: Sequence[object]) -> list[Question]:
    """A question for each case, with its true result; cases that are no tuples are single arguments."""
    every = enumerate(map(as_tuple, cases), start=1)
    places = [place_in_words(names, case) if names else f"at place {number}" for number, case in every]
    return [Question(*each) for each in zip(places, map(as_tuple, cases), true, strict=True)]


def results_of(source: object, cases: Sequence[object], changes: int | None = None) -> list[object]:
    """What a function of the check itself gives at each case, or a list as it is.

    Raises:
        ValueError: the function comes to no value.
    """
    if not callable(source):
        return list(source)  # type: ignore[call-overload, no-any-return]
    results = []
    for case in cases:
        arguments = [copied(each) for each in as_tuple(case)]
        came = outcome(attempt(source, arguments), arguments, changes)
        if came.fault:
            raise ValueError(f"a function of the check itself {came.fault}")
        results.append(came.value)
    return results


def outcome(came: Attempt, arguments: Sequence[object], changes: int | None) -> Attempt:
    """What counts of a call: what was returned, or the argument that the function is to change."""
    return came if changes is None or came.fault else Attempt(arguments[changes])


def as_tuple(case: object) -> tuple[object, ...]:
    """The arguments of a case; one that is no tuple is a single argument."""
    return case if isinstance(case, tuple) else (case,)


def gradient_case(case: object, parameters: Sequence[str], names: Sequence[str]) -> tuple[object, ...]:
    """The arguments of a case as a function of gradients gets them.

    Those in `names`, other numbers with a point, and lists of numbers become float64 tensors on the lesson's device.
    """
    given = zip(parameters, as_tuple(case), strict=True)
    return tuple(as_leaf(each).detach() if name in names else widened(each) for name, each in given)


def parameters_of(function: Callable[..., object]) -> list[str]:
    """The names of a function's parameters; none where Python does not know them, or if any number may come."""
    came = (
        attempt(inspect.signature, [function]) if callable(function) else Attempt()
    )  # it may ask the learner's object
    if not isinstance(came.value, inspect.Signature):
        return []
    parameters = came.value.parameters
    stars = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return [] if stars & {each.kind for each in parameters.values()} else list(parameters)


def parameter_of(keyword: str, parameters: Sequence[str]) -> str:
    """The parameter that a gradient is named after: w for `dw`.

    Raises:
        ValueError: there is none.
    """
    for name in parameters:
        if keyword in (f"d{name}", f"d_{name}", name):
            return name
    wanted = ", ".join(f"d{name}" for name in parameters)
    raise ValueError(f"{keyword} must be named after a parameter of the function: {wanted}")
