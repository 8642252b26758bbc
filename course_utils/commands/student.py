"""The course as a student gets it: no solution, no output, and nothing that only its makers need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
import re

from course_utils.commands.course import lessons
from course_utils.commands.delivery import Files
from course_utils.commands.exercises import exercises_of, is_solution
from course_utils.commands.pages import Page, cleared, page_of, read_page, source_of, written

INSTALLING = ("pyproject.toml", "constraints.txt", "environment.yml", "LICENSE")
FOR_TEACHERS = "\n## For instructors"  # from here to its end the README is not for students


def student_files(course: Path) -> Files:
    """What goes into the students' folder, by its path in there.

    These are the lessons and the notebooks that they link to, without solutions and outputs; what else in `notebooks/`
    one of them or the README names; `course_utils`; and what installing it takes.

    Args:
        course: the course's folder.

    Raises:
        Trouble: a notebook cannot be read, or a solution is not where it should be.
    """
    pages = {path.name: _student_page(path) for path in _notebooks(course)}
    readme = (course / "README.md").read_text(encoding="utf-8").split(FOR_TEACHERS)[0].rstrip() + "\n"
    named = readme + "".join(source_of(cell) for page in pages.values() for cell in page["cells"])
    files = {PurePosixPath("README.md"): readme.encode()}
    files |= {PurePosixPath("notebooks", name): written(page) for name, page in pages.items()}
    others = [path for path in _visible(course / "notebooks") if path.suffix != ".ipynb"]
    kept = [path for path in others if path.relative_to(course / "notebooks").as_posix() in named]
    kept += [*_visible(course / "course_utils"), *(course / name for name in INSTALLING)]
    files |= {PurePosixPath(path.relative_to(course).as_posix()): path.read_bytes() for path in kept}
    return dict(sorted(files.items()))


def _notebooks(course: Path) -> list[Path]:
    """The lessons, and the notebooks they link to; a copy that somebody left beside them is neither."""
    found = lessons(course)
    links = {link for path in found for cell in read_page(path)["cells"] for link in _links(source_of(cell))}
    return sorted({*found, *(path for path in (course / "notebooks").glob("*.ipynb") if path.name in links)})


def _links(text: str) -> list[str]:
    return re.findall(r"\]\(([\w.-]+\.ipynb)", text)


def _student_page(path: Path) -> Page:
    page = read_page(path)
    exercises_of(page, path)  # it raises where a solution would stay behind
    return page_of((cleared(cell) for cell in page["cells"] if not is_solution(cell)), page)


def _visible(folder: Path) -> Iterator[Path]:
    """The files of a folder and its folders, but what editors, Python and JupyterLab put there."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield path
