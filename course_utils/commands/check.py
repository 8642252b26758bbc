"""What CI does for the notebooks: each is run anew, and every output is compared with the stored one."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

from course_utils.commands.trouble import Trouble
from course_utils.device import environment, pick_device
from course_utils.edition import INSTALL_TESTS
from course_utils.machine import check_tests

RUNNERS = {"pytest", "pytest-xdist", "nbval"}  # what the notebooks alone take


def check(course: Path, *, device: str | None, whole: bool) -> int:
    """Pytest's exit code, after it has run over the notebooks and said what it saw.

    Args:
        course: the course's folder; its own `course_utils` is the one that is run.
        device: what `COURSE_DEVICE` is set to; by default it stays as it is.
        whole: all tests of the course, not the notebooks alone.

    Raises:
        Trouble: a package that this takes is not there, the device is not, or the notebooks store no outputs.
    """
    _needs_packages(whole)
    if not (course / "notebooks" / "conftest.py").is_file():
        raise Trouble(f"{course} is a student's copy without outputs: there is nothing to compare, take the course.")
    changes = {"PYTHONPATH": str(course)}
    if device is not None:
        changes["COURSE_DEVICE"] = _device(device)
    command = [sys.executable, "-m", "pytest", *([] if whole else ["--nbval", "notebooks/"])]
    return subprocess.run(command, cwd=course, env=environment(changes), check=False).returncode


def _needs_packages(whole: bool) -> None:
    findings = [found for found in check_tests() if whole or found.what in RUNNERS]
    missing = [found.what for found in findings if not found.fine]
    if missing or not findings:
        absent = ", ".join(missing) or "the installed course_utils"
        raise Trouble(f"Checking takes {absent}: {INSTALL_TESTS}")


def _device(name: str) -> str:
    try:
        return pick_device(name)
    except (RuntimeError, ValueError) as error:
        raise Trouble(str(error)) from None
