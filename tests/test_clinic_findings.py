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


def words(*cells, setup=POINTS):
    """The one leaflet of the last cell."""
    shell, said = admit(*cells, setup=setup)
    shell.close()
    [leaflet] = said.leaflets
    return leaflet


QUIET_K = "with torch.inference_mode():\n    k = x * 2"


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("k += 1", "`k` was made in inference mode, and `k += 1` changes it outside."),
        ("k.requires_grad_()", "`k` was made in inference mode, and `k.requires_grad_()` lets it ask outside."),
        (
            f"{LEAF}\n(w * k).sum().backward()",
            "`k` was made in inference mode, and `w * k` is to be noted on the tape.",
        ),
    ],
    ids=["changed", "told to ask", "kept"],
)
def test_what_inference_mode_refuses(cell, wanted):
    leaflet = words(QUIET_K, cell)
    assert leaflet.happened == wanted
    assert "refuses to keep it for the way back, or to change it outside" in leaflet.why


def test_a_sum_with_an_inference_tensor_goes_through():
    """So that it is never on the tape is not what the card may say."""
    shell, said = admit(QUIET_K, f"{LEAF}\n(w + k).sum().backward()", setup=POINTS)
    assert said.error is None
    assert shell["w"].grad == 3
    shell.close()


MUTE = {
    "a block": ("with torch.inference_mode():\n    loss = ((w * x - y) ** 2).mean()", "under `inference_mode`", 3),
    "a function": ("@torch.inference_mode()\ndef f():\n    return ((w * x - y) ** 2).mean()\nloss = f()", "a `inference_mode` function", 5),
    "no_grad": ("with torch.no_grad():\n    loss = ((w * x - y) ** 2).mean()", "under `no_grad`", 3),
}  # fmt: skip


@pytest.mark.parametrize(("made", "said", "line"), MUTE.values(), ids=MUTE)
def test_the_learners_word_for_what_stops_the_tape(made, said, line):
    goal = "w.grad is not None and w.grad < -13"
    leaflet, failed = treat(training([LEAF], f"{made}\nloss.backward()", goal, "loss", line), "no graph")
    assert said in leaflet.why
    assert "At least one way from the leaves to the result has to stay on the tape." in leaflet.why
    is_inference = "inference" in made
    assert ("inference tensor" in failed) == is_inference
    assert leaflet.why_not.startswith("The next error: what was made in inference mode" if is_inference else "The pass")


@pytest.mark.parametrize(
    "told",
    ["w.requires_grad = False", "with torch.no_grad():\n    w = w - 0.1", "w = w.detach()"],
    ids=["told", "moved", "cut"],
)
def test_what_does_not_ask_any_more_may_have_been_made_to(told):
    case = training([LEAF, told], "loss = ((w * x - y) ** 2).mean()\nloss.backward()", "w.grad is not None", "w", 2)
    leaflet, _ = treat(case, "no graph")
    assert "made without `requires_grad=True`, made anew off the tape, or told to stop." in leaflet.why


def test_a_new_line_is_explained():
    step = "    with torch.no_grad():\n        w = w - 0.05 * w.grad\n"
    leaflet = words(LEAF, f"{ROUND}    loss.backward()\n{step}")
    assert leaflet.cure.startswith("w.requires_grad_()")
    assert "The first new line makes `w` a leaf that asks again." in leaflet.why


def test_a_hidden_change_may_do_no_harm():
    """Here `z` is needed where it was not changed, or not at all."""
    leaflet = words("w = torch.tensor([1.0, 2.0], requires_grad=True)\nz = w.exp()\nz[0] = 0.0\nz.sum().backward()")
    assert leaflet.why_not.endswith("right only by luck.")
    assert words(f"{LEAF}\nz = w.exp()\nz += 1\nz.backward()").why_not.endswith("right only by luck.")


def test_how_much_larger_the_slope_of_the_sum_is():
    leaflet = words(LEAF, "loss = (w * x - y) ** 2\nloss.backward()")
    told = "With 3 numbers its gradient is that many times larger than that of the mean, and the rate may be too large."
    assert leaflet.why_not == f"It raises nothing, but it means the sum. {told}"
    unnamed = words(LEAF, "nn.functional.mse_loss(w * x, y, reduction='none').backward()")
    assert unnamed.why_not == "It raises nothing, but it means the sum."


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("w[0] = 1.0", "Setting its numbers"),
        ("w.fill_(0.5)", "Setting its numbers"),
        ("w -= 0.1", "A step"),
        ("w.sub_(w.grad)", "A step"),
    ],
)
def test_not_all_changes_are_steps(cell, what):
    leaf = "w = torch.ones(3, requires_grad=True)\n(w * x).sum().backward()"
    assert f"{what} is no part of it: take it off the tape." in words(leaf, cell).why


OWN = """class Twice(torch.autograd.Function):
    @staticmethod
    def forward(store, t, k):
        store.k = k
        return t * k

    @staticmethod
    def backward(kept, upstream):
        return upstream"""


def test_the_learners_word_for_ctx():
    case = training(
        [OWN],
        f"{LEAF}\nTwice.apply(w, 3.0).backward()",
        "w.grad == 3",
        "",
        9,
        rerun=f"{LEAF}\nTwice.apply(w, 3.0).backward()",
        false=False,
    )
    leaflet = words(*case.cells)
    assert "in the same order and without `store`" in leaflet.why


def test_a_kept_graph_is_let_go_where_the_forward_pass_comes_each_round():
    step = "    with torch.no_grad():\n        w -= 0.01 * w.grad\n    w.grad = None"
    cell = f"loss = ((w ** 2 * x - y) ** 2).mean()\nfor _ in range(60):\n    loss.backward(retain_graph=True)\n{step}"
    leaflet, _ = treat(training([LEAF], cell, "abs(w.item() ** 2 - 2) < 0.01", "w", 5), "changed in place")
    assert "retain_graph" not in leaflet.cure
    assert leaflet.happened == "`w` is changed before a backward pass that needs it as it was."


def test_a_wrong_loss_is_least_for_one_answer():
    cell = "loss = nn.functional.l1_loss((w * x).unsqueeze(1), y)"
    assert (
        words(LEAF, cell).why_not
        == "The warning goes, the wrong loss stays: it is least where all predictions are one and the same."
    )


def test_a_line_that_goes_leaves_nothing_where_others_stand():
    leaflet = words(
        LEAF, f"{ROUND}    loss.backward()\n    w.grad = None\n    with torch.no_grad():\n        w -= 0.05 * w.grad"
    )
    assert "pass" not in leaflet.cure


PICKED = {
    "told": ([], "emb = nn.Embedding(3, 2)\nidx = torch.tensor([0, 2])\nidx.requires_grad = True\nemb(idx).sum().backward()", 3),
    "told by a call": (["emb = nn.Embedding(3, 2)\nidx = torch.tensor([0, 2])"], "idx.requires_grad_()\nemb(idx).sum().backward()", 1),
    "made": ([], "emb = nn.Embedding(3, 2)\nidx = torch.tensor([0, 2], requires_grad=True)\nemb(idx).sum().backward()", 2),
    "in brackets": (
        ["emb = nn.Embedding(3, 2)"], "idx = torch.tensor([0, 2])\nidx.requires_grad = True\nemb.weight[idx].sum().backward()", 2
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "cell", "line"), PICKED.values(), ids=PICKED)
def test_an_index_does_not_ask(cells, cell, line):
    goal = "emb.weight.grad is not None and emb.weight.grad[:, 0].tolist() == [1, 0, 1]"
    _, failed = treat(training(cells, cell, goal, "idx", line), "whole numbers ask")
    assert "Error" in failed


def test_true_and_false_are_no_whole_numbers():
    assert words("m = torch.tensor([True, False])\nm.requires_grad_()").happened.startswith(
        "`m` holds no numbers with a point"
    )


DOWN = "    with torch.no_grad():\n        w -= 0.05 * w.grad\n        b -= 0.05 * b.grad\n"
LACKS = {
    "in the step": (f"{ROUND}    loss.backward()\n{DOWN}    w.grad = b.grad = None", NEAR, 6),
    "zeroed too": (f"{ROUND}    loss.backward()\n{DOWN}        w.grad.zero_()\n        b.grad.zero_()", NEAR, 6),
    "on the tape, moved anew": (f"{ROUND}    loss.backward()\n    b = b - 0.05 * b.grad\n    w = w - 0.05 * w.grad", NEAR, 4),
    "handed out by a loop": (
        f"{ROUND}    loss.backward()\n    with torch.no_grad():\n        for p in (w, b):\n            p -= 0.05 * p.grad\n    w.grad = None", NEAR, 6
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cell", "goal", "line"), LACKS.values(), ids=LACKS)
def test_a_formula_that_lacks_what_is_to_be_moved(cell, goal, line):
    leaflet, _ = treat(training([LINE], cell, goal, "b", line, false=False), "gradient is None")
    assert leaflet.happened == "`b.grad` is None, because `loss` was not computed from `b`."
    assert "Give `b` a place in the formula, or leave it out of the step, as here." in leaflet.why


def test_a_formula_in_another_cell_lacks_what_is_to_be_moved():
    step = "with torch.no_grad():\n    w -= 0.05 * w.grad\n    b -= 0.05 * b.grad"
    case = training(
        [f"{LINE}\nloss = ((w * x - y) ** 2).mean()", "loss.backward()"], step, "w > 1", "b", 3, false=False
    )
    assert "`loss` was not computed from `b`" in treat(case, "gradient is None")[0].happened


def test_a_formula_that_reads_what_is_to_be_moved_off_the_tape():
    cell = f"for _ in range(400):\n    loss = ((w * x + b.detach() - y) ** 2).mean()\n    loss.backward()\n{DOWN}    w.grad = b.grad = None"
    case = training([LINE], cell, "abs(w.item() - 2) < 0.05 and abs(b.item()) < 0.1", "b", 6)
    leaflet, failed = treat(case, "gradient is None")
    assert leaflet.happened == "`b.grad` is None: `loss` was computed from `b` off the tape."
    assert failed == ""


def test_a_pass_in_a_function_of_another_cell_is_a_pass():
    part = "loss = ((w * x - y) ** 2).mean()\ngo(loss)\nw = w - 0.02 * w.grad"
    case = training(
        [f"{LEAF}\ndef go(loss):\n    loss.backward()"],
        f"{part}\n{part}",
        "1.18 < w.item() < 1.2 and w.requires_grad",
        "w",
        6,
    )
    leaflet, _ = treat(case, "gradient is None")
    assert leaflet.cure.count("w.grad = None") == 2
    assert "compute the loss" not in leaflet.why


def test_what_a_statement_names_itself_is_no_strangers_work():
    """`_` is also what a notebook calls the last output, whatever that is."""
    shell, _ = admit(
        "made = []",
        "for _ in range(2):\n    made.append(torch)",
        "w, b = (torch.tensor(1.0, requires_grad=True) for _ in range(2))",
    )
    said = shell.run("ask = lambda: torch.autograd.grad(w * w, b)\nask()")
    shell.close()
    assert [(one.ailment, one.tensor) for one in said.leaflets] == [("not in the graph", "b")]
