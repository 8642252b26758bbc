"""What stops a backward pass: its error, the cure that trains, the false cure that does not."""

# ruff: noqa: E501  (a learner's cell reads best in one piece)

import pytest
from shell import Shell
from ward import POINTS, training, treat

LEAF = "w = torch.tensor(0.5, requires_grad=True)"
NEAR = "abs(w.item() - 2) < 0.01"
STEP = """    with torch.no_grad():
        w -= 0.05 * w.grad
    w.grad = None
"""
FAST = STEP.replace("0.05", "0.1")  # well for a mean, too much for a sum of three
NET = """torch.manual_seed(0)
net = nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
xs, ys = x[:, None], y[:, None]"""
FITS = "((net(xs) - ys) ** 2).mean() < 0.05"

SECOND = {
    "forward before the loop": training(
        [], f"{LEAF}\nloss = ((w * x - y) ** 2).mean()\nfor _ in range(50):\n    loss.backward()\n{STEP}", NEAR, "loss", 4
    ),
    "forward in another cell": training(
        [f"{LEAF}\ny_hat = w * x\nloss = ((y_hat - y) ** 2).mean()"],
        f"for _ in range(50):\n    loss.backward()  # the pass\n{STEP}",
        NEAR, "loss", 2,
    ),
    "part before the loop": training(
        [],
        f"{LEAF}\nz = w * x  # too early\nfor _ in range(50):\n    # the loss\n    loss = ((z - y)\n        ** 2).mean()\n"
        f"    loss.backward()\n{STEP}",
        NEAR, "loss", 7,
    ),
    "a network, its output in another cell": training(
        [NET, "y_hat = net(xs)"],
        "for _ in range(200):\n    optimizer.zero_grad()\n    loss = ((y_hat - ys) ** 2).mean()\n    loss.backward()\n"
        "    optimizer.step()",
        FITS, "loss", 4,
    ),
    "a cell run twice": training(
        [LEAF, "loss = ((w * x - y) ** 2).mean()", "loss.backward()"],
        "loss.backward()", "torch.allclose(w.grad, (2 * (w * x - y) * x).mean())", "loss", 1,
    ),
    "a cell run twice, its parts in many": training(
        [LEAF, "z = w * x", "a = z - y\n1 + 1", "loss = (a ** 2).mean()\nloss", "loss.backward()\nw.grad"],
        "loss.backward()\nw.grad", "torch.allclose(w.grad, (2 * (w * x - y) * x).mean())", "loss", 1,
    ),
    "grad asked twice": training(
        [f"{LEAF}\nloss = ((w * x - y) ** 2).mean()", "torch.autograd.grad(loss, w)"],
        "dw, = torch.autograd.grad(loss, w)", "torch.allclose(dw, (2 * (w * x - y) * x).mean())", "loss", 1,
    ),
    "in a dictionary": training(
        [f"{LEAF}\nparts = dict()\nparts['z'] = w * x"],
        f"for _ in range(50):\n    parts['loss'] = ((parts['z'] - y) ** 2).mean()\n    parts['loss'].backward()\n{STEP}",
        NEAR, "parts['loss']", 3,
    ),
    "in an object": training(
        [],
        "class Fit:\n    def __init__(self):\n        self.w = torch.tensor(0.5, requires_grad=True)\n"
        "        self.z = self.w * x\n\n    def train(self):\n        for _ in range(50):\n"
        "            loss = ((self.z - y) ** 2).mean()\n            loss.backward()\n            with torch.no_grad():\n"
        "                self.w -= 0.05 * self.w.grad\n            self.w.grad = None\n\nfit = Fit()\nfit.train()",
        "abs(fit.w.item() - 2) < 0.01", "loss", 9,
    ),
    "one line": training(
        [f"{LEAF}\nloss = ((w * x - y) ** 2).mean()"],
        "for _ in range(50): loss.backward(); w.data -= 0.05 * w.grad; w.grad = None", NEAR, "loss", 1,
    ),
    "in a function": training(
        [f"{LEAF}\nloss = ((w * x - y) ** 2).mean()"],
        "def train(rounds):\n    for _ in range(rounds):\n        loss.backward()\n        w.data -= 0.05 * w.grad\n"
        "        w.grad = None\n\ntrain(50)",
        NEAR, "loss", 3,
    ),
    "handed to a function": training(
        [LEAF, "def step(error):\n    error.backward()\n    w.data -= 0.05 * w.grad\n    w.grad = None"],
        "loss = ((w * x - y) ** 2).mean()\nfor _ in range(50):\n    step(loss)", NEAR, "loss", 3, false=False,
    ),
    "a state that is carried": training(
        [],
        "w = torch.tensor(0.1, requires_grad=True)\nh = torch.tensor(0.1)\nfor _ in range(400):\n"
        "    h = torch.tanh(w * h + 0.3)\n    loss = (h - 0.5) ** 2\n    loss.backward()\n"
        "    with torch.no_grad():\n        w -= 0.2 * w.grad\n    w.grad = None\n",
        "loss < 1e-3", "h", 6,
    ),
    "a state from another cell": training(
        ["w = torch.tensor(0.1, requires_grad=True)\nh = torch.tensor(0.1)"],
        "for _ in range(400):\n    h = torch.tanh(w * h + 0.3)\n    loss = (h - 0.5) ** 2\n    loss.backward()\n"
        "    with torch.no_grad():\n        w -= 0.2 * w.grad\n    w.grad = None\n",
        "loss < 1e-3", "h", 4,
    ),
    "a running sum": training(
        [],
        f"{LEAF}\ntotal = 0\nfor _ in range(30):\n    total = total + ((w * x - y) ** 2).mean()\n    total.backward()\n"
        f"{STEP}",
        "abs(w.item() - 2) < 0.01", "total", 5,
    ),
    "two passes through one part": training(
        [],
        f"{LEAF}\nh = torch.exp(w * x)\none = h.sum()\ntwo = (h ** 2).sum()\none.backward()\ntwo.backward()",
        "torch.allclose(w.grad, (x * h + 2 * x * h ** 2).sum())", "two", 6,
    ),
    "two passes in a round": training(
        [],
        f"{LEAF}\nfor _ in range(50):\n    h = w * x\n    one = ((h - y) ** 2).mean()\n    two = one * 0.5\n"
        f"    one.backward()\n    two.backward()\n{STEP}",
        NEAR, "two", 7,
    ),
    "the two states of an LSTM": training(
        ["torch.manual_seed(0)\nnet = nn.LSTM(1, 2)\nstate = (torch.zeros(1, 1, 2), torch.zeros(1, 1, 2))\n"
         "optimizer = torch.optim.SGD(net.parameters(), lr=0.5)\nq = torch.randn(5, 1, 1)\nlosses = []"],
        "for _ in range(50):\n    optimizer.zero_grad()\n    out, state = net(q, state)\n    loss = ((out - 0.3) ** 2).mean()\n"
        "    loss.backward()\n    optimizer.step()\n    losses.append(loss.item())",
        "losses[-1] < 0.5 * losses[0]", "state", 5,
    ),
    "two networks": training(
        ["torch.manual_seed(0)\nmaker, judge = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))\n"
         "z = torch.randn(4, 2)"],
        "fake = torch.tanh(maker(z))\none = judge(fake).mean()\none.backward()\nmaker.zero_grad()\ntwo = -judge(fake).mean()\n"
        "two.backward()",
        "torch.allclose(maker.bias.grad, torch.autograd.grad(-judge(torch.tanh(maker(z))).mean(), maker.bias)[0])", "two", 6,
    ),
    "a sum, in an expression": training(
        [f"{LEAF}\nrunning = 0\nfor a, b in zip(x, y):\n    running = running + (w * a - b) ** 2", "(running / 3).backward()"],
        "(running / 3).backward()", "torch.allclose(w.grad, (2 * (w * x - y) * x).mean())", "running / 3", 1,
    ),
    "losses in a list": training(
        [f"{LEAF}\nlosses = []\nfor a, b in zip(x, y):\n    losses.append((w * a - b) ** 2)\nloss = sum(losses)",
         "loss.backward()"],
        "loss.backward()", "torch.allclose(w.grad, (2 * (w * x - y) * x).sum())", "loss", 1,
    ),
    "a loss in two statements": training(
        [LEAF],
        f"loss = ((w * x - y) ** 2).mean()\nloss += 0.0 * w ** 2\nfor _ in range(50):\n    loss.backward()\n{STEP}",
        NEAR, "loss", 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SECOND.values(), ids=SECOND)
def test_a_second_backward(case):
    leaflet, failed = treat(case, "second backward")
    if "too late" in leaflet.why_not:
        assert not leaflet.false_cure or "second time" in failed
    else:
        assert not failed or "inplace operation" in failed


X = "a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)"
MANY = {
    "a loss of its own": training(
        [LEAF], f"for _ in range(50):\n    loss = (w * x - y) ** 2\n    loss.backward()\n{FAST}", NEAR, "loss", 3
    ),
    "an expression": training(
        [LEAF], f"for _ in range(50):\n    ((w * x - y) ** 2).backward()\n{FAST}", NEAR, "", 2
    ),
    "a torch loss": training(
        [NET.replace("0.05", "0.1")],
        "def train(rounds):\n    for _ in range(rounds):\n        optimizer.zero_grad()\n"
        "        loss = nn.functional.mse_loss(net(xs), ys, reduction='none')\n        loss.backward()\n"
        "        optimizer.step()\n    return loss\ntrain(200)",
        FITS, "loss", 5,
    ),
    "a function's values": training([X], "b = a ** 2\nb.backward()", "torch.equal(a.grad, 2 * a)", "b", 2),
    "asked by grad": training(
        [X], "b = a ** 2\nda, = torch.autograd.grad(\n    b, a)", "torch.equal(da, 2 * a)", "b", 2
    ),
    "asked by grad, an expression": training(
        [X], "from torch.autograd import grad\nda, = grad(a ** 2, a)", "torch.equal(da, 2 * a)", "", 2
    ),
    "torch.autograd.backward": training([X], "torch.autograd.backward(a * a)", "torch.equal(a.grad, 2 * a)", "", 1),
    "many lines": training(
        [X], "b = 3 * a\n(\n    b * a\n    + a\n).backward()", "torch.equal(a.grad, 6 * a + 1)", "", 5
    ),
}  # fmt: skip
SEEDS = {
    "too few": training([X], "b = a ** 2\nb.backward(torch.ones(2))", "torch.equal(a.grad, 2 * a)", "b", 2),
    "one for all": training(
        [X], "b = a ** 2\nb.backward(gradient=torch.tensor(2.0))", "torch.equal(a.grad, 4 * a)", "b", 2, false=False
    ),
    "a column": training(
        [X, "v = torch.tensor([[1.0], [2.0], [3.0]])"], "b = a ** 2\nb.backward(v)",
        "torch.equal(a.grad, 2 * a * v[:, 0])", "b", 2,
    ),
    "the shape of the leaf": training(
        [X], "b = a[:2] * 3\nb.backward(torch.ones_like(a))", "torch.equal(a.grad, torch.tensor([3.0, 3.0, 0.0]))", "b", 2
    ),
    "one number, and more for it": training(
        [X], "loss = (a ** 2).sum()\nloss.backward(torch.ones(3))", "torch.equal(a.grad, 2 * a)", "loss", 2, false=False
    ),
    "one number in brackets": training(
        [X], "loss = (a ** 2).sum()\nloss.backward(torch.ones(1))", "torch.equal(a.grad, 2 * a)", "loss", 2, false=False
    ),
    "asked by grad": training(
        [X], "b = a ** 2\nda, = torch.autograd.grad(b, a, grad_outputs=torch.ones(2))", "torch.equal(da, 2 * a)", "b", 2
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MANY.values(), ids=MANY)
def test_a_backward_pass_from_many_numbers(case):
    leaflet, failed = treat(case, "backward from many numbers")
    assert (not failed) == ("raises nothing" in leaflet.why_not) or case.fooled is None


@pytest.mark.parametrize("case", SEEDS.values(), ids=SEEDS)
def test_a_gradient_of_another_shape(case):
    leaflet, failed = treat(case, "shape of gradient")
    assert not leaflet.false_cure or case.fooled is None or "shape" in failed


LINE = f"{LEAF}\nb = torch.tensor(0.5, requires_grad=True)"
USED = {
    "one that is not in the formula": training(
        [LINE],
        "for _ in range(60):\n    loss = ((w * x - y) ** 2).mean()\n    dw, db = torch.autograd.grad(loss, (w, b))\n"
        "    w.data -= 0.05 * dw\n    b.data -= 0.05 * db",
        f"{NEAR} and db.item() == 0", "b", 3,
    ),
    "a list of leaves": training(
        [LINE, "leaves = [w, b]"],
        "for _ in range(60):\n    loss = ((w * x - y) ** 2).mean()\n    slopes = torch.autograd.grad(loss, leaves)\n"
        "    for leaf, slope in zip(leaves, slopes):\n        leaf.data -= 0.05 * slope", NEAR, "leaves[1]", 3,
    ),
    "a leaf made anew": training(
        [LEAF, "z = w * x", "loss = ((z - y) ** 2).mean()", LEAF],
        "dw, = torch.autograd.grad(loss, w)", "dw is not None and torch.allclose(dw, (2 * (w * x - y) * x).mean())", "w", 1,
    ),
    "a leaf made anew in each round": training(
        [],
        f"{LEAF}\nloss = ((w * x - y) ** 2).mean()\nfor _ in range(60):\n    g = torch.autograd.grad(loss, w)[0]\n"
        "    w = (w - 0.05 * g).detach().requires_grad_()", NEAR, "w", 4,
    ),
    "a part of a tensor": training(
        ["c = torch.tensor([0.5, 0.0], requires_grad=True)"],
        "loss = ((c[0] * x - y) ** 2).mean()\nslope = torch.autograd.grad(loss, c[0])[0]",
        "slope is not None and torch.allclose(slope, (2 * (c[0] * x - y) * x).mean())", "c[0]", 2,
    ),
    "the wrong way round": training(
        [LEAF], "loss = ((w * x - y) ** 2).mean()\nslope, = torch.autograd.grad(w, loss)",
        "slope is not None and torch.allclose(slope, (2 * (w * x - y) * x).mean())", "loss", 2,
    ),
}  # fmt: skip
UNASKED = {
    "a second leaf that did not ask": training(
        [], f"{LEAF}\nb = torch.tensor(0.5)\nfor _ in range(400):\n    loss = ((w * x + b - y) ** 2).mean()\n"
        "    dw, db = torch.autograd.grad(loss, [w, b])\n    w.data -= 0.1 * dw\n    b.data -= 0.1 * db",
        "abs(w.item() - 2) < 0.05 and abs(b.item()) < 0.1", "b", 5,
    ),
    "in another cell": training(
        [f"{LEAF}\nb = torch.tensor(0.5)", "loss = ((w * x + b - y) ** 2).mean()"], "db, = torch.autograd.grad(loss, b)",
        "torch.allclose(db, (2 * (w * x + b - y)).mean())", "b", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", USED.values(), ids=USED)
def test_a_tensor_that_is_not_in_the_graph(case):
    treat(case, "not in the graph")


@pytest.mark.parametrize("case", UNASKED.values(), ids=UNASKED)
def test_an_input_that_did_not_ask(case):
    _, failed = treat(case, "input did not ask")
    assert "does not require grad" in failed


ALIKE = {
    "said by the learner": (LEAF, "raise RuntimeError('Trying to backward through the graph a second time')"),
    "said by the learner, of a leaf": (LEAF, "raise RuntimeError('a leaf Variable that requires grad is being used in an in-place operation.')"),
    "no graph, said by the learner": (LEAF, "raise RuntimeError('element 0 of tensors does not require grad and does not have a grad_fn')"),
    "many numbers, said by the learner": (LEAF, "raise RuntimeError('grad can be implicitly created only for scalar outputs')"),
    "another None": ("n = None", "2.0 * n"),
    "another None, beside a gradient": (f"{LEAF}\nw.sum().backward()\nn = None", "n * w.grad"),
    "a function without return": (f"{LEAF}\ndef f(): pass", "w * f()"),
    "zeroing another None": ("n = None", "n.zero_()"),
    "an attribute of another None": (LEAF, "w.grad_fn.name()"),
    "a typo": (LEAF, "w.gard.zero_()"),
    "rounded": (LEAF, "loss = ((w * x > 1).float() - y).sum()\nloss.backward()"),
    "by way of numpy": (f"import numpy as np\n{LEAF}", "z = np.tanh((w * x).detach().numpy())\nloss = (torch.tensor(z) - y).sum()\nloss.backward()"),
    "frozen": ("net = nn.Linear(3, 1).requires_grad_(False)", "net(x).sum().backward()"),
    "a part of what is differentiated": ("q = torch.ones(3, requires_grad=True)", "q *= x\nloss = q.sum()\nloss.backward()"),
    "no second slope": (f"{LEAF}\ng, = torch.autograd.grad((w ** 3).sum(), w)", "torch.autograd.grad(g, w)"),
}  # fmt: skip


@pytest.mark.parametrize(("setup", "cell"), ALIKE.values(), ids=ALIKE)
def test_what_merely_looks_alike_has_no_leaflet(setup, cell):
    shell = Shell()
    assert shell.run(POINTS).error is None
    assert shell.run(setup).error is None
    said = shell.run(cell)
    assert said.error is not None
    assert said.leaflets == []
    shell.close()
