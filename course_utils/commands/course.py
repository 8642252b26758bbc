"""Where the course is: the folder with its notebooks, which an installed `course_utils` alone does not bring."""

from __future__ import annotations

from pathlib import Path
import re
import tomllib

from course_utils.commands.trouble import Trouble
from course_utils.edition import PACKAGE

LESSON = r"\d\d_\w+\.ipynb"
CURE = "go into the course's folder (the one with notebooks/ and pyproject.toml), or download the course"
_BESIDE = Path(__file__).parent.parent.parent


def is_course(folder: Path) -> bool:
    """Whether the folder holds the course: its `pyproject.toml`, and a lesson in `notebooks/`."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return False
    return bool(project.get("name") == PACKAGE and lessons(folder))


def lessons(folder: Path) -> list[Path]:
    """The lessons of the course in this folder, in their order."""
    return sorted(path for path in (folder / "notebooks").glob("*.ipynb") if re.fullmatch(LESSON, path.name))


def find_course() -> Path:
    """The course's folder: the current one or the nearest above it, else where `course_utils` was installed from.

    Raises:
        Trouble: there is none.
    """
    here = Path.cwd()
    if found := next(filter(is_course, (here, *here.parents, _BESIDE)), None):
        return found
    raise Trouble(f"No course was found in {here} or above it, and this course_utils came without notebooks: {CURE}.")


def course_in(folder: Path) -> Path:
    """The folder itself, or the nearest above it that holds the course.

    Raises:
        Trouble: there is none.
    """
    here = folder.resolve()
    if found := next(filter(is_course, (here, *here.parents)), None):
        return found
    raise Trouble(f"{folder} holds no course: give the folder with notebooks/ and pyproject.toml.")
