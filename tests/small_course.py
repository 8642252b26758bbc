"""A course of one short lesson, for what is done to a whole course."""

from pathlib import Path
import shutil

import nbformat
from store_outputs import KERNEL

ROOT = Path(__file__).parent.parent
CHECK = 'print("✓ right" if answer == six else "not solved yet")'


def markdown(name, source):
    return nbformat.v4.new_markdown_cell(source, id=name)


def code(name, source, **metadata):
    output = nbformat.v4.new_output("stream", name="stdout", text="an old output\n")
    return nbformat.v4.new_code_cell(source, id=name, metadata=metadata, execution_count=7, outputs=[output])


def lesson_cells():
    grade = {"grade": True, "grade_id": "00_six-check", "locked": True, "points": 1, "schema_version": 3}
    return [
        markdown("title", "# 00 · Six\n\n[glossary](glossary.ipynb)"),
        code("first", "import math"),
        code("given", "six = math.factorial(3)", execution={"iopub.execute_input": "2026-11-21"}),
        code("unused", "seven = 7"),
        markdown("six", "Before it.\n\n## Your turn\n\nWhat is six? See `pictures/six.svg`."),
        code("six-stub", "answer = None", nbgrader={**grade, "grade": False, "solution": True}),
        code("six-check", CHECK, nbgrader=grade),
        code("six-solution", f"# Solution\nanswer = 2 * 3\n\n{CHECK}", tags=["solution"]),
        markdown("summary", "## In three lines"),
    ]


def write_lesson(course, cells, name="00_six.ipynb"):
    path = course / "notebooks" / name
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), path)
    return path


def make_course(folder):
    """The course's folder, with its lesson, its glossary, and what lies around in a teacher's copy."""
    for name in ("notebooks/pictures", "notebooks/.ipynb_checkpoints", "course_utils/__pycache__", "tests/answers"):
        (folder / name).mkdir(parents=True)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = settings.replace('"--numprocesses=auto", "--dist=loadfile",', "")
    files = {
        "pyproject.toml": settings,
        "README.md": "# A course\n\n![b](notebooks/pictures/named.svg)\n\n## For instructors\n\ntests/answers\n",
        "constraints.txt": "click==8.5.1\n",
        "environment.yml": "name: backpropagation\n",
        "LICENSE": "MIT\n",
        "course_utils/__init__.py": "",
        "course_utils/player.js": "// moves",
        "course_utils/__pycache__/old.pyc": "",
        "tests/answers/lesson_00.py": "answer = 6",
        "notebooks/pictures/six.svg": "<svg>6</svg>",
        "notebooks/pictures/named.svg": "<svg/>",
        "notebooks/grades.csv": "Ada,1.0",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("conftest.py", "sanitize.cfg"):
        shutil.copyfile(ROOT / "notebooks" / name, folder / "notebooks" / name)
    write_lesson(folder, lesson_cells())
    write_lesson(folder, [markdown("words", "| six | 6 |")], "glossary.ipynb")
    write_lesson(folder, lesson_cells(), "00_six-Copy1.ipynb")
    write_lesson(folder, lesson_cells(), ".ipynb_checkpoints/00_six-checkpoint.ipynb")
    return folder
