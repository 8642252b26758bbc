"""Changed in place, flags, inference mode, Functions: each provoked, cured, and falsely cured."""

import pytest
import torch
from ward import Case, admit, is_true, is_wrong, raises, treat

NEW_W = "w = torch.tensor([1.0, 2.0], requires_grad=True)\n"

CHANGED = [
    Case(
        "a sum onto a result",
        (NEW_W + "y = w.exp()\ny += 1  # shift it\nloss = (y ** 2).sum()\nloss.backward()",),
        3, "y", is_true(lambda w: ((w.exp() + 1) ** 2).sum()), is_wrong(lambda w: ((w.exp() + 1) ** 2).sum()),
    ),
    Case(
        "several changes, in a dictionary, of lower precedence",
        (NEW_W + "d = {'h': torch.tanh(w)}\nd['h'] *= 2 + x\nd[ 'h' ]  .sub_(\n    1.0)\nd['h'].sum().backward()",),
        3, "d['h']", is_true(lambda w: (w.tanh() * torch.tensor([3.0, 4.0]) - 1).sum()),
        is_wrong(lambda w: (w.tanh() * torch.tensor([3.0, 4.0]) - 1).sum()),
    ),
    Case(
        "in a function of one's own, in a loop",
        (
            "def act(z):\n    a = torch.sigmoid(z)\n    a *= 2   # stretch\n    return a",
            NEW_W + "losses = []\nfor _ in range(60):\n    loss = ((act(w) - 0.5) ** 2).mean()\n    loss.backward()\n"
            "    with torch.no_grad():\n        w -= 2.0 * w.grad\n    w.grad = None\n    losses.append(loss.item())",
        ),
        3, "a", lambda shell: len(shell["losses"]) == 60 and shell["losses"][-1] < 0.01 * shell["losses"][0],
        lambda shell: not shell["failed"] and shell["losses"][-1] > 0.01 * shell["losses"][0],
    ),
    Case(
        "item by item",
        (NEW_W + "h = torch.zeros(2)\nloss = 0.0\nfor i in range(2):\n    h[i] = w[i] * 3\n"
         "    loss = loss + (h ** 2).sum()\nloss.backward()",),
        5, "h", is_true(lambda w: 2 * (3 * w[0]) ** 2 + (3 * w[1]) ** 2), raises("does not require grad"),
    ),
    Case(
        "the forward pass in another cell",
        (NEW_W + "y = w.exp()", "y.add_(2)", "loss = (y ** 2).sum()\nloss.backward()"),
        1, "y", is_true(lambda w: ((w.exp() + 2) ** 2).sum()), is_wrong(lambda w: ((w.exp() + 2) ** 2).sum()),
    ),
    Case(
        "a function with inplace=True",
        ("lin = nn.Linear(2, 2)\nz = torch.sigmoid(lin(x))\nF.relu(z, inplace=True)\n"
         "loss = (z ** 2).sum()\nloss.backward()",),
        3, "z", lambda shell: shell["lin"].weight.grad.abs().sum() > 0,
    ),
    Case(
        "a module with inplace=True",
        ("net = nn.Sequential(\n    nn.Linear(2, 3), nn.Sigmoid(),\n    nn.ReLU(inplace=True),\n    nn.Linear(3, 1))",
         "loss = net(x).sum()\nloss.backward()"),
        1, "", lambda shell: shell["net"][0].weight.grad.abs().sum() > 0,
    ),
    Case(
        "numbers shared by detach",
        (NEW_W + "y = w ** 2\nw.detach().mul_(100)\ny.sum().backward()",),
        3, "w", lambda shell: shell["w"].grad.tolist() == [2.0, 4.0],
        lambda shell: not shell["failed"] and shell["w"].grad.tolist() == [200.0, 400.0],
    ),
    Case(
        "numbers shared by another name",
        (NEW_W + "y = w ** 2\nz = w.detach()\nz *= 100\ny.sum().backward()",),
        4, "z", lambda shell: shell["w"].grad.tolist() == [2.0, 4.0],
        lambda shell: not shell["failed"] and shell["w"].grad.tolist() == [200.0, 400.0], text="same memory as `w`",
    ),
    Case(
        "a step between two backward passes",
        (NEW_W + "z = w ** 3\na, b = z.sum(), z.mean()\na.backward(retain_graph=True)\n"
         "with torch.no_grad():\n    w -= 0.01 * w.grad\nb.backward()",),
        6, "w", lambda shell: torch.allclose(shell["w"].grad, torch.tensor([4.5, 18.0])),
        lambda shell: not shell["failed"] and not torch.allclose(shell["w"].grad, torch.tensor([4.5, 18.0])),
    ),
    Case(
        "an optimizer's step between two backward passes",
        ("net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))\nopt = torch.optim.SGD(net.parameters(), lr=0.1)\n"
         "out = net(x)\na, b = out.sum(), (out ** 2).sum()\na.backward(retain_graph=True)\nopt.step()\nb.backward()",),
        6, "opt", lambda shell: True,
    ),
    Case(
        "the forward pass outside of the loop",
        (NEW_W + "loss = (w ** 4).sum()\nfor _ in range(30):\n    loss.backward(retain_graph=True)\n"
         "    with torch.no_grad():\n        w -= 0.01 * w.grad\n    w.grad = None",),
        6, "w", lambda shell: shell["loss"] < 2, lambda shell: shell["loss"] == 17,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CHANGED, ids=lambda case: case.name)
def test_changed_in_place(case):
    treat(case, "changed in place")


@pytest.mark.parametrize(
    "cells",
    [
        ("def twice(t):\n    t *= 2\nw = torch.ones(2, requires_grad=True)\nh = w.exp()\ntwice(h)\n"
         "h.sum().backward()",),
        ("w = torch.ones(2, requires_grad=True)\nhs = [w.exp(), w.tanh()]\nfor h in hs:\n    h += 1\n"
         "(hs[0] + hs[1]).sum().backward()",),
        ("def f(t):\n    a = t.exp()\n    a += 1\n    return a\ndef g(t):\n    b = t.tanh()\n    b += 1\n    return b\n"
         "w = torch.ones(2, requires_grad=True)\n(f(w) + g(w)).sum().backward()",),
        ("w = torch.ones(3, requires_grad=True)\nh = torch.sigmoid(w)\nv = h.view(3)\nv += 1\nh.sum().backward()",),
    ],
    ids=["a function changes what its caller has", "a loop changes what a list has", "two that may be it",
         "a view of it"],
)  # fmt: skip
def test_what_cannot_be_told_is_left_alone(cells):
    shell, said = admit(*cells)
    assert said.error is not None
    assert not said.leaflets
    shell.close()


def grad(name):
    return lambda shell: shell[name].grad


FLAGS = [
    Case(
        "a flag taken away", (NEW_W + "h = w * 3\nh.requires_grad = False\nloss = (h * w).sum()\nloss.backward()",),
        3, "h", lambda shell: shell["w"].grad.tolist() == [3.0, 6.0],
        lambda shell: not shell["failed"] and shell["w"].grad.tolist() == [6.0, 12.0],
    ),
    Case(
        "a flag taken away by a call, in a function",
        ("def cut(t):\n    h = t * 3\n    h.requires_grad_(False)  # no gradient here\n    return h",
         NEW_W + "loss = (cut(w) * w).sum()\nloss.backward()"),
        3, "h", lambda shell: shell["w"].grad.tolist() == [3.0, 6.0],
        lambda shell: shell["w"].grad.tolist() == [6.0, 12.0],
        again=NEW_W + "loss = (cut(w) * w).sum()\nloss.backward()",
    ),
    Case(
        "a flag set on a result",
        (NEW_W + "h = w * 3\nh.requires_grad = True\nloss = (h ** 2).sum()\nloss.backward()",),
        3, "h", lambda shell: shell["h"].grad.tolist() == [6.0, 12.0] and shell["w"].grad is not None,
        lambda shell: not shell["failed"] and shell["w"].grad is None,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", FLAGS, ids=lambda case: case.name)
def test_flag_of_a_result(case):
    treat(case, "flag of a result")


KEPT = [
    Case(
        "before it is used", ("t = torch.tensor(2.0)\nt.retain_grad()\nloss = t ** 2\nloss.backward()",),
        2, "t", lambda shell: shell["t"].grad == 4, raises("does not require grad"),
    ),
    Case(
        "after it was used", ("t = torch.tensor(2.0)\nloss = t ** 2\nt.retain_grad()\nloss.backward()",),
        3, "t", lambda shell: shell["t"].grad == 4, raises("does not require grad"),
    ),
    Case(
        "in another cell", ("t = torch.tensor(2.0)\nloss = (w * t).sum()", "t.retain_grad()\nloss.backward()"),
        1, "t", lambda shell: shell["t"].grad == 3, lambda shell: not shell["failed"] and shell["t"].grad is None,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case.name)
def test_gradient_kept_of_what_does_not_ask(case):
    treat(case, "gradient kept of what does not ask")


@pytest.mark.parametrize(
    "cell",
    [
        "def freeze(t):\n    t.requires_grad = False\nfreeze(w * 2)",
        "for p in [w * 1]:\n    p.requires_grad = False",
    ],
    ids=["an argument", "a loop over a list"],
)
def test_a_flag_that_cannot_be_mended_here_is_left_alone(cell):
    shell, said = admit(cell)
    assert "leaf" in str(said.error)
    assert not said.leaflets
    shell.close()


def test_no_cure_for_a_gradient_that_was_cut_off_on_purpose():
    shell, said = admit(NEW_W + "h = w.detach() * 2\nh.retain_grad()")
    assert said.error is not None
    assert not said.leaflets
    shell.close()


INFERENCE = [
    Case(
        "in the same cell",
        (NEW_W + "with torch.inference_mode():\n    s = x * 2\nloss = (w * s).sum()\nloss.backward()",),
        4, "s", lambda shell: shell["w"].grad.tolist() == [2.0, 4.0], raises("does not require grad"),
    ),
    Case(
        "in another cell, in a loop",
        ("with torch.inference_mode():\n    s = x * 2",
         NEW_W + "for _ in range(50):\n    loss = ((w * s - y) ** 2).mean()\n    loss.backward()\n"
         "    with torch.no_grad():\n        w -= 0.05 * w.grad\n    w.grad = None"),
        3, "s", lambda shell: shell["loss"] < 1e-3, raises("does not require grad"),
    ),
    Case(
        "it is to ask",
        ("with torch.inference_mode():\n    s = x * 2", "s.requires_grad_()\n(s ** 2).sum().backward()"),
        1, "s", lambda shell: shell["s"].grad.tolist() == [4.0, 8.0],
    ),
    Case(
        "it is to change", ("with torch.inference_mode():\n    s = x * 2", "s += 1"),
        1, "s", lambda shell: not shell["s"].is_inference(),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", INFERENCE, ids=lambda case: case.name)
def test_inference_tensor(case):
    treat(case, "inference tensor")


SCALE = """class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k):
        ctx.k = k
        return x * k

    @staticmethod
    def backward(ctx, g):
        return g * ctx.k"""
ONE = SCALE.replace("ctx, x, k", "ctx, x").replace("ctx.k = k", "ctx.k = k = 3.0").replace("return g", "return None, g")
USE = NEW_W + "Scale.apply(w, 3.0).sum().backward()"
NAMED = NEW_W + "scale = Scale.apply\nscale(w, 3.0).sum().backward()"
SWAPPED = NEW_W + "Scale.apply(3.0, w * 2).sum().backward()"
ALONE = NEW_W + "Scale.apply(w).sum().backward()"

FUNCTIONS = [
    Case("a number as well", (SCALE, USE), 9, "", grad("w"), raises("gradient different"), USE),
    Case("in one cell", (SCALE + "\n\n" + USE,), 9, "", grad("w"), raises("gradient different")),
    Case("by a name of its own", (SCALE, NAMED), 9, "", grad("w"), raises("gradient different"), NAMED),
    Case("the number first", (SCALE.replace("x, k)", "k, x)"), SWAPPED), 9, "", grad("w"),
         raises("gradient different"), SWAPPED),
    Case("one for ctx", (ONE, ALONE), 9, "", grad("w"), lambda shell: shell["w"].grad is None, ALONE),
]  # fmt: skip


@pytest.mark.parametrize("case", FUNCTIONS, ids=lambda case: case.name)
def test_wrong_number_of_gradients(case):
    if "first" in case.name:
        case.cured = lambda shell: shell["w"].grad.tolist() == [6.0, 6.0]
    else:
        case.cured = lambda shell: shell["w"].grad.tolist() == [3.0, 3.0]
    treat(case, "wrong number of gradients")


def test_a_gradient_that_has_to_be_thought_of_is_not_made_up():
    both = NEW_W + "k = torch.tensor(3.0, requires_grad=True)\nScale.apply(w, k).sum().backward()"
    shell, said = admit(SCALE, both)
    assert "incorrect number" in str(said.error)
    assert not said.leaflets
    shell.close()


GRADS = [
    Case(
        "a result on the way", (NEW_W + "h = w * 3\nloss = (h ** 2).sum()\nloss.backward()\ng = h.grad",),
        5, "h", lambda shell: shell["g"].tolist() == [6.0, 12.0], lambda shell: shell["g"] is None,
    ),
    Case(
        "read in another cell", (NEW_W + "h = w * 3\nloss = (h ** 2).sum()", "loss.backward()", "print(h.grad)"),
        1, "h", lambda shell: shell["h"].grad.tolist() == [6.0, 12.0], lambda shell: not shell["h"].retains_grad,
    ),
    Case(
        "scaled after it was asked",
        ("v = torch.ones(\n    2, requires_grad=True,\n) * 0.5  # small\n(v ** 2).sum().backward()\ng = v.grad",),
        5, "v", lambda shell: shell["g"].tolist() == [1.0, 1.0] and shell["v"].is_leaf,
        lambda shell: shell["g"] is None,
    ),
    Case(
        "another kind of number", (NEW_W + "w = w.double()\n(w ** 2).sum().backward()\ng = w.grad",),
        4, "w", lambda shell: shell["g"].tolist() == [2.0, 4.0] and shell["w"].dtype is torch.float64,
        lambda shell: shell["g"] is None,
    ),
    Case(
        "after a step that replaces it",
        (NEW_W + "loss = (w ** 2).sum()\nloss.backward()\nw = w - 0.1 * w.grad\nprint(w.grad)",),
        5, "w", lambda shell: shell["w"].is_leaf and shell["w"].grad.tolist() == [2.0, 4.0],
        lambda shell: not shell["w"].is_leaf,
    ),
]  # fmt: skip


@pytest.mark.filterwarnings("default")
def test_a_step_that_replaces_the_weight_in_a_loop():
    shell, said = admit(
        NEW_W
        + "for _ in range(60):\n    loss = ((w * x - y) ** 2).mean()\n    loss.backward()\n    w = w - 0.1 * w.grad"
    )
    assert isinstance(said.error, TypeError)
    leaflet = said.leaflets[0]  # that of the error, where there is one
    assert (leaflet.line, leaflet.tensor) == (5, "w")
    assert shell.run(leaflet.cure).error is None
    assert shell["loss"] < 1e-3
    shell.close()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("case", GRADS, ids=lambda case: case.name)
def test_grad_of_a_result(case):
    treat(case, "grad of a result")


FIT = """data = torch.arange(4.0).unsqueeze(1)
target = 2 * data[:, 0] + 1
net = nn.Linear(1, 1)
for _ in range(300):
    loss = {}
    loss.backward()
    with torch.no_grad():
        for p in net.parameters():
            p -= 0.1 * p.grad
            p.grad = None
loss = loss.item()"""


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("F.mse_loss(net(data), target)", 5),
        ("F.mse_loss(\n        net(data),\n        target=target)", 5),
        ("nn.MSELoss()(net(data), target)", 5),
        ("F.smooth_l1_loss(net(data), target)", 5),
        ("F.mse_loss(net(data)[:, 0], target[:, None])", 5),
    ],
)
def test_target_of_another_shape(call, line):
    tensor = "" if "None]" in call else "target"
    if "None]" in call:
        tensor = "target[:, None]"
    mean = lambda shell: not shell["failed"] and shell["loss"] > 0.5  # noqa: E731
    case = Case(call, (FIT.format(call),), line, tensor, lambda shell: shell["loss"] < 1e-2, mean)
    treat(case, "target of another shape")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("call", ["F.mse_loss(x, y[None])", "F.mse_loss(x, torch.tensor(0.0))"])
def test_shapes_that_do_no_harm(call):
    shell, said = admit(f"loss = {call}")
    assert said.error is None
    assert not said.leaflets
    shell.close()
