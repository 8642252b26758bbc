"""What the tests of the clinic's cures share: an ailment is provoked, its leaflet read, both cures run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shell import Shell

SETUP = """import math
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
w = torch.tensor([1.0, 2.0], requires_grad=True)
x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])"""


@dataclass
class Case:
    """One way to fall ill.

    Attributes:
        name: what the learner does.
        cells: what is run, the last one with the error.
        line, tensor: what the leaflet must tell.
        cured: whether the shell is well after the cure.
        fooled: whether the false cure is seen to be none; by default that it raises.
        again: what is run after either cure.
    """

    name: str
    cells: tuple[str, ...]
    line: int
    tensor: str
    cured: Callable[[Shell], bool]
    fooled: Callable[[Shell], bool] | None = None
    again: str = ""
    text: str = field(default="")


def admit(*cells):
    """A shell in which the cells have run, and what the last one said."""
    shell = Shell()
    said = shell.run(SETUP)
    for cell in cells:
        said = shell.run(cell)
    return shell, said


def treat(case, ailment):
    """Provoke an ailment and see that its cure cures, and that the false one does not."""
    shell, said = admit(*case.cells)
    try:
        assert [one.ailment for one in said.leaflets] == [ailment], said
        leaflet = said.leaflets[0]
        assert (leaflet.line, leaflet.tensor) == (case.line, case.tensor)
        assert leaflet.to_text()
        assert "<section" in leaflet.to_html()
        assert case.text in leaflet.to_text()
        see(shell, leaflet.cure, case.again)
        assert case.cured(shell), leaflet.cure
        assert bool(leaflet.false_cure) == bool(leaflet.why_not)
        assert (case.fooled is not None) == bool(leaflet.false_cure)
    finally:
        shell.close()
    if case.fooled:
        shell, _ = admit(*case.cells)
        shell.ip.user_ns["failed"] = run(shell, leaflet.false_cure, case.again)
        assert case.fooled(shell), (leaflet.false_cure, shell["failed"])
        shell.close()


def run(shell, *cells):
    """The text of the first error; "" if there was none."""
    for cell in cells:
        if cell and (error := shell.run(cell).error) is not None:
            return f"{type(error).__name__}: {error}"
    return ""


def see(shell, *cells):
    assert not run(shell, *cells)


def raises(words):
    """Whether the false cure ended with an error that has these words."""
    return lambda shell: words in shell["failed"]


def slope(loss, at):
    """The slope of a loss with respect to each number, by nudging; what comes in is in float64."""
    import torch

    found = torch.zeros_like(at, dtype=torch.float64)
    for place in range(at.numel()):
        for sign in (1, -1):
            nudged = at.detach().double().clone()
            nudged.view(-1)[place] += sign * 1e-5
            found.view(-1)[place] += sign * float(loss(nudged)) / 2e-5
    return found


def is_true(loss, name="w"):
    """Whether the gradient in the shell is that by nudging."""
    import torch

    return lambda shell: torch.allclose(shell[name].grad.double(), slope(loss, shell[name]), rtol=1e-3, atol=1e-5)


def is_wrong(loss, name="w"):
    """Whether nothing was raised, and the gradient in the shell is another than that by nudging."""
    true = is_true(loss, name)
    return lambda shell: not shell["failed"] and not (shell[name].grad is not None and true(shell))
