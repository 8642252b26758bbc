"""The true gradients of a function: autograd and central differences in 64 bits, which must agree.

A referee that is wrong at a kink, or through a detached step, would call right answers wrong. So where the two disagree
the question itself is refused. The function's graph gives the clues by which a wrong answer is recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from course_utils.device import pick_device
from course_utils.graph import Graph
from course_utils.numbers import as_numbers
from course_utils.paths import FEW, find_paths
from course_utils.read import read_graph
from course_utils.slopes import in_line
import torch

NUDGE = 6e-6  # times the size of what is nudged: bend and rounding weigh about the same there
AGREE = 1e-5  # relative, between autograd and nudging
BEND = 1e-3  # relative, between the slopes of the two sides: what is more and stays for smaller nudges is a kink
MANY = 200  # numbers of one parameter that are nudged; of more, the first so many


@dataclass(frozen=True)
class Slope:
    """The true gradient with respect to one parameter, and what usual mistakes would give in its place.

    Attributes:
        true: the gradient, float64 on the CPU, in the parameter's shape.
        paths: how many paths lead back to the parameter; 0 if that is not known.
        partly: the sum over some of the paths only, with how many they are.
        partway: the slopes of the steps on the way to the result, each with all its numbers added up; first of all
            operations that the parameter enters together, as if 1 arrived at each.
    """

    true: torch.Tensor
    paths: int = 0
    partly: tuple[tuple[int, torch.Tensor], ...] = ()
    partway: tuple[torch.Tensor, ...] = ()


def true_slopes(of: Callable[..., object], given: Mapping[str, object], names: Sequence[str]) -> dict[str, Slope]:
    """The gradients of `of(**given)`, one number, with respect to the parameters named.

    Args:
        of: computes one number with torch.
        given: its arguments by name; those in `names` are tensors.
        names: of the parameters it is differentiated with respect to.

    Raises:
        ValueError: the result is no single number, or autograd and nudging disagree there.
    """
    with torch.inference_mode(False), torch.enable_grad():  # whatever the learner has switched off
        return _true_slopes(of, given, names)


def _true_slopes(of: Callable[..., object], given: Mapping[str, object], names: Sequence[str]) -> dict[str, Slope]:
    given = {name: widened(thing) for name, thing in given.items()}
    leaves = {name: as_leaf(given[name]) for name in names}
    result = of(**{**given, **leaves})
    if not isinstance(result, torch.Tensor) or result.numel() != 1:
        raise ValueError(f"of must give a tensor of one number, got {type(result).__name__}")
    graph = _graph(result, leaves)
    found = torch.autograd.grad(result.reshape(()), list(leaves.values()), allow_unused=True)
    slopes = {}
    for name, gradient in zip(names, found, strict=True):
        true = torch.zeros_like(leaves[name]) if gradient is None else gradient
        _agree(of, {**given, **leaves}, name, true)
        slopes[name] = Slope(true.cpu(), *_clues(graph, name, true)) if graph else Slope(true.cpu())
    return slopes


def as_leaf(thing: object) -> torch.Tensor:
    """A number, nested lists or a tensor as a float64 leaf on the lesson's device."""
    tensor = thing.detach() if isinstance(thing, torch.Tensor) else torch.tensor(thing, device=pick_device())
    return tensor.to(torch.float64, copy=True).requires_grad_()


def widened(thing: object) -> object:
    """A float, a list of numbers or a tensor of such in 64 bits; anything else, whole numbers too, as it is."""
    if isinstance(thing, torch.Tensor):
        return thing.detach().to(torch.float64) if thing.is_floating_point() else thing
    numbers = isinstance(thing, float) or (isinstance(thing, list) and as_numbers(thing) is not None)
    return as_leaf(thing).detach() if numbers else thing


def _agree(of: Callable[..., object], given: Mapping[str, object], name: str, true: torch.Tensor) -> None:
    with torch.no_grad():
        for place in range(min(true.numel(), MANY)):
            slope = float(true.reshape(-1)[place])
            (nudged, bend), (_, small_bend) = (_nudge(of, given, name, place, NUDGE / part) for part in (1, 8))
            kink = abs(small_bend) > max(abs(bend) / 2, BEND * max(1.0, abs(slope)))  # one of a curve shrinks with h
            if kink or not abs(nudged - slope) <= AGREE * max(1.0, abs(slope)):
                raise ValueError(
                    f"of must be smooth where it is asked: with respect to {name}, autograd says {slope:.6g} and "
                    f"nudging {nudged:.6g}. Is there a kink, or a detached step?"
                )


def _nudge(
    of: Callable[..., object], given: Mapping[str, object], name: str, place: int, nudge: float
) -> tuple[float, float]:
    """The slope by nudging up and down, and how far the slopes of the two sides are apart."""
    ends = []
    for way in (1, 0, -1):
        moved = given[name].detach().clone()  # type: ignore[attr-defined]
        flat = moved.view(-1) if moved.is_contiguous() else moved.reshape(-1)
        flat[place] += way * nudge * max(1.0, abs(float(flat[place])))
        ends.append((float(of(**{**given, name: flat.view(moved.shape)})), float(flat[place])))  # type: ignore[arg-type]
    (up, high), (middle, here), (down, low) = ends  # places really reached: w + h is rounded
    return (up - down) / (high - low), (up - middle) / (high - here) - (middle - down) / (here - low)


def _graph(result: torch.Tensor, leaves: Mapping[str, object]) -> Graph | None:
    """The function's graph; None where it cannot be read, which costs clues only."""
    try:
        graph = read_graph(result, leaves, {}, None)
    except (TypeError, ValueError, RuntimeError):
        return None
    graph = graph.inside or graph
    return None if graph.missing else graph


def _clues(
    graph: Graph, name: str, true: torch.Tensor
) -> tuple[int, tuple[tuple[int, torch.Tensor], ...], tuple[torch.Tensor, ...]]:
    try:
        place = graph.place_of(name)
    except ValueError:
        return 0, (), ()
    found = find_paths(graph, place)
    products = [path.product for path in found.few]
    known = [product.cpu().reshape(true.shape) for product in products if product is not None]
    whole = found.count <= FEW and len(known) == found.count
    partly = tuple(
        (many, sum(chosen, torch.zeros_like(true.cpu())))
        for many in range(1, len(known))
        for chosen in combinations(known, many)
    )
    return found.count, partly if whole else (), tuple(_partway(graph, place, true))


def _partway(graph: Graph, place: int, true: torch.Tensor) -> Iterator[torch.Tensor]:
    """What would come if the backward pass began with 1 at a step on the way, and not at the result."""
    sweep = {place: torch.eye(true.numel(), dtype=torch.float64).reshape(2 * tuple(true.shape))}
    own = []
    for edge in graph.edges:
        if edge.source in sweep and edge.contribution is not None:
            inner = sweep[edge.source]
            part = in_line(None if edge.local is None else edge.local.cpu(), inner, shared=inner.dim() - true.dim())
            if part is None:
                return
            sweep[edge.target] = sweep[edge.target] + part if edge.target in sweep else part
            own += [_added_up(part, true)] if edge.source == place else []
    yield sum(own, torch.zeros_like(true.cpu()))
    yield from (
        _added_up(slope, true) for target, slope in sweep.items() if target not in (place, len(graph.nodes) - 1)
    )


def _added_up(slope: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    return slope.reshape(-1, *true.shape).sum(0)
