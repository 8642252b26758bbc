"""Tensors of the card: torch's own, of CUDA by their keys and their device, in the CPU's memory."""

import copy
import ctypes

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
    return plain.set_(storage, tensor.storage_offset(), tensor.size(), tensor.stride())


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
