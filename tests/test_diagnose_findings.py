"""What a beginner and a teacher found wrong in what `diagnose` says: each sentence holds where it is said."""

from contextlib import nullcontext
import sys

import pytest
from shell import Shell

START = """
import torch
from torch import nn
from torch.nn import functional as F
from course_utils import diagnose
torch.manual_seed(0)
x = torch.linspace(-1.0, 1.0, 8)
y = 2 * x + 1
w, b = torch.zeros((), requires_grad=True), torch.zeros((), requires_grad=True)
"""


@pytest.fixture
def shell():
    made = Shell(with_clinic=False)
    assert made.run(START).error is None
    yield made
    made.close()


@pytest.fixture(autouse=True)
def loudly(monkeypatch):
    """What goes wrong inside is not passed over."""
    monkeypatch.setattr(sys.modules["course_utils.diagnosis.examination"], "quietly", nullcontext)


def run(shell, cell):
    error = shell.run(cell).error
    assert error is None, error


def found_by(shell, cell):
    """Run a cell that sets `found` to a diagnosis: its findings."""
    run(shell, cell)
    return shell["found"].findings


class TestSquares:
    @pytest.mark.parametrize(
        "line",
        ["p.reshape(3, 1) - p", "p - p.reshape(3, 1)", "p.view(-1, 1) - p.detach()", "column - p",
         "p.reshape(3, 1) - q", "(h.reshape(3, 1) - h)", "p.reshape(3, 1) * v", "p.unsqueeze(1) - v"],
    )  # fmt: skip
    def test_each_with_each_is_meant(self, shell, line):
        run(shell, "p, v = torch.tensor([1.0, 2.0, 4.0], requires_grad=True), torch.ones(3, requires_grad=True)")
        run(shell, "column, q, h = p.reshape(3, 1), p.detach().clone(), torch.exp(p)")
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
