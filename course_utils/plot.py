"""Losses and fits on an `Axes`, which is returned and shows itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import math
from numbers import Real

from course_utils.picture import UNTOLD, digits, finite, new_axes
from course_utils.style import COLOURS
from matplotlib.axes import Axes
import torch

Numbers = Sequence[float] | Sequence[torch.Tensor] | torch.Tensor


def plot_loss(
    losses: Numbers | Mapping[str, Numbers], *, unit: str = "epoch", title: str | None = None, ax: Axes | None = None
) -> Axes:
    """The loss after each epoch, on a logarithmic axis; it says where a run stopped being finite.

    Args:
        losses: one number an epoch, or several such runs by name. Numbers, one-element tensors or a 1-d tensor, on any
            device; inf and nan are welcome.
        unit: what one number stands for.
        title: the picture's answer; by default what happened to the run, or to each of the runs.
        ax: where to draw; by default on Axes of its own.

    Returns:
        The Axes, which show themselves when they are a cell's value.

    Raises:
        TypeError: something in `losses` is not a number.
        ValueError: `losses` is empty, or has more than one dimension.
    """
    runs = losses if isinstance(losses, Mapping) else {"loss": losses}
    if not runs:
        raise ValueError("losses must hold at least one run, got an empty dict")
    tracks = {str(name): numbers(run, "losses") for name, run in runs.items()}
    ax = new_axes() if ax is None else ax
    has_logarithm = any(math.isfinite(y) and y > 0 for track in tracks.values() for y in track)
    ax.set(xlabel=unit, ylabel="loss", yscale="log" if has_logarithm else "linear")
    longest = max(map(len, tracks.values()))
    for name, track in tracks.items():
        _draw_track(ax, name, track, unit, longest)
    if len(tracks) > 1:
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))  # no curve runs behind it
    ax.set_title(title or _what_happened(tracks, unit))
    return ax


def plot_fit(
    x: Numbers, y: Numbers, model: Callable[[torch.Tensor], torch.Tensor], *, title: str | None = None,
    labels: tuple[str, str] = ("data", "model"), ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """The data as points, the model as a line through what it answers for x.

    Args:
        x: the inputs, one number a point.
        y: the targets, as many.
        model: takes a tensor of inputs of shape (points,) on the CPU or the device of `x`, and gives as many outputs.
        title: the picture's answer.
        labels: what the points and the line are called.
        ax: where to draw; by default on Axes of its own.

    Raises:
        TypeError: x or y holds something that is not a number, or `model` gives something that is not a tensor.
        ValueError: x and y differ in length, or `model` gives another shape than it got.
    """
    x_values, y_values = numbers(x, "x"), numbers(y, "y")
    if len(x_values) != len(y_values):
        raise ValueError(f"x and y must be of one length, got {len(x_values)} and {len(y_values)} numbers")
    device = x.device if isinstance(x, torch.Tensor) else None
    low, high = min(0.0, *x_values), max(x_values)
    grid = torch.linspace(low, high + (high - low) / 10, 50, device=device)
    with torch.no_grad():
        answer = model(grid)
    if not isinstance(answer, torch.Tensor):
        raise TypeError(f"model must give a tensor, got {type(answer).__name__}")
    if answer.shape != grid.shape:
        raise ValueError(f"model must give one output an input, shape (50,), got {tuple(answer.shape)}")
    ax = new_axes() if ax is None else ax
    ax.set(xlabel="x", ylabel="y")
    ax.plot(grid.tolist(), answer.tolist(), color=COLOURS["value"], linestyle="-", label=labels[1])
    ax.plot(x_values, y_values, "o", color=COLOURS["ink"], markersize=7, label=labels[0])
    # Outside, where the legend's dot is not taken for a point of the data.
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    # The data alone choose the axes: whatever the model, the eye compares it on the same ones.
    bottom, top = min(0.0, *y_values), max(0.0, *y_values)
    ax.set_ylim(bottom - 0.1 * (top - bottom or 1.0), top + 0.2 * (top - bottom or 1.0))
    ax.set_title(title or "")
    return ax


def numbers(values: object, argument: str) -> list[float]:
    """The floats in `values`: a sequence of numbers or one-element tensors, or a 1-d tensor or array, on any device.

    Args:
        values: what to read.
        argument: its name in the caller's signature, for the errors.

    Raises:
        TypeError: it is no such sequence.
        ValueError: it is empty or has more than one dimension.

    >>> numbers([1, torch.tensor(2.5)], "losses")
    [1.0, 2.5]
    """
    if isinstance(values, torch.Tensor):
        if values.dim() != 1:
            raise ValueError(f"{argument} must have one dimension, got a tensor of shape {tuple(values.shape)}")
        values = values.detach().tolist()
    elif hasattr(values, "__array__"):  # numpy's, which matplotlib's users have at hand
        return numbers(torch.as_tensor(values), argument)
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise TypeError(f"{argument} must be a list of numbers, got {type(values).__name__}")
    if not values:
        raise ValueError(f"{argument} must hold at least one number, got an empty list")
    return [_number(value, f"{argument}[{place}]") for place, value in enumerate(values)]


def _number(value: object, argument: str) -> float:
    if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
        return float(value.detach())
    if isinstance(value, Real):
        return float(value)
    got = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
    raise TypeError(f"{argument} must be a number, got {got}")


def _draw_track(ax: Axes, name: str, track: list[float], unit: str, longest: int) -> None:
    (line,) = ax.plot(range(1, len(track) + 1), finite(track), label=name)
    broken = _first_broken(track)
    if broken is not None:
        ax.axvline(broken, color=line.get_color(), linestyle="--", linewidth=1, label=UNTOLD)
        ax.annotate(
            f" {track[broken - 1]} from {unit} {broken} ", (broken, 0.45), xycoords=("data", "axes fraction"),
            ha="right" if broken > longest / 2 else "left", color=line.get_color(),
        )  # fmt: skip


def _first_broken(track: list[float]) -> int | None:
    """The epoch, counted from 1, in which the track stops being finite."""
    return next((epoch for epoch, y in enumerate(track, start=1) if not math.isfinite(y)), None)


def _what_happened(tracks: dict[str, list[float]], unit: str) -> str:
    if len(tracks) == 1:
        return "The loss " + _fate(next(iter(tracks.values())), unit)
    return "\n".join(f"{name} {_fate(track, unit)}" for name, track in tracks.items())


def _fate(track: list[float], unit: str) -> str:
    broken = _first_broken(track)
    if broken is not None:
        return f"becomes {track[broken - 1]} in {unit} {broken}"
    first, last = track[0], track[-1]
    verb = "falls" if last < first else "rises" if last > first else "stays"
    if verb == "stays":
        return f"stays at {digits(first, track)}"
    return f"{verb} from {digits(first, track)} to {digits(last, track)}"
