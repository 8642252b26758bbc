"""Every slider of every lesson swept over its range, without a browser: an exception of any callback fails."""

import linecache
from pathlib import Path

import course_utils
from course_utils import tuner as room
from course_utils.live import LiveFigure
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9]*.ipynb"))
MAKERS = ("attach_slider", "explore_learning_rate", "step_backward", "tune_learning_rate")
WITH_SLIDERS = [path for path in NOTEBOOKS if any(f"{maker}(" in path.read_text(encoding="utf-8") for maker in MAKERS)]


class Page:
    """What a tuner's cell shows now."""

    def display(self, thing):
        pass

    def update(self, thing):
        self.words = thing._repr_mimebundle_()["text/plain"]


@pytest.fixture
def made(monkeypatch):
    """Runs a lesson from its first cell to its last and gives what its slider makers returned."""

    def run(path):
        found = []
        for name in MAKERS:
            maker = getattr(course_utils, name)
            if name == "step_backward":  # it reads the caller's variables: nothing may stand between
                continue
            monkeypatch.setattr(course_utils, name, noting(maker, found))
        scope = {"__name__": "__main__"}
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                name = f"{path.stem}: {cell.id}"
                linecache.cache[name] = len(cell.source), None, cell.source.splitlines(keepends=True), name
                exec(compile(cell.source, name, "exec"), scope)
        return found

    return run


def noting(maker, found):
    def note(*arguments, **keywords):
        found.append(maker(*arguments, **keywords))
        return found[-1]

    return note


def test_there_are_sliders_to_sweep():
    assert {path.stem for path in WITH_SLIDERS} >= {"00_start_here", "01_slope", "07_manual_sgd", "08_learning_rate"}


@pytest.mark.parametrize("path", WITH_SLIDERS, ids=lambda path: path.stem)
def test_no_slider_of_a_lesson_ends_in_an_error(made, monkeypatch, capsys, path):
    page = Page()
    monkeypatch.setattr(room, "display", page.display)
    monkeypatch.setattr(room, "DisplayHandle", lambda: page)
    figures = made(path)
    stepped = "step_backward(" in path.read_text(encoding="utf-8")
    assert figures or stepped
    for figure in figures:
        if isinstance(figure, LiveFigure):
            assert figure._repr_mimebundle_()["text/html"]
            assert len(set(figure.words)) > 1
        else:
            sweep(figure, page)


def sweep(tuner, page):
    """All rates of a tuner, each of which has words of its own, and none of them is an error's."""
    tuner._ipython_display_()
    slider, seen = tuner._slider, set()
    steps = round((slider.max - slider.min) / slider.step)
    for step in range(steps + 1):
        tuner.rate = 10 ** (slider.min + step * slider.step)
        assert page.words.startswith(f"Rate {tuner.rate:.4f}: the loss ")
        seen.add(page.words)
    assert len(seen) == steps + 1
