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


SQUARE = "y_hat = w * x * w\nfit = ((y_hat - y) ** 2).mean()\npull = (y_hat ** 2).mean()\n"
BOTH_SLOPES = "torch.allclose(w.grad, torch.tensor(-14.0))"
TWICE = {
    "two losses": training([], f"{LEAF}\n{SQUARE}fit.backward()\npull.backward()", BOTH_SLOPES, "pull", 6),
    "two losses of one name": training(
        [], f"{LEAF}\ny_hat = w * x * w\nloss = ((y_hat - y) ** 2).mean()\nloss.backward()\nloss = (y_hat ** 2).mean()\nloss.backward()",
        BOTH_SLOPES, "loss", 6,
    ),
    "two losses in two cells": training(
        [f"{LEAF}\ny_hat = w * x * w", "fit = ((y_hat - y) ** 2).mean()\nfit.backward()"],
        "pull = (y_hat ** 2).mean()\npull.backward()", BOTH_SLOPES, "pull", 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TWICE.values(), ids=TWICE)
def test_only_what_both_passes_go_through_is_passed_twice(case):
    """In each, the first pass brings -49/3 and the second 7/3."""
    leaflet, failed = treat(case, "second backward")
    assert leaflet.happened == "a second backward pass through `y_hat`, computed only once."
    assert "(If one graph is meant twice, `retain_graph=True` belongs in the first pass: lesson 14.)" in leaflet.why
    assert "it belongs in the first pass" in leaflet.why_not
    assert "backward through the graph a second time" in failed


def test_a_graph_that_is_used_up_in_a_loop():
    case = training(
        [MADE],
        "for _ in range(60):\n    loss.backward()\n    with torch.no_grad():\n        w -= 0.05 * w.grad\n    w.grad = None",
        NEAR,
        "loss",
        2,
    )
    assert "finds a graph that is used up. Compute it anew before each pass." in treat(case, "second backward")[0].why


AWAY = "b = torch.tensor(0.0, requires_grad=True)"
UNASKED = {
    "another leaf in the notebook": training(
        [AWAY], "w = torch.tensor(0.5)\nloss = ((w * x - y) ** 2).mean()\nloss.backward()", "w.grad is not None and w.grad < -13", "w", 3
    ),
    "and the leaf in a cell of its own": training(
        [AWAY, "w = torch.tensor(0.5)"], "from torch.nn.functional import mse_loss\nloss = mse_loss(w * x, y)\nloss.backward()",
        "w.grad is not None and w.grad < -13", "w", 3,
    ),
    "another model in the notebook": training(
        ["net = nn.Linear(1, 1)"], "w = torch.tensor(0.5)\nloss = ((w * x - y) ** 2).mean()\nloss.backward()",
        "w.grad is not None and w.grad < -13", "w", 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNASKED.values(), ids=UNASKED)
def test_another_leaf_does_not_hide_the_one_that_did_not_ask(case):
    treat(case, "no graph")


def test_what_a_function_of_the_learners_cuts_is_not_blamed_on_its_data():
    shell, said = admit(
        f"{LEAF}\ndef model(x):\n    return (w * x).detach()",
        "a = torch.tensor(1.0)\nloss = ((model(a) - 1) ** 2).mean()\nloss.backward()",
        setup=POINTS,
    )
    shell.close()
    assert not any("a" in leaflet.tensor for leaflet in said.leaflets)


ASK = "got = torch.autograd.grad(loss, b)"
TO_B = "(2 * (w * x + b - y)).mean()"
TO_2B = "(4 * (w * x + 2 * b - y)).mean()"
OFF = {
    "detach, with a name": ([LINE], f"c = b.detach()\nloss = ((w * x + c - y) ** 2).mean()\n{ASK}", TO_B, 3),
    "detach in the formula": ([LINE], f"loss = ((w * x + b.detach() - y) ** 2).mean()\n{ASK}", TO_B, 2),
    "item": ([LINE], f"loss = ((w * x + b.item() - y) ** 2).mean()\n{ASK}", TO_B, 2),
    "data, in another cell": ([f"{LINE}\nloss = ((w * x + b.data - y) ** 2).mean()"], ASK, TO_B, 1),
    "detach, in another cell": ([f"{LINE}\nc = b.detach()"], f"loss = ((w * x + c - y) ** 2).mean()\n{ASK}", TO_B, 2),
    "in the call": ([LINE], ASK.replace("loss", "((w * x + b.detach() - y) ** 2).mean()"), TO_B, 1),
    "no_grad": ([], f"{LINE}\nwith torch.no_grad():\n    c = 2 * b\nloss = ((w * x + c - y) ** 2).mean()\n{ASK}", TO_2B, 6),
    "no_grad, in another cell": (
        [f"{LINE}\nwith torch.no_grad():\n    c = 2 * b"], f"loss = ((w * x + c - y) ** 2).mean()\n{ASK}", TO_2B, 2
    ),
    "in a function": (
        [LINE], f"def model(x):\n    return w * x + b.detach()\nloss = ((model(x) - y) ** 2).mean()\n{ASK}", TO_B, 4
    ),
    "a function off the tape": (
        [LINE], f"@torch.no_grad()\ndef more():\n    return 2 * b\nloss = ((w * x + more() - y) ** 2).mean()\n{ASK}", TO_2B, 5
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "cell", "slope", "line"), OFF.values(), ids=OFF)
def test_a_way_off_the_tape_is_not_called_a_slope_of_0(cells, cell, slope, line):
    goal = f"got[0] is not None and torch.allclose(got[0], {slope})"
    leaflet, failed = treat(training(cells, cell, goal, "b", line), "not in the graph")
    assert "computed from `b` off the tape" in leaflet.happened
    assert "materialize_grads" not in leaflet.cure
    assert failed == ""


@pytest.mark.parametrize(
    "formula", ["w * x * (b > 0)", "w * x * part", "model(x)"], ids=["no slope at all", "with a name", "a model's part"]
)
def test_no_card_where_the_way_off_the_tape_is_not_known(formula):
    more = "part = (b > 0).float()\nclass Model(nn.Module):\n    def forward(self, x):\n        return w * x + b.detach()\nmodel = Model()"
    shell, said = admit(f"{LINE}\n{more}", f"loss = (({formula} - y) ** 2).mean()\n{ASK}", setup=POINTS)
    shell.close()
    assert said.error is not None
    assert said.leaflets == []


def test_a_formula_that_lacks_a_parameter_lacks_it():
    case = training([LINE], f"loss = ((w * x - y) ** 2).mean()\n{ASK}", "got[0] is not None and got[0] == 0", "b", 2)
    leaflet, _ = treat(case, "not in the graph")
    assert "If `b` should learn, give it a place in the formula." in leaflet.why


def test_a_swapped_answer_is_none():
    cell = "loss = ((w * x - y) ** 2).mean()\ngot = torch.autograd.grad(w, loss)"
    leaflet, _ = treat(training([LINE], cell, "got[0] is not None and got[0] < -13", "loss", 2), "not in the graph")
    assert leaflet.why_not == "Then the answer is None: `w` was still not computed from `loss`."


def test_lines_of_other_cells_come_before_what_reads_them():
    """Had x asked from the start, y would be on the tape too."""
    case = training(
        [f"{LEAF}\nx = torch.tensor([1.0, 2.0])\ny = 2 * x"],
        "loss = ((w * x - y) ** 2).mean()\ngot = torch.autograd.grad(loss, x)",
        "torch.allclose(got[0], (0.5 - 2) ** 2 * x)", "x", 2,
    )  # fmt: skip
    leaflet, _ = treat(case, "input did not ask")
    assert leaflet.cure.index("y = 2 * x") < leaflet.cure.index("loss =")
    assert leaflet.why_not.startswith("`allow_unused` is about tensors")
