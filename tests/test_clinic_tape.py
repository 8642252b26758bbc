"""A result that no tape leads back from: the leaf that did not ask, or the place where the graph was cut."""

# ruff: noqa: E501  (a learner's cell reads best in one piece)

import pytest
from ward import training, treat

LEAF = "w = torch.tensor(0.5, requires_grad=True)"
PLAIN = "w = torch.tensor(0.5)"
STEP = "    with torch.no_grad():\n        w -= 0.05 * w.grad\n    w.grad = None\n"
HEAD = "for _ in range(60):\n"
LOSS = "    loss = ((w * x - y) ** 2).mean()\n"
PASS = "    loss.backward()\n"
NEAR = "abs(w.item() - 2) < 0.01"
NET = """torch.manual_seed(0)
net = nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
xs, ys = x[:, None], y[:, None]"""
FITS = "((net(xs) - ys) ** 2).mean() < 0.05"

CASES = {
    "forgotten": training([], f"{PLAIN}\n{HEAD}{LOSS}{PASS}{STEP}", NEAR, "w", 4),
    "forgotten in another cell": training([PLAIN], f"{HEAD}{LOSS}{PASS}{STEP}", NEAR, "w", 3),
    "forgotten, a loss in another cell": training(
        [PLAIN, "z = w * x", "loss = ((z - y) ** 2).mean()"], "loss.backward()\nw.grad",
        "w.grad is not None and torch.allclose(w.grad, (2 * (w * x - y) * x).mean())", "w", 1,
    ),
    "forgotten, no gradient read": training(
        [], f"{PLAIN}\nloss = ((w * x - y) ** 2).mean()\nloss.backward()",
        "w.grad is not None and torch.allclose(w.grad, (2 * (w * x - y) * x).mean())", "w", 3,
    ),
    "forgotten, a product of draws": training(
        [], f"v = torch.ones(3) * 0.5\nfor _ in range(60):\n    loss = ((v * x - y) ** 2).mean()\n{PASS}"
        "    v.data -= 0.3 * v.grad\n    v.grad = None",
        "abs(v[2].item() - 2) < 0.01", "v", 4,
    ),
    "whole numbers": training([], f"w = torch.tensor(1)\n{HEAD}{LOSS}{PASS}{STEP}", NEAR, "w", 4),
    "switched off": training(
        [], f"w = torch.tensor(0.5, requires_grad=False)\n{HEAD}{LOSS}{PASS}{STEP}", NEAR, "w", 4
    ),
    "in a function": training(
        [], "def slope(w):\n    loss = ((w * x - y) ** 2).mean()\n    loss.backward()\n    return w.grad\n"
        "found = slope(torch.tensor(0.5))", "found is not None and torch.allclose(found, torch.tensor(-14.0))", "w", 3,
    ),
    "two of them": training(
        [], "w, b = torch.tensor(0.5), torch.tensor(0.5)\nfor _ in range(400):\n    loss = ((w * x + b - y) ** 2).mean()\n"
        "    loss.backward()\n    for leaf in (w, b):\n        leaf.data -= 0.1 * leaf.grad\n        leaf.grad = None",
        "abs(w.item() - 2) < 0.05 and abs(b.item()) < 0.1", "w", 4,
    ),
    "detach": training([LEAF], f"{HEAD}    z = (w * x).detach()\n    loss = ((z - y) ** 2).mean()\n{PASS}{STEP}", NEAR, "z", 4),
    "detach at the end": training(
        [LEAF], f"{HEAD}{LOSS}    loss.detach().backward()\n{STEP}", NEAR, "loss.detach()", 3
    ),
    "data": training([LEAF], f"{HEAD}    loss = ((w.data * x - y) ** 2).mean()  # data\n{PASS}{STEP}", NEAR, "loss", 3),
    "item": training(
        [LEAF], f"{HEAD}    total = torch.tensor(0.0)\n    for a, b in zip(x, y):\n        total += (w.item() * a - b) ** 2\n"
        f"    loss = total / 3\n{PASS}{STEP}", NEAR, "total", 6,
    ),
    "torch.tensor": training([LEAF], f"{HEAD}    loss = torch.tensor(((w * x - y) ** 2).mean())\n{PASS}{STEP}", NEAR, "loss", 3),
    "torch.tensor of a list": training(
        [LEAF], f"{HEAD}    z = torch.tensor([w * a for a in x])\n    loss = ((z - y) ** 2).mean()\n{PASS}{STEP}", NEAR, "z", 4
    ),
    "torch.tensor of an item": training(
        [LEAF], f"{HEAD}    loss = ((w * x - y) ** 2).mean().item()\n    loss = torch.tensor(loss)\n{PASS}{STEP}", NEAR, "loss", 4
    ),
    "numpy and back": training(
        [LEAF], f"{HEAD}    z = torch.from_numpy((w * x).detach().numpy())\n    loss = ((z - y) ** 2).mean()\n{PASS}{STEP}",
        NEAR, "z", 4,
    ),
    "no_grad": training(
        [LEAF], f"{HEAD}    with torch.no_grad():\n        loss = ((w * x - y) ** 2).mean()\n{PASS}{STEP}", NEAR, "loss", 4
    ),
    "no_grad around all": training(
        [LEAF], "with torch.no_grad():\n    for _ in range(60):\n        loss = ((w * x - y) ** 2).mean()\n"
        "        loss.backward()\n        w -= 0.05 * w.grad\n        w.grad = None", NEAR, "loss", 4,
    ),
    "no_grad around a pass": training(
        [LEAF], "for _ in range(60):\n    with torch.no_grad():\n        loss = ((w * x - y) ** 2).mean()\n"
        "        loss.backward()\n        w -= 0.05 * w.grad\n        w.grad.zero_()", NEAR, "loss", 4,
    ),
    "no_grad in another cell": training(
        [LEAF, "with torch.no_grad():\n    loss = ((w * x - y) ** 2).mean()"], "loss.backward()\nw.grad",
        "w.grad is not None and torch.allclose(w.grad, (2 * (w * x - y) * x).mean())", "loss", 1,
    ),
    "a network under no_grad": training(
        [NET], "for _ in range(200):\n    optimizer.zero_grad()\n    with torch.no_grad():\n        y_hat = net(xs)\n"
        "    loss = ((y_hat - ys) ** 2).mean()\n    loss.backward()\n    optimizer.step()", FITS, "y_hat", 6,
    ),
    "a network, detached": training(
        [NET], "for _ in range(200):\n    optimizer.zero_grad()\n    y_hat = net(xs).detach()\n"
        "    loss = ((y_hat - ys) ** 2).mean()\n    loss.backward()\n    optimizer.step()", FITS, "y_hat", 5,
    ),
    "a decorated function": training(
        [LEAF], f"@torch.no_grad()\ndef predict(w, x):\n    return w * x\n{HEAD}    z = predict(w, x)\n"
        f"    loss = ((z - y) ** 2).mean()\n{PASS}{STEP}", NEAR, "z", 7,
    ),
    "a decorated training": training(
        [LEAF], "@torch.no_grad()\ndef train():\n    for _ in range(60):\n        loss = ((w * x - y) ** 2).mean()\n"
        "        loss.backward()\n        w.data -= 0.05 * w.grad\n        w.grad = None\ntrain()", NEAR, "loss", 5,
    ),
    "a function that detaches": training(
        [LEAF], f"def predict(q):\n    z = w * q\n    return z.detach()\n{HEAD}    loss = ((predict(x) - y) ** 2).mean()\n{PASS}{STEP}",
        NEAR, "loss", 6,
    ),
    "a function of a leaf that did not ask": training(
        [f"{PLAIN}\ndef predict(q):\n    return w * q"], f"{HEAD}    loss = ((predict(x) - y) ** 2).mean()\n{PASS}{STEP}", NEAR, "w", 3
    ),
    "a block, and another one before it": training(
        [LEAF],
        f"with torch.no_grad():\n    start = ((w * x - y) ** 2).mean()\n{HEAD}    with torch.no_grad():\n    {LOSS}{PASS}{STEP}",
        NEAR, "loss", 6,
    ),
    "switched off for good": training(
        [LEAF], f"torch.set_grad_enabled(False)\n{HEAD}{LOSS}{PASS}{STEP}", NEAR, "loss", 4
    ),
    "switched off in another cell": training(
        [LEAF, "torch.set_grad_enabled(False)"], f"{HEAD}{LOSS}{PASS}{STEP}", NEAR, "loss", 3
    ),
    "a new w without the tape": training(
        [LEAF], f"{HEAD}{LOSS}{PASS}    with torch.no_grad():\n        w = w - 0.05 * w.grad", NEAR, "w", 3
    ),
    "a new w, detached": training([], f"{LEAF}\n{HEAD}{LOSS}{PASS}    w = (w - 0.05 * w.grad).detach()", NEAR, "w", 4),
    "a new w, its data": training([], f"{LEAF}\n{HEAD}{LOSS}{PASS}    w = w.data - 0.05 * w.grad", NEAR, "w", 4),
    "asked by grad": training(
        [PLAIN], f"{HEAD}{LOSS}    g, = torch.autograd.grad(loss, w)\n    w.data -= 0.05 * g", NEAR, "w", 3
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _tape_on():
    import torch

    yield
    torch.set_grad_enabled(True)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_result_without_a_graph(case):
    _, failed = treat(case, "no graph")
    assert "element 0" not in failed  # that error is gone, and so is the learning
