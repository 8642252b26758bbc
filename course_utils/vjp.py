"""What one live node sends back: its vector-Jacobian product, and its Jacobians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from math import prod
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from course_utils.slopes import LARGEST
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

Gradients = tuple[torch.Tensor | None, ...]

CALLS = 100  # of a node's formula, one for each of its results, for one Jacobian
LOOP = 8  # up to so many results a loop over them is faster than vmap


class CannotReplayError(Exception):
    """Why the backward pass of a graph cannot be told, in a sentence for who asked."""


def send(fn: GradFn, arriving: Sequence[torch.Tensor | None]) -> Gradients:
    """What one node makes of the gradients that arrive at its results: one gradient for each of its operands.

    Raises:
        CannotReplayError: the buffers are freed or spoilt, or the node would write somewhere by itself.
    """
    if hasattr(fn, "variable"):  # calling it would add to the leaf's .grad
        return ()
    if all(gradient is None for gradient in arriving):
        return (None,) * len(fn.next_functions)
    if fn.name().startswith("CheckpointFunction"):
        raise CannotReplayError(
            "the graph holds a reentrant checkpoint, whose backward pass writes to .grad by itself; "
            "use checkpoint(..., use_reentrant=False)"
        )
    try:
        made = _call(fn, arriving)
        return tuple(_fit(gradient, *edge) for gradient, edge in zip(made, fn.next_functions, strict=True))
    except Exception as error:
        raise CannotReplayError(_why(fn, error)) from error


def jacobians(fn: GradFn, output: int = 0, largest: int = LARGEST) -> list[torch.Tensor | None]:
    """How one result of a node changes with each of its operands: tensors of shape (*result, *operand).

    None where an operand has no node, where the Jacobian would hold more than `largest` numbers or take more than 100
    calls, and for complex numbers, for which no single one exists.

    Raises:
        CannotReplayError: the buffers are freed or spoilt, or the node would write somewhere by itself.
    """
    about = fn._input_metadata[output]
    operands = [(source or fn)._input_metadata[nr if source else 0] for source, nr in fn.next_functions]
    has_node = [source is not None for source, _ in fn.next_functions]
    wanted = [place for place, operand in enumerate(operands) if has_node[place] and _is_small(about, operand, largest)]
    found: list[torch.Tensor | None] = [None] * len(operands)
    if not wanted:
        return found

    def rows(unit: torch.Tensor) -> tuple[torch.Tensor, ...]:
        arriving = [None] * output + [unit] + [None] * (len(fn._input_metadata) - output - 1)
        sent = send(fn, arriving)
        return tuple(_dense(sent[place], operands[place]) for place in wanted)

    units = torch.eye(prod(about.shape), dtype=about.dtype, device=about.device)
    with torch.no_grad():
        for place, stack in zip(wanted, _stack(rows, units.reshape((-1, *about.shape))), strict=True):
            found[place] = stack.reshape((*about.shape, *operands[place].shape))
    return found


def _is_small(result: Any, operand: Any, largest: int) -> bool:
    real = not result.dtype.is_complex and not operand.dtype.is_complex
    calls = prod(result.shape)
    return real and calls <= CALLS and 0 < calls * prod(operand.shape) <= largest


def _stack(rows: Callable[[torch.Tensor], tuple[torch.Tensor, ...]], units: torch.Tensor) -> Sequence[torch.Tensor]:
    """The rows of each unit, stacked; by vmap where that pays and works."""
    if len(units) > LOOP:
        with suppress(RuntimeError, ValueError, CannotReplayError), catch_warnings():
            simplefilter("ignore")  # a formula that vmap cannot batch is looped over by it or by us
            stacks = torch.vmap(rows)(units)
            if all(map(_agree, stacks, rows(units.sum(0)))):  # for some, such as cdist's, it gives wrong rows
                return stacks
    return [torch.stack(stack) for stack in zip(*(rows(unit) for unit in units), strict=True)]


def _agree(stack: torch.Tensor, together: torch.Tensor) -> bool:
    """Whether the rows add up to what all units at once give: a formula is linear."""
    return torch.allclose(stack.sum(0), together, rtol=1e-3, atol=1e-5, equal_nan=True)


def _dense(sent: torch.Tensor | None, operand: Any) -> torch.Tensor:
    """What was sent, where nothing was sent zeros."""
    if sent is None:
        return torch.zeros(tuple(operand.shape), dtype=operand.dtype, device=operand.device)
    return sent.to_dense() if sent.layout is not torch.strided else sent


def _call(fn: Any, arriving: Sequence[torch.Tensor | None]) -> Gradients:
    """A node's own backward formula, outside the engine."""
    if not hasattr(fn, "_forward_cls"):
        return _as_tuple(fn(*arriving))
    # A Function that the learner wrote. The engine fills in zeros for it, and leaves out what belongs to no tensor.
    filled = [_dense(gradient, about) for gradient, about in zip(arriving, fn._input_metadata, strict=True)]
    with torch.random.fork_rng(devices=[]):
        made = _as_tuple(fn.apply(*filled))
    if len(made) < len(fn.needs_input_grad):
        raise ValueError(f"it gives {len(made)} gradients for {len(fn.needs_input_grad)} inputs")
    ours = iter([gradient for gradient, needed in zip(made, fn.needs_input_grad, strict=False) if needed])
    return tuple(None if source is None else next(ours, None) for source, _ in fn.next_functions)


def _as_tuple(made: Any) -> Gradients:
    return tuple(made) if isinstance(made, tuple | list) else (made,)


def _fit(gradient: torch.Tensor | None, source: Any, output: int) -> torch.Tensor | None:
    """A gradient in the shape and type of what it is for: broadcasting is summed, as the engine does."""
    if gradient is None or source is None:
        return None
    about = source._input_metadata[output]
    if tuple(gradient.shape) != tuple(about.shape):
        gradient = gradient.sum_to_size(tuple(about.shape))
    if gradient.is_complex() and not about.dtype.is_complex:
        gradient = gradient.real
    return gradient.to(dtype=about.dtype, device=about.device)


def _why(fn: GradFn, error: Exception) -> str:
    text = str(error)
    if "second time" in text or "already been freed" in text:
        return (
            "backward() has already gone through this graph and freed what it needs; draw it before backward(), or "
            "compute the result again (to go through one and the same graph twice, call backward(retain_graph=True))"
        )
    if "inplace operation" in text:
        return (
            "a value that the backward pass needs was changed in place after it was used, so backward() fails here "
            "too; write x = x * 2 instead of x *= 2"
        )
    return f"the backward formula of {fn.name()} stops with {type(error).__name__}: {text.partition(chr(10))[0]}"
