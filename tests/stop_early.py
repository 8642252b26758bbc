"""The conftest.py of copies of which one failing cell is enough: the rest of such a copy is not run.

Where a copy has a course_utils beside it, that is the one its kernel takes.
"""

import os

import pytest

PATH = os.environ.get("PYTHONPATH", "")
failed = set()


def notebook(nodeid):
    return nodeid.split("::")[0]


def pytest_runtest_logreport(report):
    if report.failed and "::Cell " in report.nodeid:
        failed.add(notebook(report.nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if notebook(item.nodeid) in failed:
        pytest.skip("this copy has failed already")
    folder = item.path.parent  # nbval starts the kernel right after this, in our environment
    os.environ["PYTHONPATH"] = f"{folder}{os.pathsep}{PATH}" if (folder / "course_utils").is_dir() else PATH
