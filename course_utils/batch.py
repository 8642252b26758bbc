"""The losses of many runs in one call of the model, where it can be shown that the runs stay apart.

A model is written for one run. By broadcasting, `w` of shape (runs, 1) meets `x` of shape (samples,): one call, as fast
as a single run. `torch.vmap` does the same for parameters of any shape. Whether either may be used is tried out, on
parameters that differ from run to run: losses and gradients must be those of the runs one by one, which always works.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import NamedTuple
from warnings import catch_warnings, simplefilter

import torch

Parameters = tuple[torch.Tensor, ...]
Model = Callable[..., torch.Tensor]
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Data = tuple[torch.Tensor, torch.Tensor] | None  # None where the model is itself the loss
Losses = Callable[[Parameters, Data], torch.Tensor]

# How far the parameters of the trial's runs lie from the start: near and far, on both sides of most thresholds, and one
# run that has diverged: `w * x + 0 * w.sum()` keeps the runs apart until one of them is inf.
OFFSETS = (0.0, 0.1, -0.13, 0.7, -0.37, 1.7, -2.9, math.inf)


class Task(NamedTuple):
    """What one run makes small: `model(x, *parameters)` under `loss`, or without data `model(*parameters)` alone."""

    model: Model
    loss: Loss

    def one(self, parameters: Parameters, data: Data) -> torch.Tensor:
        """The loss of one run, shape (): the mean over the samples of `data`."""
        if data is None:
            return self.model(*parameters).reshape(())
        x, y = data
        y_hat = self.model(x, *parameters)
        if y_hat.dim() == 0 and y.numel() == 1:  # a model that ends in .squeeze() meets a single sample
            y_hat = y_hat.reshape(y.shape)
        return self.loss(y_hat, y).mean()

    def by_broadcasting(self, parameters: Parameters, data: Data) -> torch.Tensor:
        """The losses of many runs, shape (runs, 1), as the parameters have; right for models that work row by row."""
        if data is None:
            return self.model(*parameters)
        x, y = data
        losses = self.loss(self.model(x, *parameters), y)
        return losses if losses.shape[1] == 1 else losses.mean(1, keepdim=True)

    def by_vmap(self, parameters: Parameters, data: Data) -> torch.Tensor:
        """The losses of many runs, shape (runs,); an error where Python itself looks at a parameter's value."""
        return torch.vmap(lambda *row: self.one(row, data))(*parameters)

    def one_by_one(self, parameters: Parameters, data: Data) -> torch.Tensor:
        """The losses of many runs, shape (runs,), by as many calls of the model."""
        rows = zip(*(parameter.unbind() for parameter in parameters), strict=True)
        return torch.stack([self.one(row, data) for row in rows])


def fastest(task: Task, start: Parameters, samples: list[Data]) -> Losses:
    """The fastest of the three methods of `task` that is right.

    Args:
        task: what is made small.
        start: the parameters of one run.
        samples: the data of the calls to come: one of each number of samples is enough.
    """
    if not _is_right(task.by_vmap, task, start, samples):
        return task.one_by_one
    single = all(parameter.shape in ((), (1,)) for parameter in start) and all(
        d is None or d[1].dim() == 1 for d in samples
    )
    # What vmap refuses, such as `if w.mean() > 0`, could well be right in the trial and wrong later on.
    return task.by_broadcasting if single and _is_right(task.by_broadcasting, task, start, samples) else task.by_vmap


def slopes(losses: torch.Tensor, parameters: Parameters) -> tuple[torch.Tensor | None, ...]:
    """The gradient of each run's loss with respect to its parameters; None where no loss depends on a parameter."""
    if not losses.requires_grad:
        return (None,) * len(parameters)
    # The sum sends 1 to every run: what is inf in one meets no 0 of another. To be given these ones, `grad` would first
    # import sympy, 40 MiB of it.
    return torch.autograd.grad(losses.sum(), parameters, allow_unused=True)


def _is_right(method: Losses, task: Task, start: Parameters, samples: list[Data]) -> bool:
    """Whether `method` gives what runs one by one give; a warning counts as no."""
    flat = method == task.by_broadcasting
    with catch_warnings():
        simplefilter("error")
        try:
            return all(
                _agree(_try_out(method, start, data, flat), _try_out(task.one_by_one, start, data, False))
                for data in samples
            )
        except Exception:  # whatever a learner's model may raise: it is then called as it was written
            return False


def _try_out(method: Losses, start: Parameters, data: Data, flat: bool) -> tuple[torch.Tensor | None, ...]:
    """The losses and gradients of a few runs whose parameters all differ."""
    parameters = []
    for place, parameter in enumerate(start):
        offsets = torch.tensor(OFFSETS, dtype=parameter.dtype, device=parameter.device) * (1 + 0.3 * place)
        offsets = offsets.reshape(-1, *(1 for _ in parameter.shape))
        rows = parameter + offsets * (1 + parameter.abs())
        parameters.append((rows.reshape(-1, 1) if flat else rows).requires_grad_())
    losses = method(tuple(parameters), data)
    wanted = (len(OFFSETS), 1) if flat else (len(OFFSETS),)
    if losses.shape != wanted:
        raise ValueError(f"losses must have the shape {wanted}, got {tuple(losses.shape)}")
    return losses, *slopes(losses, tuple(parameters))


def _agree(got: tuple[torch.Tensor | None, ...], wanted: tuple[torch.Tensor | None, ...]) -> bool:
    return all(
        _is_close(one, other.reshape(one.shape)) if one is not None and other is not None else one is other
        for one, other in zip(got, wanted, strict=True)
    )


def _is_close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors of a shape are equal but for rounding, inf and nan included."""
    usual = float(other.detach().abs().nan_to_num(0.0, 0.0, 0.0).median())
    return torch.allclose(one, other, rtol=1e-3, atol=1e-5 * usual, equal_nan=True)
