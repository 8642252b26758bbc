"""Slopes one after the other multiply, slopes side by side add: the chain rule, for numbers and Jacobians alike."""

from __future__ import annotations

from math import prod

import torch

LARGEST = 10_000  # numbers in one Jacobian that is worked out; of a larger one only the shape is told
SEEN = 100  # the same where somebody only looks: a picture tells numbers and shapes


def in_line(outer: torch.Tensor | None, inner: torch.Tensor | None, shared: int) -> torch.Tensor | None:
    """D c / d a from d c / d b and d b / d a: their product, over the `shared` dimensions of b.

    None where either is None, or where it would hold more than 10,000 numbers.

    >>> in_line(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]), shared=1)
    tensor([[11.]])
    """
    if outer is None or inner is None:
        return None
    size = prod(outer.shape[: outer.dim() - shared]) * prod(inner.shape[shared:])
    if size > LARGEST:
        return None
    dtype = torch.promote_types(outer.dtype, inner.dtype)
    # A single number may live on another device than what it is combined with.
    product: torch.Tensor = torch.tensordot(outer.to(dtype), inner.to(outer.device, dtype), dims=shared)
    return product


def side_by_side(one: torch.Tensor | None, other: torch.Tensor | None) -> torch.Tensor | None:
    """The sum, None where either is None."""
    return None if one is None or other is None else one + other.to(one.device)
