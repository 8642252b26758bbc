"""Cells as learners have them: with tabs, magics, async functions; beside huge and hostile variables."""

# ruff: noqa: E501  (a learner's cell reads best in one piece)

import random
import time

from course_utils.clinic import read_error
import pytest
from ward import POINTS, admit, training, treat

LEAF = "w = torch.tensor(0.5, requires_grad=True)"
LOOP = "for _ in range(60):\n    loss = ((w * x - y) ** 2).mean()\n    loss.backward()\n"
MOVED = f"{LOOP}    w -= 0.05 * w.grad  # a step\n    w.grad.zero_()"
NEAR = "abs(w.item() - 2) < 0.01"
STEP = "    with torch.no_grad():\n        w -= 0.05 * w.grad\n    w.grad = None"
ASYNC = (
    "async def train(w):\n    for _ in range(60):\n        loss = ((w * x - y) ** 2).mean()\n        loss.backward()\n"
)

CELLS = {
    "tabs": ("leaf changed in place", training([LEAF], MOVED.replace("    ", "\t"), NEAR, "w", 4)),
    "tabs, and one in a string": (
        "leaf changed in place",
        training([LEAF], 'text = """a\n\tb"""\n' + MOVED.replace("    ", "\t"), f"{NEAR} and text == 'a\\n\\tb'", "w", 6),
    ),
    "tabs, computed in another cell": (
        "second backward",
        training([LEAF, "if True:\n\tloss = ((w * x - y) ** 2).mean()"],
                 f"for _ in range(60):\n    loss.backward()\n{STEP}".replace("    ", "\t"), NEAR, "loss", 2),
    ),
    "Windows' line ends": ("leaf changed in place", training([LEAF], MOVED.replace("\n", "\r\n"), NEAR, "w", 4)),
    "two spaces": ("leaf changed in place", training([LEAF], MOVED.replace("    ", "  "), NEAR, "w", 4)),
    "letters of other tongues": (
        "leaf changed in place",
        training(["ω = torch.tensor(0.5, requires_grad=True)"],
                 "for _ in range(60):\n    größe = ((ω * x - y) ** 2).mean()  # é 語\n    größe.backward(); ω -= 0.05 * ω.grad  # → ein Schritt\n    ω.grad.zero_()",
                 "abs(ω.item() - 2) < 0.01", "ω", 3),
    ),
    "under %%time": ("leaf changed in place", training([LEAF], f"%%time\n{MOVED}", NEAR, "w", 4)),
    "a line for the shell": ("leaf changed in place", training([LEAF], f"names = !echo a\n{MOVED}", NEAR, "w", 5)),
    "copied from a prompt": (
        "backward from many numbers",
        training([LEAF], ">>> loss = (w * x - y) ** 2\n>>> loss.backward()", "torch.isclose(w.grad, ((w * x - y) * x).mean() * 2)", "loss", 2),
    ),
    "an async function moves the leaf": (
        "leaf changed in place", training([LEAF], f"{ASYNC}        w.sub_(0.05 * w.grad)\n        w.grad = None\nawait train(w)", NEAR, "w", 5),
    ),
    "an async function replaces the leaf": (
        "gradient is None", training([LEAF], f"{ASYNC}        w = w - 0.05 * w.grad\n    return w\nw = await train(w)", NEAR, "w", 5),
    ),
    "a step from outside, in a function": (
        "leaf changed in place",
        training([LEAF], f"def step():\n    w.sub_(0.05 * w.grad)\n    w.grad = None\n{LOOP}    step()", NEAR, "w", 2, false=False),
    ),
    "a step in a lambda": (
        "leaf changed in place",
        training([LEAF], f"step = lambda p: p.sub_(0.05 * p.grad)\n{LOOP}    step(w)\n    w.grad = None", NEAR, "p", 1, false=False),
    ),
    "steps in a list": (
        "leaf changed in place",
        training([LEAF, "leaves = [w]"], f"{LOOP}    [p.sub_(0.05 * p.grad) for p in leaves]\n    w.grad = None", NEAR, "p", 4, false=False),
    ),
    "a weight of an object": (
        "no graph",
        training([], f"class Line:\n    def __init__(self):\n        self.w = torch.tensor(0.5)\n\nline = Line()\n{LOOP}{STEP}".replace("w *", "line.w *").replace("w -=", "line.w -=").replace("w.grad", "line.w.grad"),
                 "abs(line.w.item() - 2) < 0.01", "line.w", 8),
    ),
    "a loss of many numbers that has no graph": (
        "no graph", training(["w = torch.tensor(0.5)"], LOOP.replace(".mean()", "") + STEP.replace("0.05", "0.1"), NEAR, "w", 3),
    ),
    "a list of results": (
        "no graph",
        training([LEAF], "for _ in range(60):\n    preds = []\n    for a in x:\n        preds.append(w * a)\n"
                 f"    loss = ((torch.tensor(preds) - y) ** 2).mean()\n    loss.backward()\n{STEP}", NEAR, "loss", 6),
    ),
    "two whole numbers": (
        "whole numbers ask",
        training([], f"w = torch.tensor(1, requires_grad=True)\nb = torch.tensor(0, requires_grad=True)\n{LOOP.replace('w * x', 'w * x + b')}{STEP}",
                 NEAR.replace("0.01", "0.2"), "w", 1),
    ),
    "two zeroings": (
        "zeroing None",
        training(["torch.manual_seed(0)\nnet = nn.Linear(1, 1)\nxs, ys = x[:, None], y[:, None]\noptimizer = torch.optim.SGD(net.parameters(), lr=0.05)"],
                 "for _ in range(200):\n    net.weight.grad.zero_()\n    net.bias.grad.zero_()\n    loss = ((net(xs) - ys) ** 2).mean()\n    loss.backward()\n    optimizer.step()",
                 "((net(xs) - ys) ** 2).mean() < 0.05", "net.weight", 2),
    ),
    "what a loop hands out, replaced": (
        "zeroing None",
        training([LEAF, "leaves = [w]"], f"{LOOP}    for p in leaves:\n        p = p - 0.05 * p.grad\n        p.grad.zero_()", NEAR, "p", 6),
    ),
    "another's gradient": (
        "gradient is None",
        training([f"{LEAF}\nb = torch.tensor(0.5, requires_grad=True)"], f"{LOOP}    w = w - 0.05 * b.grad", NEAR, "b", 4),
    ),
    "a leaf without a say": (
        "gradient is None",
        training([f"{LEAF}\nb = torch.tensor(0.5, requires_grad=True)"],
                 f"{LOOP}    w.data -= 0.05 * w.grad\n    b.data -= 0.05 * b.grad\n    w.grad = None", NEAR, "b", 5, false=False),
    ),
    "a gradient of the data": (
        "input did not ask",
        training([LEAF], "loss = ((w * x - y) ** 2).mean()\ng, = torch.autograd.grad(loss, x)", "torch.allclose(g, 2 * (w * x - y) * w / 3)", "x", 2),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("ailment", "case"), CELLS.values(), ids=CELLS)
def test_a_cell_of_a_learners(ailment, case):
    treat(case, ailment)


MIDWAY = "((y_hat - y) ** 2).mean()"
RESULTS = {
    "beside another": f"y_hat, k = w * x, 1\nloss = {MIDWAY}",
    "from a function": f"def fit():\n    y_hat = w * x\n    return y_hat, {MIDWAY}\ny_hat, loss = fit()",
    "beside the loss, written out again": "y_hat, loss = w * x, ((w * x - y) ** 2).mean()",
    "written out again": "y_hat = w * x\nloss = ((w * x - y) ** 2).mean()",
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("cell", RESULTS.values(), ids=RESULTS)
def test_the_gradient_of_a_result(cell):
    line = cell.count("\n") + 3
    case = training(
        [LEAF],
        f"{cell}\nloss.backward()\ng = y_hat.grad",
        "g is not None and torch.allclose(g, 2 * (w * x - y) / 3)",
        "y_hat",
        line,
    )
    treat(case, "grad of a result")


@pytest.mark.filterwarnings("default")
def test_no_gradient_is_promised_to_a_result_that_no_pass_comes_to():
    shell, said = admit(
        LEAF, "y_hat = w * x\nloss = ((w * 3 - y) ** 2).mean()\nloss.backward()\ny_hat.grad", setup=POINTS
    )
    assert said.error is None
    assert not said.leaflets
    shell.close()


CUTS = {
    "a line of its own": ("(w * 2).requires_grad = False", "True"),
    "a call": ("z = (w * 2).requires_grad_(False)\nloss = z * w\nloss.backward()", "w.grad == 2 * w"),
    "a call in brackets": ("z = torch.exp(w).requires_grad_(requires_grad=False)", "not z.requires_grad"),
}


@pytest.mark.parametrize(("cell", "goal"), CUTS.values(), ids=CUTS)
def test_a_result_without_a_name_is_cut_off(cell, goal):
    treat(training([LEAF], cell, goal, "", 1, false=False), "flag of a result")


# What a false cure does

HIDDEN = "net = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))"
KEPT = {
    "old numbers": (LEAF, "loss = ((w * x - y) ** 2).mean()", "w -= 0.05 * w.grad", False),
    "a power": (LEAF, "loss = ((w ** 2 * x - y) ** 2).mean()", "w -= 0.02 * w.grad", True),
    "a power, hidden by data": (LEAF, "loss = ((w ** 2 * x - y) ** 2).mean()", "w.data -= 0.02 * w.grad", False),
    "one layer": ("net = nn.Linear(1, 1)\noptimizer = torch.optim.SGD(net.parameters(), lr=0.05)", "loss = ((net(x[:, None]) - 1) ** 2).mean()", "optimizer.step()", False),
    "two layers": (f"{HIDDEN}\noptimizer = torch.optim.SGD(net.parameters(), lr=0.05)", "loss = ((net(x[:, None]) - 1) ** 2).mean()", "optimizer.step()", True),
}  # fmt: skip


@pytest.mark.parametrize(("start", "forward", "step", "stops"), KEPT.values(), ids=KEPT)
def test_it_is_told_whether_a_kept_graph_stops_or_sends_old_slopes(start, forward, step, stops):
    shell, said = admit(start, f"{forward}\nfor _ in range(9):\n    loss.backward(){QUIET.format(step)}", setup=POINTS)
    assert ("torch stops" in said.leaflets[0].why_not) is stops
    assert ("old numbers" in said.leaflets[0].why_not) is not stops
    failed = str(shell.run(said.leaflets[0].false_cure).error)
    assert ("inplace" in failed) is stops
    shell.close()


QUIET = "\n    with torch.no_grad():\n        {}"
SILENT = {
    "a step": (f"{LOOP}{STEP}", "`w.grad` is None", "NoneType"),
    "a step that looks first": (
        f"{LOOP}    if w.grad is not None:\n        w.data -= w.grad",
        "Nothing is learnt",
        "None",
    ),
    "an optimizer": (f"optimizer = torch.optim.SGD([w], lr=0.05)\n{LOOP}    optimizer.step()", "skips", "None"),
    "many numbers": (LOOP.replace(".mean()", ""), "3 numbers", "scalar"),
    "grad": (LOOP.replace("loss.backward()", "torch.autograd.grad(loss, w)"), "does not reach `w`", "differentiated"),
}


@pytest.mark.parametrize(("cell", "told", "failed"), SILENT.values(), ids=SILENT)
def test_it_is_told_what_comes_of_a_loss_that_asks(cell, told, failed):
    shell, said = admit("w = torch.tensor(0.5)", cell, setup=POINTS)
    assert told in said.leaflets[0].why_not
    assert failed in str(shell.run(said.leaflets[0].false_cure).error)
    assert shell["w"].item() == 0.5
    shell.close()


# A quiet guest

HOSTILE = """class Odd:
    def __getattr__(self, name): raise RuntimeError('no')
    __repr__ = __eq__ = __bool__ = __len__ = __iter__ = __getattr__
    __hash__ = None
    __class__ = property(__getattr__)
class Slow:
    def __getattr__(self, name):
        import time
        time.sleep(2)
class Loud:
    asked = []
    def __getattr__(self, name): self.asked.append(name)
    def __eq__(self, other): self.asked.append('==')
    def __bool__(self): self.asked.append('bool')
    def __repr__(self): self.asked.append('repr')
odd, slow, loud = Odd(), Slow(), Loud()"""
HUGE = (
    "big = torch.zeros(10_000_000, requires_grad=True)\nmany = list(range(1_000_000))\nmuch = [torch.zeros(1)] * 20_000"
)
ILL = {
    "leaf changed in place": MOVED,
    "gradient is None": f"{LOOP}    w = w - 0.05 * w.grad",
    "no graph": f"{LOOP.replace('w *', 'w.data *')}{STEP}",
    "backward from many numbers": f"{LOOP.replace('.mean()', '')}{STEP}",
    "second backward": f"loss = ((w * x - y) ** 2).mean()\nfor _ in range(2):\n    loss.backward()\n{STEP}",
    "numpy of a tensor that asks": "w.numpy()",
    "changed in place": "h = torch.exp(w * x)\nh += 1\nh.sum().backward()",
    "not in the graph": "v = torch.ones(1, requires_grad=True)\ntorch.autograd.grad((w * x).sum(), v)",
    "whole numbers ask": "z = torch.tensor([1, 2], requires_grad=True)",
    "two devices": "far = x.to('meta')\nz = x * far",
    "wrong number of gradients": "class Twice(torch.autograd.Function):\n    forward = staticmethod(lambda c, w, k: w * k)\n"
    "    backward = staticmethod(lambda c, g: g)\nTwice.apply(w, 2.0).backward()",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ailment", ILL)
def test_nothing_is_changed_asked_or_waited_for(ailment):
    shell, _ = admit(LEAF, HOSTILE, HUGE, setup=POINTS)
    shell.ip._course_clinic._display = lambda _: None
    error = shell.ip.run_cell(ILL[ailment], store_history=True).error_in_exec
    tensors = {name: held for name, held in shell.ip.user_ns.items() if issubclass(type(held), type(shell["x"]))}

    def seen():
        return {
            name: (id(one), one._version, one.requires_grad, one.is_leaf and id(one.grad))
            for name, one in tensors.items()
        }

    before, chance, names = seen(), (random.getstate(), shell["torch"].get_rng_state().tolist()), dict(shell.ip.user_ns)
    start = time.perf_counter()
    leaflet = read_error(error)
    took = time.perf_counter() - start
    assert leaflet.ailment == ailment
    assert took < 0.5
    assert (seen(), chance) == (before, (random.getstate(), shell["torch"].get_rng_state().tolist()))
    assert [*names] == [*shell.ip.user_ns]
    assert all(one is shell.ip.user_ns[name] for name, one in names.items())
    assert not shell["loud"].asked
    shell.close()
