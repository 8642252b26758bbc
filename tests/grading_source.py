"""The instructor's private copy of a lesson: the public one, with hidden tests in its check cells.

They are made from what the course has once: the check's own cell, the solution, the cells that both need, and the
answers of tests/answers, which say whether the other places asked are fair.
"""

from contextlib import redirect_stdout
import io
from pathlib import Path
import random
import secrets
from symtable import symtable
from textwrap import dedent

from answers import EXERCISES
import hidden_tests
import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
TEMPLATE = Path(hidden_tests.__file__).read_text(encoding="utf-8")
TRIES = 8  # seeds, for places at which each right answer is right

CELL = """{check}

### BEGIN HIDDEN TESTS
assert exec.__class__ is [].append.__class__ and exec.__name__ == "exec", "exec has been replaced"
exec(
    {code!r},
    {{"__name__": "hidden", "__builtins__": __import__("builtins").__dict__, "answers": {answers}}},
)
"hidden tests passed {proof}"
### END HIDDEN TESTS"""


def lesson_named(name):
    """A lesson by its whole name or its number: 5, 05 or 05_backward.

    Raises:
        ValueError: there is none.
    """
    found = [path.stem for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")) if path.stem == name]
    found += [path.stem for path in NOTEBOOKS.glob(f"{name.zfill(2)}_*.ipynb")]
    if not found:
        raise ValueError(f"a lesson must be called by its name or number, like 05_backward or 5, got {name!r}")
    return found[0]


def lesson_cells(lesson):
    """A lesson as it stands in the public course, and its cells by their ids."""
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    return notebook, {cell.id: cell for cell in notebook.cells}


def exercises_of(lesson):
    """The exercises of a lesson, in their order."""
    _, cells = lesson_cells(lesson)
    return sorted((each for each in EXERCISES if each.lesson == lesson), key=lambda each: list(cells).index(each.task))


def names_made(code):
    """The names a piece of code gives a value to, at its top level."""
    return {name.get_name() for name in symtable(code, "cell", "exec").get_symbols() if name.is_assigned()}


def solution_of(exercise):
    """The code of an exercise's solution, without the check under it."""
    _, cells = lesson_cells(exercise.lesson)
    return cells[exercise.cell("solution")].source.removesuffix(cells[exercise.cell("check")].source)


def parts_of(exercise, seed):
    """The arguments of `hidden` but for the answers: scope, check, solution, seed."""
    _, cells = lesson_cells(exercise.lesson)
    scope = [cells[name].source for name in exercise.scope]
    return scope, cells[exercise.cell("check")].source, solution_of(exercise), seed


def passed(exercise, answer, seed):
    """How many calls of a check an answer, as code, passes at other places too.

    Raises:
        Exception: it does not pass.
    """
    scope, check, solution, seed = parts_of(exercise, seed)
    student = {"__name__": "__main__"}
    with redirect_stdout(io.StringIO()):
        for code in scope:
            exec(code, student)
        exec(dedent(answer), student)
    answers = {name: student[name] for name in asked_for(exercise)}
    return hidden_tests.hidden(scope, check, solution, answers, seed)


def holds(exercise, answer, seed):
    """Whether an answer, as code, passes the hidden tests of an exercise."""
    try:
        passed(exercise, answer, seed)
    except Exception:
        return False
    return True


def asked_for(exercise):
    """The names of the answer: what the stub makes."""
    _, cells = lesson_cells(exercise.lesson)
    return sorted(names_made(cells[exercise.cell("stub")].source))


def fair_seed(exercise, first):
    """A seed whose places each right answer passes; None if there is none among some, or the check has no places."""
    answers = [solution_of(exercise), *exercise.right.values()]
    dice = random.Random(first)
    for seed in [dice.getrandbits(32) for _ in range(TRIES)]:
        if all(holds(exercise, answer, seed) for answer in answers):
            return seed if passed(exercise, answers[0], seed) else None
    return None


def hidden_cell(exercise, seed):
    """The source of a check's cell with its hidden tests."""
    scope, check, solution, seed = parts_of(exercise, seed)
    code = f"{TEMPLATE}\n\nhidden({scope!r}, {check!r}, {solution!r}, answers, {seed!r})\n"
    names = ", ".join(f"{name!r}: {name}" for name in asked_for(exercise))
    return CELL.format(check=check, code=code, answers=f"{{{names}}}", proof=secrets.token_hex(16))


def write_source(folder, lesson):
    """Write a lesson with hidden tests to `folder`/source/LESSON/, and give a line for each exercise."""
    notebook, cells = lesson_cells(lesson)
    lines = []
    for exercise in exercises_of(lesson):
        seed = fair_seed(exercise, secrets.randbits(32))
        cells[exercise.cell("check")].source = hidden_cell(exercise, seed)
        lines.append(f"{exercise.name}: hidden tests, {'no other' if seed is None else 'other'} places")
    path = Path(folder) / "source" / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return lines
