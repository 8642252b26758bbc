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
MOST_NUMBERS = 60_000  # of the model's curves: more would make the notebook large


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
        self.has_curve = self.data is not None and all(part.dim() == 1 for part in self.data)

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
        """The model's curve after some of the epochs: as many as leave the notebook small."""
        assert self.data is not None
        x, y = self.data
        rates, moments = self.visited[0].shape[:2]
        reach = float(x.max() - min(x.min(), x.new_zeros(())))
        ends = x.new_tensor([min(0.0, float(x.min())), float(x.max()) + reach / 10])
        grid = torch.linspace(float(ends[0]), float(ends[1]), 2 if self._is_straight(ends) else 25).to(x)
        kept = min(moments, max(2, MOST_NUMBERS // (rates * len(grid))))
        chosen = [round(place * (moments - 1) / (kept - 1)) for place in range(kept)]
        parameters = tuple(part[:, chosen].flatten(0, 1) for part in self.visited)
        answers = _at_each(lambda *row: self.task.model(grid, *row), parameters).reshape(rates, kept, len(grid))
        return fit_panel(ax, x, y, grid, answers, at)

    def _is_straight(self, ends: torch.Tensor) -> bool:
        """Whether the model's curve is a line at the start and, as a start may be special, at another place."""
        grid = torch.linspace(float(ends[0]), float(ends[1]), 9).to(ends)
        places = ([part[0, 0] for part in self.visited], [part[0, 0] * 1.3 + 0.7 for part in self.visited])
        bends = [self.task.model(grid, *place).detach().diff().diff().abs().max() for place in places]
        return all(float(bend) <= 1e-4 * (1 + float(ends.abs().max())) for bend in bends)


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
    names = list(signature(model).parameters)[with_data:]
    fit = len(names) == len(visited) and all(part[0, 0].numel() == 1 for part in visited)
    return names if fit else [f"parameter {place}" for place in range(sum(part[0, 0].numel() for part in visited))]
