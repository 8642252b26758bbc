"""A student's own hands: JupyterLab in a real Chromium, every slider moved, what is seen compared with what is true."""

from pathlib import Path
import re

from browser import open_lesson, run_all, write_notebook
from nbconvert import HTMLExporter
import nbformat
from nbformat.sign import NotebookNotary
from playwright.sync_api import expect
import pytest

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9]*.ipynb"))


def outputs(path):
    return [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]


def is_picture(output):
    """Whether a picture is stored, by itself or in a card of the clinic."""
    data, html = output.get("data", {}), output.get("data", {}).get("text/html", "")
    return any(kind.startswith("image/") for kind in data) or ("course-leaflet" in html and "<img" in html)


FIGURES = {path.stem: path.read_text(encoding="utf-8").count("<div class='course-live'") for path in NOTEBOOKS}
PICTURES = {path.stem: sum(map(is_picture, outputs(path))) for path in NOTEBOOKS}
WIDGETS = {path.stem: path.read_text(encoding="utf-8").count("(A slider stands here") for path in NOTEBOOKS}

each_live_lesson = pytest.mark.parametrize("lesson", [stem for stem, figures in FIGURES.items() if figures])


def sliders(page):
    return page.locator(".course-live input[type=range]")


def seen(slider):
    """All that a live figure shows: its curves, its texts and classes, what it says and what the slider is called."""
    return slider.evaluate(
        """slider => {
            const box = slider.closest('.course-live'), picture = box.querySelector('.course-picture');
            return [picture.shadowRoot.querySelector('svg').outerHTML, picture.getAttribute('aria-label'),
                slider.getAttribute('aria-valuetext')];
        }"""
    )


def sweep(page, slider):
    """Go through all places by key, and tell how many different pictures, words and labels were seen."""
    slider.focus()
    page.keyboard.press("Home")
    shown = [seen(slider)]
    for _ in range(int(slider.get_attribute("max"))):
        page.keyboard.press("ArrowRight")
        shown.append(seen(slider))
    assert slider.input_value() == slider.get_attribute("max")
    return [len(set(kind)) for kind in zip(*shown, strict=True)], len(shown)


def drag(page, slider, start, end):
    """By mouse from one share of the track to another."""
    slider.scroll_into_view_if_needed()
    track = slider.bounding_box()
    y = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + 8 + start * (track["width"] - 16), y)
    page.mouse.down()
    page.mouse.move(track["x"] + 8 + end * (track["width"] - 16), y, steps=8)
    page.mouse.up()


def move_all(page, lesson):
    """Every slider of every live figure through its range, by key and by mouse: what is shown follows."""
    for place in range(sliders(page).count()):
        slider = sliders(page).nth(place)
        assert slider.get_attribute("aria-label")
        (pictures, _, labels), places = sweep(page, slider)
        assert labels == places
        assert pictures > min(places, 20) / 2, f"slider {place} of {lesson}"
        at_the_end = seen(slider)
        drag(page, slider, 1.0, 0.3)
        assert 0 < int(slider.input_value()) < places
        assert seen(slider) != at_the_end
        drag(page, slider, 0.3, 0.0)
        assert slider.input_value() == "0"


def wait_for_figures(page, lesson):
    page.locator(".course-live[data-ready] svg").nth(FIGURES[lesson] - 1).wait_for(state="attached", timeout=60_000)
    assert page.locator(".course-live").count() == FIGURES[lesson]


@pytest.mark.parametrize("lesson", FIGURES)
def test_a_saved_lesson_shows_its_pictures_before_anything_runs(page, lab, lesson):
    open_lesson(page, lab(f"{lesson}.ipynb"))
    pictures = page.locator(".jp-OutputArea img")
    assert PICTURES[lesson] > 0
    expect(pictures).to_have_count(PICTURES[lesson], timeout=30_000)  # JupyterLab renders the last cells when it can
    for place in range(pictures.count()):
        assert pictures.nth(place).evaluate("picture => picture.complete && picture.naturalWidth") > 100
    assert page.get_by_text("A slider stands here while the notebook runs").count() == WIDGETS[lesson]
    assert page.locator(".jp-OutputArea").get_by_text("Error displaying widget").count() == 0


@each_live_lesson
def test_after_run_all_every_slider_moves_its_picture(page, lab, lesson):
    open_lesson(page, lab(f"{lesson}.ipynb"))
    run_all(page, until=".course-live[data-ready]")
    wait_for_figures(page, lesson)
    move_all(page, lesson)


def test_a_saved_lesson_that_is_trusted_has_working_sliders_without_a_kernel(page, lab, lab_home, shelf):
    saved = nbformat.read(shelf / "08_learning_rate.ipynb", as_version=4)
    NotebookNotary(data_dir=str(lab_home / "DATA")).sign(saved)
    open_lesson(page, lab("08_learning_rate.ipynb"))
    wait_for_figures(page, "08_learning_rate")
    for place in range(sliders(page).count()):
        slider = sliders(page).nth(place)
        was = seen(slider)
        slider.focus()
        page.keyboard.press("Home")
        assert seen(slider) != was
    assert page.locator(".jp-OutputArea").get_by_text("Error displaying widget").count() == 0
    assert page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\*")).count() == 0  # nothing was run


@each_live_lesson
def test_an_exported_lesson_has_working_sliders_without_a_network(page, tmp_path, lesson):
    html, _ = HTMLExporter().from_filename(str(NOTEBOOKS[0].parent / f"{lesson}.ipynb"))
    (tmp_path / "lesson.html").write_text(html, encoding="utf-8")
    page.route(re.compile("^https?://"), lambda route: route.fulfill(body=""))
    page.goto((tmp_path / "lesson.html").as_uri())
    wait_for_figures(page, lesson)
    for place in range(sliders(page).count()):
        slider = sliders(page).nth(place)
        slider.focus()
        page.keyboard.press("End")
        at_the_end = seen(slider)
        page.keyboard.press("Home")
        assert seen(slider) != at_the_end
    assert page.locator(".jp-OutputArea").get_by_text("Error displaying widget").count() == 0
    assert page.get_by_text("A slider stands here while the notebook runs").count() == WIDGETS[lesson]


def test_dragging_the_weight_moves_the_line_and_the_loss(page, lab):
    open_lesson(page, lab("00_start_here.ipynb"))
    run_all(page, until=".course-live[data-ready]")
    wait_for_figures(page, "00_start_here")
    assert page.get_by_text("Widgets work: this box is one.").is_visible()
    slider = page.get_by_role("slider", name="w", exact=True)
    title = page.locator(".course-live svg text").filter(has_text="the loss is")
    assert title.text_content() == "w = 1.0: the loss is 4.667"
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")  # JupyterLab would take the arrow keys if it were let
    assert title.text_content() == "w = 2.0: the loss is 0.000"
    for key, w in (("Home", 0.0), ("End", 4.0), ("PageDown", 3.6)):
        page.keyboard.press(key)
        assert title.text_content() == f"w = {w:.1f}: the loss is {14 / 3 * (w - 2) ** 2:.3f}"


EXPLORED = [
    "from course_utils import explore_learning_rate\nimport torch",
    "x = torch.tensor([1.0, 2.0, 3.0])\n"
    "found = explore_learning_rate(lambda x, w: w * x, 1.0, x, 2 * x, low=0.001, high=0.4, order='per sample')\nfound",
    "print('\\n'.join(found.words))",
]


def test_what_is_shown_is_what_the_kernel_says(page, lab, shelf):
    write_notebook(shelf / "explored.ipynb", EXPLORED)
    open_lesson(page, lab("explored.ipynb"), cells=len(EXPLORED))
    run_all(page, until=".course-live[data-ready]")
    page.locator(".course-live svg").wait_for()
    said = page.locator(".jp-OutputArea-output").last.inner_text().splitlines()
    slider = page.get_by_role("slider", name="learning rate")
    slider.focus()
    page.keyboard.press("Home")
    for place in range(200):
        assert page.locator(".course-live [aria-live]").text_content() == said[place]
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_focus_can_be_seen_and_the_words_read(page, lab, theme):
    open_lesson(page, lab("01_slope.ipynb"))
    run_all(page, until=".course-live[data-ready]")
    wait_for_figures(page, "01_slope")
    if theme == "dark":
        page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    slider = sliders(page).first
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.evaluate("slider => getComputedStyle(slider).outlineStyle") != "none"
    turned = page.locator(".course-picture").first.evaluate("picture => getComputedStyle(picture).filter")
    assert ("invert" in turned) == (theme == "dark")


def gradients(stepper):
    return [text for text in stepper.locator("svg text").all_text_contents() if text.startswith("grad ")]


def test_the_backward_pass_is_stepped_through_by_key_and_by_mouse(page, lab):
    open_lesson(page, lab("05_backward.ipynb"))
    still = page.locator(".jp-RenderedHTML img.course-picture").first
    assert "Sends 4 (×2) to x." in still.get_attribute("alt")  # a saved lesson, nothing has run: the whole pass
    run_all(page, until=".course-live[data-ready]")
    stepper = page.locator(".course-live").first
    slider = stepper.get_by_role("slider", name="step of the backward pass")
    assert gradients(stepper) == ["grad ·"] * 5 + ["grad 1"]
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")  # JupyterLab would take the arrow keys if it were let
    assert slider.input_value() == "2"
    assert "2 * z has 1. It sends 1 × 2 = 2 to z, which now has 2." in stepper.inner_text()
    track = slider.bounding_box()
    page.mouse.move(track["x"] + 2 * track["width"] / 6, track["y"] + track["height"] / 2)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] - 2, track["y"] + track["height"] / 2, steps=10)
    page.mouse.up()
    assert slider.input_value() == "6"
    assert sorted(gradients(stepper)) == ["grad 1", "grad 1", "grad 2", "grad 2", "grad 2", "grad 5"]
    stepper.get_by_role("button", name="first step").click()
    assert gradients(stepper) == ["grad ·"] * 5 + ["grad 1"]
    assert page.locator(".course-live").count() == 2  # the learner's own expression has the other
    assert page.locator(".MathJax, mjx-container").count() >= 2  # what explain() tells is set as formulas
