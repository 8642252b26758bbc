"""Every exercise: its stub is called unsolved, wrong answers are seen, right ones written differently pass."""

from collections import Counter
from functools import cache
from pathlib import Path
import re
from textwrap import dedent

from answers import EXERCISES
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
FEWER = {"00_start_here": 0, "07_manual_sgd": 1}  # exercises; every other lesson has two

RIGHT = {
    f"{exercise.name}: {kind}": (exercise, code) for exercise in EXERCISES for kind, code in exercise.right.items()
}
WRONG = {
    f"{exercise.name}: {kind}": (exercise, *answer) for exercise in EXERCISES for kind, answer in exercise.wrong.items()
}

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


@cache
def cells(lesson):
    path = next(path for path in NOTEBOOKS if path.stem == lesson)
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}


@pytest.fixture
def said(capsys):
    """What the check of an exercise prints, with this answer in place of the stub."""

    def run(exercise, answer):
        lesson, scope = cells(exercise.lesson), {}
        for name in exercise.scope:
            exec(lesson[name], scope)
        capsys.readouterr()
        exec(dedent(answer), scope)
        exec(lesson[exercise.check], scope)
        out, err = capsys.readouterr()
        assert err == ""
        return out.removesuffix("\n")

    return run


@each_exercise
def test_the_stub_is_unsolved(said, exercise):
    assert said(exercise, cells(exercise.lesson)[exercise.stub]) == exercise.unsolved


@each_exercise
def test_the_printed_solution_passes(said, exercise):
    [solution] = re.findall(r"```python\n(.*?)```", cells(exercise.lesson)[exercise.task], re.S)
    assert said(exercise, solution) == exercise.solved


@pytest.mark.parametrize(("exercise", "answer"), RIGHT.values(), ids=RIGHT)
def test_right_answers_pass(said, exercise, answer):
    assert said(exercise, answer) == exercise.solved


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.parametrize(("exercise", "answer", "message"), WRONG.values(), ids=WRONG)
def test_wrong_answers_are_seen(said, exercise, answer, message):
    printed = said(exercise, answer)
    if message.endswith("…"):
        printed = printed[: len(message) - 1] + "…"
    assert printed == message


@each_exercise
def test_there_are_answers_enough(exercise):
    assert len(exercise.right) >= 2
    assert len(exercise.wrong) >= 5
    assert len({dedent(answer) for answer, _ in exercise.wrong.values()}) == len(exercise.wrong)


def test_every_stub_is_in_the_table():
    stubs = {(path.stem, cell) for path in NOTEBOOKS for cell in cells(path.stem) if cell.endswith("-stub")}
    assert {(exercise.lesson, exercise.stub) for exercise in EXERCISES} == stubs
    assert len(EXERCISES) == len(stubs)


def test_every_lesson_has_its_exercises():
    there = Counter(exercise.lesson for exercise in EXERCISES)
    assert there == Counter({path.stem: FEWER.get(path.stem, 2) for path in NOTEBOOKS})
