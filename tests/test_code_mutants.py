"""The faults that are made from code: where they stand, and that what is argued away is among them."""

from argued import ARGUED, STYLE
from code_mutants import mutants_of
from helper_faults import helpers_of
import mutate_notebooks
from mutate_notebooks import SOURCES, report, unargued
import nbformat
from planting import has_code, read
import pytest


def faults(source):
    return [mutant.source for mutant in mutants_of("lesson", nbformat.v4.new_code_cell(source, id="cell"))]


@pytest.mark.parametrize(
    ("source", "number", "operator"),
    [
        ("y = 2 * (x + 1)", "y = 3 * (x + 1)", "y = 2 + (x + 1)"),
        ("y = (a + b) * 0.5", "y = (a + b) * 0.75", "y = (a + b) + 0.5"),
        ('print("ŷ ×", 0.0 - x)', 'print("ŷ ×", 1.0 - x)', 'print("ŷ ×", 0.0 + x)'),
        ("while w**2 <= 7:\n    w -= 1", "while w**3 <= 7:\n    w -= 1", "while w**2 > 7:\n    w -= 1"),
        ('f"{2 * x:.3f} {n}" if n == 1 else 0', 'f"{2 * x:.3f} {n}" if n == 2 else 0',
         'f"{2 * x:.3f} {n}" if n != 1 else 0'),
        ("w @ (\n    v\n) / 3", "w @ (\n    v\n) / 4", "w @ (\n    v\n) * 3"),
    ],
)  # fmt: skip
def test_the_first_number_and_the_first_operator_are_changed(source, number, operator):
    assert faults(source) == [number, operator]


@pytest.mark.parametrize("source", ["x = True", "print('3 + 4')", "f'{3 * x:5.1f}'", "x is None", "f(x)"])
def test_where_there_is_none_nothing_is_changed(source):
    assert faults(source) == []


def test_every_lesson_gets_some():
    assert all(len(mutants(source)) > 10 for source in SOURCES if has_code(source))


def mutants(source):
    cells = [cell for cell in read(source).cells if cell.cell_type == "code"]
    return [mutant for cell in cells for mutant in mutants_of(source.stem, cell)]


@pytest.mark.parametrize("lesson", ARGUED)
def test_what_is_argued_away_is_still_there(lesson):
    [source] = [source for source in SOURCES if source.stem == lesson]
    there = {f"{mutant.cell}: {mutant.fault}" for mutant in mutants(source)}
    there |= {f"course_utils: {name}" for name in helpers_of(read(source))}
    assert set(ARGUED[lesson]) <= there
    assert all(len(reason.split()) > 5 for reason in ARGUED[lesson].values())


@pytest.mark.parametrize(
    "source", [source for source in SOURCES if STYLE.items() <= ARGUED.get(source.stem, {}).items()]
)
def test_a_lesson_of_which_it_is_said_has_no_plot(source):
    outputs = [output for cell in read(source).cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if "image/png" in output.get("data", {})]
    assert "data-drawing=" not in str(outputs)


def test_a_survivor_must_be_argued_and_what_is_argued_must_survive(monkeypatch):
    monkeypatch.setattr(mutate_notebooks, "ARGUED", {"00_start_here": {"imports: b": "nothing is drawn by chance"}})
    table = {("00_start_here", "operator"): {"imports: a": True, "imports: b": False}}
    assert unargued(table) == []
    assert "1+1/2" in report(table)
    assert "argued  00_start_here, operator: imports: b: nothing is drawn by chance" in report(table)
    table["00_start_here", "operator"] = {"imports: a": False, "imports: b": True}
    assert [line.partition(": ")[2] for line in unargued(table)] == [
        "imports: a survives", "imports: b is seen, but argued.py says that it cannot be",
    ]  # fmt: skip
