"""A notebook in an older JupyterLab, in a real browser: `python tests/older_lab.py [VERSION]`, by default the oldest.

The oldest is the first that pyproject.toml admits. It lies in an environment of its own, `.lab/VERSION`, which only the
first run installs: JupyterLab and ipywidgets alone, since the kernel is that of the Python that runs this. Opened are
two saved lessons, not trusted: their pictures and words are seen; then, with a kernel, a live figure and a stepper are
moved and a card is opened.
"""

import argparse
from contextlib import ExitStack
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
import tomllib

from browser import CHROMIUM_FLAGS, find_chromium, open_lesson, run_all, serve_lab
from environments import made_once
import nbformat
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LESSONS = ("00_start_here", "05_backward")
TALL = 16_000  # pixels: JupyterLab 4.2 keeps in the page only the cells that are in view


def oldest():
    """The first release of JupyterLab that pyproject.toml admits, as pip is asked for it: its last bug fix."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [lab] = [need for need in map(Requirement, project["dependencies"]) if need.name == "jupyterlab"]
    [lower] = [one.version for one in lab.specifier if one.operator == ">="]
    return ".".join([*lower.split("."), "0", "0"][:2]) + ".*"


def environment(version):
    """The Python of an environment with that JupyterLab, made if it is not there."""
    packages = [f"jupyterlab=={version}", "ipykernel", "ipywidgets>=8.1"]
    return made_once(ROOT / ".lab" / version.rstrip(".*"), lambda pip: subprocess.run([*pip, *packages], check=True))


def add_kernel(home):
    """Let that JupyterLab start the kernel of this Python, in which torch and the course are."""
    spec = Path(sys.prefix) / "share" / "jupyter" / "kernels" / "python3"
    shutil.copytree(spec, home / "DATA" / "kernels" / "python3")
    kernel = home / "DATA" / "kernels" / "python3" / "kernel.json"
    text = kernel.read_text(encoding="utf-8").replace('"python"', f'"{sys.executable}"')
    kernel.write_text(text, encoding="utf-8")


def look(page, address, lesson):
    """What is seen of a lesson before anything runs: every picture, and how many there are."""
    open_lesson(page, address(f"{lesson}.ipynb"))
    pictures = page.locator(".jp-OutputArea img")
    for place in range(pictures.count()):
        assert pictures.nth(place).evaluate("picture => picture.complete && picture.naturalWidth") > 100
    assert page.locator(".jp-OutputArea").get_by_text("Error displaying widget").count() == 0
    return pictures.count()


def move(page):
    """Run all, then go through the live figures by key: how many moved their picture."""
    run_all(page, until=".course-live[data-ready]")
    sliders = page.locator(".course-live input[type=range]")
    for place in range(sliders.count()):
        slider = sliders.nth(place)
        slider.focus()
        page.keyboard.press("Home")
        before = shown(slider)
        page.keyboard.press("End")
        assert shown(slider) != before, f"slider {place} moved nothing"
    return sliders.count()


def shown(slider):
    return slider.evaluate(
        "one => one.closest('.course-live').querySelector('.course-picture').shadowRoot.innerHTML.length"
        " + one.closest('.course-live').querySelector('.course-picture').shadowRoot.textContent"
    )


def main(version):
    from playwright.sync_api import sync_playwright

    python = environment(version)
    subprocess.run([python, "-c", "import jupyterlab; print('JupyterLab', jupyterlab.__version__)"], check=True)
    # For the kernel, which is this Python's and not that of JupyterLab's own environment.
    os.environ |= {"PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "0"}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        home, shelf = Path(temporary) / "home", Path(temporary) / "notebooks"
        home.mkdir()
        shutil.copytree(ROOT / "notebooks", shelf, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        add_kernel(home)
        address = stack.enter_context(serve_lab(home, shelf, python=str(python)))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=find_chromium(), args=CHROMIUM_FLAGS
        )
        for lesson in LESSONS:
            page = browser.new_page(viewport={"width": 1200, "height": TALL})
            errors = []
            page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
            pictures, moved = look(page, address, lesson), move(page)
            cards = page.locator(".course-card summary")
            cards.first.click()
            assert page.locator(".course-card details[open]").count() == 1
            told = f"{pictures} pictures seen, {moved} sliders moved, {cards.count()} options of cards"
            minor = nbformat.read(shelf / f"{lesson}.ipynb", 4).nbformat_minor
            print(f"{lesson}: {told}, errors {errors}, nbformat 4.{minor}")
            page.close()
            if errors or not pictures or not moved:
                return 1
        browser.close()
    return 0


def asked(words):
    """What the command line says, or its help."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", default=oldest(), help="of JupyterLab, as 4.3.5")
    return parser.parse_args(words)


if __name__ == "__main__":
    raise SystemExit(main(asked(sys.argv[1:]).version))
