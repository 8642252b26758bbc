"""Copies of notebooks in a folder of their own, and what pytest says of each of their cells."""

from collections import defaultdict
from copy import deepcopy
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from contents import cells_of, written

ROOT = Path(__file__).parent.parent


class Copies:
    """A folder like the course's, with copies of its notebooks.

    One failing cell is enough where `stop_early` is asked for, and the rest of the copy is not run.

    Attributes:
        folder: the folder.
        notebooks: the one in it that pytest runs over.
        controls: the names of the copies without a fault.
        rows: what contents.txt says of each copy.
    """

    def __init__(self, folder, *, stop_early=False):
        self.folder, self.notebooks, self.controls, self.rows = folder, folder / "notebooks", [], {}
        shutil.copytree(
            ROOT / "notebooks", self.notebooks, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__", ".*")
        )
        shutil.copy(ROOT / "pyproject.toml", folder)
        shutil.copy(
            Path(__file__).parent / ("stop_early.py" if stop_early else "heard_once.py"), folder / "conftest.py"
        )

    def add(self, stem, notebook, *, like=None, folder="."):
        """Write a notebook, and return its name within the folder; `like` is the one whose cells it should have."""
        name = Path(folder, f"{stem}_{len(self.rows):04}.ipynb").as_posix()
        self.rows[name] = cells_of(like or notebook)
        (self.notebooks / name).write_text(
            json.dumps(notebook), encoding="utf-8"
        )  # nbformat would take long to validate
        return name


def again(cell, number="again", **changes):
    """The cell once more, under another id."""
    twin = deepcopy(cell)
    twin.update(id=f"{cell.id}-{number}", **changes)  # not called a check or a solution: it stands for itself
    return twin


def run_pytest(copies, *words):
    """What `pytest --nbval notebooks/` says of each cell of each copy: {its name: {place: outcome}}."""
    (copies.notebooks / "contents.txt").write_text(written(copies.rows), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "--nbval", "notebooks/", "-rA", "--tb=no", "-p", "no:cacheprovider"]
    command += ["--ignore-glob=*.py", "--nbval-cell-timeout=60", *words]
    ran = subprocess.run(
        command, cwd=copies.folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    verdicts = defaultdict(dict)
    pattern = r"^([A-Z]+) notebooks/(\S+\.ipynb)::(?:Cell (\d+)|contents)"
    for outcome, file, place in re.findall(pattern, ran.stdout, re.M):
        verdicts[file][int(place) if place else "contents"] = outcome
    assert verdicts, ran.stdout + ran.stderr
    return verdicts
