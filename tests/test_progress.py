import os
from pathlib import Path
import re

from course_utils import progress as room
from course_utils.progress import progress
from nbclient import NotebookClient
import nbformat
import pytest


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Page:
    """What a notebook shows: one output, and every picture it had."""

    def __init__(self):
        self.seen = []

    def display(self, output, *, raw, display_id):
        assert raw is display_id is True
        assert not self.seen, "a second output"
        return self.update(output, raw=raw)

    def update(self, output, *, raw):
        assert raw is True
        self.seen.append(output)
        return self

    @property
    def words(self):
        return [output["text/plain"] for output in self.seen]


class Shell:
    kernel = object()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(room, "monotonic", clock)
    return clock


@pytest.fixture
def page(monkeypatch):
    page = Page()
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    monkeypatch.setattr(room, "display", page.display)
    monkeypatch.setattr(room, "get_ipython", Shell)
    return page


def work(clock, seconds, count=10):
    """`count` things, each worked on for so long."""
    done = []
    for thing in progress(range(count), count, "training"):
        done.append(thing)
        clock.now += seconds
    assert done == list(range(count))


def test_short_work_shows_nothing(clock, page):
    work(clock, 0.19)
    assert page.seen == []


def test_after_two_seconds_a_bar_shows_how_far_it_is_and_goes(clock, page):
    work(clock, 0.5)
    assert page.words == [f"training: {percent} %" for percent in (40, 50, 60, 70, 80, 90)] + [""]
    assert page.seen[-1] == {"text/html": "", "text/plain": ""}


def test_it_is_drawn_at_most_five_times_a_second(clock, page):
    work(clock, 0.01, count=1000)
    assert 30 <= len(page.seen) <= 5 * 8 + 1


def test_the_bar_has_a_name_and_a_value(clock, page):
    for _ in progress(range(4), 4, 'a < b & "c"'):
        clock.now += 1.0
    html = page.seen[0]["text/html"]
    assert re.search(r'<progress aria-label="a &lt; b &amp; &quot;c&quot;" value="2" max="4"></progress>', html)
    assert html.endswith("a &lt; b &amp; &quot;c&quot;: 50 %")
    assert page.words[0] == 'a < b & "c": 50 %'


def test_the_wait_for_the_first_thing_counts(clock, page):
    def slow():
        clock.now += 3.0
        yield "thing"

    assert list(progress(slow(), 1, "waiting")) == ["thing"]
    assert page.words == ["waiting: 0 %", ""]


def test_an_error_in_the_loop_leaves_no_bar(clock, page):
    def train():
        for _ in progress(range(9), 9, "training"):
            clock.now += 1.5
            if page.seen:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        train()
    assert page.words == ["training: 22 %", ""]


def test_an_error_in_the_things_leaves_no_bar(clock, page):
    def things():
        yield 1
        clock.now += 3.0
        yield 2
        raise RuntimeError

    with pytest.raises(RuntimeError):
        list(progress(things(), 3, "training"))
    assert page.words == ["training: 33 %", ""]


def test_a_loop_that_is_left_leaves_no_bar(clock, page):
    for _ in progress(range(9), 9, "training"):
        clock.now += 3.0
        if page.seen:
            break
    assert page.words == ["training: 11 %", ""]


@pytest.mark.parametrize("shell", [lambda: None, object], ids=["plain Python", "a terminal's IPython"])
def test_outside_of_a_notebook_nothing_is_shown(clock, page, monkeypatch, shell):
    monkeypatch.setattr(room, "get_ipython", shell)
    work(clock, 5.0)
    assert page.seen == []


@pytest.mark.parametrize(("value", "shown"), [("off", False), (" OFF ", False), ("on", True), ("", True)])
def test_the_environment_keeps_it_silent(clock, page, monkeypatch, value, shown):
    monkeypatch.setenv("COURSE_PROGRESS", value)
    work(clock, 5.0)
    assert bool(page.seen) is shown


def test_a_kernel_shows_it_and_empties_it():
    """In a real kernel, on its own clock set forward: one output, empty at the end; none where it is off."""
    cell = """if True:
        import os
        os.environ["COURSE_PROGRESS"] = {value!r}
        from course_utils import progress
        ticks = iter(range(1000))
        progress.monotonic = lambda: next(ticks)
        for _ in progress.progress(range(5), 5, "training"):
            pass
    """
    cells = [nbformat.v4.new_code_cell(cell.format(value=value)) for value in ("", "off")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    shown = []
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(Path.cwd())}})
    process = client.process_message

    def note(message, *args):
        if message["msg_type"] in ("display_data", "update_display_data"):
            shown.append((message["msg_type"], message["content"]["data"]["text/plain"]))
        return process(message, *args)

    client.process_message = note
    client.execute(env=dict(os.environ))
    assert shown[0] == ("display_data", "training: 20 %")
    assert {kind for kind, _ in shown[1:]} == {"update_display_data"}
    assert shown[-1] == ("update_display_data", "")
    first, second = (cell.outputs for cell in notebook.cells)
    assert [output.data for output in first] == [{"text/html": "", "text/plain": ""}]
    assert second == []
