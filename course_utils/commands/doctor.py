"""What is right and wrong with this machine, one finding after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import sys

from course_utils.commands.course import find_course, lessons
from course_utils.commands.equipment import check_equipment
from course_utils.commands.ground import check_ground
from course_utils.edition import edition
from course_utils.machine import Finding, check_machine, check_tests

_PACKAGE = Path(__file__).parent.parent


def examine() -> Iterator[Finding]:
    """Every finding that takes seconds, each as soon as it is there; it never raises."""
    yield Finding("course_utils", "", f"{edition()} in {_PACKAGE}, run by {sys.executable}", True, "")
    yield from check_machine()
    yield from _check_tests()
    yield from check_equipment()
    yield from check_ground()


def examine_notebooks() -> Iterator[Finding]:
    """The seconds that each lesson takes.

    Raises:
        Trouble: there is no course here.
    """
    from course_utils.commands.minutes import time_notebooks

    course = find_course()
    yield from time_notebooks(lessons(course), course)


def in_words(finding: Finding) -> str:
    r"""A line about the finding, and a second one with the cure where something is wrong.

    >>> in_words(Finding("torch", "2.11 or newer", "1.13.1", False, "pip install -U torch"))
    '✗ wrong: torch: 1.13.1 (wanted: 2.11 or newer)\n    cure: pip install -U torch'
    """
    mark = "✓ fine" if finding.fine else "✗ wrong"
    cure = "" if finding.fine else f"\n    cure: {' '.join(finding.cure.split())}"
    wanted = f" (wanted: {finding.wanted})" if finding.wanted else ""
    return f"{mark}: {finding.what}: {' '.join(finding.found.split())}{wanted}{cure}"


def _check_tests() -> Iterator[Finding]:
    """What `check` takes: to have none of it is fine, to have it too old is not."""
    found = check_tests()
    yield from (each for each in found if each.found != "nothing")
    missing = [each for each in found if each.found == "nothing"]
    if missing:
        names = ", ".join(each.what for each in missing)
        without = f"without {names}, which only `check` needs ({missing[0].cure})"
        yield Finding("test extra", "", without, True, "")
