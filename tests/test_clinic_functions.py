"""A Function of one's own that lacks a gradient: derived from its formula, or found by torch; never made up."""

# ruff: noqa: E501  (a learner's cell reads best in one piece)

import pytest
from ward import admit, training, treat

BOTH = "w = torch.tensor(0.5, requires_grad=True)\nb = torch.tensor(4.0, requires_grad=True)\n"
THERE = "w.grad is not None and b.grad is not None and "
TRUE = THERE + "w.grad.item() == 4 and b.grad.item() == 0.5"
LAMBDA = """class Times(torch.autograd.Function):
    forward = staticmethod(lambda context, w, x: w * x)

    @staticmethod
    def backward(context, upstream):
        return upstream"""
LAMBDAS = """class Times(torch.autograd.Function):
    forward = staticmethod(lambda context, w, x: w * x)
    backward = staticmethod(lambda context, upstream: upstream)"""
SAVED = """class Times(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, x):
        ctx.save_for_backward(w, x)
        return {}

    @staticmethod
    def backward(ctx, g):
        first, second = ctx.saved_tensors
        return g * second"""
USE = "Times.apply(w, b).backward()"
FRESH = BOTH + USE

CASES = {
    "forward is a lambda": training([LAMBDA], FRESH, TRUE, "", 3, false=False),
    "both are lambdas": training([LAMBDAS], FRESH, TRUE, "", 3, false=False),
    "in one cell": training([], f"{LAMBDA}\n\n{FRESH}", TRUE, "", 10),
    "by another name, in a lambda": training(
        [LAMBDA], f"{BOTH}times = Times.apply\nrun = lambda: times(w, b).backward()\nrun()", TRUE, "", 4, false=False
    ),
    "a product that was saved": training([SAVED.format("w * x"), BOTH], USE, TRUE, "", 10, rerun=FRESH),
    "a quotient": training(
        [SAVED.format("w / x"), BOTH], USE, THERE + "w.grad.item() == 0.25 and b.grad.item() == -0.03125", "", 10, rerun=FRESH
    ),
    "a polynomial": training(
        [SAVED.format("w ** 3 - 2 * x + w * x"), BOTH], USE, THERE + "w.grad.item() == 4.75 and b.grad.item() == -1.5", "", 10,
        rerun=FRESH,
    ),
    "one number for many": training(
        [SAVED.format("w * x"), "w = torch.tensor(0.5, requires_grad=True)\nb = torch.ones(3, requires_grad=True)"],
        "Times.apply(w, b).sum().backward()", THERE + "w.grad.item() == 3 and b.grad.tolist() == [0.5] * 3", "", 10,
        rerun="w.grad = b.grad = None\nTimes.apply(w, b).sum().backward()",
    ),
    "a number, and a slope that was forgotten": training(
        [LAMBDA], f"{BOTH}Times.apply(w, 3.0).backward()", "w.grad.item() == 3", "", 3, false=False
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_gradient_that_has_to_be_thought_of(case):
    leaflet, failed = treat(case, "wrong number of gradients")
    assert not failed
    assert not leaflet.false_cure or "`b` gets no gradient" in leaflet.why_not


UNKNOWN = {
    "a function that torch has to be asked for": SAVED.format("torch.atan2(w, x)"),
    "numbers off the tape": LAMBDA.replace("w * x)", "w.detach() * x)"),
    "a name that is bound anew": SAVED.format("w * x").replace("        ctx.save", "        w = w ** 2\n        ctx.save"),
    "two returns": SAVED.format("w * x").replace("        return g", "        if g > 2:\n            return g\n        return g"),
}  # fmt: skip


@pytest.mark.parametrize("cell", UNKNOWN.values(), ids=UNKNOWN)
def test_no_gradient_is_made_up(cell):
    shell, said = admit(cell, FRESH)
    assert "incorrect number" in str(said.error)
    assert not said.leaflets
    shell.close()
