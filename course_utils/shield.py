"""What a learner's code does to the whole process is undone when it is through.

Graders give no points for a cell that writes to stderr, and a check has one line: so what is written meanwhile is
dropped, warnings too. Random numbers are drawn from a copy of the lesson's generators. Settings that hold everywhere
(the default dtype, say) are set back; how a thread of torch computes (`no_grad`, say) is that thread's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
import io
import random
import sys
import threading
import warnings

import torch


@contextmanager
def shielded() -> Iterator[None]:
    """Nothing of what is done inside shows outside.

    >>> with shielded():
    ...     print("dropped")
    ...     torch.set_default_dtype(torch.float64)
    >>> torch.get_default_dtype()
    torch.float32
    """
    before = [(get, put, get()) for get, put in _settings()]
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    cards = [torch.cuda.current_device()] if in_use else []
    silent = warnings.catch_warnings()
    try:
        with torch.random.fork_rng(cards), silent, redirect_stdout(_Nowhere()), redirect_stderr(_Nowhere()):
            warnings.simplefilter("ignore")
            threading.excepthook = sys.unraisablehook = _say_nothing
            yield
    finally:
        for get, put, value in before:
            if get() is not value and get() != value:
                put(value)


class _Nowhere(io.TextIOBase):
    """Where text goes that nobody is to read."""

    def write(self, text: str) -> int:
        return len(text)


def _say_nothing(_: object) -> None:
    """For errors in a learner's threads and in `__del__`, which Python writes to stderr."""


def _settings() -> Iterator[tuple[Callable[[], object], Callable[..., object]]]:
    """What the process has once: how to read it and how to set it."""
    yield lambda: threading.excepthook, lambda hook: setattr(threading, "excepthook", hook)
    yield lambda: sys.unraisablehook, lambda hook: setattr(sys, "unraisablehook", hook)
    yield random.getstate, random.setstate
    yield sys.getrecursionlimit, sys.setrecursionlimit
    yield sys.getswitchinterval, sys.setswitchinterval
    yield torch.get_default_dtype, torch.set_default_dtype
    yield torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode
    yield torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly
