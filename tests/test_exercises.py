"""Every exercise: its stub is called unsolved, wrong answers are seen, right ones written differently pass."""

from pathlib import Path
import re

import nbformat
import pytest

LESSON = Path(__file__).parent.parent / "notebooks" / "07_manual_sgd.ipynb"

STEP = """
def my_epoch(w, rate):
    for x_i, y_i in zip(x, y):
        ((w * x_i - y_i) ** 2).backward()
        {}
"""

RIGHT = {
    "as in the lesson": "w.data = w.data - rate * w.grad.data; w.grad.data.zero_()",
    "grad set to None": "w.data = w.data - rate * w.grad; w.grad = None",
    "in place on data": "w.data -= rate * w.grad; w.grad.zero_()",
    "under no_grad": "\n        with torch.no_grad():\n            w -= rate * w.grad\n        w.grad = None",
}
WRONG = {
    "wrong sign": (
        "w.data = w.data + rate * w.grad; w.grad.zero_()",
        r"✗ your w is -?\d\.\d+, the one of train\(\) 1\.\d+",
    ),
    "gradient not cleared": ("w.data = w.data - rate * w.grad", r"✗ your w is 2\.\d+.*the gradient cleared\?"),
    "rate forgotten": ("w.data = w.data - w.grad; w.grad.zero_()", r"✗ your w is "),
    "no step": ("w.grad.zero_()", r"not solved yet: w has not moved"),
    "w bound to another tensor": ("w = w - rate * w.grad", r"✗ your loop stops with TypeError: "),
    "a leaf changed in place": ("w -= rate * w.grad", r"✗ your loop stops with RuntimeError: "),
    "a name that is not there": ("W.data -= rate", r"✗ your loop stops with NameError: "),
}


@pytest.fixture(scope="module")
def cells():
    notebook = nbformat.read(LESSON, as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}


def verdict(cells, capsys, answer):
    """What the check prints, with this answer in place of the stub."""
    scope = {}
    for name in ("imports", "graph", "train"):
        exec(cells[name], scope)
    capsys.readouterr()
    exec(answer, scope)
    exec(cells["exercise-check"], scope)
    return capsys.readouterr().out


def test_the_stub_is_unsolved(cells, capsys):
    assert verdict(cells, capsys, cells["exercise-stub"]) == "not solved yet: w has not moved\n"


def test_the_printed_solution_passes(cells, capsys):
    solution = re.search(r"```python\n(.*?)```", cells["exercise"], re.S)[1]
    assert verdict(cells, capsys, solution).startswith("✓ right")


@pytest.mark.parametrize("step", RIGHT.values(), ids=RIGHT)
def test_right_answers_pass(cells, capsys, step):
    assert verdict(cells, capsys, STEP.format(step)).startswith("✓ right")


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.parametrize(("step", "message"), WRONG.values(), ids=WRONG)
def test_wrong_answers_are_seen(cells, capsys, step, message):
    assert re.match(message, verdict(cells, capsys, STEP.format(step)))
