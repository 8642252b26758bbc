"""Two functions of one name, and the function that is meant."""

# ruff: noqa: E501  (a learner's cell reads best in one piece)

import pytest
from ward import training, treat

LEAF = "w = torch.tensor(0.5, requires_grad=True)\n"
QUIET = "@torch.no_grad()\ndef predict(w, x):\n    return w * x\n"
PLAIN = "def predict(w, x):\n    return w * x\n"
TRAIN = """for _ in range(60):
    loss = ((predict(w, x) - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.05 * w.grad
    w.grad = None"""
NEAR = "abs(w.item() - 2) < 0.01"
SHOW = """def show():
    @torch.no_grad()
    def predict(w, x):
        return w * x + 1

    return predict(w, x)
"""
CLASS = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

{}
torch.manual_seed(0)
net = Net()
xs, ys = x[:, None], y[:, None]
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
for _ in range(200):
    optimizer.zero_grad()
    loss = ((net(xs) - ys) ** 2).mean()
    loss.backward()
    optimizer.step()"""
FITS = "((net(xs) - ys) ** 2).mean() < 0.05"

CASES = {
    "the second of two": training([LEAF], f"{PLAIN}\n{QUIET}{TRAIN}", NEAR, "loss", 9),
    "another one inside a function": training([LEAF], f"{SHOW}\n{QUIET}{TRAIN}", NEAR, "loss", 13),
    "another one above in another cell": training([LEAF, PLAIN], f"{QUIET}{TRAIN}", NEAR, "loss", 6),
    "after a step that is mended": training(
        [LEAF], f"{SHOW}\n@torch.no_grad()\ndef predict(w, x):\n    h = w.data\n    return h * x\n{TRAIN}", NEAR, "loss", 14
    ),
    "a network that detaches": training(
        [], CLASS.format("    def forward(self, x):\n        h = self.layer(x).detach()\n        return h\n"), FITS, "loss", 17
    ),
    "a network, its class in another cell": training(
        [CLASS.format("    def forward(self, x):\n        h = self.layer(x).detach()\n        return h\n").partition("xs, ys")[0]],
        "xs, ys" + CLASS.partition("xs, ys")[2], FITS, "loss", 6,
    ),
    "a block inside a network": training(
        [], CLASS.format("    def forward(self, x):\n        with torch.no_grad():\n            h = self.layer(x)\n        return h\n"), FITS, "loss", 18
    ),
    "a target that was detached on purpose": training(
        [CLASS.format("    def forward(self, x):\n        return self.layer(x)\n").partition("optimizer")[0]],
        "optimizer = torch.optim.SGD(net.parameters(), lr=0.05)\ntarget = net(xs).detach() + 1\nfor _ in range(200):\n"
        "    loss = ((net(xs).detach() - target) ** 2).mean()\n    loss.backward()\n    optimizer.step()\n    optimizer.zero_grad()",
        "((net(xs) - target) ** 2).mean() < 0.05 and not target.requires_grad", "loss", 5,
    ),
    "a network off the tape": training(
        [], CLASS.format("    @torch.no_grad()\n    def forward(self, x):\n        return self.layer(x)\n"), FITS, "loss", 17
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_function_that_is_called_is_mended(case):
    _, failed = treat(case, "no graph")
    assert "element 0" not in failed


def test_the_other_function_is_left_as_it_is():
    leaflet, _ = treat(CASES["another one inside a function"], "no graph")
    assert SHOW in leaflet.cure
