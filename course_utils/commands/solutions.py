"""The exercises with their solutions in place of the stubs, as notebooks for instructors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
import re

from course_utils.commands.course import lessons
from course_utils.commands.delivery import Files
from course_utils.commands.exercises import Exercise, exercises_of
from course_utils.commands.needs import cells_needed
from course_utils.commands.pages import Cell, Page, cleared, page_of, read_page, source_of, with_source, written
from course_utils.commands.trouble import Trouble


def solution_files(course: Path) -> Files:
    """A notebook for each lesson that has exercises, by its name.

    In each stand the lesson's cells that its exercises need, and of every exercise the task, the stub's cell with the
    solution in it, and the check.

    Args:
        course: the course's folder.

    Raises:
        Trouble: there are no solutions, a notebook cannot be read, or a solution is not where it should be.
    """
    files = {}
    for path in lessons(course):
        page = read_page(path)
        if exercises := exercises_of(page, path):
            files[PurePosixPath(path.name)] = written(page_of(_cells(page, exercises), page))
    if not files:
        raise Trouble(f"The course in {course} holds no solutions: take the instructor's copy, not a student's.")
    return files


def _cells(page: Page, exercises: list[Exercise]) -> Iterator[Cell]:
    title = page["cells"][0]
    heading = source_of(title).partition("\n")[0]
    yield with_source(title, f"{heading}: the exercises and their solutions")
    own = {place for each in exercises for place in range(each.place + 1, each.place + 4)}
    lesson = [place for place, cell in enumerate(page["cells"]) if cell["cell_type"] == "code" and place not in own]
    given: set[int] = set()
    for exercise in exercises:
        before = [place for place in lesson if place < exercise.place]
        sources = [source_of(page["cells"][place]) for place in before]
        needed = {before[place] for place in cells_needed(f"{exercise.body}\n{source_of(exercise.check)}", sources)}
        needed |= set(before[:1])  # the first cell chooses the seed
        yield from (cleared(page["cells"][place]) for place in sorted(needed - given))
        given |= needed
        yield from _solved(exercise)


def _solved(exercise: Exercise) -> Iterator[Cell]:
    words = source_of(exercise.task)
    start = re.search(r"^## ", words, re.M)
    yield with_source(exercise.task, words[start.start() :] if start else words)
    yield cleared(with_source(exercise.stub, exercise.body))
    yield cleared(exercise.check)
