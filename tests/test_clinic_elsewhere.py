"""What is on `meta` has no numbers to move: it is made where the others are; no device is named."""

import pytest
from ward import POINTS, admit, training, treat

LEAF = "w = torch.tensor(0.5, requires_grad=True)"
LOOP = """for _ in range(60):
    loss = ((w * x - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.05 * w.grad
    w.grad = None"""
NEAR = "abs(w.item() - 2) < 0.01"
NET = """torch.manual_seed(0)
net = nn.Linear(1, 1).to("meta")
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
xs, ys = x[:, None], y[:, None]"""
ROUNDS = "    loss = ((net(xs) - ys) ** 2).mean()\n    loss.backward()\n    optimizer.step()\n    optimizer.zero_grad()"
BATCHES = "net = nn.Linear(1, 1, device='meta')\nloader = [(x[:, None], y[:, None])] * 3"

META = {
    "data": training([LEAF, "far = y.to('meta')"], LOOP.replace("y)", "far)"), NEAR, "far", 2),
    "data that is made empty": training(
        [LEAF], "bias = torch.zeros(3, device=torch.device('meta'))\n" + LOOP.replace("w * x", "w * x + bias"),
        f"{NEAR} and bias.device == x.device", "bias", 3,
    ),
    "no tensor learns": training(["far = x[:1].to('meta')"], "z = x + far", "z.device == x.device", "far", 1),
    "one of many, in a lambda": training(
        [LEAF], "k, far, shown = 1, x[:1].to('meta'), w.cpu()\nrun = lambda: x + far\nz = run()",
        "z.device == x.device", "far", 2,
    ),
    "the weight": training([], f"w = torch.full((1,), 0.5, device='meta', requires_grad=True)\n{LOOP}", NEAR, "w", 3),
    "by a name for the device": training(
        ["device = torch.device('meta')", "w = torch.full((1,), 0.5, device=device, requires_grad=True)"],
        LOOP, NEAR, "w", 2,
    ),
    "a network": training(
        [NET], f"for _ in range(200):\n{ROUNDS}", "((net(xs) - ys) ** 2).mean() < 0.05", "net", 2
    ),
    "a network and batches": training(
        [BATCHES], "for xb, yb in loader:\n    loss = ((net(xb) - yb) ** 2).mean()\n    loss.backward()",
        "net.weight.grad is not None", "net", 2,
    ),
    "handed to a function": training(
        ["def loss_of(w, x):\n    return (w * x).sum()"],
        "w = torch.ones(3, device='meta', requires_grad=True)\nloss_of(w, x).backward()",
        "torch.equal(w.grad, x)", "w", 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", META.values(), ids=META)
def test_what_has_no_numbers_is_made_where_the_others_are(case):
    leaflet, failed = treat(case, "two devices")
    assert "meta tensor" in failed
    assert "no numbers that could move" in leaflet.why_not
    assert "cpu" not in leaflet.to_text().replace("w.cpu()", "")


def test_no_cure_is_promised_where_the_making_is_out_of_sight():
    shell, said = admit("with torch.device('meta'):\n    w = torch.ones(3, requires_grad=True)", "w * x", setup=POINTS)
    assert "meta" in str(said.error)
    assert not said.leaflets
    shell.close()
