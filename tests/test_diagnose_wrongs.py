"""Silent wrongs in unusual dress: the right name, a cure that trains, and popular cures that do not."""

import time

from course_utils import diagnose
from examining import begun, loudly, run
import pytest
import torch
from torch.nn import functional as F

START = """
import math, warnings
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from course_utils import diagnose
warnings.simplefilter("ignore")
torch.manual_seed(0)
X = torch.randn(12, 3)
x = torch.linspace(-1.0, 1.0, 12)
y = X @ torch.tensor([1.0, -2.0, 0.5])
"""


@pytest.fixture
def shell(monkeypatch):
    loudly(monkeypatch)
    yield from begun(START)


def first(shell, cell):
    run(shell, cell)
    assert shell["found"], "nothing found"
    return shell["found"].findings[0]


def number(shell, name="loss"):
    return float(shell[name].detach())


class TestSquares:
    NET = """
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
{cure}
for step in range(300):
    {lines}
    optimizer.zero_grad()
    found = diagnose(loss, net)
    if found: break
    loss.backward()
    optimizer.step()
"""

    @pytest.mark.parametrize(
        ("lines", "called"),
        [
            ("y_hat = net(X); loss = ((y_hat - y) ** 2).mean()", "y_hat"),
            ("gap = net(X) - y; loss = gap.pow(2).mean()", "y"),
            ("loss = ((y - net(X)) ** 2).mean().sqrt()", "y"),
            ("loss = (weights * (net(X) - y) ** 2).mean()", "y"),
            ("loss = ((net(X) - y) ** 2).mean() + 1e-6 * net.weight.pow(2).sum()", "y"),
            ("loss = F.mse_loss(net(X), y) + 1e-6 * net.weight.pow(2).sum()", "y"),
            ("loss = F.huber_loss(net(X), y)", "y"),
            ("loss = mse(net(X), y)", "y"),
        ],
    )
    def test_the_right_one_of_several_is_named(self, shell, lines, called):
        run(shell, "earlier, weights, zeros = torch.randn(12), torch.ones(12), torch.zeros(12)")
        run(shell, "def mse(a, b): return ((a - b) ** 2).mean()")
        finding = first(shell, self.NET.format(cure="", lines=lines))
        assert (finding.kind, finding.name, finding.cure) == ("broadcast to a square", called, "y = y.reshape(-1, 1)")
        assert "(12, 1) meets `y` of the shape (12,): out comes (12, 12)" in finding.sentence
        assert "gives 12 numbers" in finding.sentence
        weights = "weights = weights.reshape(-1, 1); "
        run(shell, self.NET.format(cure=weights + finding.cure, lines=lines))
        assert not shell["found"]
        assert number(shell) < 0.2

    def test_two_with_the_same_numbers_are_not_told_apart(self, shell):
        lines = "loss = ((net(X) - y) ** 2).mean()"
        finding = first(shell, "twin = y.clone()" + self.NET.format(cure="", lines=lines))
        assert (finding.name, finding.cure) == ("the error", "")
        assert "A result of the shape (12, 1) meets a tensor of the shape (12,)" in finding.sentence

    def test_data_without_a_name(self, shell):
        lines = "loss = ((net(X) - X @ torch.tensor([1.0, -2.0, 0.6])) ** 2).mean()"
        finding = first(shell, self.NET.format(cure="", lines=lines))
        assert (finding.kind, finding.cure) == ("broadcast to a square", "")

    def test_a_reshape_too_many(self, shell):
        cell = "w = torch.zeros(3, requires_grad=True)\nloss = (({} - y) ** 2).mean()\nfound = diagnose(loss, w)"
        finding = first(shell, cell.format("(X @ w).reshape(12, 1)"))
        assert (finding.name, finding.cure) == ("y", "y = y.reshape(-1, 1)")
        run(shell, "def step(w): return (((X @ w).reshape(-1, 1) - y) ** 2).mean()\nfound = diagnose(step(w), w)")
        assert [each.name for each in shell["found"].findings] == ["y"]

    def test_a_batch_that_is_a_slice(self, shell):
        lines = "xb, yb = X[:4], y[:4]; loss = F.mse_loss(net(xb), yb)"
        finding = first(shell, self.NET.format(cure="", lines=lines))
        assert (finding.name, finding.cure) == ("yb", "yb = yb.reshape(-1, 1)")

    def test_a_row_of_outputs_and_a_column_of_targets(self, shell):
        cell = """
w = torch.zeros(3, requires_grad=True)
target = y[:, None] + 0.0
{cure}
for step in range(300):
    y_hat = X @ w
    loss = ((y_hat - target) ** 2).mean()
    found = diagnose(loss, w)
    if found: break
    loss.backward()
    with torch.no_grad(): w -= 0.1 * w.grad
    w.grad = None
"""
        finding = first(shell, cell.format(cure=""))
        assert (finding.name, finding.cure) == ("y_hat", "target = target.reshape(-1)")
        run(shell, cell.format(cure=finding.cure))
        assert number(shell) < 1e-2

    def test_cross_entropy_by_hand(self, shell):
        run(shell, "y = (y > 0).float()")
        lines = "p = torch.sigmoid(net(X)); loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()"
        finding = first(shell, self.NET.format(cure="", lines=lines))
        assert (finding.name, finding.cure) == ("y", "y = y.reshape(-1, 1)")
        run(shell, self.NET.format(cure=finding.cure, lines=lines))
        assert number(shell) < 0.4


class TestChanged:
    @pytest.mark.parametrize(
        ("lines", "change"),
        [
            ("gap = w * x - t\nsquares = gap ** 2", "gap.data.abs_()\nloss = squares.mean()"),
            ("gap = w * x - t\nloss = (gap ** 2).mean()", "gap.data.abs_()"),
            ("gap = t - w * x\nloss = (gap ** 2).mean()", "gap.data.abs_()"),
            ("z = torch.sigmoid(w * x)\ngap = z - t\nloss = 0.5 * (gap ** 2).sum()", "gap.data.neg_()"),
            ("gap = w * x - t\nloss = gap.abs().mean()", "v = gap.detach().numpy(); np.abs(v, out=v)"),
            ("gap = w * x - t\nsquares = gap ** 2\nloss = squares.mean()", "gap.data.mul_(3)"),
            ("gap = w * x - t\nsquares = gap * gap\nloss = squares.mean()", "gap.data.clamp_(min=0)"),
        ],
    )
    def test_a_difference_before_backward(self, shell, lines, change):
        start = "t = 3 * x + torch.sin(9 * x)\nw = torch.tensor(0.7, requires_grad=True)"
        run(shell, start, lines)
        finding = first(shell, f"{change}\nfound = diagnose(loss, w)")
        assert (finding.kind, finding.name) == ("changed behind the tape", "gap")
        run(shell, "loss.backward()\nwrong = w.grad; w.grad = None")
        run(shell, finding.cure, "found = diagnose(loss, w)\nloss.backward()\nright = w.grad; slow = loss.item()")
        assert not shell["found"]
        run(shell, "with torch.no_grad(): w += 1e-3", finding.cure, "nudged = (loss.item() - slow) / 1e-3")
        assert float(shell["right"]) == pytest.approx(shell["nudged"], rel=2e-2, abs=1e-3)
        assert float(shell["wrong"]) != pytest.approx(shell["nudged"], rel=2e-2, abs=1e-3)

    def test_data_changed_after_a_difference_that_keeps_none(self, shell):
        """The difference does not keep `t`: its slope is 1 whatever `t` is now."""
        run(shell, "w = torch.tensor(0.7, requires_grad=True)\nt = 3 * x\ngap = w * x - t\nloss = (gap ** 2).mean()")
        run(shell, "t.data.neg_()\nfound = diagnose(loss, w)")
        assert not shell["found"]

    def test_probabilities(self, shell):
        run(shell, "W = torch.randn(3, 4, requires_grad=True)\nprobs = (X @ W).softmax(1)")
        run(shell, "loss = -probs.log()[range(12), [0, 1, 2, 3] * 3].mean()")
        finding = first(shell, "probs.data.clamp_(min=0.2)\nfound = diagnose(loss, W)")
        assert finding.name == "probs"
        run(shell, finding.cure, "found = diagnose(loss, W)")
        assert not shell["found"]

    def test_a_step_of_a_loop_is_no_cure(self, shell):
        run(shell, "W = torch.randn(3, 3, requires_grad=True)\nh = X\nstates = [h]")
        run(shell, "for t in range(3):\n    h = torch.tanh(h @ W); states.append(h)\nloss = h.pow(2).mean()")
        finding = first(shell, "states[2].data.zero_()\nfound = diagnose(loss, W)")
        assert (finding.name, finding.cure) == ("states[2]", "")


class TestNumbers:
    HAND = """
w = torch.zeros(3, requires_grad=True)
for step in range(300):
    loss = ((X @ w - y) ** 2).mean()
    found = diagnose(loss, w)
    if found: break
    loss.backward()
    {step}
    w.grad = None
"""

    @pytest.mark.parametrize(
        ("step", "cure"),
        [
            ("with torch.no_grad(): w += 0.3 * w.grad", "w -= 0.3 * w.grad"),
            ("w.data += 0.3 * w.grad", "w.data -= 0.3 * w.grad"),
            ("with torch.no_grad(): w -= 9.0 * w.grad", "w -= 0.09 * w.grad"),
        ],
    )
    def test_steps_that_run_away(self, shell, step, cure):
        finding = first(shell, self.HAND.format(step=step))
        assert (finding.kind, finding.name, finding.cure) == ("the steps run away", "w", cure)
        run(shell, self.HAND.format(step=step.replace(finding.replaces, finding.cure)))
        assert not shell["found"]
        assert number(shell) < 1e-3

    def test_the_rate_that_the_line_reads(self, shell):
        step = "with torch.no_grad(): w -= speed * w.grad"
        finding = first(shell, "speed, rate = 9, 0.1" + self.HAND.format(step=step))
        assert finding.cure == "speed = speed / 100"
        run(shell, finding.cure + self.HAND.format(step=step))
        assert number(shell) < 1e-3

    def test_nan_by_another_way_is_no_matter_of_the_rate(self, shell):
        cell = (
            "w = torch.zeros(3, requires_grad=True)\nrate = 0.1\nfor _ in range(2):\n    loss = (w ** 2).sum().sqrt()\n"
        )
        cell += "    loss.backward()\n    w.data -= rate * w.grad\nw.grad = None\nloss = (w ** 2).sum().sqrt()\n"
        finding = first(shell, cell + "found = diagnose(loss, w)")
        assert (finding.kind, finding.name, finding.cure) == ("nan or inf in a weight", "w", "")

    def test_nan_by_the_data(self, shell):
        step = "w.data -= 0.1 * w.grad"
        run(shell, "X[3, 1] = float('nan'); rate = 0.1")
        finding = first(shell, self.HAND.format(step=step).replace("if found", "if step == 5"))
        assert (finding.kind, finding.name) == ("nan or inf in the loss", "X")
        assert "`w` has become nan with it" in finding.sentence
        run(shell, finding.cure, self.HAND.format(step=step))
        assert not shell["found"]
        assert number(shell) < 1e-3
        assert len(shell["y"]) == 11

    def test_a_mask_is_not_to_blame(self, shell):
        cell = "q = torch.full((4, 4), 100.0, requires_grad=True)\nmask = torch.full((4, 4), -math.inf).triu(1)\n"
        cell += "att = (q @ q.T + mask).softmax(-1)\nloss = att.sum() + torch.exp(q).sum() / torch.exp(q).sum()\n"
        finding = first(shell, cell + "found = diagnose(loss, q)")
        assert (finding.kind, finding.cure) == ("nan or inf in the loss", "")
        assert "began in the operation exp of `q`" in finding.sentence
        run(shell, "mask = torch.zeros(4, 4); mask[2] = -math.inf\nscores = q + mask\nloss = scores.softmax(1).sum()")
        finding = first(shell, "found = diagnose(loss, q)")
        assert "softmax of `scores`" in finding.sentence

    SURE = """
net = nn.Linear(3, {outs})
with torch.no_grad(): net.weight.fill_(90.0); net.weight[0] = -90.0
optimizer = torch.optim.SGD(net.parameters(), lr=20.0)
for step in range(200):
    {lines}
    optimizer.zero_grad()
    found = diagnose(loss, net)
    if found: break
    loss.backward()
    optimizer.step()
"""

    @pytest.mark.parametrize(
        ("outs", "lines", "false"),
        [
            (2, "loss = -torch.log(torch.softmax(net(X), 1))[range(12), t].mean()", "torch.softmax(net(X), 1) + 1e-12"),
            (2, "p = net(X).softmax(dim=1); loss = -p.log()[range(12), t].mean()", "(p + 1e-12)"),
            (
                1,
                "p = torch.sigmoid(net(X)[:, 0]); loss = -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()",
                "p + 1e-12",
            ),
        ],
    )
    def test_the_log_of_what_was_rounded_to_nothing(self, shell, outs, lines, false):
        run(shell, "t = (y > 0).long()")
        finding = first(shell, self.SURE.format(outs=outs, lines=lines))
        assert finding.kind == "nan or inf in the loss"
        mended = lines.replace(finding.replaces, finding.cure)
        assert mended != lines
        run(shell, self.SURE.format(outs=outs, lines=mended))
        assert not shell["found"]
        assert number(shell) < 0.2
        if outs == 2:  # a little more than 0: a loss, but no slope
            meant = false.replace(" + 1e-12", "").strip("()") if false.startswith("(") else false.partition(" +")[0]
            fooled = lines.replace(f"{meant}.log", f"{false}.log").replace(f"log({meant})", f"log({false})")
            assert fooled != lines
            run(shell, self.SURE.format(outs=outs, lines=fooled).replace("if found: break", ""))
            assert number(shell) > 1

    def test_where_is_not_helped_by_nan_to_num(self, shell):
        cell = "v = torch.tensor([0.0, 4.0], requires_grad=True)\nloss = torch.where(v > 0, v.sqrt(), 0.0).sum()\n"
        assert first(shell, cell + "found = diagnose(loss, v)").name == "v"
        run(shell, "torch.nan_to_num(loss).backward()")
        assert shell["v"].grad.isnan().any()


class TestUnreached:
    def test_a_line_of_a_forward(self, shell):
        cell = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 8), nn.Linear(8, 1)
    def forward(self, x):
        {line}
        return self.last(h)[:, 0]
net = Net()
loss = ((net(X) - y) ** 2).mean()
found = diagnose(loss, net)
"""
        line = "h = torch.tanh(self.first(x)).detach()"
        finding = first(shell, cell.format(line=line))
        assert (finding.kind, finding.name) == ("no path from the loss", "net.first.weight")
        assert finding.replaces == line
        run(shell, cell.format(line=finding.cure))
        assert not shell["found"]

    def test_a_line_of_a_function(self, shell):
        cell = "def predict(w, x):\n    return {}\nw = torch.zeros(3, requires_grad=True)\n"
        cell += "loss = ((predict(w, X) - y) ** 2).mean()\nfound = diagnose(loss, w)"
        finding = first(shell, cell.format("(x @ w).detach()"))
        assert finding.replaces == "return (x @ w).detach()"
        run(shell, cell.format(finding.cure.removeprefix("return ")))
        assert not shell["found"]
        run(shell, cell.format("(x @ w).detach()"), "loss.requires_grad_().backward()")
        assert shell["w"].grad is None

    def test_a_target_off_the_tape_is_not_blamed(self, shell):
        cell = """
net = nn.ModuleDict({"used": nn.Linear(3, 1), "spare": nn.Linear(3, 1)})
goal = net["used"](X).detach()
loss = ((net["used"](X + 1) - goal) ** 2).mean()
found = diagnose(loss, net)
"""
        finding = first(shell, cell)
        assert (finding.name, finding.cure) == ("net.spare.weight", "")

    @pytest.mark.parametrize(
        ("line", "cure"),
        [
            ("h = torch.from_numpy((X @ w).detach().numpy())", "h = X @ w"),
            ("h = torch.tensor(np.exp((X @ w).detach().numpy()))", ""),
            ("h = torch.stack([torch.tensor(math.sin(each)) for each in X @ w])", ""),
            ("h = (X @ w > 0).float()", ""),
            ("h = torch.stack([X @ w, -X @ w], 1).argmax(1)", ""),
        ],
    )
    def test_what_has_no_torch_or_no_slope(self, shell, line, cure):
        cell = "w = torch.zeros(3, requires_grad=True)\n{}\nloss = ((h - y + b) ** 2).mean()\nfound = diagnose(loss, w)"
        run(shell, "b = torch.zeros((), requires_grad=True)")
        finding = first(shell, cell.format(line))
        assert (finding.kind, finding.name, finding.cure) == ("no path from the loss", "w", cure)
        assert line in finding.replaces + finding.sentence
        if cure:
            run(shell, cell.format(cure))
            assert not shell["found"]


class TestKeptAlive:
    LOOP = """
w = torch.zeros(3, requires_grad=True)
{start}
for step in range(60):
    loss = ((X @ w - y) ** 2).mean()
    found = diagnose(loss, w)
    if found and {stop}: break
    loss.backward()
    w.data -= 0.1 * w.grad; w.grad = None
    {line}
"""

    @pytest.mark.parametrize(
        ("start", "line", "name"),
        [
            ("mean = 0", "mean = 0.9 * mean + 0.1 * loss", "mean"),
            ("log = []", "log.append((step, loss))", "log"),
            ("log = {}", "log[step] = loss", "log"),
            ("meter = Meter()", "meter.add(loss)", "meter.sum"),
            ("total = 0", "total = total + loss / len(x)", "total"),
        ],
    )
    def test_in_another_dress(self, shell, start, line, name):
        run(shell, "class Meter:\n    def __init__(self): self.sum = 0\n    def add(self, v): self.sum = self.sum + v")
        finding = first(shell, self.LOOP.format(start=start, line=line, stop="True"))
        assert (finding.kind, finding.name, finding.replaces) == ("graph kept alive", name, line)
        run(shell, self.LOOP.format(start=start, line=finding.cure, stop="False"))
        assert not shell["found"]
        assert number(shell) < 0.1

    def test_only_in_the_second_epoch(self, shell):
        cell = """
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
seen, epochs = [], []
for epoch in range(3):
    for start in (0, 6):
        loss = F.mse_loss(net(X[start:start + 6])[:, 0], y[start:start + 6])
        optimizer.zero_grad()
        seen.append([finding.name for finding in diagnose(loss, net).findings])
        loss.backward()
        optimizer.step()
    epochs.append(loss)
"""
        run(shell, cell)
        assert shell["seen"] == [[], [], [], [], ["epochs"], ["epochs"]]

    def test_the_false_cure_keeps_all_graphs(self, shell):
        cell = "h, w = torch.zeros(()), torch.tensor(0.3, requires_grad=True)\nfor step in range(20):\n    {}\n"
        cell += "    h = torch.tanh(w * h + w)\n    loss = (h - 0.5) ** 2\n    found = diagnose(loss, w)\n"
        cell += "    if found: break\n    loss.backward({})\n"
        finding = first(shell, cell.format("", "") + "    w.grad = None")
        assert (finding.name, finding.cure) == ("h", "h = h.detach()")
        run(shell, cell.format(finding.cure, "") + "    w.grad = None")
        assert not shell["found"]
        run(shell, cell.format("", "retain_graph=True") + "    w.grad = None")
        run(shell, "from course_utils.walk import operands_first\nnodes = len(operands_first(h.grad_fn))")
        assert shell["nodes"] > 40


class TestDress:
    def test_a_dictionary_of_parameters(self, shell):
        cell = """
params = {"w": torch.zeros(3, requires_grad=True), "b": torch.zeros((), requires_grad=True)}
for step in range(200):
    loss = ((X @ params["w"] + params["b"] - y) ** 2).mean()
    if step < 2: found = diagnose(loss, params)
    loss.backward()
    with torch.no_grad():
        for p in params.values(): p -= 0.1 * p.grad
    CURE
"""
        run(shell, cell.replace("CURE", "pass"))
        assert [(each.name, each.cure) for each in shell["found"].findings] == [
            ("params['w']", "params['w'].grad = None"),
            ("params['b']", "params['b'].grad = None"),
        ]
        cure = "; ".join(each.cure for each in shell["found"].findings)
        run(shell, cell.replace("CURE", cure))
        assert not shell["found"]
        assert number(shell) < 1e-3

    def test_layers_in_a_plain_list_have_a_name(self, shell):
        cell = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(3, 4), nn.Linear(4, 1)]
    def forward(self, x):
        return self.layers[1](torch.tanh(self.layers[0](x)))
net = Net()
net(X).mean().backward()
found = diagnose(net(X).mean())
"""
        run(shell, cell)
        names = {each.name for each in shell["found"].findings}
        assert names == {f"net.layers[{place}].{kind}" for place in (0, 1) for kind in ("weight", "bias")}

    def test_a_layer_of_a_sequence(self, shell):
        run(shell, "net = nn.Sequential(nn.Linear(3, 1)); (net(X) ** 2).mean().backward(); w = net[0].weight")
        finding = first(shell, "found = diagnose((net(X) ** 2).mean(), net)")
        run(shell, finding.cure, "found = diagnose((net(X) ** 2).mean(), net)")
        assert not shell["found"]

    def test_a_module_on_another_device(self, shell):
        cell = """
body, head = nn.Linear(3, 8), nn.Sequential(nn.Linear(8, 1, device="meta"))
{cure}
optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.1)
for step in range(300):
    h = torch.tanh(body(X))
    loss = ((h.mean(1) if head[0].weight.is_meta else head(h)[:, 0]) - y).pow(2).mean()
    optimizer.zero_grad()
    found = diagnose(loss, body, head)
    if found: break
    loss.backward()
    optimizer.step()
"""
        finding = first(shell, cell.format(cure=""))
        assert (finding.kind, finding.name) == ("on another device", "head.0.weight")
        assert shell.run("head.to('cpu')").error is not None
        run(shell, cell.format(cure=finding.cure))
        assert not shell["found"]
        assert number(shell) < 0.3


class TestNothingChanges:
    @pytest.mark.parametrize("done", ["nothing", "backward", "retained"])
    def test_before_and_after_backward(self, done):
        torch.manual_seed(0)
        layers = [torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(), torch.nn.Linear(8, 2)]
        net, x = torch.nn.Sequential(*layers), torch.randn(6, 3)
        loss = F.cross_entropy(net(x), torch.arange(6) % 2)
        if done != "nothing":
            loss.backward(retain_graph=done == "retained")
        held = [*net.parameters(), *net.buffers(), x]
        grads = [tensor.grad for tensor in held]
        before = [(tensor.clone(), tensor._version, tensor._backward_hooks) for tensor in held]
        copies = [grad if grad is None else (grad.clone(), grad._version) for grad in grads]
        state = torch.get_rng_state()
        diagnose(loss, net)
        assert torch.equal(state, torch.get_rng_state())
        for tensor, grad, copy, (value, version, hooks) in zip(held, grads, copies, before, strict=True):
            assert torch.equal(tensor, value)
            assert (tensor._version, tensor._backward_hooks) == (version, hooks)
            assert tensor.grad is grad
            assert copy is None or (torch.equal(grad, copy[0]) and grad._version == copy[1])

    @pytest.mark.parametrize("dtype", [torch.float64, torch.complex64, torch.bfloat16])
    def test_numbers_of_all_kinds(self, shell, dtype):
        w = torch.tensor(2.0, dtype=dtype, requires_grad=True)
        empty = torch.zeros(0, dtype=dtype, requires_grad=True)
        assert not diagnose((w * w).abs() + (empty * 2).sum().abs(), w, empty, w)
        w.grad = torch.ones_like(w)
        assert [finding.name for finding in diagnose((w * w).abs(), w).findings] == ["w"]

    def test_ten_million_numbers_take_seconds_at_most(self, shell):
        w, data = torch.randn(10_000_000, requires_grad=True), torch.randn(10_000_000)
        h = torch.tanh(w * data)
        gap = h - data
        loss = (gap**2).mean()
        start = time.thread_time()
        assert not diagnose(loss, w)
        assert time.thread_time() - start < 2


def test_what_it_cannot_look_at():
    w = torch.tensor(1.0, requires_grad=True)
    for given in (torch.optim.SGD([w], 0.1), torch.nn.Linear(1, 1).named_parameters(), None, {"w": 1.0}, [[w]]):
        with pytest.raises(TypeError, match="parameters must be tensors or modules, got"):
            diagnose(w * w, given)
    for given in (torch.nn.Linear(1, 1), [w * w], lambda: w * w):
        with pytest.raises(TypeError, match="loss must be a torch tensor, got"):
            diagnose(given, w)
