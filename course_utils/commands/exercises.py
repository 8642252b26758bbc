"""The exercises of a notebook: four cells each, the last of them tagged `solution`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_utils.commands.pages import Cell, Page, source_of, tags_of
from course_utils.commands.trouble import Trouble

TAG = "solution"


@dataclass(frozen=True)
class Exercise:
    """An exercise as it stands in a notebook.

    Attributes:
        place: where its task stands among the cells; stub, check and solution follow.
        task: its words.
        stub: the learner's cell.
        check: the cell that says whether the stub holds.
        body: the solution without the check that it ends with.
    """

    place: int
    task: Cell
    stub: Cell
    check: Cell
    body: str


def is_solution(cell: Cell) -> bool:
    """Whether the cell holds a solution."""
    return TAG in tags_of(cell)


def exercises_of(page: Page, path: Path) -> list[Exercise]:
    """The exercises of the notebook, in their order.

    Args:
        page: the notebook.
        path: its file, for the words of an error.

    Raises:
        Trouble: a solution is not where or what it should be: untagged, without its check, or in another cell too.
    """
    found = list(_exercises(page["cells"], path))
    for exercise in found:
        code = exercise.body.removeprefix("# Solution\n").strip()
        for place, cell in enumerate(page["cells"]):
            if code and code in source_of(cell) and not is_solution(cell):
                name = cell.get("id", f"number {place + 1}")
                raise Trouble(f"{path.name}: the cell {name} holds the solution of an exercise: take it out.")
    return found


def _exercises(cells: list[Cell], path: Path) -> Iterator[Exercise]:
    for place, cell in enumerate(cells):
        name = cell.get("id", f"number {place + 1}")
        if is_solution(cell):
            if place < 3:
                raise Trouble(f"{path.name}: before the solution {name} a task, a stub and a check must stand.")
            yield _exercise(cells[place - 3 : place + 1], place - 3, path)
        elif cell["cell_type"] == "code" and name.endswith(f"-{TAG}"):
            raise Trouble(f"{path.name}: the cell {name} is called a solution, but has no tag `{TAG}`: give it one.")


def _exercise(four: list[Cell], place: int, path: Path) -> Exercise:
    task, stub, check, solution = four
    name = solution.get("id", f"number {place + 4}")
    if [cell["cell_type"] for cell in four] != ["markdown", "code", "code", "code"]:
        raise Trouble(f"{path.name}: before the solution {name} a task in words, a stub and a check must stand.")
    if not source_of(solution).endswith(f"\n{source_of(check)}"):
        raise Trouble(f"{path.name}: the solution {name} must end with the check above it, word for word.")
    body = source_of(solution).removesuffix(source_of(check)).rstrip()
    return Exercise(place, task, stub, check, body)
