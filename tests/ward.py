"""How an ailment is tried: raised in a real shell, its cure run, its false cure run in another."""

from dataclasses import dataclass

from shell import Shell

SETUP = """import torch
from torch import nn
x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
"""


@dataclass
class Case:
    """A learner's mistake.

    Attributes:
        cells: those that ran before.
        cell: the one that fails.
        goal: holds after a cell that trains.
        tensor, line: what the leaflet has to name.
        rerun: what the learner runs after mending the cell, where it only defines a function.
        ailment: the name of it.
    """

    cells: list[str]
    cell: str
    goal: str
    tensor: str
    line: int
    rerun: str = ""
    ailment: str = ""
    false: bool = True


def fails(case):
    """A shell in which it has failed, with what was said."""
    shell = Shell()
    for cell in [SETUP, *case.cells]:
        said = shell.run(cell)
        assert said.error is None, (cell, said.error)
        assert said.leaflets == []
    said = shell.run(case.cell)
    assert said.error is not None, "no error"
    assert said.leaflets, repr(said.error)  # a warning on the way may have its own before the error's
    return shell, said


def works(shell, cell, case):
    """The error that a mended cell ends with, and whether the goal is reached."""
    error = shell.run(cell).error
    if error is None and case.rerun:
        error = shell.run(case.rerun).error
    return error, error is None and bool(eval(case.goal, shell.ip.user_ns))


def treat(case):
    """Try a case; the leaflet, the error and the goal of the false cure."""
    shell, said = fails(case)
    leaflet = said.leaflets[-1]
    assert (leaflet.tensor, leaflet.line) == (case.tensor, case.line), leaflet
    assert not case.ailment or leaflet.ailment == case.ailment
    error, reached = works(shell, leaflet.cure, case)
    assert error is None, f"{error!r}\n{leaflet.cure}"
    assert reached, f"{leaflet.cure}\n{case.goal}"
    shell.close()
    if not case.false:
        return leaflet, None, None
    assert leaflet.false_cure
    other, _ = fails(case)
    error, reached = works(other, leaflet.false_cure, case)
    assert not reached, leaflet.false_cure
    other.close()
    return leaflet, error, reached
