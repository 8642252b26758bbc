"""A student's own hands: JupyterLab in a real Chromium, every slider moved, what is seen compared with what is true."""

import re

from browser import open_lesson, run_all, write_notebook
import pytest

pytestmark = pytest.mark.browser


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
    """The words of the picture, once there is one and they match the pattern."""
    page.wait_for_function(
        "p => new RegExp(p).test(document.querySelector('.jp-OutputArea:has(.widget-slider) img.course-picture')?.alt)",
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


TUNED = [
    "from pathlib import Path; from time import sleep; from course_utils import tune_learning_rate",
    """
calls = []
def train(rate, epochs=10):
    calls.append(rate)
    print("noise")
    while Path("hold").exists():
        sleep(0.01)
    if rate > 0.5:
        raise ZeroDivisionError("too fast")
    return [(1 - 2 * rate) ** (2 * epoch) for epoch in range(epochs)]
""",
    "tuner = tune_learning_rate(train, epochs=(5, 15)); tuner",
    "tuner.rate = 0.1",
    "print(f'{len(calls)} calls, the last at {calls[-1]:.4f}; {tuner.rate:.4f}, kept: {list(tuner.kept)}')",
]


@pytest.fixture
def tuned(page, lab, shelf):
    """A page with a tuner in it, run; its function waits while there is a file `hold` on the shelf."""
    write_notebook(shelf / "tuned.ipynb", TUNED)
    open_lesson(page, lab("tuned.ipynb"), cells=len(TUNED))
    run_all(page)
    yield page
    (shelf / "hold").unlink(missing_ok=True)


def what_the_kernel_says(page):
    """The output of the last cell, run anew."""
    last = page.locator(".jp-Notebook .jp-CodeCell").last
    was = last.locator(".jp-InputPrompt").inner_text()
    last.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        """was => {
            const now = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1).innerText;
            return now !== was && /[0-9]/.test(now);
        }""",
        arg=was,
    )
    return last.locator(".jp-OutputArea-output").inner_text()


def handle(page, place=0):
    return page.locator(".widget-slider .noUi-handle").nth(place)


def test_the_kernel_and_the_page_agree_about_the_rate(tuned):
    settled(tuned, r"^Rate 0\.1000, epochs 10: ")  # as the fourth cell has set it
    assert tuned.locator(".widget-readout").first.inner_text() == "0.1000"
    handle(tuned).press("ArrowRight")
    settled(tuned, r"^Rate 0\.1122, ")
    handle(tuned, 1).press("End")
    assert "loss: 15 points" in settled(tuned, r"^Rate 0\.1122, epochs 15: ")
    assert what_the_kernel_says(tuned).startswith("4 calls, the last at 0.1122; 0.1122, kept: []")
    assert tuned.locator(".jp-OutputArea").get_by_text("noise").count() == 1  # of the first call, not of each


def test_while_the_function_works_only_the_newest_rate_waits(tuned, shelf):
    settled(tuned, r"^Rate 0\.1000, ")
    (shelf / "hold").touch()
    for _ in range(12):
        handle(tuned).press("ArrowLeft")
    assert picture_above_slider(tuned).startswith("Rate 0.1000, ")
    (shelf / "hold").unlink()
    settled(tuned, r"^Rate 0\.0251, ")
    # One call at the start, one by Python, one for the first press, and one for the eleven that came meanwhile.
    assert what_the_kernel_says(tuned).startswith("4 calls, the last at 0.0251; 0.0251, ")


def test_a_run_is_kept_by_key_and_an_error_takes_the_place_of_the_picture(tuned):
    outputs = tuned.locator(".jp-OutputArea:has(.widget-slider)").last
    settled(tuned, r"^Rate 0\.1000, ")
    was = outputs.bounding_box()["height"]
    handle(tuned, 1).focus()
    tuned.keyboard.press("Tab")
    tuned.keyboard.press("Tab")  # over the readout, which can be typed into
    assert tuned.evaluate("document.activeElement.innerText") == "keep this run"
    tuned.keyboard.press("Enter")
    settled(tuned, r"kept: rate 0\.1000, epochs 10: 10 points")
    handle(tuned).press("End")
    sentence = tuned.get_by_role("alert").filter(has_text="At rate 1.0000, epochs 10 your function stops with ")
    assert sentence.inner_text().endswith("ZeroDivisionError: too fast")
    assert outputs.bounding_box()["height"] == was
    handle(tuned).press("Home")
    assert "kept: rate 0.1000" in settled(tuned, r"^Rate 0\.0010, ")
    assert sentence.count() == 0
    assert outputs.bounding_box()["height"] == was
    assert "kept: ['rate 0.1000, epochs 10']" in what_the_kernel_says(tuned)


def test_the_sliders_of_a_tuner_can_be_heard(tuned):
    settled(tuned, r"^Rate 0\.1000, ")
    for name, key, value in (("rate", "Home", "0.0010"), ("rate", "ArrowRight", "0.0011"), ("epochs", "End", "15")):
        slider = tuned.get_by_role("slider", name=name, exact=True)
        slider.press(key)
        tuned.wait_for_function(
            "([slider, value]) => slider.ariaValueText === value", arg=[slider.element_handle(), value]
        )
    tree = tuned.context.new_cdp_session(tuned).send("Accessibility.getFullAXTree")["nodes"]
    assert {node["name"]["value"] for node in tree if node["role"]["value"] == "slider"} == {"rate", "epochs"}


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
