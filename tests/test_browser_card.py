"""A prediction card under the fingers of a student: saved and not run, run, and exported, with the keyboard alone."""

import re

from nbclient import NotebookClient
from nbconvert import HTMLExporter
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
import pytest

pytestmark = pytest.mark.browser

CARD = """predict(
    "With rate 0.25, what does the `loss` do?",
    {"It falls": "Up to a point.", "It grows": "Each epoch multiplies it.", "It settles": "Each swing is wider."},
    answer="It grows",
)"""
HIDDEN = {"jupyter": {"source_hidden": True}}


@pytest.fixture(scope="module")
def notebook():
    """A notebook with one card, run, with room to scroll below it."""
    made = new_notebook(
        cells=[
            new_code_cell("from course_utils import predict"),
            new_code_cell(CARD, metadata=HIDDEN),
            *(new_markdown_cell("## Below") for _ in range(30)),
        ]
    )
    return NotebookClient(made, timeout=120).execute()


@pytest.fixture
def saved(notebook, lab, shelf, page):
    """The page on which JupyterLab has just opened the saved notebook, which it does not trust; nothing was run."""
    nbformat.write(notebook, shelf / "card.ipynb")
    page.goto(lab("card.ipynb"))
    page.locator("fieldset").wait_for(timeout=60_000)
    return page


def run_all(page):
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(".course-card details[name]").first.wait_for(timeout=60_000)


def opened(page):
    """The options that are open, each with its explanation as it is seen."""
    return [option.inner_text().split("\n", 1)[-1].strip() for option in page.locator("details[open]").all()]


def scrolled(page):
    return page.locator(".jp-WindowedPanel-outer").evaluate("panel => panel.scrollTop")


def tab_to_first_option(page):
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            return
    pytest.fail("no option was reached by the tab key")


def answer_by_keyboard(page):
    """From the first option, which has the focus: open each in turn, and see that it is what is then told."""
    page.keyboard.press("Enter")
    assert opened(page) == ["✗ Not so. Up to a point."]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert opened(page) == ["✓ Right. Each epoch multiplies it."]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert opened(page) == ["✗ Not so. Each swing is wider."]
    page.keyboard.press("Enter")
    assert opened(page) == []


def dots(page):
    """How each option is marked: the colour of its dot, if it has one."""
    clear = "rgba(0, 0, 0, 0)"
    look = "summary => getComputedStyle(summary, '::before').backgroundColor"
    return [mark.evaluate(look) != clear for mark in page.locator("summary").all()]


def brightness(colour):
    """The mean of red, green and blue of `rgba(255, 255, 255, 1)`."""
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3


def test_in_jupyterlab_a_card_is_answered_by_keyboard_alone(saved):
    page = saved
    run_all(page)
    assert page.locator(".jp-CodeCell").nth(1).locator(".cm-content").count() == 0  # the answer stands in the source
    page.locator(".jp-CodeCell").first.focus()
    tab_to_first_option(page)
    assert opened(page) == []
    assert dots(page) == [False, False, False]
    before = scrolled(page)
    answer_by_keyboard(page)
    assert scrolled(page) == before
    assert dots(page) == [True, True, True]  # what was opened keeps its mark
    assert page.locator(".jp-Notebook.jp-mod-editMode").count() == 0


def test_after_a_pick_jupyterlab_saves_and_runs_on(saved):
    page = saved
    run_all(page)
    page.locator("summary").nth(1).click()
    assert opened(page) == ["✓ Right. Each epoch multiplies it."]
    with page.expect_response(lambda answer: answer.request.method == "PUT" and "contents/card.ipynb" in answer.url):
        page.keyboard.press("Control+s")
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-MarkdownCell").first.and_(page.locator(".jp-mod-active")).wait_for(timeout=30_000)
    page.goto(page.url)
    page.locator("fieldset").wait_for(timeout=60_000)
    assert page.locator("details[name]").count() == 3  # now JupyterLab trusts it
    assert opened(page) == []


def test_a_saved_card_that_nobody_trusts_is_answered_too(saved):
    page = saved
    assert page.locator("details[name], .course-card style").count() == 0  # JupyterLab has taken them out
    assert page.get_by_text("Not so.").or_(page.get_by_text("Right.")).locator("visible=true").count() == 0
    page.locator(".jp-CodeCell").first.focus()
    tab_to_first_option(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert opened(page) == ["✗ Not so. Up to a point.", "✓ Right. Each epoch multiplies it."]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_exported_card_is_answered_without_network_or_scripts(notebook, page, tmp_path, theme):
    exported = tmp_path / "card.html"
    exported.write_text(HTMLExporter(theme=theme).from_notebook_node(notebook)[0], encoding="utf-8")
    reader = page.context.browser.new_context(offline=True, java_script_enabled=False).new_page()
    reader.goto(exported.as_uri())
    reader.locator("summary").first.focus()
    answer_by_keyboard(reader)
    assert dots(reader) == [True, True, True]
    assert reader.get_by_text("import predict").is_visible()
    assert not reader.get_by_text("answer=").is_visible()
    ink = "words => getComputedStyle(words).color"
    assert reader.locator("legend").evaluate(ink) == reader.locator(".jp-RenderedMarkdown h2").first.evaluate(ink)
    border = "box => getComputedStyle(box).borderTopColor"
    assert reader.locator("summary").first.evaluate(border) == reader.locator("legend").evaluate(ink)
    assert (brightness(reader.locator("legend").evaluate(ink)) > 128) is (theme == "dark")
