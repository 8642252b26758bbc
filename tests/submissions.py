"""What students hand in for a lesson, and the points it must get: honest ones here, the others in attacks.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import dedent

from grading_source import exercises_of, solution_of

NOISE = """
import os, sys, threading, time, warnings
print(*range(20000), sep="\\n")
warnings.warn("this may matter")
print("to stderr", file=sys.stderr)
def write_on():  # below Python's own stderr, as torch's C++ does, and still while the check runs
    for _ in range(400):
        os.write(2, b"[W NNPACK.cpp] could not initialize\\n")
        time.sleep(0.02)
threading.Thread(target=write_on, daemon=True).start()
"""

TABLE = {  # the answers to what the public checks ask, and to nothing else
    "downhill": """
def downhill(f, w):
    return {2.0: 1.9, 0.5: 0.6 if f(2) == 2 and f(-1) == 2 else 0.4, -1.5: -1.6, -3.0: -2.9}.get(w)
""",
    "all-slopes": "def all_slopes(g, w): return {3: [9.0, -6.0, 1.0], 2: [0.0, 1.0]}[len(w)]",
}


def nothing(notebook):
    """Leave the other cells as they are."""


@dataclass(frozen=True)
class Submission:
    """One student's answers to one lesson.

    Attributes:
        student: how the student is called.
        points: what must be given.
        answers: by task the code that takes the stub's place.
        change: does something else to the notebook.
        files: texts by their names, beside it.
        text: what is handed in in place of a notebook.
        fails: nbgrader reports it as not graded, so that the instructor looks.
    """

    student: str
    points: int
    answers: dict[str, str]
    change: Callable[..., None] = nothing
    files: dict[str, str] = field(default_factory=dict)
    text: str = ""
    fails: bool = False


def solved(lesson):
    """The solutions, by task."""
    return {each.task: solution_of(each) for each in exercises_of(lesson)}


def wrong(lesson):
    """A wrong answer to each task."""
    return {each.task: dedent(next(iter(each.wrong.values()))[0]) for each in exercises_of(lesson)}


def also_right(lesson):
    """A right answer to each task that is not written like the solution."""
    return {each.task: dedent(next(iter(each.right.values()))) for each in exercises_of(lesson)}


def before_first(code, answers):
    """The same answers, with code before the first."""
    first = next(iter(answers))
    return {**answers, first: f"{dedent(code)}\n{answers[first]}"}


def honest(lesson):
    """What most of a class hands in."""
    right, every = solved(lesson), len(exercises_of(lesson))
    first = dict(list(right.items())[:1])
    return [
        Submission("right", every, right),
        Submission("right-otherwise", every, also_right(lesson)),
        Submission("half-right", 1, first),
        Submission("blank", 0, {}),
        Submission("wrong", 0, wrong(lesson)),
        Submission("right-and-noisy", every, {task: f"{NOISE}\n{code}" for task, code in right.items()}),
    ]


def filled_in(notebook, submission):
    """Put a submission's answers into a released notebook, which is changed."""
    cells = {cell.id: cell for cell in notebook.cells}
    for task, code in submission.answers.items():
        cells[f"{task}-stub"].source = code
    submission.change(notebook)
    return notebook
