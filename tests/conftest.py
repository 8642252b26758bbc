"""What all tests share: a skip is a failure in CI, and a JupyterLab in a real browser for those that ask for one."""

from collections import Counter, defaultdict
import os
from pathlib import Path
import re
import shutil

from browser import CHROMIUM_FLAGS, NAMES, find_chromium, serve_lab
from course_utils import use_style
from matplotlib import rc_context
import pytest

ROOT = Path(__file__).parent.parent
# Started by others, never loaded here: tests/fenced.py starts Pythons behind the fence, JupyterHub reads its settings.
collect_ignore = ["fence", "hub_config.py"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI, what a test needs is there or the run is red; only a graphics card cannot be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("cuda") is None:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def style():
    """The look of the course, as after the first cell of a lesson, and none of it left behind."""
    with rc_context():
        use_style()
        yield


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium that is already on this machine."""
    found = find_chromium()
    if found is None:
        pytest.skip(f"no browser on this machine (looked for {', '.join(NAMES)}): install Debian's chromium, say")
    return found


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """A folder with a copy of the notebooks, which JupyterLab is opened over."""
    folder = tmp_path_factory.mktemp("shelf") / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


@pytest.fixture(scope="session")
def lab_home(tmp_path_factory):
    """Where JupyterLab keeps its settings, and which notebooks it trusts."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(lab_home, shelf):
    """A JupyterLab over the shelf: from a notebook's name to its address."""
    with serve_lab(lab_home, shelf) as address:
        yield address


@pytest.fixture
def page(chromium):
    """An empty page; what its console reports as an error fails the test."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        errors = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    assert errors == []


def pytest_terminal_summary(terminalreporter):
    """The kill table of the exercises: how many wrong answers got their message, how many right ones passed."""
    rows = defaultdict(Counter)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if found := re.search(r"test_(wrong_answers_are_seen|right_answers_pass)\[soft-([^:]+): ", report.nodeid):
                rows[found[2]][found[1][:5].strip("_"), outcome] += 1
    if rows:
        terminalreporter.section("exercises")
    for name, row in sorted(rows.items()):
        seen, passed = row["wrong", "passed"], row["right", "passed"]
        wrong, right = seen + row["wrong", "failed"], passed + row["right", "failed"]
        terminalreporter.write_line(
            f"{name:36} wrong answers told: {seen:2} of {wrong:2}   right ones: {passed} of {right}"
        )
