"""What a card refuses, in torch's words, and what it may get from the CPU."""

from functools import cache
from numbers import Number
import threading
from typing import NamedTuple
import warnings

import torch

FROM_ANYWHERE = {"copy", "_copy_from", "_to_copy", "set"}
INDICES = {"index", "_index_put_impl", "index_put", "_unsafe_index", "_unsafe_index_put"}
SCALARS = {
    "floor_divide",
    "where",
    "masked_fill",
    "fill",
    "lerp",
    "index_put",
    "_index_put_impl",
    "index_fill",
    "nextafter",
}

PRODUCTS = {"mm": "addmm_cuda", "addmm": "addmm_cuda", "bmm": "baddbmm_cuda", "baddbmm": "baddbmm_cuda"}
PRODUCTS |= {"addmv": "addmv_cuda", "mv": "addmv_cuda", "dot": "dot", "vdot": "vdot"}
ASSERTED = "CUDA error: device-side assert triggered"
CUBLAS = "Attempting to run cuBLAS, but there was no current CUDA context! Attempting to set the primary context..."
_BROKEN, _WARNED = [], []
_HERE = threading.local()


class Plan(NamedTuple):
    """What the schema of an operation says.

    Attributes:
        names: of the arguments, in order.
        tensors: the places of those that are tensors.
        outs: arguments that take the results.
        writes: arguments that are written over, the `outs` among them.
        is_view: whether a result shares memory with an argument.
        draws: whether it takes random numbers.
        takes_scalars: whether a CPU tensor without dimensions may stand among the operands.
    """

    names: tuple
    tensors: tuple
    outs: tuple
    writes: tuple
    is_view: bool
    draws: bool
    takes_scalars: bool


@cache
def plan_of(op):
    schema = op._schema
    packet = getattr(torch.ops.aten, base_name(op), None) if op.namespace == "aten" else None
    overloads = [getattr(packet, name) for name in packet.overloads()] if packet else [op]
    return Plan(
        names=tuple(argument.name for argument in schema.arguments),
        tensors=tuple(place for place, a in enumerate(schema.arguments) if isinstance(a.type, torch.TensorType)),
        outs=tuple(argument.name for argument in schema.arguments if argument.is_out),
        writes=tuple(a.name for a in schema.arguments if a.alias_info and a.alias_info.is_write),
        is_view=any(result.alias_info and not result.alias_info.is_write for result in schema.returns),
        draws=torch.Tag.nondeterministic_seeded in op.tags,
        takes_scalars=base_name(op) in SCALARS or any(torch.Tag.pointwise in each.tags for each in overloads),
    )


def with_tensors(op, args):
    """The arguments of an operation, with tensors for the bare numbers that torch hands to Python in their place."""
    bare = [place for place in plan_of(op).tensors if place < len(args) and isinstance(args[place], Number)]
    if not bare:
        return args
    other = next(arg for arg in args if isinstance(arg, torch.Tensor))
    args = list(args)
    for place in bare:
        args[place] = torch.tensor(args[place], dtype=torch.result_type(other, args[place]), device="cpu")
    return args


def base_name(op):
    """ "add" for aten::add_.Tensor."""
    name = op._schema.name.split("::")[1]
    return name if name.endswith("__") else name.rstrip("_")


def refuse_mixtures(op, given):
    """Raise torch's error if an operation gets tensors of the card and of another device that it may not have."""
    plan, name = plan_of(op), base_name(op)
    if name in FROM_ANYWHERE:
        return
    for argument, value in given.items():
        if name in INDICES and argument == "indices":
            continue
        for tensor in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(tensor, torch.Tensor) or tensor.is_cuda:
                continue
            if tensor.dim() or argument in plan.writes or not plan.takes_scalars:
                raise RuntimeError(_words(plan, name, argument, tensor.device))


def launched(op=None):
    """Note that a thread has used the card; torch warns, once, where it begins with a product, which is cuBLAS's."""
    if getattr(_HERE, "has_used_it", False):
        return
    _HERE.has_used_it = True
    if op is not None and base_name(op) in PRODUCTS and not _WARNED:
        _WARNED.append(CUBLAS)
        warnings.warn(CUBLAS, UserWarning, stacklevel=2)


def refuse_whole_numbers(op, given):
    """Raise torch's error for a product of matrices of whole numbers: no card has one."""
    called = PRODUCTS.get(base_name(op))
    kinds = [value.dtype for value in given.values() if isinstance(value, torch.Tensor)] if called else []
    if kinds and not (kinds[0].is_floating_point or kinds[0].is_complex):
        name = {torch.int64: "Long", torch.int32: "Int", torch.bool: "Bool"}.get(kinds[0], kinds[0])
        raise RuntimeError(f"\"{called}\" not implemented for '{name}'")


def compute(run, *args, **kwargs):
    """What comes of a kernel; after a place that does not exist, all that the card is asked for fails."""
    if _BROKEN:
        raise getattr(torch, "AcceleratorError", RuntimeError)(ASSERTED)
    try:
        return run(*args, **kwargs)
    except NotImplementedError as error:
        raise NotImplementedError(str(error).replace('_cpu"', '_cuda"')) from None
    except IndexError:
        _BROKEN.append(ASSERTED)
    raise getattr(torch, "AcceleratorError", RuntimeError)(ASSERTED)


def _words(plan, name, argument, device):
    same = "Expected all tensors to be on the same device, but "
    if plan.takes_scalars:
        return f"{same}found at least two devices, cuda:0 and {device}!"
    checking = f"(when checking argument in method wrapper_CUDA_{name})"
    return f"{same}got {argument} is on {device}, different from other tensors on cuda:0 {checking}"
