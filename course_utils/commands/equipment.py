"""What JupyterLab and matplotlib find on this machine: the widgets' front end, a browser, fonts."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path
import shutil
import sys
import webbrowser

from course_utils.edition import INSTALL
from course_utils.machine import Finding

WIDGETS = "@jupyter-widgets/jupyterlab-manager"
LETTERS = "ŷ−·×→∂Σ✓"  # what titles and graphs are written with
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")


def check_equipment() -> Iterator[Finding]:
    """Graphs, fonts, widgets, a browser and Chromium; it never raises."""
    checks = {"graphs": check_graphs, "fonts": check_fonts, "widgets": check_widgets, "browser": check_browser}
    for what, check in checks.items():
        try:
            yield check()
        except Exception as error:  # other people's packages and settings fail in many ways
            yield Finding(what, "there", f"{type(error).__name__}: {error}", False, INSTALL)
    chromium = next((path for name in CHROMIUM if (path := shutil.which(name))), "none")
    yield Finding("Chromium", "", f"{chromium}, which only the course's browser tests need", True, "")


def check_graphs() -> Finding:
    """Whether a graph can be drawn: Graphviz is a library of its own, which can be there and not work."""
    from course_utils.draw import draw_graph
    from course_utils.engine import Value

    drawn = draw_graph(Value(2.0) * 3.0).to_svg()
    again = "in the course's folder run: pip install -c constraints.txt --force-reinstall --no-deps pygraphviz"
    return Finding("graphs", "drawn by pygraphviz", f"{len(drawn)} letters of SVG", "<svg" in drawn, again)


def check_fonts() -> Finding:
    """The font that matplotlib takes, and whether it has the course's letters."""
    from matplotlib import font_manager

    wanted = "one with the letters " + LETTERS
    cure = "in the course's folder run: pip install -c constraints.txt --force-reinstall --no-deps matplotlib"
    try:
        name = font_manager.findfont(font_manager.FontProperties(), fallback_to_default=False)
        font = font_manager.get_font(name)
    except (OSError, RuntimeError, ValueError) as error:
        return Finding("fonts", wanted, f"none ({error})", False, cure)
    missing = [letter for letter in LETTERS if not font.get_char_index(ord(letter))]
    found = f"{font.family_name}, one of {len(font_manager.fontManager.ttflist)}"
    if missing:
        cure = "take the line font.family out of your matplotlibrc"
        found += f", without {' '.join(missing)}"
    return Finding("fonts", wanted, found, not missing, cure)


def check_widgets() -> Finding:
    """Whether the part of ipywidgets that runs in the browser is where JupyterLab looks, and is not switched off."""
    from jupyter_core.paths import jupyter_path
    from jupyterlab_server.config import get_page_config

    wanted = "JupyterLab's extension for ipywidgets, switched on"
    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    found = next((folder / WIDGETS for folder in folders if (folder / WIDGETS / "package.json").is_file()), None)
    again = "in the course's folder run: pip install -c constraints.txt --force-reinstall --no-deps jupyterlab_widgets"
    if found is None:
        return Finding("widgets", wanted, "nothing", False, again)
    about = json.loads((found / "package.json").read_text(encoding="utf-8"))
    if not (found / about["jupyterlab"]["_build"]["load"]).is_file():
        return Finding("widgets", wanted, f"its package without its script, in {found}", False, again)
    settings = Path(sys.prefix, "share", "jupyter", "lab", "settings")
    page = get_page_config([str(folder) for folder in folders], str(settings))
    off = [name for name in page["disabledExtensions"] if name.split(":")[0] == WIDGETS]
    if off:
        return Finding("widgets", wanted, f"{off[0]} switched off", False, f"jupyter labextension enable {off[0]}")
    return Finding("widgets", wanted, f"{WIDGETS} {about['version']}", True, again)


def check_browser() -> Finding:
    """What `jupyter lab` opens; none is no fault, since it prints its address."""
    wanted = "what `jupyter lab` opens"
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return Finding("browser", "", "none, so open the address that `jupyter lab` prints", True, "")
    name = str(getattr(browser, "name", "")) or type(browser).__name__
    is_command = sys.platform.startswith("linux") and hasattr(browser, "args")
    fine = not is_command or shutil.which(name) is not None
    cure = "unset BROWSER, or set it to the command of a browser that is here"
    return Finding("browser", wanted, name if fine else f"{name}, which is not here", fine, cure)
