"""The tuner under a student's fingers, in JupyterLab in a real Chromium: its kernel answers, and the two agree."""

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
