"""What all tests share: a skip is a failure in CI, and a JupyterLab in a real browser for those that ask for one."""

import os
from pathlib import Path
import secrets
import shutil
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

from course_utils import use_style
from matplotlib import rc_context
import pytest

ROOT = Path(__file__).parent.parent

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


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
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on this machine (looked for {', '.join(names)}): install Debian's chromium, say")
    return found


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab over a copy of the notebooks, on 127.0.0.1, with a token: from a notebook's name to its address."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "notebooks", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex()
    folders = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    folders |= {f"JUPYTERLAB_{name}_DIR": str(home / name) for name in ("SETTINGS", "WORKSPACES")}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
             f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={home / 'notebooks'}"],
            env=os.environ | folders, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", server)

        def address(notebook):  # a workspace of its own for each visit: a shared one would open earlier lessons as well
            workspace = secrets.token_hex(8)
            return f"http://127.0.0.1:{port}/lab/workspaces/{workspace}/tree/{notebook}?token={token}"

        address.folder = home / "notebooks"
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(address, server):
    for _ in range(600):
        try:
            urlopen(address).close()
        except URLError:
            assert server.poll() is None, "JupyterLab stopped before it answered"
            time.sleep(0.1)
        else:
            return
    pytest.fail("JupyterLab did not answer within a minute")


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
