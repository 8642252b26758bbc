"""Hostile texts in a real browser: nothing of them runs, in JupyterLab, saved and run, and in an exported page."""

from pathlib import Path
import re

from browser import open_lesson, run_all
from nbclient import NotebookClient
from nbconvert import HTMLExporter
import nbformat
from nbformat.v4 import new_code_cell, new_notebook
import pytest
from store_outputs import KERNEL

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parent
START = f"""
import sys, warnings
sys.path[:0] = [{str(TESTS)!r}, {str(TESTS.parent)!r}]
warnings.simplefilter("ignore")
from hostile import LONG, TEXTS, WAYS, tuned
texts = [" ".join(text for name, text in TEXTS.items() if name != LONG), TEXTS["a formula with a link"]]
"""
SHOW = "for text in texts:\n    for way in WAYS.values():\n        display(way(text))"
BREACH = "from IPython.display import HTML\nHTML('<p class=there>x</p><script>window.boom = 1</script>')"
# Elements of a page, those in shadows too, that could run something: a handler, a link, a script not there before.
FOUND = """() => {
    const rows = [], look = (root) => {
        for (const one of root.querySelectorAll('*')) {
            if (one.shadowRoot) look(one.shadowRoot);
            const names = one.getAttributeNames();
            if (names.some((name) => name.startsWith('on'))) rows.push('a handler at ' + one.tagName);
            if (/^\\s*(javascript|data:text)/i.test(one.getAttribute('href') ?? one.getAttribute('src') ?? ''))
                rows.push('a link of ' + one.tagName);
            if (one.tagName === 'SCRIPT' && one.textContent.includes('boom=')) rows.push('a script');
        }
    };
    document.querySelectorAll('.jp-OutputArea').forEach(look);
    if (window.boom) rows.push('boom');
    return rows;
}"""


def notebook(*sources):
    return new_notebook(cells=[new_code_cell(source.strip()) for source in sources], metadata={"kernelspec": KERNEL})


@pytest.fixture(scope="module")
def hostile():
    return NotebookClient(notebook(START, SHOW, "tuned(texts[0])"), timeout=120).execute()


def ready(page):
    page.locator(".course-live[data-ready] input[type=range]").nth(1).wait_for(state="attached", timeout=60_000)


def hover(page):
    """Touch what waits for a touch, open what is folded."""
    for fold in page.locator(".jp-OutputArea summary").all():
        fold.evaluate("one => { one.click(); one.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})); }")
    for slider in page.locator(".course-live input[type=range]").all():
        slider.evaluate("one => { one.value = one.max; one.dispatchEvent(new Event('input')); }")


def test_hostile_texts_run_nothing_when_a_saved_notebook_is_opened(page, lab, shelf, hostile):
    nbformat.write(hostile, shelf / "hostile.ipynb")
    open_lesson(page, lab("hostile.ipynb"), cells=3)
    page.locator(".course-card").first.wait_for(timeout=60_000)
    hover(page)
    assert page.evaluate(FOUND) == []


def test_hostile_texts_run_nothing_when_cells_are_run(page, lab, shelf, hostile):
    nbformat.write(hostile, shelf / "hostile_run.ipynb")
    open_lesson(page, lab("hostile_run.ipynb"), cells=3)
    run_all(page, until=".widget-slider")
    ready(page)
    hover(page)
    assert page.evaluate(FOUND) == []
    # No text is a formula but the two explanations, whose LaTeX is the course's own, and what ipywidgets writes beside
    # a control.
    assert page.locator(".jp-RenderedLatex mjx-container").count() == 2
    inside = page.locator(".jp-RenderedHTML mjx-container, .widget-label mjx-container").all()
    around = "one => one.closest('section, .widget-label')?.className"
    assert {one.evaluate(around) for one in inside} <= {"widget-label"}


def test_hostile_texts_run_nothing_in_an_exported_page(page, tmp_path, hostile):
    html, _ = HTMLExporter().from_notebook_node(hostile)
    (tmp_path / "hostile.html").write_text(html, encoding="utf-8")
    page.route(re.compile("^https?://"), lambda route: route.fulfill(body=""))
    page.goto((tmp_path / "hostile.html").as_uri())
    ready(page)
    hover(page)
    assert page.evaluate(FOUND) == []


def test_a_breach_runs_when_its_cell_is_run_and_not_when_it_is_only_opened(page, lab, shelf):
    """So the look at the page can fail; and a saved lesson from elsewhere runs nothing before its cells do."""
    nbformat.write(NotebookClient(notebook(BREACH)).execute(), shelf / "breach.ipynb")
    open_lesson(page, lab("breach.ipynb"), cells=1)
    page.locator(".there").wait_for(timeout=60_000)
    assert page.evaluate(FOUND) == []
    run_all(page, until=".there")
    page.wait_for_function("() => window.boom", timeout=60_000)
    assert "boom" in page.evaluate(FOUND)
