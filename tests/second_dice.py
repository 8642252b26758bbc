"""torch.cuda with one card, and generators that belong to it.

A generator of the card is a CPU generator whose device byte says CUDA, so torch's own checks refuse it on the CPU, and
the CPU's on the card. It is seeded otherwise than the CPU's: a lesson that draws on the card gets other numbers.
"""

from contextlib import contextmanager
import ctypes

import torch

PLAIN = torch._C.Generator
OTHER_SEED = 0x5DEECE66D
_CPU, _CARD = b"\x00\xff", b"\x01\x00"  # c10::Device: the type, and the index


class _Kind(type(PLAIN)):
    def __instancecheck__(cls, thing):
        return isinstance(thing, PLAIN)


class Generator(PLAIN, metaclass=_Kind):
    """What `torch.Generator` is while the second device is there."""

    def __new__(cls, device="cpu"):
        if torch.device(device).type != "cuda":
            return PLAIN(device)
        dice = PLAIN.__new__(cls)
        _give(dice, _CARD)
        return dice

    def __init__(self, device="cpu"):
        self.manual_seed(PLAIN.initial_seed(self))

    def manual_seed(self, seed):
        with as_cpu(self):
            super().manual_seed((int(seed) ^ OTHER_SEED) % 2**63)
        self._seed = int(seed)
        return self

    def initial_seed(self):
        return self._seed

    def seed(self):
        return self.manual_seed(PLAIN().seed()).initial_seed()


@contextmanager
def as_cpu(dice):
    """The generator is one of the CPU's inside: the card's numbers are made by the CPU."""
    if dice.device.type != "cuda":
        raise RuntimeError(f"Expected a 'cuda' device type for generator but found '{dice.device.type}'")
    _give(dice, _CPU)
    try:
        yield dice
    finally:
        _give(dice, _CARD)


def _give(dice, device):
    """Write the device into the C++ object; its place is found once, by asking whether torch now says so."""
    # A Python object: its count, its type, then the address of the C++ generator.
    address = ctypes.c_void_p.from_address(id(dice) + 2 * ctypes.sizeof(ctypes.c_void_p)).value
    before = _CARD if device == _CPU else _CPU
    for place in range(16, 128, 2):
        if ctypes.string_at(address + place, 2) == before:
            ctypes.memmove(address + place, device, 2)
            if dice.device.type == ("cpu" if device == _CPU else "cuda"):
                return
            ctypes.memmove(address + place, before, 2)
    raise RuntimeError("this torch keeps the device of a generator elsewhere")


def lend_cuda():
    """torch.cuda says that there is one card, in use, and has its generator; torch.Generator can make more."""
    torch.Generator = Generator
    cuda = torch.cuda
    cuda._initialized = True
    cuda.default_generators = (Generator("cuda"),)
    answers = {"is_available": True, "is_initialized": True, "device_count": 1, "current_device": 0}
    answers |= {"_lazy_init": None, "set_device": None, "synchronize": None, "_is_in_bad_fork": False}
    answers |= {"get_device_name": "a second device, made up", "get_device_capability": (9, 0), "init": None}
    answers |= {"is_current_stream_capturing": False, "_exchange_device": 0, "_maybe_exchange_device": 0}
    for name, answer in answers.items():
        for module in (cuda, cuda.random):
            if module is cuda or hasattr(module, name):
                setattr(module, name, lambda *_, answer=answer, **__: answer)
    torch._C._cuda_getDevice = lambda: 0
    for fused in (torch.backends.cuda.enable_cudnn_sdp, torch.backends.cuda.enable_flash_sdp):
        fused(False)  # a torch built for CUDA would ask the card what it can do
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    cuda._lazy_call = cuda.random._lazy_call = lambda act, **_: act()
    cuda.manual_seed_all(torch.initial_seed())
