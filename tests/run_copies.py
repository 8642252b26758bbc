"""Make both copies of the course and run every notebook in them: `python tests/run_copies.py`.

The students' copy must run to its end in each lesson, with its own `course_utils`, and every check must say "not solved
yet". The instructors' solutions must run with `COURSE_STRICT=1`, where a check that fails raises, and every check must
say "✓ right". It takes some minutes; pytest does the same for two lessons.
"""

import argparse
from pathlib import Path
from subprocess import DEVNULL
import sys
from tempfile import TemporaryDirectory

from course_utils.commands import main
from course_utils.commands.course import find_course, lessons
from course_utils.device import environment
from nbclient import NotebookClient
import nbformat

SAYS = {"student": "not solved yet", "solutions": "✓ right"}


def make_copy(command, destination):
    if main([command, str(destination)]):
        raise SystemExit(f"{command} made no copy")
    return destination / "notebooks" if command == "student" else destination


def said_in(path, course, strict):
    """What each check of a notebook printed, by the cell's id, after it ran to its end; an error in it raises."""
    changes = {"COURSE_PROGRESS": "off", "COURSE_STRICT": strict, "NBGRADER_EXECUTION": "", "PYTHONPATH": str(course)}
    page = nbformat.read(path, as_version=4)
    client = NotebookClient(page, timeout=300, resources={"metadata": {"path": str(path.parent)}})
    client.execute(env=environment(changes), stderr=DEVNULL)
    return {
        cell.id: "".join(output.get("text", "") for output in cell.outputs)
        for cell in page.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def complaints(command, said):
    return [f"{name} says: {words}" for name, words in said.items() if not words.startswith(SAYS[command])]


def run_copy(command, notebooks, course, strict):
    wrong = 0
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        said = said_in(path, course, strict)
        found = complaints(command, said)
        wrong += len(found)
        print(f"{command} {path.stem}: ran to its end, {len(said)} checks", *found, sep="\n    ", flush=True)
    return wrong


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    course = find_course()
    with TemporaryDirectory() as folder:
        copy = make_copy("student", Path(folder, "students"))
        assert len(lessons(copy.parent)) == len(lessons(course))
        wrong = run_copy("student", copy, copy.parent, strict="")
        wrong += run_copy("solutions", make_copy("solutions", Path(folder, "solved")), course, strict="1")
    print(f"{wrong} checks said something else")
    sys.exit(bool(wrong))
