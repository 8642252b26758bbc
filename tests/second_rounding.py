"""The last digits, as a card would have them: sums in another order, other approximations of exp and log.

What every IEEE machine rounds alike is left alone: one +, −, ×, ÷ or root at a time, comparisons, copies. So is what
comes out without rounding, as 1 + 2 + 3 does in any order. The rest is moved by a digit or two in its last place:

- `once`: a product and a sum in one step, rounded once where the CPU rounds twice;
- `sum`: by what the order of the terms may change, which is measured by the terms' sizes, not by the result's;
- `whole`: by the last place of the largest number in the result (several roundings one after the other);
- `each`: every number by its own last place.
"""

from functools import cache
from zlib import crc32

import torch

SUMS = {
    "sum", "nansum", "mean", "dot", "vdot", "mv", "mm", "addmm", "addmv", "addr", "bmm", "baddbmm", "addbmm", "cumsum",
    "trace", "index_add", "scatter_add", "convolution", "lerp", "index_put", "addcdiv",
    "embedding_dense_backward", "_index_put_impl", "linalg_vector_norm", "norm",
}  # fmt: skip
ONCE = {"add", "sub", "rsub", "addcmul"}
WHOLES = ("linalg", "_linalg", "_softmax", "_log_softmax", "logsumexp", "log_softmax", "var", "std", "native_", "mse")
EXACT = {
    "abs", "neg", "mul", "div", "sqrt", "reciprocal", "square", "sign", "sgn", "floor", "ceil", "round", "trunc",
    "eq", "ne", "lt", "le", "gt", "ge", "isnan", "isinf", "isfinite", "maximum", "minimum", "fmax", "fmin", "max",
    "frac", "min", "amax", "amin", "aminmax", "argmax", "argmin", "clamp", "clamp_min", "clamp_max", "relu",
    "threshold", "hardtanh",
    "threshold_backward", "where", "masked_fill", "masked_select", "masked_scatter", "index", "index_select", "gather",
    "take", "index_fill", "index_copy", "scatter", "cat", "stack", "sort", "topk", "flip", "roll", "tril", "triu",
    "zero", "fill", "copy", "arange", "eye", "range", "remainder", "fmod", "nonzero", "unique", "repeat_interleave",
    "diag", "kthvalue", "median", "mode", "equal", "_local_scalar_dense", "constant_pad_nd", "copysign", "signbit",
    "heaviside", "nan_to_num", "nextafter", "real", "imag", "complex", "conj_physical", "logical_and", "logical_not",
    "logical_or", "logical_xor", "bitwise_and", "bitwise_not", "bitwise_or", "bucketize", "searchsorted", "histc",
    "bincount", "is_set_to", "_efficientzerotensor", "max_pool2d_with_indices", "avg_pool2d", "ldexp", "frexp", "fix",
    "leaky_relu", "_unique2", "unique_dim", "unique_consecutive", "_assert_async", "repeat", "select_backward",
    "slice_backward", "full", "set", "resize",
}  # fmt: skip
ENDS = crc32(b"aten.linspace.out")  # its first and last number are the ones asked for
MIXER = -7046029254386353131  # splitmix64's odd number, as torch's signed one


@cache
def kind_of(op):
    """How an operation's result may differ on another machine: "sum", "whole", "each", or "" if it may not."""
    name = op._schema.name.removeprefix("aten::")
    name = name if name.startswith("__") else name.rstrip("_")
    if name in EXACT or torch.Tag.nondeterministic_seeded in op.tags:
        return ""
    if name in SUMS or name in ONCE:
        return "sum" if name in SUMS else "once"
    return "whole" if name.startswith(WHOLES) or name.endswith("backward") else "each"


def rounds(op, args, kwargs):
    """Whether an operation rounds at all: adding is exact enough unless it multiplies first; small whole powers too."""
    kind = kind_of(op)
    name = op._schema.name.removeprefix("aten::").rstrip("_")
    if name in {"add", "sub", "rsub"}:
        alpha = kwargs.get("alpha", args[2] if len(args) > 2 else 1)
        return "" if alpha in (1, -1) else kind
    if name == "pow" and not isinstance(args[1], torch.Tensor) and args[1] in (0.5, 1, 2, 3, -1, -0.5):
        return ""  # made of roots and products, as on the card
    return kind


class Rounding:
    """Moves last digits, each card (`seed`) in its own way; the same numbers always alike, as a card does.

    `times` moves them that many times as far, to see how much is left before an output would change.
    """

    def __init__(self, seed, times=1):
        self.seed, self.reach = seed, 0.5 * times

    def before(self, op, args, kwargs, writes):
        """What `after` needs to know: the arguments as they were, before any of them is written over."""
        if not rounds(op, args, kwargs):
            return None
        names = [argument.name for argument in op._schema.arguments]
        kept = [_wide(arg, name in writes) for name, arg in zip(names, args, strict=False)]
        return kept, {name: _wide(arg, name in writes) for name, arg in kwargs.items()}

    def after(self, op, before, results):
        """Move the last digits of floating results, in place, where the operation has rounded."""
        if before is None or not any(_may_move(result) for result in results):
            return
        kind = kind_of(op)
        sized = [_sizes(part) for part in before] if kind == "sum" else None  # first: the next line writes into them
        true = _results(op, *before)
        sizes = _results(op, *sized) if sized else true
        for result, right, size in zip(results, true, sizes, strict=True):
            if _may_move(result):
                self._move(result, right, size.abs().double(), kind, crc32(str(op).encode()))

    def _move(self, result, right, size, kind, salt):
        if result.is_complex():
            result, right = torch.view_as_real(result), torch.view_as_real(right)
            size = size.unsqueeze(-1).expand_as(right)
        if kind == "whole" and size.numel():
            size = size.nan_to_num(0, 0, 0).amax().expand_as(right)
        mixed = (result.double().contiguous().view(torch.int64) + salt + self.seed) * MIXER
        places = (mixed >> 33) % 5 - 2
        moved = result.double() + places * self.reach * torch.finfo(result.dtype).eps * size
        if kind == "once":
            moved = right if result.dtype != torch.float64 else result
        stays = ~moved.isfinite() | (_unrounded(result, right, size, kind) if kind != "once" else False)
        if salt == ENDS:
            stays[0] = stays[-1] = True
        result.copy_(torch.where(stays, result.double(), moved))


def _unrounded(result, right, size, kind):
    """Where nothing was lost on the way, or the function has come to its end, as a sigmoid has at 1."""
    short = _is_short(right) & (_is_short(size) if kind == "sum" else True)
    return (short & (result.double() == right)) | (result == 0) | (result.abs() == 1)


def _may_move(result):
    return isinstance(result, torch.Tensor) and (result.is_floating_point() or result.is_complex())


def _is_short(numbers):
    """Whether numbers have so few digits that no order of the steps to them can have rounded in between."""
    return numbers.float().double() == numbers


def _results(op, args, kwargs):
    """What comes of the operation with these arguments; those written over are fresh ones."""
    results = op(*args, **kwargs)
    return [*results] if isinstance(results, list | tuple) else [results]


def _wide(arg, is_written=False):
    """An argument in 64 bits, apart from the original if that may change."""
    if isinstance(arg, torch.Tensor):
        floating = {torch.float16, torch.bfloat16, torch.float32}
        wide = arg.double() if arg.dtype in floating else arg.to(torch.complex128) if arg.is_complex() else arg
        return wide.clone() if wide is arg and (is_written or arg.is_floating_point()) else wide
    if isinstance(arg, list | tuple):
        return [_wide(each, is_written) for each in arg]
    return torch.float64 if arg in (torch.float16, torch.bfloat16, torch.float32) else arg


def _sizes(part):
    """Arguments without their signs."""
    if isinstance(part, dict):
        return {name: _sizes(each) for name, each in part.items()}
    if isinstance(part, list | tuple):
        return [_sizes(each) for each in part]
    if isinstance(part, torch.Tensor) and (part.is_floating_point() or part.is_complex()):
        return part.abs()
    return abs(part) if isinstance(part, float) else part
