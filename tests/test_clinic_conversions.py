"""numpy, whole numbers and devices: each provoked, cured, and falsely cured."""

import matplotlib
import pytest
import torch
from ward import Case, admit, raises, treat

NEW_W = "w = torch.tensor([1.0, 2.0], requires_grad=True)\n"
AXES = "from matplotlib.figure import Figure\nax = Figure().subplots()\n"
STEP = "\nloss = ((w * x - y) ** 2).mean()\nloss.backward()"


def asks_still(name="w"):
    return lambda shell: shell[name].requires_grad


def drawn(points):
    return lambda shell: shell["ax"].lines[-1].get_ydata().tolist() == points


NUMPY = [
    Case(
        "of a leaf, in a loop",
        (NEW_W + "for _ in range(50):" + STEP.replace("\n", "\n    ")
         + "\n    path = w.numpy()\n    with torch.no_grad():\n        w -= 0.1 * w.grad\n    w.grad = None",),
        5, "w", lambda shell: shell["loss"] < 1e-3, raises("does not require grad"),
    ),
    Case("of a result in brackets", (NEW_W + "z = (w * 2)  .numpy()",), 2, "",
         lambda shell: shell["z"].tolist() == [2.0, 4.0]),
    Case("of a result", (NEW_W + "z = w * 2\nz = z.numpy()",), 3, "z", lambda shell: shell["z"].tolist() == [2.0, 4.0],
         raises("leaf")),
    Case("asarray", (NEW_W + "z = np.asarray(w)  # for later",), 2, "w", asks_still(),
         lambda shell: not shell["w"].requires_grad),
    Case("a function of numpy's", (NEW_W + "z = np.sqrt(w)" ,), 2, "w", asks_still(),
         lambda shell: not shell["w"].requires_grad),
    Case("a plot", (AXES + NEW_W + "ax.plot(x,\n    w * x,  # the line\n    'o')",), 5, "", drawn([1.0, 4.0])),
    Case("a plot of both", (AXES + NEW_W + "ax.plot(w, w ** 2)",), 4, "w", drawn([1.0, 4.0]),
         lambda shell: not shell["w"].requires_grad),
    Case(
        "a plot of what a net says", (AXES + "net = nn.Linear(1, 1)\nax.plot(x, net(x[:, None]))",), 4, "",
        lambda shell: len(shell["ax"].lines) == 1,
    ),
    Case("a plot of what a function of one's own says", (AXES + NEW_W, "def f(t):\n    return w * t\nax.plot(x, f(x))"),
         3, "", drawn([1.0, 4.0])),
    Case(
        "a plot of the losses", (AXES + NEW_W + "losses = []\nfor k in range(3):\n    losses.append((w * k).sum())\n"
         "ax.plot(losses)",),
        7, "losses", drawn([0.0, 3.0, 6.0]),
    ),
    Case("an attribute of an object", ("class Net:\n    pass\nnet = Net()\nnet.w = torch.ones(2, requires_grad=True)",
                                       "z = net.w.cpu().numpy()"), 1, "", lambda shell: shell["net"].w.requires_grad),
    Case("in a function of one's own",
         ("def show(t):\n    return t.numpy()", "z = show(torch.ones(2, requires_grad=True))"),
         2, "t", lambda shell: shell["z"].tolist() == [1.0, 1.0], lambda shell: not shell["leaf"].requires_grad,
         again="leaf = torch.ones(2, requires_grad=True)\nz = show(leaf)"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpy's new words to an older torch
def test_a_list_from_a_function_is_not_detached():
    shell, said = admit(
        "def both(t):\n    return [t * 2, t * 3]", "np.array(both(torch.tensor(1.0, requires_grad=True)))"
    )
    assert said.error is not None
    assert not said.leaflets
    shell.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpy's new words to an older torch
@pytest.mark.parametrize("case", NUMPY, ids=lambda case: case.name)
def test_numpy_of_a_tensor_that_asks(case):
    with matplotlib.rc_context():
        treat(case, "numpy of a tensor that asks")


USED = "(w * 2.0).sum().backward()"
none = raises("does not require grad")


def whole(name="w"):
    return lambda shell: set(shell[name].grad.tolist()) == {2.0} and shell[name].is_leaf


WHOLE = [
    Case("a list", (f"w = torch.tensor([1, 2], requires_grad=True)\n{USED}",), 1, "w", whole(), none),
    Case("several lines", (f"w = torch.tensor(\n    [1, 2],  # weights\n    requires_grad=True,\n)\n{USED}",),
         1, "w", whole(), none),
    Case("a dtype", (f"w = torch.zeros(2, dtype = torch.int64, requires_grad=True)\n{USED}",), 1, "w", whole(), none),
    Case("a range", (f"w = torch.arange(3, requires_grad=True)\n{USED}",), 1, "w", whole(), none),
    Case("random", (f"w = torch.randint(9, (2,), requires_grad=True)\n{USED}",), 1, "w", whole(), none),
    Case("asked afterwards", (f"w = torch.arange(3)\nw.requires_grad_()\n{USED}",), 2, "w", whole(), none),
    Case("asked by the flag, in another cell", ("w = torch.arange(3)", f"w.requires_grad = True  # ask\n{USED}"),
         1, "w", whole(), none),
    Case("asked at once", (f"w = torch.arange(3).requires_grad_()\n{USED}",), 1, "", whole(), none),
    Case("a parameter", (f"w = nn.Parameter(torch.tensor([1, 2]))\n{USED}",), 1, "", whole(), none),
    Case("truth values", (f"w = (x > 1.5)\nw.requires_grad_()\n{USED}",), 2, "w", whole(), none),
    Case(
        "an item",
        ("d = {'w': torch.arange(3)}\nd['w'].requires_grad_(True)\n(d['w'] * 2.0).sum().backward()\nw = d['w']",),
        2, "d['w']", whole(), none,
    ),
    Case(
        "in a function of one's own",
        ("def start():\n    v = torch.randint(3, (2,))\n    v.requires_grad_()\n    return v", f"w = start()\n{USED}"),
        3, "v", whole(), none, again=f"w = start()\n{USED}",
    ),
    Case(
        "trained", ("w = torch.tensor(1, requires_grad=True)\nfor _ in range(50):" + STEP.replace("\n", "\n    ")
                    + "\n    with torch.no_grad():\n        w -= 0.1 * w.grad\n    w.grad = None",),
        1, "w", lambda shell: shell["loss"] < 1e-4, none,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case.name)
def test_whole_numbers_ask(case):
    treat(case, "whole numbers ask")


@pytest.mark.parametrize(
    "cells",
    [
        ("ws = [torch.arange(3), torch.arange(2)]\nfor w in ws:\n    w.requires_grad_()",),
        ("def ask(t):\n    t.requires_grad_()\nask(torch.arange(3))",),
        ("options = dict(requires_grad=True)\nw = torch.tensor([1, 2], **options)",),
    ],
    ids=["a loop over a list", "an argument", "options from elsewhere"],
)
def test_what_cannot_be_cured_here_is_left_alone(cells):
    shell, said = admit(*cells)
    assert "can require gradients" in str(said.error)
    assert not said.leaflets
    shell.close()


def devices(device):
    """What may go wrong between the CPU and another device."""
    learns = f"w = torch.ones(2, device='{device}', requires_grad=True)\n"
    loop = "for _ in range(60):" + STEP.replace("\n", "\n    ") + (
        "\n    with torch.no_grad():\n        w -= 0.1 * w.grad\n    w.grad = None"
    )  # fmt: skip
    net = f"net = nn.Linear(1, 1).to('{device}')\nloader = [(x[:, None], y[:, None])] * 3\n"
    fit = "for xb, yb in loader:\n    y_hat = net(xb)\n    loss = F.mse_loss(y_hat, yb)\n    loss.backward()"
    fell = lambda shell: shell["w"].grad is None and shell["loss"] < 1e-3  # noqa: E731
    same = raises("device")
    return [
        Case("in a loop", (learns + loop,), 3, "x", fell, same),
        Case("in another cell", (learns, loop), 2, "x", fell, same),
        Case("batches", (net + fit,), 4, "xb", lambda shell: shell["net"].weight.grad is not None, same),
        Case(
            "in a function of one's own",
            ("def loss_of(w, x, y):\n    return ((w * x - y) ** 2).mean()", learns + "loss_of(w, x, y).backward()"),
            2, "x", lambda shell: shell["w"].grad is not None, same, again=learns + "loss_of(w, x, y).backward()",
        ),
    ]  # fmt: skip


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("case", devices("cuda"), ids=lambda case: case.name)
def test_cpu_and_cuda(case):
    leaflet, _ = treat(case, "two devices")
    assert "cuda" not in (leaflet.happened + leaflet.why + leaflet.why_not)


def test_two_devices_in_torchs_words_for_cuda():
    words = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
    away = "w = torch.ones(2, device='meta', requires_grad=True)\n"
    shell, said = admit(f"def mul(a, b):\n    raise RuntimeError('{words}')\n{away}z = mul(w, x)")
    assert not said.leaflets, "raised by the learner: there is no operation of torch's"
    exec(compile(f"def mul(a, b):\n    raise RuntimeError({words!r})", "<string>", "exec"), shell.ip.user_ns)
    said = shell.run("z = mul(w, x)")
    assert [(one.ailment, one.tensor, one.line) for one in said.leaflets] == [("two devices", "w", 1)]
    shell.close()


def test_two_devices_in_the_words_of_an_operation_that_looks_for_itself():
    shell, said = admit("far = torch.ones(2, device='meta')\nz = w.inner(far)")
    assert "DeviceType" in str(said.error)
    assert [(one.ailment, one.tensor, one.line) for one in said.leaflets] == [("two devices", "far", 2)]
    shell.close()
