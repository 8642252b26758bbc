"""The device a lesson runs on.

`COURSE_DEVICE` chooses it: `auto` (the default), `cpu`, `cuda` or `cuda:N`. What was asked for and is not there is an
error, never a silent step down to something slower. This room alone reads the environment: `COURSE_PROGRESS=off` keeps
progress bars away, `COURSE_STRICT=1` makes checks raise. Loading it also sets torch's waiting policy, once, before
torch is loaded, and keeps torch's threads within what a hub or a container allows.
"""

from __future__ import annotations

from collections.abc import Mapping
import os
import re

# torch's worker threads spin while they wait, which starves every neighbour on a shared machine; OpenMP reads the
# wish for sleep once, as torch loads. Whoever has chosen a policy keeps it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from course_utils.processors import most_threads, processor_limit
import course_utils.starting  # noqa: F401 - before matplotlib
import torch

# torch counts the machine's processors, not those that it may use. More threads than these only wait for each other.
# Here, not by OMP_NUM_THREADS: so it holds where torch came first, too, and never makes them more than torch would.
_most = most_threads(processor_limit(os.environ.get("CPU_LIMIT", "")))
if _most and not os.environ.get("OMP_NUM_THREADS") and torch.get_num_threads() > _most:
    torch.set_num_threads(_most)


def pick_device(name: str | None = None) -> str:
    """The device to compute on: "cpu", "cuda" or "cuda:N".

    Args:
        name: what to choose; by default the value of the environment variable `COURSE_DEVICE`, else "auto".
            "auto" is the first CUDA device where torch finds one, else the CPU.

    Raises:
        ValueError: the name is none of auto, cpu, cuda, cuda:N.
        RuntimeError: the device named is not on this machine.

    >>> pick_device("cpu")
    'cpu'
    """
    asked = os.environ.get("COURSE_DEVICE", "auto") if name is None else name
    wanted = asked.strip().lower() or "auto"
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", wanted):
        raise ValueError(f"COURSE_DEVICE must be auto, cpu, cuda or cuda:N, got {asked!r}")
    found = devices_found()
    if wanted == "auto":
        return "cuda" if "cuda:0" in found else "cpu"
    if {"cuda": "cuda:0"}.get(wanted, wanted) not in found:
        raise RuntimeError(
            f"COURSE_DEVICE asks for {wanted}, but torch {torch.__version__} finds only: {', '.join(found)}. "
            "Set COURSE_DEVICE=auto, or install a torch built for this machine's CUDA driver."
        )
    return wanted


def devices_found() -> list[str]:
    """Every device torch can compute on here, the CPU first.

    >>> devices_found()[0]
    'cpu'
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return ["cpu", *(f"cuda:{index}" for index in range(count))]


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment as it is, with these changes: for a process to be started, or to be read.

    >>> environment({"COURSE_DEVICE": "cpu"})["COURSE_DEVICE"]
    'cpu'
    """
    return {**os.environ, **(changes or {})}


def wants_progress() -> bool:
    """Whether long work may show a bar: yes, unless the environment variable `COURSE_PROGRESS` says "off".

    A bar comes by the clock, so a stored notebook that holds one would differ from the next run.
    """
    return os.environ.get("COURSE_PROGRESS", "").strip().lower() != "off"


def wants_strict() -> bool:
    """Whether a check that fails raises: for tests (`COURSE_STRICT=1`) and nbgrader (it sets `NBGRADER_EXECUTION`)."""
    asked = os.environ.get("COURSE_STRICT", "").strip().lower() not in {"", "0", "off", "false", "no"}
    return asked or bool(os.environ.get("NBGRADER_EXECUTION"))
