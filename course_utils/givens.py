"""What `descend` was given, read into tensors of one device and type, or refused in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from numbers import Real
from typing import Any, NamedTuple

from course_utils.batch import Data, Loss, Model, Parameters, Task, slopes
import torch

Parameter = float | torch.Tensor
Start = Parameter | tuple[Parameter, ...]
Numbers = Sequence[float] | torch.Tensor

ORDERS = ("full batch", "per sample", "shuffled")


class Runs(NamedTuple):
    """All runs, the rates of the first start first."""

    parameters: Parameters  # each of shape (runs, *shape of the parameter)
    rate_of: torch.Tensor  # (runs,), float64
    rates: torch.Tensor  # (*rates,), float64
    shape: tuple[int, ...]  # (*starts, *rates): a dimension for each list that was given


def squared_error(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(y_hat - y)², element by element."""
    return (y_hat - y) ** 2


def read_runs(start: Start | Sequence[Start], rates: float | Numbers, x: object) -> Runs:
    """Every start with every rate, on the device and in the type of the first start tensor, else of x.

    Raises:
        TypeError: a start is no number, tensor or tuple of them, or a rate is no number.
        ValueError: the starts differ in shape or are not finite, or a rate is not above 0 and finite.
    """
    starts = [one if isinstance(one, tuple) else (one,) for one in (start if isinstance(start, list) else [start])]
    if not starts or not all(starts):
        raise ValueError("start must hold at least one parameter, got an empty list or tuple")
    values: list[Any] = [value for one in starts for value in one]
    for value in values:
        if not isinstance(value, Real | torch.Tensor):
            raise TypeError(f"start must be a number, a tensor or a tuple of these, got {type(value).__name__}")
    like = next((value for value in [*values, x] if isinstance(value, torch.Tensor)), torch.zeros((), device="cpu"))
    dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
    read = [tuple(torch.as_tensor(v, dtype=dtype, device=like.device).detach() for v in one) for one in starts]
    for one in read:
        if [v.shape for v in one] != [v.shape for v in read[0]]:
            raise ValueError(f"all starts must have the shapes of the first, {_shapes(read[0])}, got {_shapes(one)}")
        if not all(v.isfinite().all() for v in one):
            raise ValueError("start must be finite, got inf or nan")
    rows = _read_rates(rates).to(like.device)
    each = tuple(torch.stack(column).repeat_interleave(rows.numel(), 0) for column in zip(*read, strict=True))
    shape = ((len(read),) if isinstance(start, list) else ()) + tuple(rows.shape)
    return Runs(each, rows.reshape(-1).repeat(len(read)), rows, shape)


def read_data(x: object, y: object, like: torch.Tensor, loss: Loss) -> Data:
    """The samples on the device and in the type of `like`; None where neither x nor y is given.

    Class numbers, an integer tensor y under a loss of one's own, stay integers.

    Raises:
        TypeError: x or y holds something that is not a number.
        ValueError: only one of the two is given, they differ in length or are empty.
    """
    if x is None and y is None:
        return None
    if x is None or y is None:
        given, missing = ("y", "x") if x is None else ("x", "y")
        raise ValueError(f"x and y belong together, got {given} without {missing}")
    are_classes = isinstance(y, torch.Tensor) and not y.is_floating_point() and loss is not squared_error
    inputs = _tensor(x, "x", like.dtype).to(like.device)
    targets = _tensor(y, "y", None if are_classes else like.dtype).to(like.device)
    if len(inputs) != len(targets):
        raise ValueError(f"x and y must be of one length, got {len(inputs)} and {len(targets)} samples")
    if not len(inputs):
        raise ValueError("x must hold at least one sample, got none")
    for name, values in {"x": inputs, "y": targets}.items():
        if values.is_floating_point() and not bool(values.isfinite().all()):
            raise ValueError(f"{name} must hold finite numbers, got inf or nan")
    return inputs, targets


def check_task(task: Task, start: Parameters, data: Data) -> None:
    """Call model and loss once, at the start.

    Raises:
        TypeError: one of them cannot be called or gives no tensor.
        ValueError: one of them gives the wrong shape, or the loss depends on no parameter.
    """
    for name, called in zip(("model", "loss"), task, strict=True):
        if not callable(called):
            raise TypeError(f"{name} must be a function, got {type(called).__name__}")
    _check_call(task.model, len(start) + (data is not None))
    parameters = tuple(parameter.clone().requires_grad_() for parameter in start)
    losses = _loss_alone(task.model, parameters) if data is None else _losses(task, parameters, *data)
    if all(slope is None for slope in slopes(losses, parameters)):
        raise ValueError(
            "model must depend on its parameters, but the loss has no gradient with respect to any of them "
            "(.item(), .data and .detach() cut it off)"
        )


def _check_call(model: Model, arguments: int) -> None:
    try:
        signature(model).bind(*range(arguments))
    except ValueError:  # some built-in functions tell nothing of themselves
        return
    except TypeError:
        raise TypeError(f"model must take {arguments} arguments, x if there is data and each parameter") from None


def check_plan(epochs: int, order: str, data: Data) -> None:
    """Refuse what cannot be done.

    Raises:
        TypeError: epochs is no whole number.
        ValueError: epochs is below 1, or there is no such order.
    """
    if not isinstance(epochs, int) or isinstance(epochs, bool):
        raise TypeError(f"epochs must be a whole number, got {epochs!r}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(map(repr, ORDERS))}, got {order!r}")
    if data is None and order != "full batch":
        raise ValueError(f"order must be 'full batch' where there is no x, got {order!r}")


def _read_rates(rates: object) -> torch.Tensor:
    try:
        read = torch.as_tensor(rates, dtype=torch.float64, device="cpu").detach()
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"rates must be a number or a list of numbers, got {rates!r}") from None
    if read.dim() > 1 or not read.numel():
        raise ValueError(f"rates must be a number or a list of numbers, got the shape {tuple(read.shape)}")
    for rate in read.reshape(-1).tolist():
        if not 0 < rate < float("inf"):
            raise ValueError(f"rates must be above 0 and finite, got {rate:g}")
    return read


def _tensor(values: object, argument: str, dtype: torch.dtype | None) -> torch.Tensor:
    try:
        read = torch.as_tensor(values, dtype=dtype).detach()
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{argument} must be a tensor or a list of numbers, got {type(values).__name__}") from None
    if not read.dim():
        raise ValueError(f"{argument} must have a dimension for the samples, got a single number")
    return read


def _loss_alone(model: Model, parameters: Parameters) -> torch.Tensor:
    loss = model(*parameters)
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"model must give a tensor, got {type(loss).__name__}")
    if loss.numel() != 1:
        raise ValueError(f"model must give the loss, one number, where there is no x, got shape {tuple(loss.shape)}")
    return loss


def _losses(task: Task, parameters: Parameters, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    y_hat = task.model(x, *parameters)
    if not isinstance(y_hat, torch.Tensor):
        raise TypeError(f"model must give a tensor, got {type(y_hat).__name__}")
    if y_hat.shape[:1] != y.shape[:1] or (y.is_floating_point() and y_hat.shape != y.shape):
        raise ValueError(
            f"model must give one output for each sample, shape {tuple(y.shape)}, got {tuple(y_hat.shape)}"
        )
    losses = task.loss(y_hat, y)
    if not isinstance(losses, torch.Tensor):
        raise TypeError(f"loss must give a tensor, got {type(losses).__name__}")
    if losses.shape not in ((), y.shape[:1], y_hat.shape):
        raise ValueError(f"loss must give one number for each sample, shape ({len(y)},), got {tuple(losses.shape)}")
    return losses


def _shapes(parameters: Parameters) -> str:
    return ", ".join(str(tuple(parameter.shape)) for parameter in parameters)
