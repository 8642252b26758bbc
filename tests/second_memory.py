"""Tensors of the card: torch's own, of CUDA by their keys and their device, in the CPU's memory."""

import copy
import ctypes
from functools import partial

from second_rules import launched
import torch

CPU = torch.device("cpu")
_KIND_OF_DEVICE, _IS_CUDA = 8, 2  # in DLPack's header, after the address of the numbers
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def card(tensor):
    """A tensor of the card over the memory of a CPU tensor, which it keeps alive.

    torch hands tensors to other libraries in DLPack's form, and takes them back. In between we change the device.
    """
    if not isinstance(tensor, torch.Tensor):
        return tensor
    capsule = torch._C._to_dlpack(tensor.detach() if tensor.requires_grad else tensor)
    ctypes.c_int32.from_address(_pointer(capsule, b"dltensor") + _KIND_OF_DEVICE).value = _IS_CUDA
    return torch._C._from_dlpack(capsule)


def host(tensor):
    """A CPU tensor over the memory of a tensor of the card, which must outlive it; any other as it is."""
    if not tensor.is_cuda:
        return tensor
    held = tensor.untyped_storage()
    storage = torch._C._construct_storage_from_data_pointer(held.data_ptr(), CPU, held.nbytes())
    plain = torch.empty(0, dtype=tensor.dtype, device=CPU)
    plain.set_(storage, tensor.storage_offset(), tensor.size(), tensor.stride())
    plain = plain.conj() if tensor.is_conj() else plain
    return torch._neg_view(plain) if tensor.is_neg() else plain


def restrided(tensor, size, stride, offset):
    """A view of a tensor of the card, in the same storage."""
    return torch.ops.aten.as_strided_.default(torch.ops.aten.alias.default(tensor), size, stride, offset)


def resize(tensor, size):
    """Give a tensor of the card another size, and memory for it; what it held is lost where it grows."""
    kept = host(tensor).flatten()
    fresh = torch.empty(size, dtype=tensor.dtype, device=CPU)
    count = min(kept.numel(), fresh.numel())
    fresh.view(-1)[:count] = kept[:count]
    torch._C.TensorBase.data.__set__(tensor, card(fresh))
    return tensor


def copy_deeply():
    """`copy.deepcopy` of a tensor of the card: torch would ask CUDA for memory."""
    plain = torch.Tensor.__deepcopy__

    def deepcopy(self, memo):
        if not (self.is_cuda and self.is_leaf and type(self) is torch.Tensor) or id(self) in memo:
            return plain(self, memo)
        made = memo[id(self)] = self.detach().clone().requires_grad_(self.requires_grad)
        made.grad = copy.deepcopy(self.grad, memo)
        return made

    torch.Tensor.__deepcopy__ = deepcopy


def _empty(size, *, dtype=None, memory_format=None, **_):
    return card(torch.empty(size, dtype=dtype, device=CPU, memory_format=memory_format or torch.contiguous_format))


def _empty_strided(size, stride, *, dtype=None, **_):
    return card(torch.empty_strided(size, stride, dtype=dtype, device=CPU))


def _copy(self, source, non_blocking=False):
    launched()
    there = host(source)
    is_cut = there.is_floating_point() and self.dtype in {torch.int32, torch.int64}
    host(self).copy_(_as_whole(there, self.dtype) if is_cut else there)
    return self


def _as_whole(numbers, dtype):
    """Whole numbers as a card makes them: nan is 0, what is too large the largest; a CPU makes anything of them."""
    kind, wide = torch.iinfo(dtype), numbers.double()
    high, low = wide >= float(kind.max), wide <= float(kind.min)
    whole = wide.masked_fill(high | low | wide.isnan(), 0.0).to(dtype)
    return whole.masked_fill(high, kind.max).masked_fill(low, kind.min)


def _as_strided(self, size, stride, storage_offset=None):
    return restrided(self, size, stride, self.storage_offset() if storage_offset is None else storage_offset)


def _as_there(view, self, *args, same=None):
    """A view that is strided as the CPU strides it."""
    there = view(host(self), *args)
    same = self if same is None else torch.ops.aten.view.dtype(same, there.dtype)
    return restrided(same, there.size(), there.stride(), there.storage_offset())


def _set_source(self, source):
    torch._C.TensorBase.data.__set__(self, torch.ops.aten.alias.default(source))
    return self


def _view_as_real(self):
    one_more = restrided(self, (*self.shape, 1), (*self.stride(), 1), self.storage_offset())
    return _as_there(torch.ops.aten.view_as_real.default, self, same=one_more)


def _view_as_complex(self):
    there = torch.view_as_complex(host(self))
    flat = torch.ops.aten.view.dtype(_as_strided(self, self.shape, self.stride()), there.dtype)
    return restrided(flat, there.size(), there.stride(), there.storage_offset())


OWN = {
    "empty.memory_format": _empty,
    "empty_strided": _empty_strided,
    "copy_": _copy,
    "resize_": lambda self, size, memory_format=None: resize(self, size),
    "set_.source_Tensor": _set_source,
    "as_strided": _as_strided,
    "_reshape_alias": lambda self, size, stride: _as_strided(self, size, stride),
    "view": partial(_as_there, torch.ops.aten.view.default),
    "unfold": partial(_as_there, torch.ops.aten.unfold.default),
    "view_as_real": _view_as_real,
    "view_as_complex": _view_as_complex,
    "_efficientzerotensor": lambda size, *, dtype=None, **_: card(torch.zeros(size, dtype=dtype, device=CPU)),
}
