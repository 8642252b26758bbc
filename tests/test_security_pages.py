"""Nothing runs or is fetched when a saved lesson is opened, but the course's own two scripts, once it is trusted."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
import pytest
from stored import SCRIPTS, faults, notebook_faults

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
HTML = {
    "another script": "<script>alert(1)</script>",
    "a script from elsewhere": '<script src="x.js"></script>',
    "a handler": "<img src='data:image/png;base64,aaaa' onerror='alert(1)'>",
    "a handler in capitals": "<p OnClick=alert(1)>x</p>",
    "a link that runs": "<a href='javascript:alert(1)'>x</a>",
    "a link that hides it": "<a href='java&#115;cript:alert(1)'>x</a>",
    "a frame": "<iframe srcdoc='x'></iframe>",
    "an object": "<object data='x.swf'></object>",
    "an embedded file": "<embed src='x'>",
    "a form": "<form action='/api'><input></form>",
    "a picture from elsewhere": '<img src="https://example.org/x.png">',
    "a picture without a protocol": '<img src="//example.org/x.png">',
    "several pictures": '<img srcset="https://example.org/x.png 2x">',
    "a style from elsewhere": "<style>@import 'x.css';</style>",
    "a font from elsewhere": "<style>@font-face {src: url(https://example.org/x.woff)}</style>",
    "a background": "<p style='background: url(x.png)'>x</p>",
    "a style sheet": '<link rel="stylesheet" href="x.css">',
    "a refresh": '<meta http-equiv="refresh" content="0;url=x">',
    "a base": '<base href="x">',
    "a page as data": '<a href="data:text/html,<b>">x</a>',
    "a script in a picture": '<img src="data:image/svg+xml;base64,PHN2Zz48c2NyaXB0PmE8L3NjcmlwdD48L3N2Zz4=">',
}
SVG = {
    "a script": "<svg><script>alert(1)</script></svg>",
    "a handler": "<svg onload='alert(1)'></svg>",
    "a use from elsewhere": "<svg><use href='https://example.org/x.svg#a'/></svg>",
    "a picture": "<svg><image xlink:href='x.png'/></svg>",
    "a link": "<svg><a href='javascript:alert(1)'>x</a></svg>",
    "HTML inside": "<svg><foreignObject><iframe></iframe></foreignObject></svg>",
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_saved_lesson_holds_nothing_that_runs_or_fetches(path):
    assert notebook_faults(nbformat.read(path, as_version=4)) == []


def test_the_scripts_that_are_stored_are_the_packages_two():
    """Each is stored as it stands in the package, to the byte; `faults` knows no other."""
    held = "".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS)
    assert [path.name for path in SCRIPTS] == ["player.js", "tuner.js"]
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        assert faults(f"<script>{text}</script>") == []
        assert faults(f"<script>{text} alert(1)</script>") == ["a script that is not the course's"]
        assert text.splitlines()[1][:40] in held


def test_the_scripts_ask_nobody_and_make_no_code_of_text():
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        for word in ("fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "import(", "innerHTML", "outerHTML",
                     "insertAdjacentHTML", "document.write", "eval(", "Function(", "localStorage", "cookie",
                     "postMessage", "window.open", "location", "Jupyter.", ".kernel"):  # fmt: skip
            assert word not in text, f"{path.name}: {word}"


@pytest.mark.parametrize("breach", HTML)
def test_a_breach_in_an_output_is_seen(breach):
    notebook = new_notebook(cells=[new_code_cell(outputs=[new_output("display_data", {"text/html": HTML[breach]})])])
    assert notebook_faults(notebook)


@pytest.mark.parametrize("breach", SVG)
def test_a_breach_in_a_drawing_is_seen(breach):
    output = new_output("display_data", {"image/svg+xml": SVG[breach]})
    assert notebook_faults(new_notebook(cells=[new_code_cell(outputs=[output])]))


@pytest.mark.parametrize(
    "text",
    ["![x](https://example.org/x.png)", "<img src=x onerror=a>", "[x](javascript:alert(1))", "<script>a</script>"],
)
def test_a_breach_in_a_text_cell_is_seen(text):
    assert notebook_faults(new_notebook(cells=[new_markdown_cell(text)]))


def test_saved_widgets_and_kinds_that_run_are_seen():
    assert notebook_faults(new_notebook(metadata={"widgets": {"state": {}}})) == ["saved widgets"]
    for kind in ("application/javascript", "application/vnd.jupyter.widget-view+json", "text/markdown"):
        output = new_output("display_data", {kind: "alert(1)"})
        assert notebook_faults(new_notebook(cells=[new_code_cell(outputs=[output])]))
    output = new_output("display_data", {"text/latex": r"$\href{javascript:alert(1)}{x}$"})
    assert notebook_faults(new_notebook(cells=[new_code_cell(outputs=[output])])) == ["LaTeX that links"]
    assert notebook_faults(new_notebook(cells=[new_code_cell(metadata={"trusted": True})])) == ["trusted"]
