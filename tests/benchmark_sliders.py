"""How soon a slider's picture follows, beside plain `interact` with pyplot: `python tests/benchmark_sliders.py`.

It starts JupyterLab on 127.0.0.1 and drives a Chromium over a notebook made on the fly: one cell an approach, all on
one task, y = w x learned by per-sample SGD in 100 epochs of 3 samples, the loss drawn.

"Key to frame" is the time from the trusted key event to the frame that shows the changed picture, an `<img>` decoded;
the approaches take turns in random order. "Drag" moves the mouse 20 times a second for 3 seconds: pictures shown, how
long after the last move the picture still changes, frames without a picture, heights that the output had. "Play" is
how many pictures a second a play button shows. Then, without a browser, what making the explorer costs (200 rates, 100
epochs, 3 samples, drawn) beside one plain training and one plain SVG of its losses. Read the ratios, not the
milliseconds: a machine is never quiet.
"""

import argparse
from dataclasses import dataclass
from io import StringIO
import math
import os
from pathlib import Path
import random
from statistics import median, quantiles
import tempfile
import time

from browser import CHROMIUM_FLAGS, find_chromium, open_lesson, run_all, serve_lab, write_notebook
from matplotlib.figure import Figure
from playwright.sync_api import sync_playwright

TASK = """
from course_utils import use_style
import torch, time
use_style()
x, y = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]

def train(rate, epochs=100):
    time.sleep({pause})
    w = torch.tensor(1.0, requires_grad=True)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x_i, y_i in zip(x, y):
            loss = (w * x_i - y_i) ** 2
            loss.backward()
            w.data = w.data - rate * w.grad.data
            w.grad.data.zero_()
            total += loss.item()
        losses.append(total / len(x))
    return losses
"""

INTERACT = """
from ipywidgets import FloatLogSlider, interact
import matplotlib.pyplot as plt

@interact(rate=FloatLogSlider(value=0.01, min=-3, max=-0.4, step=0.05))
def show(rate):
    plt.plot(train(rate))
    plt.yscale("log")
    plt.ylim(1e-14, 1e5)
    plt.title(f"Rate {rate:.4f}")
    plt.show()
"""

TUNER = """
from course_utils import tune_learning_rate
tune_learning_rate(train, start=0.01, low=0.001, high=0.4)
"""

# `picture` should name what differs between two rates and is short: it is read in every frame.
EXPLORER = """
from course_utils import explore_learning_rate
explore_learning_rate(lambda x, w: w * x, 1.0, x, y, low=0.001, high=0.4, at=0.01, order="per sample")
"""


@dataclass(frozen=True)
class Approach:
    """One way to put a picture under a slider.

    `picture` is JavaScript over `cell`, the cell's output area: {element, state}, or a falsy value where nothing is
    drawn. `slider` is what takes the focus and the keys, `handle` what the mouse takes hold of; None: the slider, where
    its value stands. `play` is the button that plays the epochs, if there is one.
    """

    name: str
    source: str
    picture: str
    slider: str
    handle: str | None = None
    play: str | None = None


IMAGE = "(img => img && ({{element: img, state: img.src}}))(cell.querySelector('{}'))"
APPROACHES = [
    Approach("interact", INTERACT, IMAGE.format("img"), ".noUi-handle", ".noUi-handle"),
    Approach("tune_learning_rate", TUNER, IMAGE.format("img.course-picture"), ".noUi-handle", ".noUi-handle"),
    Approach(
        "explore_learning_rate", EXPLORER,
        "(host => host?.shadowRoot && ({element: host, state: Array.from("
        "host.shadowRoot.querySelectorAll('[id^=move-] > path'), path => path.getAttribute('d')).join()}))"
        "(cell.querySelector('.course-picture'))",
        "input[type=range]", play="button[aria-label=play]",
    ),
]  # fmt: skip
SCRIPT = Path(__file__).with_suffix(".js")
SECONDS, PER_SECOND = 3, 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="key presses for each approach")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds that the training function sleeps as well")
    parser.add_argument("--only", nargs="*", default=[approach.name for approach in APPROACHES])
    options = parser.parse_args()
    chosen = [approach for approach in APPROACHES if approach.name in options.only]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        (home / "notebooks").mkdir()
        sources = [TASK.format(pause=options.pause), *(approach.source for approach in chosen)]
        write_notebook(home / "notebooks" / "sliders.ipynb", sources)
        with serve_lab(home, home / "notebooks") as address:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
            page = browser.new_page(viewport={"width": 1200, "height": 800 * len(chosen)})
            open_lesson(page, address("sliders.ipynb"), cells=len(chosen) + 1)
            run_all(page)
            print(report(measure(page, chosen, options.rounds), options.rounds))
            browser.close()
    print(making(max(3, options.rounds // 2)))


def making(rounds):
    """What making the explorer costs; the three take turns, and the ratio is that of the medians."""
    scope = {}
    exec(TASK.format(pause=0.0), scope)
    losses = scope["train"](0.01)

    def plain_svg():
        ax = Figure().add_subplot()
        ax.semilogy(losses)
        ax.set(xlabel="epoch", ylabel="loss", title="Rate 0.0100")
        ax.figure.savefig(StringIO(), format="svg")

    def explorer():
        *before, last = EXPLORER.strip().splitlines()
        exec("\n".join([*before, f"({last})._repr_mimebundle_()"]), scope)

    works = {"training": lambda: scope["train"](0.01), "SVG": plain_svg, "explorer": explorer}
    took = {name: [] for name in works}
    for turn in range(-1, rounds):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            took[name] += [1000 * (time.perf_counter() - begin)] if turn >= 0 else []
    one = {name: median(times) for name, times in took.items()}
    ratio = one["explorer"] / (one["training"] + one["SVG"])
    parts = ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in one.items())
    mark = "✓" if ratio <= 4 else "✗"
    return f"{mark} making the explorer: {ratio:.2f} times a training and an SVG, wanted at most 4 (ms: {parts})"


def measure(page, approaches, rounds):
    """What each approach did, by its name; one that is not there, or failed, is said and left out."""
    page.add_script_tag(path=SCRIPT)
    stands = {approach.name: standing(page, place, approach) for place, approach in enumerate(approaches, start=1)}
    missing = [name for name, spec in stands.items() if spec is None]
    if missing:
        print(f"left out, no picture or no slider: {', '.join(missing)}")
    runs = [(approach, stands[approach.name]) for approach in approaches if stands[approach.name]]
    found = {approach.name: {"keys": [], "lost": 0} for approach, _ in runs}
    for turn in range(-2, rounds):  # the first two only warm up
        for approach, spec in random.sample(runs, len(runs)):
            took = press(page, approach, spec, "ArrowRight" if turn // 5 % 2 else "ArrowLeft")
            if turn >= 0:
                found[approach.name]["keys"] += [took] if took is not None else []
                found[approach.name]["lost"] += took is None
    for approach, spec in random.sample(runs, len(runs)):
        found[approach.name]["drag"] = drag(page, approach, spec)
        if approach.play:
            found[approach.name]["play"] = play(page, approach, spec)
    return found


def standing(page, place, approach):
    spec = {"place": place, "picture": approach.picture}
    cell = output(page, spec)
    if not cell.locator(approach.slider).count() or not cell.locator("img, .course-picture").count():
        return None
    return spec


def output(page, spec):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(spec["place"]).locator(".jp-OutputArea").first


def press(page, approach, spec, key):
    output(page, spec).locator(approach.slider).first.focus()
    page.evaluate("spec => { window.result = bench.latency(spec); }", spec)
    page.keyboard.press(key)
    took = page.evaluate("window.result")
    page.wait_for_timeout(200 + random.random() * 100)  # anywhere within a frame, and after late echoes
    return took


def drag(page, approach, spec):
    """The mouse goes from end to end and back, 20 moves a second; the lateness of each move is not made up for."""
    slider = output(page, spec).locator(approach.slider).first
    track = slider if approach.handle is None else output(page, spec).locator(".noUi-base").first
    track, hold = track.bounding_box(), slider.bounding_box()
    high = hold["y"] + hold["height"] / 2
    held = hold["x"] + hold["width"] / 2
    page.mouse.move(held, high)
    page.mouse.down()
    page.wait_for_timeout(1000)
    page.evaluate("spec => { bench.record(spec); }", spec)
    begin = time.perf_counter()
    for step in range(SECONDS * PER_SECOND):
        page.mouse.move(track["x"] + track["width"] * (0.5 + 0.4 * math.sin(step / 9)), high)
        time.sleep(max(0.0, begin + (step + 1) / PER_SECOND - time.perf_counter()))
    page.wait_for_timeout(3000)
    film = page.evaluate("bench.stop()")
    page.mouse.up()
    return film


def play(page, approach, spec):
    button = output(page, spec).locator(approach.play).first
    page.evaluate("spec => { bench.record(spec); }", spec)
    button.click()
    page.wait_for_timeout(SECONDS * 1000)
    film = page.evaluate("bench.stop()")
    button.or_(output(page, spec).get_by_role("button", name="pause")).first.click()
    return film


def report(found, rounds):
    """The figures of each approach, and its goals beside them."""
    figures = {name: figures_of(result) for name, result in found.items()}
    base = figures.get("interact", {"median": math.nan})["median"]
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    return "\n".join(
        [
            "| approach | key to frame: median, p95 (ms) | of interact | keys without a picture "
            "| drag: moves, pictures | backlog (ms) | blank frames | output heights | play: pictures/s |",
            "|---|---|---|---|---|---|---|---|---|",
            *(row(name, figure, figure["median"] / base) for name, figure in figures.items()),
            "",
            *(goal for name, figure in figures.items() for goal in goals(name, figure, figure["median"] / base)),
            "",
            f"{rounds} rounds, load average {load}.",
        ]
    )


def figures_of(result):
    keys, film = result["keys"], result["drag"]
    return {
        "median": median(keys),
        "late": quantiles(keys, n=20)[-1] if len(keys) > 1 else keys[0],
        "without": result["lost"],
        "moves": len(film["moves"]),
        "inputs": film["inputs"],
        "pictures": len(film["changes"]),
        "backlog": max(0.0, max(film["changes"], default=0.0) - max(film["moves"], default=0.0)),
        "blank": film["blank"],
        "frames": film["frames"],
        "heights": len(film["heights"]),
        "played": speed(result["play"]["changes"]) if "play" in result else None,
    }


def speed(changes):
    """Pictures a second, from the first to the last of them."""
    return 1000 * (len(changes) - 1) / (changes[-1] - changes[0]) if len(changes) > 1 else 0.0


def row(name, figure, ratio):
    played = "-" if figure["played"] is None else f"{figure['played']:.1f}"
    return (
        f"| `{name}` | {figure['median']:.0f}, {figure['late']:.0f} | {ratio:.3f} | {figure['without']} "
        f"| {figure['moves']}, {figure['pictures']} | {figure['backlog']:.0f} "
        f"| {figure['blank']} of {figure['frames']} | {figure['heights']} | {played} |"
    )


def goals(name, figure, ratio):
    """The goals of an approach, as lines; `interact` has none."""
    still = [
        ("blank frames in a drag", figure["blank"], 0, figure["blank"] == 0),
        ("heights of the output", figure["heights"], 1, figure["heights"] == 1),
    ]
    if name == "tune_learning_rate":
        # One run may be under way at the last move, and the newest rate waits for it: no more than these two.
        two = 2 * figure["late"]
        wanted = [("of interact", ratio, "at most 0.5", ratio <= 0.5),
                  ("backlog, ms", figure["backlog"], f"at most two answers, {two:.0f}", figure["backlog"] <= two),
                  *still]  # fmt: skip
    elif name == "explore_learning_rate":
        lost = max(0, figure["inputs"] - figure["pictures"])
        played = figure["played"] or 0.0
        wanted = [("median, ms", figure["median"], "at most 34", figure["median"] <= 34),
                  ("of interact", ratio, "at most 0.05", ratio <= 0.05),
                  ("pictures lost in a drag", lost, 0, lost == 0 and figure["inputs"] > 0),
                  ("backlog, ms", figure["backlog"], "at most 50", figure["backlog"] <= 50),
                  ("pictures played a second", played, "at least 30", round(played) >= 30),
                  *still]  # fmt: skip
    else:
        wanted = []
    return [f"{'✓' if met else '✗'} {name}: {what} {got:.3g}, wanted {goal}" for what, got, goal, met in wanted]


if __name__ == "__main__":
    main()
