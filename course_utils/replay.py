"""The backward pass of a live graph, one node at a time, without torch's engine.

Each node's own backward formula is called by hand, in the engine's order: of the nodes that all their users have sent
to, the one that was made last. Nothing is written: no `.grad`, no hook runs, no buffer is freed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from course_utils.vjp import CannotReplayError, Gradients, send
from course_utils.walk import Source, operands_first
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn


@dataclass
class Pass:
    """What a backward pass brought, by `id` of the nodes.

    Attributes:
        order: the nodes in the order they ran.
        arriving: of each node, the gradient that arrived at each of its results; None where none did.
        sent: of each node, what it sent to each of its operands, as in its `next_functions`.
    """

    order: list[GradFn] = field(default_factory=list)
    arriving: dict[int, list[torch.Tensor | None]] = field(default_factory=dict)
    sent: dict[int, Gradients] = field(default_factory=dict)


def seed_of(result: torch.Tensor, gradient: torch.Tensor | None) -> torch.Tensor:
    """What the backward pass of `result` starts from: `gradient`, or 1 where the result is a single number.

    Raises:
        TypeError: `gradient` is no tensor.
        ValueError: it has another shape than `result`.
        CannotReplayError: `result` is not a single real number, and `gradient` is not given.
    """
    if gradient is not None:
        if not isinstance(gradient, torch.Tensor):
            raise TypeError(f"gradient must be a tensor, got {type(gradient).__name__}")
        if gradient.shape != result.shape:
            raise ValueError(
                f"gradient must have the result's shape {tuple(result.shape)}, got {tuple(gradient.shape)}"
            )
        if gradient.is_complex() and not result.is_complex():
            raise TypeError(f"gradient must be real, as the result is, got {gradient.dtype}")
        return gradient.detach().to(result.dtype)
    if result.numel() != 1 or result.is_complex():
        kind = "a complex number" if result.numel() == 1 else f"{result.numel()} numbers"
        raise CannotReplayError(
            f"the result is {kind}, so a backward pass needs to be told where to start: give gradient=, a tensor of "
            f"shape {tuple(result.shape)}, as to backward()"
        )
    return torch.ones_like(result.detach())


def replay(root: Source, seed: torch.Tensor) -> Pass:
    """The backward pass from `root`, where `seed` arrives: what `backward(seed)` would do, without doing it.

    Raises:
        CannotReplayError: the buffers are freed or spoilt, or a node would write somewhere by itself.
    """
    nodes = operands_first(root[0])
    waiting = {id(fn): 0 for fn in nodes}
    for fn in nodes:
        for source, _ in fn.next_functions:
            if source is not None:
                waiting[id(source)] += 1
    done = Pass(arriving={id(fn): [None] * len(fn._input_metadata) for fn in nodes})
    done.arriving[id(root[0])][root[1]] = seed
    arrivals = count()  # of two leaves that are ready, the one that became so first
    ready = [(-_age(root[0]), next(arrivals), root[0])]
    with torch.no_grad():
        while ready:
            _, _, fn = heappop(ready)
            done.order.append(fn)
            done.sent[id(fn)] = send(fn, done.arriving[id(fn)])
            for (source, output), gradient in zip(fn.next_functions, done.sent[id(fn)], strict=True):
                if source is None:
                    continue
                done.arriving[id(source)][output] = _sum(done.arriving[id(source)][output], gradient)
                waiting[id(source)] -= 1
                if not waiting[id(source)]:
                    heappush(ready, (-_age(source), next(arrivals), source))
    return done


def _age(fn: GradFn) -> int:
    """When a node was made, among the others of its thread; a leaf's is later than all."""
    return int(fn._sequence_nr())


def _sum(so_far: torch.Tensor | None, more: torch.Tensor | None) -> torch.Tensor | None:
    if so_far is None or more is None:
        return more if so_far is None else so_far
    return more + so_far if so_far.layout is not torch.strided else so_far + more  # torch adds no dense to sparse
