"""Grading without nbgrader: the hidden tests take right answers and no others, and the page says what is done.

What nbgrader does with them, and what its sandbox holds, `python tests/class_grading.py` tests.
"""

import ast
import builtins
from contextlib import nullcontext
from pathlib import Path
import random
import re
import runpy
import shutil
import subprocess
import sys
import tomllib

from answers import EXERCISES
import class_grading
from course_utils import check_function
from grading_source import CELL, asked_for, hidden_cell, holds, lesson_cells, lesson_named, parts_of, solution_of
import hidden_tests
import nbformat
from packaging.requirements import Requirement
import pytest
from submissions import TABLE, Submission, also_right, filled_in, honest, solved, wrong
import torch

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
SEED = 577090037
BY_NAME = {exercise.name: exercise for exercise in EXERCISES}
SOME = ["01_slope-downhill", "05_backward-own", "15_error_clinic-mend"]

some_exercises = pytest.mark.parametrize("exercise", [BY_NAME[name] for name in SOME], ids=SOME)


@some_exercises
def test_right_answers_hold_at_other_places_too(exercise):
    for answer in [solution_of(exercise), next(iter(exercise.right.values()))]:
        assert holds(exercise, answer, SEED), answer


@some_exercises
def test_the_stub_and_wrong_answers_do_not_hold(exercise):
    _, cells = lesson_cells(exercise.lesson)
    for answer in [cells[exercise.cell("stub")].source, next(iter(exercise.wrong.values()))[0]]:
        assert not holds(exercise, answer, SEED), answer


@pytest.mark.parametrize("task", TABLE)
def test_a_table_of_the_known_answers_passes_the_public_questions_only(task):
    exercise = BY_NAME[f"01_slope-{task}"]
    assert holds(exercise, TABLE[task], None)
    assert not holds(exercise, TABLE[task], SEED)


def test_checks_are_imported_anew_and_the_lessons_are_given_back(monkeypatch):
    exercise = BY_NAME["05_backward-engine"]
    before = sys.modules["course_utils.claims"]
    monkeypatch.setattr("course_utils.claims.check_turns", lambda *_: None)
    monkeypatch.setattr("course_utils.check_turns", lambda *_: None)
    assert not holds(exercise, "turns = []", None)
    assert sys.modules["course_utils.claims"] is before


def test_replaced_builtins_are_seen(monkeypatch):
    exercise = BY_NAME["05_backward-engine"]
    assert holds(exercise, solution_of(exercise), None)
    monkeypatch.setattr(builtins, "abs", lambda number: 0.0)
    assert not holds(exercise, solution_of(exercise), None)


def test_other_places_are_near_and_of_the_same_kind():
    dice = random.Random(1)
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    before = (2.0, 3, True, "A", check_function, [1.0, 2], leaf)
    number, whole, truth, text, function, row, tensor = hidden_tests.moved(before, dice)
    assert 0.05 <= abs(number - 2.0) <= 0.25
    assert (whole, truth, text, function) == (3, True, "A", check_function)
    assert row[0] != 1.0
    assert row[1] == 2
    assert tensor.requires_grad
    assert tensor.is_leaf
    assert not (tensor == leaf).any()


def test_a_hidden_cell_without_its_tests_is_the_public_one():
    exercise = BY_NAME["05_backward-own"]
    _, check, _, _ = parts_of(exercise, None)
    cell = hidden_cell(exercise, 1)
    compile(cell, "cell", "exec")
    public, _, rest = cell.partition("### BEGIN HIDDEN TESTS")
    assert public.strip() == check
    assert rest.endswith("### END HIDDEN TESTS")
    [pattern] = re.findall(r"^PROOF = re.compile\(r'(.*)', re.MULTILINE\)", class_grading.CONFIG.read_text(), re.M)
    assert re.findall(pattern, cell, re.MULTILINE)
    assert asked_for(exercise) == ["mine", "w"]


def test_nbgrader_stops_where_its_configuration_cannot_be_read(monkeypatch):
    """By itself it would log the error and grade without the sandbox."""
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    with pytest.raises(SystemExit, match="does not fit what is installed"):
        runpy.run_path(str(class_grading.CONFIG))


@pytest.mark.parametrize(
    ("bwrap", "said"),
    [(None, "no bwrap on the PATH"), ("echo 'setting up uid map: Permission denied' >&2; exit 1", "uid map"), ("", "")],
)
def test_a_system_without_sandboxes_is_told_before_anything_is_graded(monkeypatch, tmp_path, bwrap, said):
    """On a fresh Ubuntu 24.04 bwrap is there and refused: each submission would end as one whose kernel died."""
    if bwrap is not None:
        (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{bwrap}\n", encoding="utf-8")
        (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    config = ast.parse(class_grading.CONFIG.read_text(encoding="utf-8"))
    config.body = [each for each in config.body if getattr(each, "name", "") == "try_bubblewrap"]
    room = {"shutil": shutil, "subprocess": subprocess}
    exec(compile(config, "nbgrader_config.py", "exec"), room)
    with pytest.raises(SystemExit, match=said) if said else nullcontext():
        room["try_bubblewrap"]()


def test_the_public_course_has_no_hidden_tests():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert "HIDDEN TESTS" not in path.read_text(encoding="utf-8")
    assert "HIDDEN TESTS" in CELL


@pytest.mark.parametrize("name", ["5", "05", "05_backward"])
def test_a_lesson_is_found_by_its_name_and_number(name):
    assert lesson_named(name) == "05_backward"


def test_an_unknown_lesson_is_told():
    with pytest.raises(ValueError, match=r"a lesson must be called by its name or number.* got 'five'"):
        lesson_named("five")


def test_a_source_is_not_written_twice(tmp_path):
    (tmp_path / "source" / "05_backward").mkdir(parents=True)
    with pytest.raises(FileExistsError, match="must not exist yet"):
        class_grading.prepare(tmp_path, ["05_backward"])


def test_a_class_hands_in_answers_of_all_kinds():
    points = {each.student: each.points for each in honest("12_engine")}
    wanted = {"right": 3, "right-otherwise": 3, "half-right": 1, "blank": 0, "wrong": 0, "right-and-noisy": 3}
    assert points == wanted
    assert len({tuple(kind("12_engine").values()) for kind in (solved, also_right, wrong)}) == 3
    notebook = nbformat.from_dict({**lesson_cells("05_backward")[0]})
    cells = {cell.id: cell for cell in filled_in(notebook, Submission("a", 0, {"own": "mine = 1"})).cells}
    assert cells["own-stub"].source == "mine = 1"


def test_a_row_that_differs_is_counted(capsys):
    handed_in = {"05_backward": [Submission("a", 2, {}), Submission("b", 0, {}, fails=True), Submission("c", 0, {})]}
    log = "There was an error processing assignment '05_backward' for student 'b'"
    points = {("05_backward", "a"): 2.0, ("05_backward", "c"): 1.0}
    assert class_grading.table(handed_in, points, log) == 1
    assert [line[:2] for line in capsys.readouterr().out.splitlines()] == ["ok", "ok", "NO", "3 "]


def test_every_command_of_the_page_is_run(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(class_grading, "prepare", lambda folder, lessons: ran.append("prepare"))
    monkeypatch.setattr(class_grading, "shorten", lambda config: None)
    monkeypatch.setattr(class_grading, "table", lambda *_: 0)
    monkeypatch.setattr(class_grading, "leaks", lambda *_: [])
    monkeypatch.setattr(class_grading.Grading, "run", lambda self, *words: ran.append(words[0]))
    monkeypatch.setattr(class_grading.Grading, "hand_in", lambda *_: None)
    monkeypatch.setattr(class_grading.Grading, "points", lambda self: self.run("export"))
    grading = class_grading.Grading(tmp_path)
    grading.log.touch()
    assert class_grading.grade(grading, ["15_error_clinic"]) == 0
    told = re.findall(r"^nbgrader (\w+)", PAGE, re.M)
    assert ran == ["prepare", *told]
    assert re.findall(r"^python (\S+) (--source)?", PAGE, re.M)[0] == ("tests/class_grading.py", "--source")


def test_what_grading_needs_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = dict(re.findall(r"^([^#\s]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M))
    for need in map(Requirement, project["optional-dependencies"]["class"]):
        assert need.specifier.contains(pins[need.name])
