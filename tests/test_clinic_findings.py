"""What a beginner and a strict teacher found on the cards: each provoked as they did it, cure and false cure run."""

# ruff: noqa: E501  (a learner's cell reads best in one piece)

import pytest
from ward import POINTS, admit, training, treat

pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")

LEAF = "w = torch.tensor(0.5, requires_grad=True)"
LINE = f"{LEAF}\nb = torch.tensor(0.5, requires_grad=True)"
MADE = f"{LEAF}\nloss = ((w * x - y) ** 2).mean()"
ROUND = "for _ in range(60):\n    loss = ((w * x - y) ** 2).mean()\n"
MOVE = "w = w - 0.05 * w.grad"
QUIET = "with torch.no_grad():\n    w = w - 0.05 * w.grad"
CLOSE = "w.requires_grad and abs(w.item() - 2) < 0.5"
UP = "w.is_leaf and w.requires_grad and w > 1"
NEAR = "abs(w.item() - 2) < 0.01"

AGAIN = {
    "the step alone, run twice": training([MADE, "loss.backward()", MOVE], MOVE, CLOSE, "w", 1),
    "off the tape": training([MADE, "loss.backward()", QUIET], QUIET, CLOSE, "w", 2),
    "a loss with no name": training(
        [LEAF, "((w * x - y) ** 2).mean().backward()", MOVE], MOVE, CLOSE, "w", 1
    ),
    "in a loop": training([MADE, "loss.backward()"], f"for _ in range(60):\n    {MOVE}", NEAR, "w", 2),
    "two leaves": training(
        [f"{LINE}\nloss = ((w * x + b - y) ** 2).mean()", "loss.backward()", "w = w - 0.05 * w.grad\nb = b - 0.05 * b.grad"],
        "w = w - 0.05 * w.grad\nb = b - 0.05 * b.grad", "((w * x + b - y) ** 2).mean() < 0.5 and b.requires_grad", "w", 1,
    ),
    "two steps": training([MADE, "loss.backward()"], "w = w - 0.02 * w.grad\nw = w - 0.02 * w.grad", UP, "w", 2),
    "two steps, and the pass": training(
        [MADE], "loss.backward()\nw = w - 0.02 * w.grad\nw = w - 0.02 * w.grad", UP, "w", 3
    ),
    "the pass in a cell that trains": training(
        [LEAF, f"{ROUND.replace('60', '2')}    loss.backward()\n    with torch.no_grad():\n        w -= 0.01 * w.grad\n    w.grad.zero_()", MOVE],
        MOVE, UP, "w", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", AGAIN.values(), ids=AGAIN)
def test_a_step_in_a_cell_of_its_own(case):
    leaflet, _ = treat(case, "gradient is None")
    assert all(
        leaflet.cure.count(f"{name}.grad = None") < 2 > leaflet.cure.count(f"{name}.requires_grad_") for name in "wb"
    )
    assert "The first new line makes `w` a leaf that asks again" in leaflet.why


def test_a_step_whose_pass_cannot_be_told():
    """The forward pass is in no cell that can be read: the words say what is to be done."""
    shell, said = admit(f"{LEAF}\nexec('(w * w).backward()')\n{MOVE}", MOVE, setup=POINTS)
    shell.close()
    assert "Then compute the loss and go backward again, before the step." in said.leaflets[0].why


YET = {
    "the pass forgotten": (training([LEAF], f"{ROUND}    {MOVE}", NEAR, "w", 3), "gradient is None"),
    "the pass forgotten, in one cell": (training([], f"{MADE}\n{MOVE}", UP, "w", 3), "gradient is None"),
    "the pass forgotten, loss in another cell": (training([MADE], MOVE, UP, "w", 1), "gradient is None"),
    "on the tape": (training([LEAF], f"{ROUND}    w -= 0.05 * w.grad\n    w.grad = None", NEAR, "w", 3), "gradient is None"),
    "the pass behind the step": (training(
        [LEAF], f"{ROUND}    with torch.no_grad():\n        w -= 0.05 * w.grad\n    loss.backward()\n    w.grad = None", NEAR, "w", 4
    ), "gradient is None"),
    "cleared in another cell": (training(
        [LEAF, f"{ROUND.replace('60', '2')}    loss.backward()\n    with torch.no_grad():\n        w -= 0.01 * w.grad\n    w.grad = None"],
        "with torch.no_grad():\n    w -= 0.05 * w.grad", "abs(w.item() - 2) < 0.8", "w", 2,
    ), "gradient is None"),
    "zeroed first": (training(
        [LEAF], f"for _ in range(60):\n    w.grad.zero_()\n    loss = ((w * x - y) ** 2).mean()\n    loss.backward()\n    {MOVE}", NEAR, "w", 2
    ), "zeroing None"),
    "many numbers": (training([LEAF, "z = -w * x"], MOVE, "w > 0.5 and w.requires_grad", "w", 1), "gradient is None"),
}  # fmt: skip


@pytest.mark.parametrize(("case", "ailment"), YET.values(), ids=YET)
def test_a_leaf_that_asks_is_not_said_to_have_been_replaced(case, ailment):
    leaflet, _ = treat(case, ailment)
    assert "any more" not in leaflet.happened
    assert "requires_grad_()" not in leaflet.cure
    assert ("would make a new tensor" in leaflet.why) == ("w = w -" in case.cells[-1])
