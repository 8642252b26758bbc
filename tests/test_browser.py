"""A student's own hands: JupyterLab in a real Chromium, every slider moved, what is seen compared with what is true."""

import re

import pytest

pytestmark = pytest.mark.browser


def open_lesson(page, address):
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    # All cells of these short pages are to be in the document, not only those in view.
    page.wait_for_function("document.querySelectorAll('.jp-NotebookPanel .jp-Cell').length >= 20", timeout=60_000)


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


def picture_above_slider(page):
    return page.locator(".jp-OutputArea:has(.widget-slider) img.course-picture").get_attribute("alt")


def slide(page, key, times=1):
    """Press a key on the slider, and wait until the picture's words have followed."""
    was = picture_above_slider(page)
    handle = page.locator(".widget-slider .noUi-handle")
    handle.focus()
    for _ in range(times):
        handle.press(key)
    page.wait_for_function(
        "was => document.querySelector('.jp-OutputArea:has(.widget-slider) img.course-picture').alt !== was", arg=was,
        timeout=30_000,
    )  # fmt: skip


def settled(page, pattern):
    """The words of the picture, once they match the pattern."""
    page.wait_for_function(
        "p => new RegExp(p).test(document.querySelector('.jp-OutputArea:has(.widget-slider) img.course-picture').alt)",
        arg=pattern, timeout=30_000,
    )  # fmt: skip
    return picture_above_slider(page)


def readout(page):
    return float(page.locator(".widget-slider .widget-readout").inner_text())


@pytest.mark.parametrize("lesson", ["00_start_here", "07_manual_sgd"])
def test_a_saved_lesson_shows_its_pictures_before_anything_runs(page, lab, lesson):
    open_lesson(page, lab(f"{lesson}.ipynb"))
    pictures = page.locator("img.course-picture, .jp-RenderedHTML img")
    assert pictures.count() >= 3
    for place in range(pictures.count()):
        assert pictures.nth(place).evaluate("picture => picture.complete && picture.naturalWidth") > 100
        assert len(pictures.nth(place).get_attribute("alt")) > 40
    assert page.get_by_text("A slider stands here while the notebook runs").count() == 1
    assert page.locator(".jp-OutputArea").get_by_text("Error displaying widget").count() == 0


def test_dragging_the_weight_moves_the_line_and_the_loss(page, lab):
    open_lesson(page, lab("00_start_here.ipynb"))
    run_all(page)
    assert page.get_by_text("Widgets work: this box is one.").is_visible()
    assert picture_above_slider(page).startswith("w = 1.0: the loss is 4.667.")
    slide(page, "ArrowRight", times=10)
    assert settled(page, r"^w = 2\.0").startswith("w = 2.0: the loss is 0.000.")
    for key, w in (("Home", 0.0), ("End", 4.0)):
        slide(page, key)
        loss = 14 / 3 * (w - 2) ** 2
        assert settled(page, rf"^w = {w}").startswith(f"w = {w:.1f}: the loss is {loss:.3f}.")
    assert readout(page) == 4.0


def test_the_rate_is_tuned_by_key_and_by_mouse(page, lab):
    open_lesson(page, lab("07_manual_sgd.ipynb"))
    run_all(page)
    assert picture_above_slider(page).startswith("Rate 0.0100: the loss falls from 4.1 to about 0.")
    slide(page, "Home")
    assert settled(page, r"^Rate 0\.0010").startswith("Rate 0.0010: the loss falls from 4.6 to ")
    slide(page, "End")
    assert re.match(r"Rate 0\.[34]\d+: the loss becomes inf in epoch \d+\.", settled(page, r"^Rate 0\.[34]"))
    track = page.locator(".widget-slider .noUi-target").bounding_box()
    handle = page.locator(".widget-slider .noUi-handle").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, handle["y"] + handle["height"] / 2, steps=20)
    page.mouse.up()
    assert 0.01 < readout(page) < 0.03  # half-way between 0.001 and 0.4, on a logarithmic scale
    assert "falls" in settled(page, rf"^Rate {readout(page):.4f}")


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
