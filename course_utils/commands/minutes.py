"""How long each notebook takes, each in a kernel of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL
from time import perf_counter

from course_utils.machine import Finding

WANTED = "runs to its end"
LIMIT = 300  # seconds for a cell


def time_notebooks(paths: list[Path], course: Path) -> Iterator[Finding]:
    """For each notebook the seconds from the kernel's start to its end; nothing is stored.

    Args:
        paths: the notebooks.
        course: the folder whose `course_utils` they use.
    """
    for path in paths:
        started = perf_counter()
        complaint = _complaint(path, course)
        took = f"{perf_counter() - started:.1f} s"
        cure = f"take back what was changed in it: git checkout -- notebooks/{path.name}"
        yield Finding(path.stem, WANTED, complaint or took, not complaint, cure)


def _complaint(path: Path, course: Path) -> str:
    """What stopped the notebook, or nothing."""
    from course_utils.device import environment
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    import nbformat

    # A stub must be allowed to stay unsolved, whatever is set where this runs.
    changes = {"COURSE_PROGRESS": "off", "COURSE_STRICT": "", "NBGRADER_EXECUTION": "", "PYTHONPATH": str(course)}
    try:
        page = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        client = NotebookClient(page, timeout=LIMIT, resources={"metadata": {"path": str(path.parent)}})
        client.execute(env=environment(changes), stderr=DEVNULL)  # what a kernel says of its ports, say
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except Exception as error:  # a dead kernel, a cell without an end, a file that is no notebook
        return f"{type(error).__name__}: {error}"
    return ""
