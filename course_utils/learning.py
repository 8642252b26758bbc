"""What is learnt, looked at from all the parameters that descent has visited: the loss there and the model's curve."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from warnings import catch_warnings, simplefilter

from course_utils.batch import Model, Parameters, Task
from course_utils.givens import read_data
from course_utils.panels import Moves, fit_panel
from matplotlib.axes import Axes
import torch

MOST_AT_ONCE = 2_000_000  # outputs of the model
MOST_NUMBERS = 80_000  # of the model's curves: more would make the notebook large


class Learning:
    """What is learnt, at all the parameters that were visited.

    Attributes:
        ways: their numbers, shape (rates, epochs + 1, numbers).
        losses: over all the data, shape (rates, epochs + 1).
        names: what the model calls its parameters.
        has_curve: whether the model can be drawn through its data.
    """

    def __init__(self, task: Task, visited: Parameters, x: object, y: object) -> None:
        self.task, self.visited = task, visited
        self.data = read_data(x, y, visited[0], task.loss)
        self.ways = torch.cat([part.reshape(*part.shape[:2], -1) for part in visited], dim=-1)
        self.losses = self.loss_at(self.ways.flatten(0, 1)).reshape(self.ways.shape[:2]).double()
        self.names = _names(task.model, self.data is not None, visited)
        self.has_curve = (
            self.data is not None and self.data[0].dim() == 1 and self._answers().shape == self.data[0].shape
        )

    def loss_at(self, points: torch.Tensor) -> torch.Tensor:
        """The loss where the parameters' numbers, one after the other, are these; shape (points, numbers)."""
        shapes = [part.shape[2:] for part in self.visited]
        pieces = torch.split(points, [shape.numel() for shape in shapes], dim=1)
        parameters = tuple(piece.reshape(-1, *shape) for piece, shape in zip(pieces, shapes, strict=True))
        # A few hundred at once where there are many samples: all runs with all data could fill the memory.
        size = max(1, MOST_AT_ONCE // (1 if self.data is None else len(self.data[0])))
        blocks = zip(*(torch.split(part, size) for part in parameters), strict=True)
        return torch.cat([_at_each(lambda *row: self.task.one(row, self.data), block) for block in blocks])

    def draw_fit(self, ax: Axes, at: int) -> Moves:
        """The model's curve after some of the epochs: the first ones, and as many more as leave the notebook small."""
        assert self.data is not None
        x, y = self.data
        inputs = self._grid() if self._works_point_by_point() else x
        order = inputs.argsort()
        rates, moments = self.visited[0].shape[:2]
        kept = min(moments, max(2, MOST_NUMBERS // (rates * len(inputs))))
        chosen = _moments(moments, kept)
        parameters = tuple(part[:, chosen].flatten(0, 1) for part in self.visited)
        answers = _at_each(lambda *row: self.task.model(inputs, *row), parameters)[:, order]
        return fit_panel(ax, x, y, inputs[order], answers.reshape(rates, len(chosen), -1), chosen, at)

    def _answers(self, inputs: torch.Tensor | None = None, place: Parameters | None = None) -> torch.Tensor:
        """What the model says at one place of the parameters, the start if none is given."""
        assert self.data is not None
        parameters = [part[0, 0] for part in self.visited] if place is None else place
        with torch.no_grad():
            return self.task.model(self.data[0] if inputs is None else inputs, *parameters)

    def _works_point_by_point(self) -> bool:
        """Whether more inputs leave the answers for the data as they are; a model may look at all of them together."""
        assert self.data is not None
        x = self.data[0]
        try:
            more = self._answers(torch.cat([x, self._ends()]))
        except Exception:  # whatever a model may raise that was written for these inputs alone
            return False
        return more.shape == (len(x) + 2,) and torch.allclose(more[:-2], self._answers(), equal_nan=True)

    def _ends(self) -> torch.Tensor:
        """From 0, or the least input, to a tenth beyond the greatest."""
        assert self.data is not None
        x = self.data[0]
        low, high = min(0.0, float(x.min())), float(x.max())
        return x.new_tensor([low, high + (high - low or 1.0) / 10])

    def _grid(self) -> torch.Tensor:
        """Two inputs where the model is a straight line at a dozen of the places it visited and opposite them."""
        low, high = self._ends().tolist()
        grid = torch.linspace(low, high, 25).to(self.visited[0])
        flat = [part.flatten(0, 1) for part in self.visited]
        some = range(0, len(flat[0]), max(1, len(flat[0]) // 12))
        for place in (tuple(sign * part[row] for part in flat) for row in some for sign in (1.0, -1.0)):
            answers = self._answers(grid, place)
            if not bool(answers.isfinite().all()):
                continue
            if not float(answers.diff().diff().abs().max()) <= 1e-4 * (1e-30 + float(answers.abs().max())):
                return grid
        return grid[:: len(grid) - 1]


def _moments(count: int, kept: int) -> list[int]:
    """Which of so many moments are kept: at first each, as most happens then, later ever fewer, and the last one."""
    near = kept if kept == count else kept // 2
    far = [near + (count - 1 - near) * (place / (kept - near)) ** 2 for place in range(1, kept - near + 1)]
    return sorted({*range(near), *map(round, far)})


def _at_each(function: Callable[..., torch.Tensor], parameters: Parameters) -> torch.Tensor:
    """The function's answers for all rows of the parameters: at once if it can be, else one by one."""
    with torch.no_grad(), catch_warnings():
        simplefilter("error")  # vmap warns where it would be slow
        try:
            return torch.vmap(function)(*parameters)
        except Exception:  # whatever a model may raise that was written for one run
            return torch.stack([function(*row) for row in zip(*parameters, strict=True)])


def _names(model: Model, with_data: bool, visited: Parameters) -> list[str]:
    """What the model calls its parameters, if each is one number."""
    try:
        names = list(signature(model).parameters)[with_data:]
    except (TypeError, ValueError):  # some built-in functions tell nothing of themselves
        names = []
    fit = len(names) == len(visited) and all(part[0, 0].numel() == 1 for part in visited)
    return names if fit else [f"parameter {place}" for place in range(sum(part[0, 0].numel() for part in visited))]
