"""Every exercise: its stub is called unsolved, its solution passes, wrong answers are seen, right ones pass."""

from collections import Counter
import dis
from functools import cache
from pathlib import Path
import re
from symtable import symtable
from textwrap import dedent

from answers import EXERCISES
from course_utils.checks import CheckFailed
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9]*.ipynb"))
HEADING = r"^## Your turn(, [A-C])? \((easy|medium|hard), \d+ minutes\)$"
HINTS = ["Hint 1: a sketch", "Hint 2: a diagram", "Hint 3: a skeleton"]

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
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def source(exercise, kind):
    return cells(exercise.lesson)[exercise.cell(kind)].source


@pytest.fixture(params=["soft", "strict"])
def said(request, capsys, monkeypatch):
    """What the check of an exercise says, with this answer in place of the stub: printed, or raised in strict mode."""
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)

    def run(exercise, answer):
        lesson, scope = cells(exercise.lesson), {"__name__": "__main__"}
        for name in exercise.scope:
            exec(lesson[name].source, scope)
        exec(dedent(answer), scope)
        capsys.readouterr()
        if request.param == "strict":
            monkeypatch.setenv("COURSE_STRICT", "1")
        raised = ""
        try:
            exec(source(exercise, "check"), scope)
        except CheckFailed as failed:
            raised = f"{failed}\n"
        out, err = capsys.readouterr()
        assert err == ""
        line = out + raised
        assert line.count("\n") == 1
        assert bool(raised) == (request.param == "strict" and not line.startswith("✓ right"))
        return line.removesuffix("\n")

    return run


@each_exercise
def test_the_stub_fails(said, exercise):
    assert exercise.unsolved.startswith("not solved yet")
    assert said(exercise, source(exercise, "stub")) == exercise.unsolved


@each_exercise
def test_the_solution_passes(said, exercise):
    assert exercise.solved.startswith("✓ right")
    solution, check = source(exercise, "solution"), source(exercise, "check")
    assert solution.endswith(f"\n{check}")
    assert solution.startswith(("def ", "# Solution\n"))  # JupyterLab shows the first line of what it hides
    assert said(exercise, solution.removesuffix(check)) == exercise.solved


@pytest.mark.parametrize(("exercise", "answer"), RIGHT.values(), ids=RIGHT)
def test_right_answers_pass(said, exercise, answer):
    assert said(exercise, answer) == exercise.solved


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.parametrize(("exercise", "answer", "message"), WRONG.values(), ids=WRONG)
def test_wrong_answers_are_seen(said, exercise, answer, message):
    line = said(exercise, answer)
    assert not line.startswith("✓")
    if message.endswith("…"):
        line = line[: len(message) - 1] + "…"
    assert line == message


@each_exercise
def test_there_are_answers_enough(exercise):
    assert len(exercise.right) >= 2
    assert len(exercise.wrong) >= 5
    assert len({dedent(answer) for answer, _ in exercise.wrong.values()}) == len(exercise.wrong)


@each_exercise
def test_a_task_says_how_hard_it_is_and_has_three_hints(exercise):
    task = cells(exercise.lesson)[exercise.task].source
    assert len(re.findall(HEADING, task, re.M)) == 1
    task = task[re.search(HEADING, task, re.M).start() :]
    assert re.findall(r"<details><summary>(.*?)</summary>\n\n", task) == HINTS
    sketch, diagram, skeleton = re.findall(r"</summary>\n\n(.*?)\n\n</details>", task, re.S)
    assert sketch
    assert "```" not in sketch
    assert re.search(r"```(text)?\n", diagram)
    assert "```python\n" in skeleton
    assert "..." in skeleton


@each_exercise
def test_its_cells_stand_together_and_graders_know_them(exercise):
    lesson = cells(exercise.lesson)
    order, wanted = list(lesson), [exercise.task, *(exercise.cell(kind) for kind in ("stub", "check", "solution"))]
    first = order.index(exercise.task)
    assert order[first : first + 4] == wanted
    stub, check, solution = (lesson[name].metadata for name in wanted[1:])
    common = {"schema_version": 3, "task": False}
    name = f"{exercise.lesson}-{exercise.task}"
    assert stub == {
        "nbgrader": {**common, "grade": False, "grade_id": f"{name}-stub", "locked": False, "solution": True}
    }
    grade = {"grade": True, "grade_id": f"{name}-check", "locked": True, "points": 1, "solution": False}
    assert check == {"nbgrader": {**common, **grade}}
    assert solution == {"jupyter": {"source_hidden": True}, "tags": ["solution"]}


def test_every_stub_is_in_the_table():
    stubs = {(path.stem, cell) for path in NOTEBOOKS for cell in cells(path.stem) if cell.endswith("-stub")}
    assert {(exercise.lesson, exercise.cell("stub")) for exercise in EXERCISES} == stubs
    assert len(EXERCISES) == len(stubs)


@pytest.mark.parametrize("lesson", [path.stem for path in NOTEBOOKS])
def test_every_lesson_has_two_or_three_exercises(lesson):
    assert Counter(exercise.lesson for exercise in EXERCISES)[lesson] in (2, 3)


@each_exercise
def test_later_cells_do_not_need_the_answer(exercise):
    """What the stub and the solution define is used by no cell outside of the exercise."""
    lesson = cells(exercise.lesson)
    own = {exercise.cell(kind) for kind in ("stub", "check", "solution")}
    made = names_made(source(exercise, "stub")) | names_made(source(exercise, "solution"))
    after = list(lesson)[list(lesson).index(exercise.cell("solution")) + 1 :]
    made_anew = set()
    for name in after:
        if lesson[name].cell_type == "code" and name not in own:
            used = (names_used(lesson[name].source) - made_anew) & made
            assert not used, f"{name} uses {used}"
            made_anew |= names_made(lesson[name].source)


def names_made(code):
    """The names a piece of code gives a value to, at its top level."""
    return {name.get_name() for name in symtable(code, "cell", "exec").get_symbols() if name.is_assigned()}


def names_used(code):
    """The names that a cell needs from the cells before it, for the functions it defines too."""
    made, used, whole = set(), set(), compile(code, "cell", "exec")
    for step in dis.get_instructions(whole):
        if step.opname == "STORE_NAME":
            made.add(step.argval)
        elif step.opname == "LOAD_NAME" and step.argval not in made:
            used.add(step.argval)
    return used | names_of_functions(whole) - made


def names_of_functions(code):
    inner = [constant for constant in code.co_consts if hasattr(constant, "co_consts")]
    used = {step.argval for each in inner for step in dis.get_instructions(each) if step.opname == "LOAD_GLOBAL"}
    return used.union(*map(names_of_functions, inner))


@pytest.mark.parametrize(
    ("code", "used"),
    [
        ("dp = dp + 1", {"dp"}),
        ("dp = 2\ndp + q", {"q"}),
        ("def f(x):\n    return x + late\nlate = 1", set()),
        ("g = lambda x: [x + w for _ in x]", {"w"}),
    ],
)
def test_the_names_a_cell_needs(code, used):
    assert names_used(code) == used
