"""An operation of a live graph, computed once more from the values of its operands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import re
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

Formula = Callable[[Any, Sequence[torch.Tensor]], torch.Tensor]

# What torch calls the operands that an operation keeps, in the order of the operands.
KEPT = {
    "Mul": ("self", "other"), "Div": ("self", "other"), "Pow": ("self", "exponent"), "Mm": ("self", "mat2"),
    "Mv": ("self", "vec"), "Dot": ("self", "tensor"), "Bmm": ("self", "mat2"), "Addmm": ("", "mat1", "mat2"),
    "MseLoss": ("self", "target"), "Log": ("self",), "Log1P": ("self",), "Sin": ("self",), "Cos": ("self",),
    "Abs": ("self",), "NllLoss": ("self",),
}  # fmt: skip


def bare_name(fn: GradFn) -> str:
    """Torch's name for an operation without what all of them share: "Mul", "LogSoftmax"."""
    return re.sub(r"Backward\d*$", "", fn.name().rpartition("::")[2])


def redo(fn: GradFn, operands: Sequence[torch.Tensor]) -> torch.Tensor | None:
    """The result of an operation on these operands, without a graph; None where it is not known how it was made."""
    formula = _FORMULAS.get(bare_name(fn))
    if formula is None or fn.name() in ("SumBackward2", "MeanBackward2"):
        return None
    try:
        with torch.no_grad():
            made = formula(fn, [operand.detach() for operand in operands])
    except (RuntimeError, TypeError, IndexError, AttributeError):
        return None
    return made if tuple(made.shape) == tuple(fn._input_metadata[0].shape) else None


def _shape(fn: Any) -> tuple[int, ...]:
    return tuple(fn._input_metadata[0].shape)


def _power(fn: Any, of: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.pow(of[0], of[1] if len(of) > 1 else fn._saved_exponent)


def _sum(fn: Any, of: Sequence[torch.Tensor]) -> torch.Tensor:
    return of[0].sum() if fn.name().endswith("0") else of[0].sum(_dims(fn), keepdim=fn._saved_keepdim)


def _mean(fn: Any, of: Sequence[torch.Tensor]) -> torch.Tensor:
    return of[0].mean() if fn.name().endswith("0") else of[0].mean(_dims(fn), keepdim=fn._saved_keepdim)


def _dims(fn: Any) -> list[int]:
    """The dimensions summed over; torch keeps negative ones as if they had no sign."""
    return [_signed(dim) for dim in fn._saved_dim]


def _signed(dim: int) -> int:
    return dim - 2**64 if dim >= 2**63 else dim


def _squared_error(fn: Any, of: Sequence[torch.Tensor]) -> torch.Tensor:
    squares = (of[0] - of[1]) ** 2
    return (squares, squares.mean(), squares.sum())[int(fn._saved_reduction)]


def _dim(fn: Any) -> int:
    return _signed(fn._saved_dim)


def _index(fn: Any, of: Sequence[torch.Tensor]) -> torch.Tensor:
    return of[0][tuple(slice(None) if place is None else place for place in fn._saved_indices)]


_FORMULAS: dict[str, Formula] = {
    "Add": lambda fn, of: torch.add(of[0], of[1], alpha=fn._saved_alpha),
    "Sub": lambda fn, of: torch.sub(of[0], of[1], alpha=fn._saved_alpha),
    "Mul": lambda _, of: of[0] * of[1],
    "Div": lambda _, of: of[0] / of[1],
    "Pow": _power,
    "Neg": lambda _, of: -of[0],
    "Exp": lambda _, of: of[0].exp(),
    "Log": lambda _, of: of[0].log(),
    "Log1P": lambda _, of: of[0].log1p(),
    "Sqrt": lambda _, of: of[0].sqrt(),
    "Rsqrt": lambda _, of: of[0].rsqrt(),
    "Reciprocal": lambda _, of: of[0].reciprocal(),
    "Sin": lambda _, of: of[0].sin(),
    "Cos": lambda _, of: of[0].cos(),
    "Abs": lambda _, of: of[0].abs(),
    "Tanh": lambda _, of: of[0].tanh(),
    "Sigmoid": lambda _, of: of[0].sigmoid(),
    "Relu": lambda _, of: of[0].relu(),
    "Mm": lambda _, of: of[0] @ of[1],
    "Mv": lambda _, of: of[0] @ of[1],
    "Dot": lambda _, of: of[0] @ of[1],
    "Bmm": lambda _, of: of[0] @ of[1],
    "Addmm": lambda fn, of: torch.addmm(of[0], of[1], of[2], beta=fn._saved_beta, alpha=fn._saved_alpha),
    "Sum": _sum,
    "Mean": _mean,
    "T": lambda _, of: of[0].t(),
    "View": lambda fn, of: of[0].reshape(_shape(fn)),
    "UnsafeView": lambda fn, of: of[0].reshape(_shape(fn)),
    "ReshapeAlias": lambda fn, of: of[0].reshape(_shape(fn)),
    "Squeeze": lambda fn, of: of[0].reshape(_shape(fn)),
    "Unsqueeze": lambda fn, of: of[0].reshape(_shape(fn)),
    "Expand": lambda fn, of: of[0].expand(_shape(fn)),
    "Clone": lambda _, of: of[0].clone(),
    "Softmax": lambda fn, of: torch.softmax(of[0], _dim(fn)),
    "LogSoftmax": lambda fn, of: torch.log_softmax(of[0], _dim(fn)),
    "Index": _index,
    "MseLoss": _squared_error,
}
