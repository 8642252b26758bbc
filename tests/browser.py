"""A JupyterLab of one's own and the browser that looks at it, for the tests and for the benchmark of the sliders."""

from contextlib import contextmanager, suppress
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
from store_outputs import KERNEL

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def find_chromium():
    """The path of a Chromium that is already on this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def serve_lab(home, notebooks, port=None, python=sys.executable):
    """A JupyterLab over the folder `notebooks`, on 127.0.0.1, with a token: from a notebook's name to its address.

    Its settings and its log lie in `home`. It asks for the port given, or for one that is free, and takes another if it
    is taken. It is stopped at the end, whatever happened.
    """
    token = secrets.token_hex()
    folders = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    folders |= {f"JUPYTERLAB_{name}_DIR": str(home / name) for name in ("SETTINGS", "WORKSPACES")}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
             f"--port={port or free_port()}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={notebooks}"],
            env=os.environ | folders, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        port = port_of(home / "RUNTIME" / f"jpserver-{server.pid}.json", server)
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", server)
        # A workspace of its own for each visit: a shared one would open the lessons of the visits before it as well.
        yield (
            lambda notebook: (
                f"http://127.0.0.1:{port}/lab/workspaces/{secrets.token_hex(8)}/tree/{notebook}?token={token}"
            )
        )
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_of(note, server):
    """The port that a server has taken: it writes a note once it listens."""
    for _ in range(600):
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(note.read_text(encoding="utf-8"))["port"]
        assert server.poll() is None, "JupyterLab stopped before it listened"
        time.sleep(0.1)
    raise TimeoutError("JupyterLab did not listen within a minute")


def write_notebook(path, sources):
    """A notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), path)


def wait_for(address, server):
    for _ in range(600):
        try:
            urlopen(address).close()
        except URLError:
            assert server.poll() is None, "JupyterLab stopped before it answered"
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("JupyterLab did not answer within a minute")


def open_lesson(page, address, cells=20):
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    # All cells of these short pages are to be in the document, not only those in view.
    page.wait_for_function(
        "cells => document.querySelectorAll('.jp-NotebookPanel .jp-Cell').length >= cells", arg=cells, timeout=60_000
    )


def run_all(page, until=".widget-slider"):
    """Run all cells once the kernel listens, and wait until it has nothing more to do and the sliders stand."""
    idle = page.get_by_text("Python 3 (ipykernel) | Idle")
    idle.wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(until).first.wait_for(state="attached", timeout=60_000)  # it may be far down the page
    page.wait_for_function(
        """() => ![...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].some(
            prompt => prompt.innerText.includes('*'))""",
        timeout=60_000,
    )
    idle.wait_for(timeout=60_000)
