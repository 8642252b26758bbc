"""Warnings, heard on their way: they are shown as ever, and the place that each came from is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import sys
import threading
from types import FrameType
from typing import Any
import warnings

Hear = Callable[[object, object, FrameType], None]


class Hearing:
    """Hears warnings from `begin` to `end`; what else replaces `warnings.showwarning` meanwhile stays in place."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._before: Callable[..., None] | None = None
        self._mine: Callable[..., None] | None = None

    def begin(self) -> None:
        """Listen from now on."""
        self.end()
        before = self._before = warnings.showwarning

        def show(message: Any, category: Any, *args: Any, **kwargs: Any) -> None:
            before(message, category, *args, **kwargs)
            if self._mine is show:  # it may live on in a chain that somebody has built meanwhile
                frame = sys._getframe(1)
                quietly(lambda: self._hear(message, category, frame))

        self._mine = warnings.showwarning = show

    def end(self) -> None:
        """Listen no more; whoever has replaced `warnings.showwarning` since then keeps it."""
        if self._mine is not None and warnings.showwarning is self._mine and self._before is not None:
            warnings.showwarning = self._before
        self._mine = self._before = None


def quietly(act: Callable[[], None]) -> None:
    """Do something whose warnings are not shown and whose errors are nobody's trouble.

    A look at the learner's tensors may warn once more. The filters stay as they are: to touch them would make torch
    repeat the warnings that it has given once.
    """
    before, here = warnings.showwarning, threading.get_ident()

    def silent(*args: Any, **kwargs: Any) -> None:
        if threading.get_ident() != here:
            before(*args, **kwargs)

    warnings.showwarning = silent
    try:
        with suppress(Exception):
            act()
    finally:
        if warnings.showwarning is silent:
            warnings.showwarning = before
