"""Losses and fits on an `Axes`, which is returned.

The Axes show themselves in a notebook: a picture, and the same in words. The words are read off the Axes when they are
shown, so whatever a learner adds to them is told as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
import math

from course_utils.style import COLOURS, picture_html
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image
import torch

Numbers = Sequence[float] | Sequence[torch.Tensor] | torch.Tensor

ROUNDING = 1e-9  # beside where a line starts, what is smaller than this is float32's rounding: no digit is defended


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
        ax.legend(frameon=False)
    ax.set_title(title or _what_happened(tracks, unit))
    return ax


def plot_fit(
    x: Numbers, y: Numbers, model: Callable[[torch.Tensor], torch.Tensor], *, title: str | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """The data as points, the model as a line through what it answers for x.

    Args:
        x: the inputs, one number a point.
        y: the targets, as many.
        model: takes a tensor of inputs of shape (points,) on the CPU or the device of `x`, and gives as many outputs.
        title: the picture's answer.
        ax: where to draw; by default on Axes of its own.

    Raises:
        TypeError: x or y holds something that is not a number, or `model` gives something that is not a tensor.
        ValueError: x and y differ in length, or `model` gives another shape than it got.
    """
    x_values, y_values = numbers(x, "x"), numbers(y, "y")
    if len(x_values) != len(y_values):
        raise ValueError(f"x and y must be of one length, got {len(x_values)} and {len(y_values)} numbers")
    device = x.device if isinstance(x, torch.Tensor) else None
    low, high = min(0.0, *x_values), max(x_values) * 1.1
    grid = torch.linspace(low, high, 50, device=device)
    with torch.no_grad():
        answer = model(grid)
    if not isinstance(answer, torch.Tensor):
        raise TypeError(f"model must give a tensor, got {type(answer).__name__}")
    if answer.shape != grid.shape:
        raise ValueError(f"model must give one output an input, shape (50,), got {tuple(answer.shape)}")
    ax = new_axes() if ax is None else ax
    ax.set(xlabel="x", ylabel="y")
    ax.plot(grid.tolist(), answer.tolist(), color=COLOURS["value"], linestyle="-", label="model")
    ax.plot(x_values, y_values, "o", color=COLOURS["ink"], markersize=7, label="data")
    ax.legend(frameon=False)
    ax.set_title(title or "")
    return ax


def new_axes() -> Axes:
    """Empty Axes that show themselves in a notebook, outside pyplot: nothing keeps them alive or shows them twice."""
    return Figure(layout="constrained").add_subplot(axes_class=SelfShowingAxes)


class SelfShowingAxes(Axes):
    """Axes whose value in a notebook is their picture, with words for whoever cannot see it."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        figure = self.get_figure(root=True)
        assert figure is not None
        width, height = figure.get_size_inches() * 100
        png, words = _png(figure), describe(self)
        html = picture_html(png, mime="image/png", words=words, width=round(width), height=round(height))
        return {"text/html": html, "image/png": png, "text/plain": words}


def describe(ax: Axes) -> str:
    """What is drawn on `ax`, in words: title, axes, and of each line its name and up to five of its points.

    >>> ax = new_axes()
    >>> _ = ax.plot([1, 2, 3], [4.0, 2.0, 1.0], label="loss")
    >>> _ = ax.set(title="It falls", xlabel="epoch", ylabel="loss")
    >>> describe(ax)
    'It falls. A plot of loss against epoch. loss: 3 points, (1, 4), (2, 2), (3, 1).'
    """
    scale = " (logarithmic)" if ax.get_yscale() == "log" else ""
    title = f"{title}. " if (title := _text(ax.get_title(loc="left") or ax.get_title())) else ""
    lines = [_describe_line(line) for line in ax.lines]
    notes = [f"{_text(note.get_text())}." for note in ax.texts]
    axes = f"A plot of {ax.get_ylabel() or 'y'}{scale} against {ax.get_xlabel() or 'x'}."
    return " ".join([title + axes, *(line for line in lines if line), *notes])


def numbers(values: object, argument: str) -> list[float]:
    """The floats in `values`: a sequence of numbers or one-element tensors, or a 1-d tensor, on any device.

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
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise TypeError(f"{argument} must be a list of numbers, got {type(values).__name__}")
    if not values:
        raise ValueError(f"{argument} must hold at least one number, got an empty list")
    return [_number(value, f"{argument}[{place}]") for place, value in enumerate(values)]


def _png(figure: Figure) -> bytes:
    """The figure at 1.6 times its size on the page, in 64 colours: a fifth of the bytes, and nobody sees it."""
    full, small = BytesIO(), BytesIO()
    _SharedCanvas(figure).print_figure(full, format="png", dpi=160)
    Image.open(full).convert("RGB").quantize(64).save(small, format="png", optimize=True)
    return small.getvalue()


class _SharedCanvas(FigureCanvasAgg):
    """A canvas whose pixels all figures of a size share.

    Each figure holds on to the pixels it was drawn with, 3 MB, and a notebook holds on to the figures of its outputs.
    """

    def get_renderer(self) -> RendererAgg:
        width, height = self.figure.bbox.size
        return _pixels(width, height, self.figure.dpi)


@lru_cache(maxsize=2)
def _pixels(width: float, height: float, dpi: float) -> RendererAgg:
    return RendererAgg(width, height, dpi)  # type: ignore[no-untyped-call]


def _number(value: object, argument: str) -> float:
    if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
        return float(value.detach())
    if isinstance(value, int | float):
        return float(value)
    got = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
    raise TypeError(f"{argument} must be a number, got {got}")


def _draw_track(ax: Axes, name: str, track: list[float], unit: str, longest: int) -> None:
    (line,) = ax.plot(range(1, len(track) + 1), [y if math.isfinite(y) else math.nan for y in track], label=name)
    broken = _first_broken(track)
    if broken is not None:
        ax.axvline(broken, color=line.get_color(), linestyle="--", linewidth=1, label="_divergence")
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
        return f"stays at {_say(first, track)}"
    return f"{verb} from {_say(first, track)} to {_say(last, track)}"


def _say(value: float, track: Sequence[float]) -> str:
    """The value to two digits; `about 0` where only rounding is left of where the track started."""
    return "about 0" if 0 < abs(value) < ROUNDING * abs(track[0]) else f"{value:.2g}"


def _describe_line(line: Line2D) -> str:
    x, y = (torch.as_tensor(data, dtype=torch.float64).tolist() for data in line.get_data())
    name = str(line.get_label())
    if not x or name == "_divergence":
        return ""
    chosen = sorted({round(step * (len(x) - 1) / 4) for step in range(5)})
    points = ", ".join(f"({round(x[place], 2):g}, {_say(y[place], y)})" for place in chosen)
    return f"{'a line' if name.startswith('_') else name}: {len(x)} point{'s' if len(x) > 1 else ''}, {points}."


def _text(label: str) -> str:
    return " ".join(label.split()).rstrip(".")
