"""The points gradient descent visits, for one rate or for many at once.

Each update is the one of the lessons, `w = w - rate * slope`. Many runs are many rows of one tensor, and no row looks
at another: what becomes inf or nan stays in its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from course_utils.batch import Data, Loss, Losses, Model, Parameters, Task, fastest, slopes
from course_utils.givens import (
    Numbers,
    Runs,
    Start,
    check_plan,
    check_task,
    read_data,
    read_runs,
    squared_error,
)
from course_utils.progress import progress
import torch


@dataclass(frozen=True, eq=False)
class Descent:
    """What `descend` met on the way; detached tensors on the device of the computation.

    Each list among its arguments has a dimension here: `*starts` and `*rates` are there where a list was given.

    Attributes:
        rates: shape (*rates,), float64.
        losses: (*starts, *rates, epochs), float64: the mean of those met in an epoch, each before its update.
        parameters: each (*starts, *rates, epochs + 1, *its own shape): the start, then where each epoch ends.
    """

    rates: torch.Tensor
    losses: torch.Tensor
    parameters: Parameters


def descend(
    model: Model, start: Start | Sequence[Start], rates: float | Numbers, x: Numbers | None = None,
    y: Numbers | None = None, *, epochs: int = 100, order: str = "full batch", seed: int = 0,
    loss: Loss = squared_error,
) -> Descent:  # fmt: skip
    """The losses and parameters of gradient descent from each start with each rate.

    A run that diverges goes on as inf or nan, without a warning. A parameter on which the loss does not depend stays.

    Args:
        model: gives `y_hat = model(x, *parameters)`, one output a sample; without x and y, `model(*parameters)` is
            itself the loss. It may be called for all runs at once where that gives the same.
        start: a parameter (a number or a tensor), a tuple of parameters, or a list of such starts.
        rates: one learning rate or a list or 1-d tensor of them.
        x: the inputs, the first dimension counts the samples.
        y: the targets, as many. The computation has the device and type of the first tensor in `start`, else of x.
        epochs: how many, each once through all samples.
        order: "full batch" is one update an epoch, down the mean loss of all samples; "per sample" an update a sample,
            in their order; "shuffled" the same in an order drawn anew each epoch.
        seed: what "shuffled" draws from; torch's own random state is neither read nor changed.
        loss: takes (y_hat, y) and gives one number a sample, or one for each output, which are averaged.

    Raises:
        TypeError: an argument is of another kind than said here.
        ValueError: a rate is not above 0 and finite, epochs is below 1, x is empty or differs from y in length, the
            model gives another shape or depends on no parameter, the starts differ in shape.

    >>> descend(lambda x: x**2, 1.0, 0.25, epochs=2).parameters[0]
    tensor([1.0000, 0.5000, 0.2500])
    """
    runs = read_runs(start, rates, x)
    data = read_data(x, y, runs.parameters[0], loss)
    check_plan(epochs, order, data)
    task = Task(model, loss)
    one = tuple(parameter[0] for parameter in runs.parameters)
    batches: list[Data] = [data]
    if data is not None and order != "full batch":
        batches = list(zip(*(torch.split(part, 1) for part in data), strict=True))
    with torch.enable_grad():
        check_task(task, one, data)
        losses_of = fastest(task, one, batches if len(batches) == 1 else [data, batches[0]])
        orders = _orders(len(batches), order == "shuffled", seed)
        losses, path = _walk(losses_of, _rows(runs, losses_of == task.by_broadcasting), batches, orders, epochs)
    shaped = (track.reshape(*runs.shape, epochs + 1, *start.shape) for track, start in zip(path, one, strict=True))
    return Descent(runs.rates, losses.reshape(*runs.shape, epochs), tuple(shaped))


def _orders(count: int, shuffled: bool, seed: int) -> Iterator[Sequence[int]]:
    """The places of the batches, for one epoch after the other."""
    drawn = torch.Generator().manual_seed(seed)
    while True:
        yield torch.randperm(count, generator=drawn).tolist() if shuffled else range(count)


def _rows(runs: Runs, flat: bool) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Each parameter of all runs, and the rates in a shape that goes with it."""
    parameters = [parameter.reshape(-1, 1) if flat else parameter for parameter in runs.parameters]
    return [(p, runs.rate_of.to(p.dtype).reshape(-1, *(1 for _ in p.shape[1:]))) for p in parameters]


def _walk(
    losses_of: Losses, rows: list[tuple[torch.Tensor, torch.Tensor]], batches: list[Data],
    orders: Iterable[Sequence[int]], epochs: int,
) -> tuple[torch.Tensor, list[torch.Tensor]]:  # fmt: skip
    """All runs side by side: their losses, shape (runs, epochs), and their parameters, (runs, epochs + 1, ...)."""
    parameters, rates = zip(*rows, strict=True)
    runs = len(rates[0])
    losses = rates[0].new_empty(runs, epochs, dtype=torch.float64)
    path = [p.new_empty(runs, epochs + 1, *p.shape[1:]) for p in parameters]
    updates = epochs * len(batches)
    with closing(progress(range(updates), updates, f"gradient descent, {runs} run{'s' * (runs > 1)}")) as ticks:
        _note(path, 0, parameters)
        for epoch, places in zip(range(epochs), orders, strict=False):
            total = torch.zeros_like(losses[:, 0])
            for place, _ in zip(places, ticks, strict=False):
                parameters = tuple(p.requires_grad_() for p in parameters)
                met = losses_of(parameters, batches[place])
                total += met.detach().reshape(runs)  # in float64, as a sum of Python's floats is
                parameters = _step(parameters, rates, slopes(met, parameters))
            losses[:, epoch] = total / len(places)
            _note(path, epoch + 1, parameters)
    return losses, path


def _step(parameters: Parameters, rates: Parameters, gradients: tuple[torch.Tensor | None, ...]) -> Parameters:
    return tuple(
        p.detach() if slope is None else p.detach() - rate * slope
        for p, rate, slope in zip(parameters, rates, gradients, strict=True)
    )


def _note(path: list[torch.Tensor], epoch: int, parameters: Parameters) -> None:
    for track, parameter in zip(path, parameters, strict=True):
        track[:, epoch] = parameter.detach()
