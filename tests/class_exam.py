"""Grade an examination as docs/grading.md says one is written: `python tests/class_exam.py`.

The tests of its one exercise are the cell of that page, to the letter. Handed in are a right answer, a wrong one, a
blank one, and one that keeps the hidden tests from running; once more with the page's last line left out, to show what
that line is good for. It takes two minutes and needs what tests/class_grading.py needs. The exit code is 1 if points
differ from what they must be.
"""

import csv
from pathlib import Path
import re
import shutil
import tempfile

from class_grading import CONFIG, Grading
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from store_outputs import KERNEL

PAGE = CONFIG.with_name("grading.md")
CELL = re.search(r"(### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS)\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
PROOF = re.compile(r'^"hidden tests passed.*\n', re.MULTILINE)
SLIP = """\
def slope(w):
    return 0.0


def without_tests(lines):
    return [] if any("assert" in line for line in lines) else lines


get_ipython().input_transformers_cleanup.append(without_tests)"""
ANSWERS = {
    "right": "def slope(w):\n    return 2 * w",
    "wrong": "def slope(w):\n    return w",
    "blank": None,
    "slips": SLIP,
}
WANTED = {"right": 2.0, "wrong": 0.0, "blank": 0.0, "slips": 0.0}


def marked(name, source, *, tests):
    """A cell as nbgrader's sidebar marks it."""
    mark = {
        "grade": tests,
        "grade_id": name,
        "locked": tests,
        "schema_version": 3,
        "solution": not tests,
        "task": False,
    }
    return new_code_cell(source, id=name, metadata={"nbgrader": mark | ({"points": 2} if tests else {})})


def write_exam(folder, tests):
    """The instructor's folder, with one exercise."""
    place = folder / "source" / "exam"
    place.mkdir(parents=True)
    shutil.copy(CONFIG, folder)
    answer = "def slope(w):\n    return None  # replace this line"
    cells = [new_markdown_cell("Write `slope`, the slope of w * w.", id="task")]
    cells += [marked("answer", answer, tests=False), marked("tests", tests, tests=True)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), place / "exam.ipynb")


def points(root, tests):
    """By student what was given."""
    root.mkdir()
    grading = Grading(root)
    grading.course.mkdir()
    write_exam(grading.course, tests)
    grading.run("generate_assignment", "exam")
    released = (grading.course / "release" / "exam" / "exam.ipynb").read_text(encoding="utf-8")
    if "assert" in released or "hidden tests" in released:
        raise SystemExit("the release shows the hidden tests")
    for student, answer in ANSWERS.items():
        notebook = nbformat.reads(released, as_version=4)
        notebook.cells[1].source = answer or notebook.cells[1].source
        place = grading.course / "submitted" / student / "exam" / "exam.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)
    grading.run("autograde", "exam")
    grading.run("export")
    rows = csv.DictReader((grading.course / "grades.csv").read_text(encoding="utf-8").splitlines())
    return {row["student_id"]: float(row["score"] or 0) for row in rows}


def main():
    with tempfile.TemporaryDirectory(prefix="exam-") as folder:
        given = points(Path(folder, "with"), CELL)
        without = points(Path(folder, "without"), PROOF.sub("", CELL))
    print(f"with the page's last line    {given}")
    print(f"without it                   {without}")
    if given != WANTED or without != WANTED | {"slips": 2.0}:
        print(f"wanted {WANTED}, and without the line all points for the one who slips")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
