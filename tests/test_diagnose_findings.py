"""What a beginner and a teacher found wrong in what `diagnose` says: each sentence holds where it is said."""

import examining
from examining import begun, run
import pytest


@pytest.fixture
def shell():
    yield from begun()


@pytest.fixture(autouse=True)
def loudly(monkeypatch):
    examining.loudly(monkeypatch)


def found_by(shell, cell):
    """Run a cell that sets `found` to a diagnosis: its findings."""
    run(shell, cell)
    return shell["found"].findings


class TestSquares:
    @pytest.mark.parametrize(
        "line",
        ["p.reshape(3, 1) - p", "p - p.reshape(3, 1)", "p.view(-1, 1) - p.detach()", "column - p",
         "p.reshape(3, 1) - q", "(h.reshape(3, 1) - h)", "p.reshape(3, 1) * v", "p.reshape(3, 1) - t",
         "p.unsqueeze(1) - v"],
    )  # fmt: skip
    def test_each_with_each_is_meant(self, shell, line):
        run(shell, "p, v = torch.tensor([1.0, 2.0, 4.0], requires_grad=True), torch.ones(3, requires_grad=True)")
        run(shell, "column, q, h, t = p.reshape(3, 1), p.detach().clone(), torch.exp(p), torch.arange(3.0) ** 2")
        assert not found_by(shell, f"loss = (({line}) ** 2).mean()\nfound = diagnose(loss, p)")

    def test_a_column_made_on_the_spot_meets_data(self, shell):
        """Lesson 15 has it: each answer meets each target."""
        cell = "{}\nloss = (((w * x).reshape(8, 1) - y) ** 2).mean()\nfound = diagnose(loss, w)"
        (finding,) = found_by(shell, cell.format(""))
        assert (finding.kind, finding.name) == ("broadcast to a square", "y")
        assert finding.sentence.startswith("A result of the shape (8, 1) meets `y` of the shape (8,)")
        assert not found_by(shell, cell.format(finding.cure))

    def test_only_names_stand_between_backticks(self, shell):
        (finding,) = found_by(
            shell, "net = nn.Linear(1, 1)\nloss = ((net(x[:, None]) - y) ** 2).mean()\nfound = diagnose(loss)"
        )
        names = finding.sentence.split("`")[1::2]
        assert names
        assert all(name in shell.ip.user_ns for name in names), names


AFTER = [
    ("loss = ((w * w * x - y) ** 2).mean(); w.data *= 100", "w"),
    ("y_hat = w * w * x\nloss = ((y_hat - y) ** 2).mean()\nw.data *= 100", "w"),
    ("h = w * w\nloss = ((h * x - y) ** 2).mean()\nw.data[...] = 100", "w"),
    ("loss = ((w ** 2 * x - y) ** 2).mean()\nw.data = w.data * 100", "w"),
    ("y_hat = torch.exp(w * x)\nloss = ((y_hat - y) ** 2).mean()\ny_hat.data += 1", "y_hat"),
    ("y_hat = torch.exp(w * x)\nloss = ((y_hat - y) ** 2).mean()\ny_hat.data[0].zero_()", "y_hat"),
    ("gap = w * x - torch.sin(y)\nloss = (gap ** 2).mean()\ngap.data.neg_()", "gap"),
    ("loss = ((w * w * x - y) ** 2).mean()\nfor _ in range(2):\n    w.data *= 10", "w"),
    ("loss = ((w * w * x - y) ** 2).mean()\nwith torch.no_grad():\n    w.data.add_(1)", "w"),
]
HARMLESS = [
    "loss = ((w * x - y) ** 2).mean()\nw.data *= 100",  # no slope needs w
    "y_hat = w * x\nloss = ((y_hat - y) ** 2).mean()\ny_hat.data += 1",
    "w.data *= 3\nloss = ((w * w * x - y) ** 2).mean()",
    "loss = (w ** 2).mean()\nw.data *= 3\nloss = ((w * w * x - y) ** 2).mean()",
    "loss = ((w * w * x - y) ** 2).mean()\nw.data.clamp_(-1, 1)",  # w was there already
    "loss = ((w * w * x - 2 * y) ** 2).mean()\nw.data.clamp_(-1, 1)",
    "loss = ((w * w * x - 2 * y) ** 2).mean()\nif w > 3: w.data.zero_()",
    "loss = ((w * w * x - 2 * y) ** 2).mean()\ndef reset():\n    w.data.zero_()",
    "loss = ((w * w * x - 2 * y) ** 2).mean()\nw.data.requires_grad_()",
    "loss = ((w * w * x - 2 * y) ** 2).mean()\nb.data *= 3",
    "y_hat = torch.exp(w * x)\nloss = ((y_hat - 2 * y) ** 2).mean()\nseen = y_hat.data + 1",
    "loss = ((w * w * x - 2 * y) ** 2).mean()\nw.data += 1e-3\nup = w * x\nw.data -= 1e-3",  # a nudge, and back
    "loss = ((w * w * x - 2 * y) ** 2).mean()\nold = w.data.clone()\nw.data *= 2\nw.data.copy_(old)",
]
LOOP = """
for step in range(4):
    w.grad = None
    loss = ((w * w * x - 2 * y) ** 2).mean()
    found = found or diagnose(loss, w)
    loss.backward()
    w.data -= 0.1 * w.grad
"""


def is_nudged(shell, loss, name="w"):
    """Whether the gradient of a weight is that by nudging."""
    run(shell, f"held = {name}.detach().clone(); up, down = 1e-3, -1e-3")
    ends = []
    for way in ("up", "down"):
        run(shell, f"with torch.no_grad(): {name}.copy_(held + {way})\n{loss}\nend = loss.item()")
        ends.append(shell["end"])
    return abs((ends[0] - ends[1]) / 2e-3 - float(shell["slope"])) < 1e-2 * max(1, abs(ends[0]))


class TestChanged:
    @pytest.mark.parametrize(("cell", "name"), AFTER)
    @pytest.mark.parametrize("way", ["one cell", "cells", "function"])
    def test_the_line_after_the_loss_tells(self, shell, cell, name, way):
        run(shell, "w = torch.tensor(0.5, requires_grad=True)")
        if way == "function":
            body = ("global w\n" + cell + "\nreturn diagnose(loss, w)").replace("\n", "\n    ")
            (finding,) = found_by(shell, f"def step():\n    {body}\nfound = step()")
        elif way == "cells":
            first, _, last = cell.replace("; ", "\n").partition("\n" if "\nloss" not in cell else "\nloss")
            run(shell, first if "loss" in first else first + "\nloss" + last.partition("\n")[0])
            run(shell, last if "loss" in first else last.partition("\n")[2])
            (finding,) = found_by(shell, "found = diagnose(loss, w)")
        else:
            (finding,) = found_by(shell, cell + "\nfound = diagnose(loss, w)")
        assert (finding.kind, finding.name) == ("changed behind the tape", name)
        if way != "function":
            run(shell, finding.cure + "\nfound = diagnose(loss, w)\nloss.backward(); slope = w.grad.item()")
            assert is_nudged(shell, finding.cure)
            assert ("without `.data`" in finding.sentence) == (name != "w")

    @pytest.mark.parametrize("cell", HARMLESS)
    def test_lines_that_do_no_harm(self, shell, cell):
        run(shell, "w = torch.tensor(0.5, requires_grad=True)")
        assert not found_by(shell, cell + "\nfound = diagnose(loss, w)")
        run(shell, f"w = torch.tensor(0.5, requires_grad=True)\n{cell}")
        assert not found_by(shell, "found = diagnose(loss, w)")

    @pytest.mark.parametrize(
        ("cells", "last"),
        [
            (["for i in range(3):\n    if i: found = diagnose(loss, w)\n    w.data += 1\n    loss = {}"], True),
            (["loss = {}", "w.data *= 2", "%%time\nloss = {}", "found = diagnose(loss, w)"], True),
            (["loss = {}", "w.data *= 2", "%time loss = {}", "found = diagnose(loss, w)"], True),
            (["loss = {}", "w.data *= 2", "loss = {}", "found = diagnose(loss, w)"], True),
            (["loss = {}", "w.data *= 2", "found = diagnose({}, w)"], True),
            (
                [
                    "loss = {}",
                    "def f():\n    global loss\n    loss = {}",
                    "w.data *= 2; f(); found = diagnose(loss, w)",
                ],
                True,
            ),
            (["loss = {}", "w.data *= 2", "found = diagnose(loss, w)"], False),
        ],
    )
    def test_the_loss_was_made_since(self, shell, cells, last):
        run(shell, "w = torch.tensor(0.5, requires_grad=True)")
        for cell in cells:
            run(shell, cell.format("((w * w * x - 2 * y) ** 2).mean()"))
        assert bool(shell["found"]) is not last

    def test_a_step_after_the_pass(self, shell):
        run(shell, "found, w = None, torch.tensor(0.5, requires_grad=True)" + LOOP)
        assert not shell["found"]
        run(shell, "w.grad = None\nloss = ((w * w * x - 2 * y) ** 2).mean()\nfound = diagnose(loss, w)")
        assert not shell["found"]


class TestUnreached:
    CELL = "{}\nloss = ((w * x - k) ** 2).mean()\nfound = diagnose(loss, w, b)"

    @pytest.mark.parametrize(
        "line",
        ["k = (b * x).argmax()", "k = (b * x > 0).float()", "k = (b * x).topk(1).indices", "k = (b * x).sort()[1]",
         "_, k = (b * x).max(0)", "k = x[(b * x).argsort()]", "k = torch.bucketize(b, x)"],
    )  # fmt: skip
    def test_where_computing_again_would_not_help(self, shell, line):
        (finding,) = found_by(shell, self.CELL.format(line))
        assert (finding.kind, finding.name, finding.cure) == ("no path from the loss", "b", "")
        assert "no slope" in finding.sentence or "without a slope" in finding.sentence
        assert finding.sentence.startswith("No path leads from `loss` to `b`")

    @pytest.mark.parametrize(
        ("lines", "why"),
        [
            (
                "k = b * x\nw0 = w\nloss = ((w * x - k) ** 2).mean()\nb = torch.ones((), requires_grad=True)",
                "after the",
            ),
            ("with torch.no_grad():\n    k = b * x\nloss = ((w * x - k) ** 2).mean()", "inside `torch.no_grad()`"),
            ("torch.set_grad_enabled(False)\nloss = ((w * x - b) ** 2).mean()\ntorch.set_grad_enabled(True)", "inside"),
        ],
    )
    def test_where_it_helps(self, shell, lines, why):
        finding = found_by(shell, lines + "\nfound = diagnose(loss, w, b)")[-1]
        assert (finding.kind, finding.name) == ("no path from the loss", "b")
        assert why in finding.sentence
        run(shell, finding.cure)
        assert not found_by(shell, "found = diagnose(loss, w, b)")
        run(shell, "loss.backward()")
        assert shell["b"].grad is not None

    def test_a_line_that_cuts_does_not_say_that_nothing_depends(self, shell):
        (finding,) = found_by(shell, self.CELL.format("k = (b * x).detach()"))
        assert finding.sentence.startswith("No path leads from `loss` to `b`")
        (finding,) = found_by(shell, self.CELL.format("k = y"))
        assert finding.sentence.startswith("`loss` does not depend on `b`")


class TestReplaced:
    @pytest.mark.parametrize("line", ["z = w * x", "z = net(x[:, None]).flatten()"])
    def test_a_result_on_the_way_stays_on_it(self, shell, line):
        cell = f"net = nn.Linear(1, 1)\n{line}\n{{}}\nloss = ((z - y) ** 2).mean()\nfound = diagnose(loss, z)"
        (finding,) = found_by(shell, cell.format(""))
        assert (finding.kind, finding.name, finding.cure) == ("no leaf any more", "z", "z.retain_grad()")
        assert "replaced" not in finding.sentence
        run(shell, "w.grad = None\n" + cell.format(finding.cure) + "\nloss.backward()")
        assert not shell["found"]
        assert shell["z"].grad is not None
        assert (shell["w"] if "w" in line else shell["net"].weight).grad is not None

    @pytest.mark.parametrize(
        "line",
        ["w = w - 0.1 * w.grad", "w = 0.9 * w", "w = torch.ones((), requires_grad=True) * 0.1",
         "moved = w - 0.1 * w.grad; w = moved", "(g,) = torch.autograd.grad(w * w, w); u = w - g; w = u"],
    )  # fmt: skip
    def test_a_leaf_that_was_replaced_becomes_one_again(self, shell, line):
        run(shell, "((w * x - y) ** 2).mean().backward()")
        cell = f"{line}\n{{}}\nloss = ((w * x - y) ** 2).mean()\nfound = diagnose(loss, w)"
        (finding,) = found_by(shell, cell.format(""))
        assert (finding.kind, finding.cure) == ("no leaf any more", "w = w.detach().requires_grad_()")

    def test_a_leaf_that_does_not_ask_is_told_in_whole_sentences(self, shell):
        (finding,) = found_by(shell, "w = torch.zeros(())\nloss = ((w * x - y) ** 2).mean()\nfound = diagnose(loss, w)")
        assert "Let it ask before the loss is computed. Was it replaced inside `torch.no_grad()`?" in finding.sentence
        assert ";" not in finding.sentence


def test_a_sign_is_no_change_by_chance(shell):
    """|0.5 x - x| is |0.5 x|: with nothing in the text that writes behind the tape nothing is said."""
    run(shell, "w = torch.tensor(0.5, requires_grad=True)\nz = torch.zeros(8)")
    assert not found_by(shell, "gap = w * x - z.float()\nloss = (gap ** 2).mean()\ndel z\nfound = diagnose(loss, w)")


class TestNumbers:
    WALK = """
for step in range({steps}):
    v.grad = None
    loss = {loss}
    found = diagnose(loss, v)
    if found and step >= {least}: break
    loss.backward()
    with torch.no_grad():
        v -= rate * v.grad
"""

    @pytest.mark.parametrize(
        "loss", ["torch.where(v > 0, v.sqrt(), 0.0).sum()", "torch.where(v > 0, v.log(), v).sum()"]
    )
    def test_a_weight_made_nan_by_a_gradient_is_not_said_to_have_gone_too_far(self, shell, loss):
        run(shell, "v, rate = torch.tensor([0.0, 1.0], requires_grad=True), 0.1")
        (finding,) = found_by(shell, self.WALK.format(steps=2, loss=loss, least=1))
        assert (finding.kind, finding.name, finding.cure) == ("nan or inf in a weight", "v", "")
        assert "past the goal" not in finding.sentence
        assert "a gradient that was no number" in finding.sentence
        assert "Begin again from the start" in finding.sentence

    @pytest.mark.parametrize("loss", ["(v ** 2).sum()", "(v ** 2 + torch.exp(-v ** 2)).sum()"])
    def test_a_weight_that_has_grown_is_given_a_smaller_rate(self, shell, loss):
        start = "v = torch.tensor([1.0, 2.0], requires_grad=True)\n"
        run(shell, start + "rate = 5.0")
        (finding,) = found_by(shell, self.WALK.format(steps=60, loss=loss, least=0))
        assert (finding.kind, finding.name, finding.cure) == ("the steps run away", "v", "rate = rate / 100")
        assert ("went farther past the goal (if it did not" in finding.sentence) == ("exp" not in loss)
        run(shell, start + finding.cure + self.WALK.format(steps=60, loss=loss, least=0))
        assert not shell["found"]
        assert float(shell["loss"].detach()) < 2.01

    @pytest.mark.parametrize(
        ("start", "loss", "place", "is_chosen"),
        [
            ("[-1.0, 4.0]", "torch.where(v > 0, v.sqrt(), 0.0).sum()", "sqrt", True),
            ("[0.0, 4.0]", "torch.where(v > 0, v.sqrt(), 0.0).sum()", "sqrt", True),
            ("[0.0, 4.0]", "v.sqrt().sum()", "sqrt", False),
            ("[0.0, 0.0]", "((v * 1e30) * 1e30).sum()", "×", False),
        ],
    )
    def test_where_a_gradient_breaks_is_true_of_slopes_and_products(self, shell, start, loss, place, is_chosen):
        cell = f"v = torch.tensor({start}, requires_grad=True)\nloss = {loss}\nfound = diagnose(loss, v)"
        (finding,) = found_by(shell, cell)
        assert (finding.kind, finding.name) == ("nan or inf in a gradient", "v")
        assert f"through {place}, where the slope or the product is no finite number." in finding.sentence
        assert ("`torch.where` does not help after it" in finding.sentence) == is_chosen
        assert "must never be there" not in finding.sentence
