"""The course is updated while a student works: what git says, and that no way that is documented loses anything.

Real repositories: the instructor's, what is published, and the student's clone.
"""

import os
from pathlib import Path
import shutil
import subprocess
import sys

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NAME = "notebooks/07_manual_sgd.ipynb"
ANSWER = "my_answer = 'worked out with care'"
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
NOBODY |= {f"GIT_{who}_{what}": "a@b.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder, *arguments, fails=False):
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, env=os.environ | NOBODY)
    assert fails == (done.returncode != 0), done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def repositories(tmp_path):
    """The instructor's folder with the whole course in it, published, and a student's clone of it."""
    instructor, published, student = (tmp_path / name for name in ("instructor", "published.git", "student"))
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in filter(None, listed.split("\0")):
        (instructor / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, instructor / path)
    git(tmp_path, "init", "-q", "-b", "main", str(instructor))
    git(instructor, "add", "-A")
    git(instructor, "commit", "-qm", "the course")
    git(tmp_path, "clone", "-q", "--bare", str(instructor), str(published))
    git(tmp_path, "clone", "-q", str(published), str(student))
    git(instructor, "remote", "add", "origin", str(published))
    return instructor, student


def edit(path, place, text):
    """Change a cell of a notebook, as JupyterLab does when it saves: the outputs of code go."""
    notebook = nbformat.read(path, as_version=4)
    cell = notebook.cells[place]
    cell.source = text
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)
    return cell.id


def code_cells(path):
    cells = nbformat.read(path, as_version=4).cells
    return [place for place, cell in enumerate(cells) if cell.cell_type == "code"]


def publish(instructor, place):
    """The instructor changes a cell, and mends a helper."""
    edit(instructor / NAME, place, "the_instructors = 'new text'")
    helper = instructor / "course_utils" / "markup.py"
    helper.write_text(helper.read_text(encoding="utf-8") + "\nMENDED = True\n", encoding="utf-8")
    git(instructor, "commit", "-qam", "mended")
    git(instructor, "push", "-q", "origin", "main")


@pytest.mark.parametrize("same", [True, False])
def test_a_pull_over_edited_notebooks_stops_and_changes_nothing(repositories, same):
    """Git says which file it is, and leaves both the student's work and the old course as they were."""
    instructor, student = repositories
    first, *_, last = code_cells(student / NAME)
    edit(student / NAME, last, ANSWER)
    before, head = (student / NAME).read_bytes(), git(student, "rev-parse", "HEAD")
    publish(instructor, last if same else first)
    said = git(student, "pull", "--ff-only", fails=True)
    assert "Your local changes to the following files would be overwritten by merge" in said
    assert NAME in said
    assert (student / NAME).read_bytes() == before
    assert git(student, "rev-parse", "HEAD") == head


def test_what_the_page_tells_a_student_who_is_stuck_loses_nothing(repositories):
    """`git stash`, `git pull`, and the old work as a file of its own beside the new lesson."""
    instructor, student = repositories
    edit(student / NAME, code_cells(student / NAME)[-1], ANSWER)
    publish(instructor, code_cells(instructor / NAME)[-1])
    mine = student / "work" / "07_manual_sgd.ipynb"
    mine.parent.mkdir()
    shutil.copy(student / NAME, mine)
    git(student, "stash", "push", "-q")
    git(student, "pull", "-q", "--ff-only")
    assert ANSWER in mine.read_text(encoding="utf-8")
    assert "new text" in (student / NAME).read_text(encoding="utf-8")
    assert ANSWER in git(student, "stash", "show", "-p")


def copy_for_student(course, folder):
    """By `python -m course_utils student`, if this course has it; what a hand can do, if not."""
    if (course / "course_utils" / "__main__.py").exists():
        command = [sys.executable, "-m", "course_utils", "student", str(folder)]
        subprocess.run(command, cwd=course, env=os.environ | {"PYTHONPATH": str(course)}, check=True)
    else:
        shutil.copytree(course / "notebooks", folder / "notebooks")


@pytest.mark.parametrize("same", [True, False])
def test_who_works_in_a_copy_loses_nothing_and_gets_the_mended_helpers(repositories, tmp_path, same):
    instructor, student = repositories
    copy = tmp_path / "my_course"
    copy_for_student(student, copy)
    last = code_cells(copy / NAME)[-1]
    edit(copy / NAME, last, ANSWER)
    before = (copy / NAME).read_bytes()
    publish(instructor, code_cells(instructor / NAME)[-1 if same else 0])
    assert "Fast-forward" in git(student, "pull", "--ff-only")
    assert (copy / NAME).read_bytes() == before
    assert "MENDED" in (student / "course_utils" / "markup.py").read_text(encoding="utf-8")
    assert git(student, "status", "--porcelain") == ""
