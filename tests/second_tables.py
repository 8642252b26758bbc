"""torch's own tables, changed so that it believes in a card: the device guard of CUDA and the hooks of CUDA.

Where torch finds no card, it has no guard for one, and its autograd engine refuses to work. Both are C++ objects whose
first word points to a table of functions. We give torch copies of tables that it has, in which the functions that
matter answer "CUDA, number 0", "yes" or "done": the same eight bytes of machine code do for all three. The order of the
functions is read off the headers that come with torch, so it follows torch's version.
"""

import ctypes
import mmap
from pathlib import Path
import platform
import re

import torch

ROOT = Path(torch.__file__).parent
CUDA, META = 1, 14  # c10::DeviceType
ANSWERS = {"x86_64": "b80100000031d2c3", "aarch64": "200080d2010080d2c0035fd6"}  # return {1, 0};
GUARD = (
    "type", "exchangeDevice", "getDevice", "getStream", "getDefaultStream", "getStreamFromGlobalPool", "getNewStream",
    "exchangeStream", "record", "block", "queryEvent", "synchronizeEvent", "synchronizeDevice",
)  # fmt: skip
HOOKS = ("isBuilt", "isAvailable", "init", "hasCUDA", "hasPrimaryContext", "versionCuDNN", "versionRuntimeCuDNN")
_KEPT = []  # torch holds bare addresses


def can_fool():
    """Whether the tables of this machine can be changed: Linux on x86-64 or 64-bit ARM."""
    return platform.system() == "Linux" and platform.machine() in ANSWERS


def fool():
    """torch takes CUDA for a device that is there, with one card; for the rest of the process."""
    yes = _machine_code(ANSWERS[platform.machine()])
    guards = (ctypes.c_void_p * (META + 1)).in_dll(_library("c10"), "_ZN3c104impl26device_guard_impl_registryE")
    guard = _changed(_word(guards[META]), _guard_slots(), GUARD, yes)
    guards[CUDA] = _keep((ctypes.c_void_p * 1)(guard))
    cpu = _library("torch_cpu")
    find = cpu._ZN2at6detail12getCUDAHooksEv
    find.restype = ctypes.c_void_p
    plain = ctypes.addressof(ctypes.c_char.in_dll(cpu, "_ZTVN2at18CUDAHooksInterfaceE")) + 2 * ctypes.sizeof(
        ctypes.c_void_p
    )
    ctypes.c_void_p.from_address(find()).value = _changed(plain, _hook_slots(), HOOKS, yes)


def _library(name):
    return ctypes.CDLL(str(ROOT / "lib" / f"lib{name}.so"))


def _word(address):
    return ctypes.c_void_p.from_address(address).value


def _keep(buffer):
    _KEPT.append(buffer)
    return ctypes.addressof(buffer)


def _machine_code(digits):
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex(digits))
    _KEPT.append(page)
    return _keep(ctypes.c_char.from_buffer(page))


def _changed(table, slots, names, answer):
    """A copy of a table of functions, in which the named ones give that answer."""
    copy = (ctypes.c_void_p * len(slots)).from_buffer_copy((ctypes.c_void_p * len(slots)).from_address(table))
    for name in names:
        if name in slots:
            copy[slots.index(name)] = answer
    return _keep(copy)


def _guard_slots():
    text = (ROOT / "include/c10/core/impl/DeviceGuardImplInterface.h").read_text()
    return _virtuals(text.split("struct C10_API DeviceGuardImplInterface")[1].split("struct NoOpDeviceGuardImpl")[0])


def _hook_slots():
    folder = ROOT / "include/ATen/detail"
    slots = _virtuals((folder / "AcceleratorHooksInterface.h").read_text())
    more = _virtuals((folder / "CUDAHooksInterface.h").read_text())
    return slots + [name for name in more if name not in slots]


def _virtuals(text):
    """The virtual functions of a class in the order of its table; a destructor takes two places."""
    text = re.sub(r"#ifdef USE_ROCM.*?#endif", "", text, flags=re.DOTALL)
    text = re.sub(r"//.*", "", text)
    names = re.findall(r"\bvirtual\s[^;{(]*?(~?\w+)\(", text)
    return [place for name in names for place in ((name, name + "'") if name.startswith("~") else (name,))]
