"""How an ailment is tried: provoked in a real shell, its leaflet read, its cure run, its false cure run in another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shell import Shell
import torch

SETUP = """import math
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
w = torch.tensor([1.0, 2.0], requires_grad=True)
x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])"""
POINTS = """import torch
from torch import nn
x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
"""


@dataclass
class Case:
    """One way to fall ill.

    Attributes:
        name: what the learner does.
        cells: what is run, the last one with the error.
        line, tensor: what the leaflet must tell.
        cured: whether the shell is well after the cure, which raises nothing.
        fooled: whether the false cure is seen to be none; what it raised is the shell's `failed`. None if the leaflet
            has no false cure.
        again: what is run after either cure, where the mended cell only defines a function.
        text: what the leaflet must say.
        setup: the first cell.
    """

    name: str
    cells: Sequence[str]
    line: int
    tensor: str
    cured: Callable[[Shell], bool]
    fooled: Callable[[Shell], bool] | None = None
    again: str = ""
    text: str = ""
    setup: str = SETUP


def training(cells, cell, goal, tensor, line, *, rerun="", false=True):
    """A case that is cured when a goal holds; with a false cure after which it does not."""

    def reached(shell):
        return bool(eval(goal, shell.ip.user_ns))

    def missed(shell):
        return bool(shell["failed"]) or not reached(shell)

    return Case("", [*cells, cell], line, tensor, reached, missed if false else None, again=rerun, setup=POINTS)


def admit(*cells, setup=SETUP):
    """A shell in which the cells have run, all but the last without a fault, and what the last one said."""
    shell = Shell()
    for cell in (setup, *cells):
        said = shell.run(cell)
        if cell is not (setup, *cells)[-1]:
            assert said.error is None, (cell, said.error)
            assert said.leaflets == []
    return shell, said


def treat(case, ailment):
    """The leaflet of an ailment whose cure has cured, and the text of what its false cure raised."""
    shell, said = admit(*case.cells, setup=case.setup)
    try:
        assert [one.ailment for one in said.leaflets] == [ailment], said
        leaflet = said.leaflets[0]
        assert (leaflet.line, leaflet.tensor) == (case.line, case.tensor), leaflet
        assert "<section" in leaflet.to_html()
        assert leaflet.to_text()
        assert case.text in leaflet.to_text()
        assert not run(shell, leaflet.cure, case.again), leaflet.cure
        assert case.cured(shell), leaflet.cure
        assert bool(leaflet.false_cure) == bool(leaflet.why_not)
        assert (case.fooled is not None) == bool(leaflet.false_cure)
    finally:
        shell.close()
    return leaflet, _fooled(case, leaflet) if case.fooled else ""


def _fooled(case, leaflet):
    shell, _ = admit(*case.cells, setup=case.setup)
    try:
        failed = shell.ip.user_ns["failed"] = run(shell, leaflet.false_cure, case.again)
        assert case.fooled(shell), (leaflet.false_cure, failed)
    finally:
        shell.close()
    return failed


def run(shell, *cells):
    """The text of the first error; "" if there was none."""
    for cell in cells:
        if cell and (error := shell.run(cell).error) is not None:
            return f"{type(error).__name__}: {error}"
    return ""


def raises(words):
    """Whether the false cure ended with an error that has these words."""
    return lambda shell: words in shell["failed"]


def slope(loss, at):
    """The slope of a loss with respect to each number, by nudging; what comes in is in float64."""
    found = torch.zeros_like(at, dtype=torch.float64)
    for place in range(at.numel()):
        for sign in (1, -1):
            nudged = at.detach().double().clone()
            nudged.view(-1)[place] += sign * 1e-5
            found.view(-1)[place] += sign * float(loss(nudged)) / 2e-5
    return found


def is_true(loss, name="w"):
    """Whether the gradient in the shell is that by nudging."""
    return lambda shell: torch.allclose(shell[name].grad.double(), slope(loss, shell[name]), rtol=1e-3, atol=1e-5)


def is_wrong(loss, name="w"):
    """Whether nothing was raised, and the gradient in the shell is another than that by nudging."""
    true = is_true(loss, name)
    return lambda shell: not shell["failed"] and not (shell[name].grad is not None and true(shell))
