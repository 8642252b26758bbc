"""Pull the course again and again while both sides edit a lesson at random, and count what was lost.

    python tests/class_pulls.py 150     a hundred and fifty students, each pulls twice; two minutes or so

Prints a line for each loss, and the counts. It ends with exit code 1 if a student lost anything, a pull failed, or a
file is no valid notebook any more. What of the instructor's edits did not arrive is counted: where both changed the
same lines, the student's stay.
"""

import argparse
from collections import Counter
import os
from pathlib import Path
from random import Random
import subprocess
import sys
import tempfile

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from pulls import LESSON, NOBODY, change, published, pull


def edit(notebook, random, mark):
    """One edit at a random place; what it wrote carries the mark."""
    place = random.randrange(len(notebook.cells))
    cell = notebook.cells[place]
    ways = {
        "whole": lambda: cell.update(source=mark),
        "first": lambda: cell.update(source=f"{mark}\n{cell.source}"),
        "last": lambda: cell.update(source=f"{cell.source}\n{mark}"),
        "shorter": lambda: cell.update(source="\n".join(cell.source.split("\n")[:-1])),
        "before": lambda: notebook.cells.insert(place, new_code_cell(mark)),
        "end": lambda: notebook.cells.append(new_markdown_cell(mark)),
        "delete": lambda: notebook.cells.pop(place),
    }
    if cell.cell_type == "code":
        outputs = [new_output("stream", name="stdout", text=f"{mark}\n")]
        ways["run"] = lambda: cell.update(outputs=outputs, execution_count=random.randint(1, 99))
        ways["clear"] = lambda: cell.update(outputs=[], execution_count=None)
    ways[random.choice(sorted(ways))]()


def edits(path, random, who):
    """Up to four edits of a notebook; the marks that are in it afterwards."""
    marks = [f"{who}-{random.randrange(10**9)}-{number}." for number in range(random.randint(1, 4))]
    change(path, lambda notebook: [edit(notebook, random, mark) for mark in marks])
    return present(path, marks)


def present(path, marks):
    text = path.read_text(encoding="utf-8")
    return {mark for mark in marks if mark in text}


def is_whole(path):
    """Whether it is a valid notebook in which no cell stands twice."""
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
        names = [cell.id for cell in notebook.cells]
        nbformat.validate(notebook)
    except Exception as error:  # whatever a broken file raises
        print(f"{type(error).__name__}: {error}")
        return False
    return len(set(names)) == len(names)


def term(folder, random):
    """One student, two updates: what was counted."""
    course, student = published(folder, [LESSON.as_posix()]), folder / "student"
    pull(course.url, student)
    mine, counted = set(), Counter()
    for _ in range(2):
        mine = present(student / LESSON, mine) | edits(student / LESSON, random, "student")
        mine = present(student / LESSON, mine)
        theirs = edits(course.folder / LESSON, random, "instructor")
        course.publish()
        try:
            pull(course.url, student)
        except subprocess.CalledProcessError:
            counted["failed"] += 1
        arrived = present(student / LESSON, theirs)
        lost = mine - present(student / LESSON, mine)
        counted += Counter(pulls=1, sent=len(theirs), arrived=len(arrived), kept=len(mine - lost), lost=len(lost))
        counted["broken"] += not is_whole(student / LESSON)
    return counted


def class_of(students, first=0):
    """The counts of that many students, each with a seed of their own."""
    total = Counter()
    for seed in range(first, first + students):
        with tempfile.TemporaryDirectory() as folder:
            counted = term(Path(folder), Random(seed))
        if counted["lost"] or counted["failed"] or counted["broken"]:
            print(f"student {seed}: {dict(counted)}")
        total += counted
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("students", type=int, help="how many")
    os.environ.update(NOBODY)
    total = class_of(parser.parse_args().students)
    names = ("pulls", "failed", "broken", "kept", "lost", "sent", "arrived")
    print(", ".join(f"{name} {total[name]}" for name in names))
    return 1 if total["lost"] or total["failed"] or total["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
