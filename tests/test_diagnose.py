"""A training step's silent wrongs, built as learners build them: each is named, and its cure makes training work."""

from course_utils import diagnose, record
from course_utils.diagnosis.examination import quietly
import examining
from examining import START, begun, run
from healthy import HEALTHY
import pytest
import torch
from torch.nn import functional as F


@pytest.fixture
def shell():
    yield from begun()


@pytest.fixture
def loudly(monkeypatch):
    examining.loudly(monkeypatch)


def found_by(shell, cell):
    """Run a cell that sets `found` to a diagnosis: its first finding."""
    run(shell, cell)
    assert shell["found"], "nothing found"
    return shell["found"].findings[0]


def trained(shell):
    return float(shell["loss"].detach()) < 1e-3


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_steps_are_left_alone(name, loudly):
    found = HEALTHY[name]()
    assert found.findings == ()
    assert str(found) == "✓ nothing found"
    assert not found


LOOP = """
for step in range(300):
    {start}
    loss = ((w * x + b - y) ** 2).mean()
    if step == 2:
        found = diagnose(loss, w, b)
    loss.backward()
    with torch.no_grad():
        {update}
{last}
"""
UPDATE = "w -= 0.2 * w.grad; b -= 0.2 * b.grad"


class TestNotZeroed:
    def test_by_hand(self, shell, loudly):
        run(shell, LOOP.format(start="pass", update=UPDATE, last=""))
        assert [(each.kind, each.name) for each in shell["found"].findings] == [
            ("gradient not zeroed", "w"),
            ("gradient not zeroed", "b"),
        ]
        assert not trained(shell)
        cure = "; ".join(each.cure for each in shell["found"].findings)
        run(shell, START + LOOP.format(start=cure, update=UPDATE, last=""))
        assert trained(shell)
        assert not shell["found"]

    def test_with_an_optimizer(self, shell, loudly):
        cell = """
net = nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
for step in range(300):
    loss = F.mse_loss(net(x[:, None]), y[:, None])
    if step == 1: found = diagnose(loss, net)
    {cure}
    loss.backward()
    optimizer.step()
"""
        finding = found_by(shell, cell.format(cure="pass"))
        assert (finding.kind, finding.name, finding.cure) == (
            "gradient not zeroed",
            "net.weight",
            "optimizer.zero_grad()",
        )
        assert not trained(shell)
        run(shell, cell.format(cure=finding.cure))
        assert trained(shell)

    def test_a_cell_run_twice(self, shell):
        cell = "loss = ((w * x + b - y) ** 2).mean()\nfound = diagnose(loss, w, b)\nloss.backward()"
        run(shell, cell)
        assert not shell["found"]
        assert found_by(shell, cell).name == "w"
        run(shell, "w.grad = None; b.grad = None\n" + cell)
        assert not shell["found"]

    def test_on_purpose(self, shell):
        run(shell, "((w * x) ** 2).mean().backward(); w.grad = torch.ones(())\nloss = w * 3")
        run(shell, "found = diagnose(loss, w, accumulate=True)")
        assert not shell["found"]


class TestReplaced:
    REPLACING = """
for step in range(200):
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
    {update}
    {cure}
    loss = ((w * x + b - y) ** 2).mean()
    found = diagnose(loss, w, b)
    if found: break
"""

    def test_by_a_result(self, shell, loudly):
        update = "w = w - 0.2 * w.grad; b = b - 0.2 * b.grad"
        run(shell, self.REPLACING.format(update=update, cure=""))
        assert [(each.kind, each.name) for each in shell["found"].findings] == [
            ("no leaf any more", "w"),
            ("no leaf any more", "b"),
        ]
        cure = "; ".join(each.cure for each in shell["found"].findings)
        run(shell, START + self.REPLACING.format(update=update, cure=cure))
        assert trained(shell)

    def test_by_a_tensor_that_does_not_ask(self, shell, loudly):
        update = "with torch.no_grad(): w = w - 0.2 * w.grad; b = b - 0.2 * b.grad"
        run(shell, self.REPLACING.format(update=update, cure=""))
        assert [(each.kind, each.name) for each in shell["found"].findings] == [
            ("does not ask", "w"),
            ("does not ask", "b"),
        ]
        cure = "; ".join(each.cure for each in shell["found"].findings)
        run(shell, START + self.REPLACING.format(update=update, cure=cure))
        assert trained(shell)

    def test_before_the_first_step(self, shell, loudly):
        cell = """
w = torch.ones(2, requires_grad=True) * 0.1
{cure}
loss = ((w - torch.tensor([1.0, 2.0])) ** 2).sum()
found = diagnose(loss, w)
"""
        finding = found_by(shell, cell.format(cure=""))
        assert (finding.kind, finding.name) == ("no leaf any more", "w")
        run(shell, cell.format(cure=finding.cure))
        assert not shell["found"]
        run(shell, "loss.backward()")
        assert torch.allclose(shell["w"].grad, torch.tensor([-1.8, -3.8]))

    def test_whole_numbers(self, shell):
        finding = found_by(
            shell, "w = torch.tensor(1)\nloss = ((w * x + b - y) ** 2).mean()\nfound = diagnose(loss, w)"
        )
        assert (finding.kind, finding.name) == ("does not ask", "w")
        run(shell, finding.cure + "\nloss = ((w * x + b - y) ** 2).mean()\nfound = diagnose(loss, w)")
        assert not shell["found"]


class TestUnreached:
    @pytest.mark.parametrize(
        "line",
        [
            "y_hat = (w * x).detach() + b",
            "y_hat = w.data * x + b",
            "y_hat = w.item() * x + b",
            "y_hat = torch.tensor([w.detach() * value for value in x]) + b",
            "y_hat = torch.tensor((w * x).tolist()) + b",
        ],
    )
    def test_cut_off(self, shell, loudly, line):
        cell = """
for step in range(300):
    w.grad = b.grad = None
    {line}
    loss = ((y_hat - y) ** 2).mean()
    found = diagnose(loss, w, b)
    if found: break
    loss.backward()
    with torch.no_grad():
        w -= 0.2 * w.grad; b -= 0.2 * b.grad
"""
        finding = found_by(shell, cell.format(line=line))
        assert (finding.kind, finding.name) == ("no path from the loss", "w")
        assert finding.replaces == line
        run(shell, cell.format(line=finding.cure))
        assert trained(shell)

    def test_made_after_the_loss(self, shell, loudly):
        cell = """
y_hat = w * x + b
loss = ((y_hat - y) ** 2).mean()
w = torch.tensor(0.5, requires_grad=True)
found = diagnose(loss, w, b)
"""
        finding = found_by(shell, cell)
        assert (finding.kind, finding.name) == ("no path from the loss", "w")
        run(shell, finding.cure + "\nfound = diagnose(loss, w, b)\nloss.backward()")
        assert not shell["found"]
        assert shell["w"].grad is not None

    def test_not_used(self, shell, loudly):
        finding = found_by(shell, "loss = ((w * x - y) ** 2).mean()\nfound = diagnose(loss, w, b)")
        assert (finding.kind, finding.name, finding.cure) == ("no path from the loss", "b", "")

    def test_without_a_graph(self, shell, loudly):
        cell = "with torch.no_grad():\n    loss = ((w * x + b - y) ** 2).mean()\nfound = diagnose(loss, w, b)"
        assert found_by(shell, cell).kind == "no path from the loss"
        run(shell, shell["found"].findings[0].cure + "\nfound = diagnose(loss, w, b)")
        assert not shell["found"]


class TestChanged:
    @pytest.mark.parametrize("change", ["x.data *= 100", "x.data.zero_()", "v = x.detach().numpy(); v *= 3"])
    def test_under_a_square(self, shell, loudly, change):
        run(shell, "x = torch.tensor(1.0, requires_grad=True)\ny = x ** 2")
        finding = found_by(shell, f"{change}\nfound = diagnose(y, x)")
        assert (finding.kind, finding.name, finding.cure) == ("changed behind the tape", "x", "y = x ** 2")
        run(shell, finding.cure + "\nfound = diagnose(y, x)\ny.backward()")
        assert not shell["found"]
        assert shell["x"].grad == 2 * shell["x"].detach()

    def test_where_it_does_no_harm(self, shell, loudly):
        """y = 2 * x keeps no x: its slope is 2 whatever x is now."""
        run(shell, "x = torch.tensor(1.0, requires_grad=True)\ny = 2 * x\nx.data *= 100\nfound = diagnose(y, x)")
        assert not shell["found"]

    def test_weights_of_a_network(self, shell, loudly):
        cell = """
X = torch.randn(6, 3)
W1, W2 = torch.randn(3, 4, requires_grad=True), torch.randn(4, 1, requires_grad=True)
h = torch.tanh(X @ W1)
out = h @ W2
loss = (out ** 2).mean()
W2.data -= 0.1 * torch.ones_like(W2)
found = diagnose(loss, W1, W2)
"""
        finding = found_by(shell, cell)
        assert (finding.kind, finding.name) == ("changed behind the tape", "W2")
        assert len(shell["found"].findings) == 1
        assert finding.cure.splitlines() == ["h = torch.tanh(X @ W1)", "out = h @ W2", "loss = (out ** 2).mean()"]
        run(shell, finding.cure + "\nfound = diagnose(loss, W1, W2)\nloss.backward()")
        assert not shell["found"]
        run(shell, "nudged = W2.detach().clone(); nudged[0] += 1e-3\nslope = ((h @ nudged) ** 2).mean() - loss")
        assert torch.allclose(shell["slope"] / 1e-3, shell["W2"].grad[0], rtol=1e-1, atol=1e-2)

    def test_one_of_two(self, shell, loudly):
        """A product that is not that of its factors does not tell which of them was changed."""
        run(shell, "w, v = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)")
        finding = found_by(shell, "z = w * v\nloss = (z ** 2).sum()\nw.data -= 0.5\nfound = diagnose(loss, w, v)")
        assert (finding.kind, finding.name) == ("changed behind the tape", "w or v")
        run(shell, finding.cure + "\nfound = diagnose(loss, w, v)\nloss.backward()")
        assert not shell["found"]
        assert shell["v"].grad.tolist() == [0.5, 0.5, 0.5]

    def test_a_result_on_the_way(self, shell, loudly):
        cell = "h = torch.tanh(w * x + b)\nloss = ((h - y) ** 2).mean()\nh.data.clamp_(min=0.5)\n"
        run(shell, cell + "found = diagnose(loss, w, b)")
        wrong = [(each.kind, each.name) for each in shell["found"].findings]
        assert wrong in ([("changed behind the tape", "h")], [])  # without record() w may be what was changed
        run(shell, f"from course_utils import record\nwith record():\n    {cell.splitlines()[0]}")
        finding = found_by(shell, "\n".join(cell.splitlines()[1:]) + "\nfound = diagnose(loss, w, b)")
        assert (finding.kind, finding.name) == ("changed behind the tape", "h")


class TestKeptAlive:
    LOOP = """
{start}
for step in range(100):
    w.grad = b.grad = None
    loss = ((w * x + b - y) ** 2).mean()
    {line}
    if step in (3, 99): found = diagnose(loss, w, b)
    loss.backward()
    with torch.no_grad():
        w -= 0.2 * w.grad; b -= 0.2 * b.grad
"""

    @pytest.mark.parametrize(
        ("start", "line", "name"),
        [
            ("total = 0", "total += loss", "total"),
            ("total = 0.0", "total = total + loss", "total"),
            ("total = torch.zeros(())", "total += loss", "total"),
            ("total = 0", "total += loss * len(x)", "total"),
            ("losses = []", "losses.append(loss)", "losses"),
            ("log = {'loss': 0}", "log['loss'] += loss", "log['loss']"),
        ],
    )
    def test_by_the_caller(self, shell, loudly, start, line, name):
        finding = found_by(shell, self.LOOP.format(start=start, line=line))
        assert (finding.kind, finding.name) == ("graph kept alive", name)
        assert len(shell["found"].findings) == 1
        run(shell, START + self.LOOP.format(start=start, line=finding.cure))
        assert not shell["found"]
        assert trained(shell)

    def test_by_the_loss_itself(self, shell, loudly):
        cell = """
total = torch.zeros(())
for step in range(100):
    {cure}
    total = total + ((w * x + b - y) ** 2).mean()
    loss = total
    found = diagnose(loss, w, b)
    if found: break
    total.backward()
    with torch.no_grad():
        w -= 0.2 * w.grad; b -= 0.2 * b.grad
    w.grad = b.grad = None
"""
        finding = found_by(shell, cell.format(cure="pass"))
        assert (finding.kind, finding.name, finding.cure) == ("graph kept alive", "total", "total = total.detach()")
        run(shell, cell.format(cure=finding.cure))
        assert abs(float(shell["w"].detach()) - 2) < 1e-2

    def test_by_a_state_carried_on(self, shell, loudly):
        cell = """
w, b = torch.tensor(0.3, requires_grad=True), torch.tensor(0.1, requires_grad=True)
h = torch.zeros(())
for step in range(30):
    {cure}
    h = torch.tanh(w * h + b)
    loss = (h - 0.5) ** 2
    found = diagnose(loss, w, b)
    if found: break
    loss.backward()
    with torch.no_grad():
        w -= 0.5 * w.grad; b -= 0.5 * b.grad
    w.grad = b.grad = None
"""
        finding = found_by(shell, cell.format(cure="pass"))
        assert (finding.kind, finding.name, finding.cure) == ("graph kept alive", "h", "h = h.detach()")
        run(shell, cell.format(cure=finding.cure))
        assert trained(shell)


class TestNumbers:
    def test_where_after_a_root(self, shell, loudly):
        cell = """
x = torch.tensor([-1.0, 0.0, 4.0], requires_grad=True)
{line}
found = diagnose(loss, x)
"""
        line = "loss = torch.where(x > 0, x.sqrt(), 0.0).sum()"
        finding = found_by(shell, cell.format(line=line))
        assert (finding.kind, finding.name) == ("nan or inf in a gradient", "x")
        assert "sqrt" in finding.sentence
        assert finding.replaces == line
        assert shell["x"].grad is None
        run(shell, cell.format(line=finding.cure) + "loss.backward()")
        assert not shell["found"]
        assert shell["x"].grad.tolist() == [0.0, 0.0, 0.25]

    @pytest.mark.parametrize(
        ("line", "slopes"),
        [
            ("loss = torch.where(x > 0, torch.log(x), torch.zeros_like(x)).sum()", [0.0, 0.0, 0.25]),
            ("loss = torch.where(x == 0, 1.0, torch.sin(x) / x).sum()", None),
            ("loss = torch.where(x <= 0, 0.0, x ** 0.5).sum()", [0.0, 0.0, 0.25]),
        ],
    )
    def test_other_choices(self, shell, loudly, line, slopes):
        cell = "x = torch.tensor([-1.0, 0.0, 4.0], requires_grad=True)\n{}\nfound = diagnose(loss, x)\n"
        finding = found_by(shell, cell.format(line))
        assert (finding.kind, finding.name) == ("nan or inf in a gradient", "x")
        run(shell, cell.format(finding.cure) + "loss.backward()")
        assert not shell["found"]
        assert shell["x"].grad.isfinite().all()
        assert slopes is None or shell["x"].grad.tolist() == slopes

    @pytest.mark.parametrize(
        "line",
        ["loss = (v ** 2).sum().sqrt()", "loss = torch.sqrt((v ** 2).sum())", "loss = (v ** 2).sum() ** 0.5",
         "loss = (v * v).sum().pow(0.5)", "loss = torch.pow((v * v).sum(), 0.5)"],
    )  # fmt: skip
    def test_a_length_of_nothing(self, shell, loudly, line):
        cell = "v = torch.zeros(3, requires_grad=True)\n{}\nfound = diagnose(loss, v)\n"
        finding = found_by(shell, cell.format(line))
        assert (finding.kind, finding.name) == ("nan or inf in a gradient", "v")
        run(shell, cell.format(finding.cure) + "loss.backward()")
        assert not shell["found"]
        assert shell["v"].grad.tolist() == [0.0, 0.0, 0.0]

    def test_forward(self, shell, loudly):
        cell = "p = torch.tensor([0.0, 1.0], requires_grad=True)\n{}\nfound = diagnose(loss, p)\n"
        finding = found_by(shell, cell.format("loss = -(p * torch.log(p)).sum()"))
        assert finding.kind == "nan or inf in the loss"
        assert "log" in finding.sentence or "×" in finding.sentence
        run(shell, cell.format(finding.cure or "raise ValueError('no cure')") + "loss.backward()")
        assert not shell["found"]
        assert shell["p"].grad.isfinite().all()

    def test_a_root_of_less_than_nothing_has_no_cure(self, shell, loudly):
        cell = (
            "p = torch.tensor([-1.0, 1.0], requires_grad=True)\nloss = torch.sqrt(p).sum()\nfound = diagnose(loss, p)"
        )
        finding = found_by(shell, cell)
        assert (finding.kind, finding.cure) == ("nan or inf in the loss", "")
        assert "sqrt of `p`" in finding.sentence

    def test_in_a_function_of_an_earlier_cell(self, shell, loudly):
        run(shell, "def root(x):\n    return torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))")
        run(shell, "x = torch.tensor([-1.0, 0.0, 4.0], requires_grad=True)\nloss = root(x).sum()")
        finding = found_by(shell, "found = diagnose(loss, x)")
        assert finding.replaces == "return torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))"
        run(shell, f"def root(x):\n    {finding.cure}\nroot(x).sum().backward()")
        assert shell["x"].grad.tolist() == [0.0, 0.0, 0.25]

    def test_in_the_data(self, shell, loudly):
        cell = "\nloss = ((w * x + b - y) ** 2).mean()\nfound = diagnose(loss, w, b)"
        finding = found_by(shell, "x = torch.tensor([1.0, float('nan'), 3.0]); y = 2 * torch.ones(3)" + cell)
        assert (finding.kind, finding.name) == ("nan or inf in the loss", "x")
        run(shell, finding.cure + cell)
        assert not shell["found"]

    def test_in_the_targets(self, shell, loudly):
        cell = "\nloss = ((w * x + b - y) ** 2).mean()\nfound = diagnose(loss, w, b)"
        finding = found_by(shell, "y = torch.ones(8); y[3] = float('nan')" + cell)
        assert (finding.kind, finding.name) == ("nan or inf in the loss", "y")
        run(shell, finding.cure + cell)
        assert not shell["found"]

    def test_a_rate_too_large(self, shell, loudly):
        cell = """
{start}
for step in range(300):
    w.grad = b.grad = None
    loss = ((w * x + b - y) ** 2).mean()
    found = diagnose(loss, w, b)
    if found: break
    loss.backward()
    with torch.no_grad():
        w -= rate * w.grad; b -= rate * b.grad
"""
        finding = found_by(shell, cell.format(start="rate = 20.0"))
        assert finding.kind == "the steps run away"
        assert finding.cure == "rate = rate / 100"
        run(shell, START + cell.format(start=finding.cure))
        assert not shell["found"]
        assert trained(shell)

    def test_a_rate_too_large_of_an_optimizer(self, shell, loudly):
        cell = """
net = nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=20.0)
{cure}
for step in range(300):
    loss = F.mse_loss(net(x[:, None]), y[:, None])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
found = diagnose(F.mse_loss(net(x[:, None]), y[:, None]), net)
"""
        finding = found_by(shell, cell.format(cure=""))
        assert finding.kind == "the steps run away"
        run(shell, cell.format(cure=finding.cure).replace("found", "later"))
        assert trained(shell)
        assert {each.kind for each in shell["later"].findings} == {"gradient not zeroed"}  # those of the last step


class TestSquares:
    @pytest.mark.parametrize(
        "line",
        ["loss = ((y_hat - y) ** 2).mean()", "loss = (y - y_hat).pow(2).mean()", "loss = F.mse_loss(y_hat, y)",
         "loss = F.l1_loss(y_hat, y)", "loss = nn.MSELoss()(y_hat, y)", "loss = torch.mean(torch.square(y_hat - y))"],
    )  # fmt: skip
    def test_a_column_and_a_row(self, shell, loudly, line):
        cell = """
import warnings; warnings.simplefilter("ignore")
net = nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
{cure}
for step in range(300):
    y_hat = net(x[:, None])
    {line}
    optimizer.zero_grad()
    if step == 0: found = diagnose(loss, net)
    loss.backward()
    optimizer.step()
"""
        finding = found_by(shell, cell.format(cure="", line=line))
        assert (finding.kind, finding.name) == ("broadcast to a square", "y_hat")
        assert not trained(shell)
        run(shell, START + cell.format(cure=finding.cure, line=line))
        assert not shell["found"]
        assert float(shell["loss"]) < (0.2 if "l1" in line else 1e-3)  # sizes of errors do not settle as squares do

    def test_outputs_without_a_name(self, shell, loudly):
        cell = """
import warnings; warnings.simplefilter("ignore")
net = nn.Linear(1, 1)
{}
loss = F.mse_loss(net(x[:, None]), y)
found = diagnose(loss, net)
"""
        finding = found_by(shell, cell.format(""))
        assert (finding.kind, finding.name, finding.cure) == ("broadcast to a square", "y", "y = y.reshape(-1, 1)")
        run(shell, cell.format(finding.cure))
        assert not shell["found"]

    def test_a_row_of_outputs(self, shell, loudly):
        cell = "{}\nloss = ((w * x + b - y) ** 2).mean()\nfound = diagnose(loss, w, b)"
        finding = found_by(shell, cell.format("y = y[:, None]"))
        assert finding.kind == "broadcast to a square"
        run(shell, cell.format(finding.cure))
        assert not shell["found"]


class TestDevices:
    def test_a_parameter_elsewhere(self, shell, loudly):
        cell = "loss = ((b * x - y) ** 2).mean() if w.is_meta else ((w * x + b - y) ** 2).mean()\n"
        cell += "found = diagnose(loss, w, b)"
        finding = found_by(shell, 'w = torch.zeros((), device="meta", requires_grad=True)\n' + cell)
        assert (finding.kind, finding.name) == ("on another device", "w")
        assert len(shell["found"].findings) == 1
        run(shell, finding.cure + "\n" + cell + "\nloss.backward()")
        assert not shell["found"]
        assert shell["w"].grad is not None


class TestNames:
    def test_a_loop_leaves_its_variable_behind(self, shell, loudly):
        run(shell, "net = nn.Linear(1, 1)\nfor p in net.parameters(): p.grad = torch.ones_like(p)")
        run(shell, "del net.bias; net.bias = None; p = net.weight")
        finding = found_by(shell, "loss = net(x[:, None]).sum()\nfound = diagnose(loss, *net.parameters())")
        assert (finding.name, finding.cure) == ("net.weight", "net.zero_grad()")

    def test_in_objects_of_ones_own(self, shell, loudly):
        cell = """
class Line:
    def __init__(self):
        self.w, self.history = torch.tensor(0.5, requires_grad=True), []
    def step(self):
        loss = ((self.w * x - y) ** 2).mean()
        self.history.append(loss)
        found = diagnose(loss, self.w)
        loss.backward()
        return found
line = Line()
line.w.grad = torch.ones(())
found = diagnose(((line.w * x - y) ** 2).mean(), line.w)
line.w.grad = None
later = [line.step() for _ in range(3)][-1]
"""
        finding = found_by(shell, cell)
        assert (finding.name, finding.cure) == ("line.w", "line.w.grad = None")
        assert {(each.kind, each.name, each.cure) for each in shell["later"].findings} == {
            ("gradient not zeroed", "self.w", "self.w.grad = None"),
            ("graph kept alive", "self.history", "self.history.append(loss.item())"),
        }

    def test_without_a_name_there_is_no_code(self, loudly):
        def made():
            w = torch.tensor(2.0, requires_grad=True)
            w.grad = torch.ones(())
            return w

        found = diagnose(*[made() * 1 for _ in range(1)], *[made()])
        assert [(each.kind, each.name, each.cure) for each in found.findings] == [
            ("no path from the loss", "parameter 1", "")
        ]

    def test_a_dictionary_of_lists(self, shell, loudly):
        cell = """
log = {"train": [], "test": []}
for step in range(4):
    loss = ((w * x - y) ** 2).mean()
    log["train"].append(loss)
    found = diagnose(loss, w)
    loss.backward()
    w.grad = None
"""
        finding = found_by(shell, cell)
        assert (finding.kind, finding.name) == ("graph kept alive", "log['train']")
        run(shell, cell.replace('log["train"].append(loss)', finding.cure))
        assert not shell["found"]


class TestNothingChanges:
    def test_no_gradient_no_hook_no_number(self, loudly):
        torch.manual_seed(1)
        net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Dropout(), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        fired = []
        for parameter in net.parameters():
            parameter.register_hook(fired.append)
            parameter.register_post_accumulate_grad_hook(fired.append)
        net.register_full_backward_hook(lambda *_: fired.append("module"))
        z = net(torch.randn(5, 2, requires_grad=True))
        z.register_hook(fired.append)
        loss = (z**2).mean()
        loss.grad_fn.register_hook(lambda *_: fired.append("node"))
        loss.grad_fn.register_prehook(lambda *_: fired.append("before"))
        versions = [parameter._version for parameter in net.parameters()]
        state = torch.get_rng_state()
        assert not diagnose(loss, net)
        assert torch.equal(state, torch.get_rng_state())
        assert not fired
        assert versions == [parameter._version for parameter in net.parameters()]
        assert all(parameter.grad is None for parameter in net.parameters())
        loss.backward()
        assert fired

    def test_where_no_tape_runs(self, loudly):
        w, b = torch.tensor(3.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
        loss = w * w
        for off in (torch.no_grad, torch.inference_mode):
            with off():
                assert [finding.name for finding in diagnose(loss, w, b).findings] == ["b"]

    def test_hooks_of_saved_tensors(self, loudly):
        fired = []
        w = torch.tensor([0.0, 2.0], requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: (fired.append(t), t)[1]):
            loss = torch.where(w > 0, w.sqrt(), 0.0).sum()
        assert not diagnose(loss, w)
        assert not fired

    def test_a_checkpoint_does_not_run_again(self, loudly):
        from torch.utils.checkpoint import checkpoint

        ran = []

        def forward(w):
            ran.append(1)
            return F.dropout(w.tanh(), 0.5).sum()

        w = torch.randn(4, requires_grad=True)
        for reentrant in (False, True):
            ran.clear()
            assert not diagnose(checkpoint(forward, w, use_reentrant=reentrant), w)
            assert len(ran) == 1

    def test_a_function_of_ones_own_is_not_called(self, loudly):
        ran = []

        class Root(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.sqrt()

            @staticmethod
            def backward(ctx, gradient):
                ran.append(1)
                return gradient * torch.rand(())

        x = torch.tensor([0.0, 4.0], requires_grad=True)
        assert not diagnose(Root.apply(x).sum(), x)
        assert not ran

    def test_after_backward(self, loudly):
        net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        loss = F.mse_loss(net(torch.randn(5, 2)), torch.randn(5, 1))
        loss.backward()
        assert not diagnose(loss, net)
        unused = torch.zeros((), requires_grad=True)
        assert [finding.name for finding in diagnose(loss, net, unused).findings] == ["unused"]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((1.0,), TypeError, "loss must be a torch tensor, got float"),
        ((torch.zeros(0),), ValueError, r"loss must hold a number, got the shape \(0,\)"),
        ((torch.zeros(()), 3), TypeError, "parameters must be tensors or modules, got int"),
        ((torch.zeros(()), "w"), TypeError, "parameters must be tensors or modules, got str"),
        ((torch.zeros(()), [torch.zeros(()), None]), TypeError, "got NoneType among them"),
    ],
)
def test_what_it_cannot_look_at(arguments, error, text):
    with pytest.raises(error, match=text):
        diagnose(*arguments)
    with pytest.raises(TypeError, match="accumulate must be True or False, got 1"):
        diagnose(torch.zeros(()), accumulate=1)


def test_it_shows_itself():
    ws = [torch.zeros((), requires_grad=True) for _ in range(6)]
    for w in ws:
        w.grad = torch.ones(())
    found = diagnose(sum(w**2 for w in ws), *ws)
    assert len(found.findings) == 6
    text, html = found.to_text(), found.to_html()
    assert "✗ ws[0]: gradient not zeroed." in text
    assert "cure  ws[0].grad = None" in text
    assert "gradient not zeroed, 3 more" in text
    assert "<code>ws[0].grad</code>" in html
    assert found._repr_mimebundle_() == {"text/html": html, "text/plain": text}
    assert repr(found) == text
    assert "nothing found" in diagnose(sum(w**2 for w in ws), accumulate=True).to_html()


def test_quietly_is_what_it_says():
    with quietly():
        raise RuntimeError("nobody's trouble")
    assert record
