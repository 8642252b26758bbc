"""A course that students pull with nbgitpuller while they work in it: real repositories, and edits of both sides."""

from dataclasses import dataclass
import os
from pathlib import Path
import subprocess
import warnings

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
LESSON = Path("notebooks/05_backward.ipynb")
STUB, ELSEWHERE, DELETED = "own-stub", "start", "once-retain"  # cells of this lesson, by their ids
ANSWER = "mine = w * w * w  # worked out with care"
NOTE = "what I took down while reading"
SCRATCH = "scratch = 'a cell of my own'"
PRINTED = "what my answer printed\n"
OWN = Path("notebooks/my_own.ipynb")
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
NOBODY |= {f"GIT_{who}_{what}": "a@b.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, env=os.environ | NOBODY)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def place_of(notebook, name):
    [place] = [place for place, cell in enumerate(notebook.cells) if cell.id == name]
    return place


def change(path, edit):
    """Edit a notebook, `edit(notebook)`, as JupyterLab saves it."""
    notebook = nbformat.read(path, as_version=4)
    edit(notebook)
    nbformat.write(notebook, path)


@dataclass
class Published:
    """The instructor's folder, and the repository that students pull from."""

    folder: Path
    url: str

    def publish(self):
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", "a change", "--allow-empty")
        git(self.folder, "push", "-q", "origin", "main")


def published(folder, paths):
    """A new repository with these files of the course in it.

    Args:
        folder: an empty folder.
        paths: the files, as git names them.
    """
    instructor, store = folder / "instructor", folder / "published.git"
    for path in paths:
        (instructor / path).parent.mkdir(parents=True, exist_ok=True)
        (instructor / path).write_bytes((ROOT / path).read_bytes())
    git(folder, "init", "-q", "-b", "main", str(instructor))
    git(folder, "init", "-q", "-b", "main", "--bare", str(store))
    git(instructor, "remote", "add", "origin", str(store))
    done = Published(instructor, store.as_uri())
    done.publish()
    return done


def pull(url, student):
    """What a click on the course's link does; the words that nbgitpuller says.

    Raises:
        subprocess.CalledProcessError: git could not do it.
    """
    from nbgitpuller.pull import GitPuller

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves git's pipes to the garbage collector
        return "".join(GitPuller(url, str(student), branch="main").pull())


def work(student):
    """A student answers a stub, runs it, adds cells, deletes one, and writes a notebook of her own."""

    def edit(notebook):
        stub = notebook.cells[place_of(notebook, STUB)]
        stub.source, stub.execution_count = ANSWER, 7
        stub.outputs = [new_output("stream", name="stdout", text=PRINTED)]
        notebook.cells.insert(place_of(notebook, STUB) + 1, new_code_cell(SCRATCH, id="scratch"))
        notebook.cells.insert(place_of(notebook, ELSEWHERE) + 1, new_markdown_cell(NOTE, id="note"))
        del notebook.cells[place_of(notebook, DELETED)]

    change(student / LESSON, edit)
    nbformat.write(new_notebook(cells=[new_code_cell("mine = 'alone'", id="own")]), student / OWN)


def kept(path):
    """Whether a valid notebook holds all that `work` put into the lesson, each cell once, and is whole."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    by_name = {cell.id: cell for cell in notebook.cells}
    stub = by_name[STUB]
    assert (stub.source, stub.outputs[0].text, stub.execution_count) == (ANSWER, PRINTED, 7)
    assert (by_name["scratch"].source, by_name["note"].source) == (SCRATCH, NOTE)
    assert DELETED not in by_name
    return True
