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

RIGHT = {f"{task.name}: {kind}": (task, code) for task in EXERCISES for kind, code in task.right.items()}
WRONG = {f"{task.name}: {kind}": (task, *answer) for task in EXERCISES for kind, answer in task.wrong.items()}

each_exercise = pytest.mark.parametrize("task", EXERCISES, ids=lambda task: task.name)


@cache
def cells(lesson):
    path = next(path for path in NOTEBOOKS if path.stem == lesson)
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}


@pytest.fixture
def said(capsys):
    """What the check of an exercise prints, with this answer in place of the stub."""

    def run(task, answer):
        lesson, scope = cells(task.lesson), {}
        for name in task.scope:
            exec(lesson[name], scope)
        capsys.readouterr()
        exec(dedent(answer), scope)
        exec(lesson[task.check], scope)
        out, err = capsys.readouterr()
        assert err == ""
        return out.removesuffix("\n")

    return run


@each_exercise
def test_the_stub_is_unsolved(said, task):
    assert said(task, cells(task.lesson)[task.stub]) == task.unsolved


@each_exercise
def test_the_printed_solution_passes(said, task):
    [solution] = re.findall(r"```python\n(.*?)```", cells(task.lesson)[task.solution], re.S)
    assert said(task, solution) == task.solved


@pytest.mark.parametrize(("task", "answer"), RIGHT.values(), ids=RIGHT)
def test_right_answers_pass(said, task, answer):
    assert said(task, answer) == task.solved


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.parametrize(("task", "answer", "message"), WRONG.values(), ids=WRONG)
def test_wrong_answers_are_seen(said, task, answer, message):
    printed = said(task, answer)
    if message.endswith("…"):
        printed = printed[: len(message) - 1] + "…"
    assert printed == message


@each_exercise
def test_there_are_answers_enough(task):
    assert len(task.right) >= 2
    assert len(task.wrong) >= 5
    assert len({dedent(answer) for answer, _ in task.wrong.values()}) == len(task.wrong)


def test_every_stub_is_in_the_table():
    stubs = {(path.stem, cell) for path in NOTEBOOKS for cell in cells(path.stem) if cell.endswith("-stub")}
    assert {(task.lesson, task.stub) for task in EXERCISES} == stubs
    assert len(EXERCISES) == len(stubs)


def test_every_lesson_has_its_exercises():
    there = Counter(task.lesson for task in EXERCISES)
    assert there == Counter({path.stem: FEWER.get(path.stem, 2) for path in NOTEBOOKS})
