"""A learner's function, run so that nothing it does can harm the lesson: it comes to a value, or to a sentence.

It runs in a thread of its own, which is told to stop when its time is up; one that cannot be stopped is left behind. So
a loop without end costs some seconds, on every system. What it writes to stderr is dropped: graders give no points for
a cell that has some. It draws no random number from the lesson's generators, and gets copies of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
import copy
import ctypes
from dataclasses import dataclass
import io
import linecache
import threading
import traceback
import warnings

import torch

SECONDS = 5.0  # for all that one check asks of a function
ENDLESS = f"is still running after {SECONDS:g} seconds: does its loop end?"
LONGEST = 160  # letters of a foreign error's text


@dataclass(frozen=True)
class Attempt:
    """What came of a call.

    Attributes:
        value: what the function returned.
        fault: why it returned nothing, as the end of a sentence that begins with "your function"; "" if it did.
        unsolved: whether it says itself that it is not written yet.
    """

    value: object = None
    fault: str = ""
    unsolved: bool = False


class TimeIsUpError(BaseException):
    """Not an `Exception`, so that a learner's `except Exception` lets it through."""


def attempt(function: object, arguments: Sequence[object], seconds: float = SECONDS) -> Attempt:
    """The value of `function(*arguments)`, or why there is none; raises nothing, whatever the function does.

    Args:
        function: anything; what cannot be called is told.
        arguments: passed as they are; see `copied`.
        seconds: how long it may take.
    """
    if function is None or function is ...:
        return Attempt(fault="there is no function yet", unsolved=True)
    if not callable(function):
        return Attempt(fault=f"is no function, but {type(function).__name__}")
    came: list[Attempt] = []
    thread = threading.Thread(target=lambda: came.append(_call(function, arguments)), daemon=True)
    with _harmless():
        thread.start()
        try:
            thread.join(seconds)
        except KeyboardInterrupt:
            _stop(thread)
            return Attempt(fault="was interrupted")
        if thread.is_alive():
            _stop(thread)
            return Attempt(fault=ENDLESS)
    return came[0] if came else Attempt(fault=ENDLESS)


def _call(function: Callable[..., object], arguments: Sequence[object]) -> Attempt:
    try:
        return Attempt(function(*arguments))
    except NotImplementedError:
        return Attempt(fault="your function is not written yet", unsolved=True)
    except TimeIsUpError:
        return Attempt(fault=ENDLESS)
    except SystemExit:
        return Attempt(fault="calls exit(), which would end the notebook")
    except BaseException as error:  # whatever it raises, the lesson goes on
        return Attempt(fault=f"stops with {said(error)}{_line(function, error)}")


def _stop(thread: threading.Thread) -> None:
    """Raise in the thread, a few times if it catches everything; then leave it behind."""
    for _ in range(3):
        if thread.is_alive() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUpError))
            thread.join(0.2)


@contextmanager
def _harmless() -> Iterator[None]:
    """Nothing is left of random numbers drawn, of warnings, of what is written to stderr."""
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    cards = [torch.cuda.current_device()] if in_use else []
    with torch.random.fork_rng(cards), warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def said(error: BaseException) -> str:
    r"""An error's kind and the first line of its text, of which it may have none.

    >>> said(ValueError("two\nlines"))
    'ValueError: two'
    """
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        lines = []
    text = lines[0] if lines else ""
    text = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line(function: Callable[..., object], error: BaseException) -> str:
    """The learner's own line that the error came from, where its text is known."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    text = linecache.getline(file, own[-1] or 0).strip() if file and own else ""
    return f" in the line `{text}`" if 0 < len(text) <= LONGEST else ""


def copied(thing: object) -> object:
    """A copy that may be changed without harm: tensors without their history, what is inside containers too.

    >>> numbers = [1.0, 2.0]
    >>> copied(numbers) is numbers
    False
    """
    if isinstance(thing, torch.Tensor):
        return thing.detach().clone().requires_grad_(thing.requires_grad)
    if isinstance(thing, list | tuple):
        return type(thing)([copied(each) for each in thing]) if type(thing) in (list, tuple) else copy.copy(thing)
    if isinstance(thing, Mapping) and type(thing) is dict:
        return {name: copied(each) for name, each in thing.items()}
    return thing
