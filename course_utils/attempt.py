"""A learner's function, run so that nothing it does can harm the lesson: it comes to a value, or to a sentence.

It runs in a thread of its own, which is told to stop when its time is up; one that cannot be stopped is left behind. So
a loop without end costs some seconds, on every system. It gets copies of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import copy
import ctypes
from dataclasses import dataclass
import linecache
import sys
import threading
from time import monotonic
import traceback
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from weakref import WeakKeyDictionary

from course_utils.shield import shielded
import torch

SECONDS = 5.0  # for all that one check asks of a function
PATIENCE = 0.6  # seconds for stopping it
_BEGUN_BY: WeakKeyDictionary[threading.Thread, threading.Thread] = WeakKeyDictionary()  # the last attempt of a thread
LONGEST = 160  # letters of a foreign error's text


@dataclass(frozen=True)
class Attempt:
    """What came of a call.

    Attributes:
        value: what the function returned.
        fault: why it returned nothing, as the end of a sentence that begins with "your function"; "" if it did.
        unsolved: whether it is not written yet: there is none, or it says so itself.
    """

    value: object = None
    fault: str = ""
    unsolved: bool = False


class TimeIsUpError(BaseException):
    """Not an `Exception`, so that a learner's `except Exception` lets it through."""


def attempt(function: object, arguments: Sequence[object], ends: float | None = None) -> Attempt:
    """The value of `function(*arguments)`, or why there is none; raises nothing, whatever the function does.

    Args:
        function: anything; what cannot be called is told.
        arguments: passed as they are; see `copied`.
        ends: when its time is up, see `deadline`; by default it has some seconds for itself.
    """
    if function is None or function is ...:
        return Attempt(fault="there is no function yet", unsolved=True)
    if not callable(function):
        return Attempt(fault=f"is no function, but {type(function).__name__}")
    came: list[Attempt] = []
    thread = threading.Thread(target=lambda: came.append(_call(function, arguments)), daemon=True)
    _BEGUN_BY[threading.current_thread()] = thread
    with shielded():
        thread.start()
        try:
            thread.join(max(0.0, (deadline() if ends is None else ends) - monotonic()))
        except KeyboardInterrupt:
            _stop(thread)
            return Attempt(fault="was interrupted")
        if thread.is_alive():
            _stop(thread)
            return Attempt(fault=_endless())
    return came[0] if came else Attempt(fault=_endless())


def deadline() -> float:
    """When the time for a learner's function is up, if it starts now."""
    return monotonic() + SECONDS


def _endless() -> str:
    return f"is still running after {SECONDS:g} seconds: does its loop end?"


def _call(function: Callable[..., object], arguments: Sequence[object]) -> Attempt:
    try:
        return _returned(function(*arguments))
    except TimeIsUpError:
        return Attempt(fault=_endless())
    except SystemExit:
        return Attempt(fault="calls exit(), which would end the notebook")
    except BaseException as error:  # whatever it raises, the lesson goes on
        if isinstance(error, NotImplementedError) and not error.args:  # a stub's; torch's has a text
            return Attempt(fault="your function is not written yet", unsolved=True)
        return Attempt(fault=f"stops with {said(error)}{_line(function, error)}")


def _returned(value: object) -> Attempt:
    if isinstance(value, CoroutineType):
        value.close()
        return Attempt(fault="is an `async` function: write `def` without `async`")
    if isinstance(value, GeneratorType | AsyncGeneratorType):
        return Attempt(fault="has a `yield` in it, so it is a generator: give the result back with `return`")
    return Attempt(value)


def _stop(thread: threading.Thread) -> None:
    """Raise in the thread until it ends; one that catches everything is hit outside its `try`, or left behind.

    Between two errors it gets a moment only, so that the second comes while the first is handled. An attempt that it
    has begun itself, and waits for, is stopped as well.
    """
    moment = sys.getswitchinterval()
    ends = monotonic() + PATIENCE
    told, error = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeIsUpError)
    try:
        sys.setswitchinterval(1e-6)
        while thread.is_alive() and monotonic() < ends:
            inner = _BEGUN_BY.get(thread)
            if inner is not None and inner.is_alive():
                _stop(inner)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(told, error)
            thread.join(1e-4)
    finally:  # whoever stops may be stopped
        sys.setswitchinterval(moment)


def said(error: BaseException) -> str:
    r"""An error's kind and the first line of its text, of which it may have none.

    >>> said(ValueError("two\nlines"))
    'ValueError: two'
    """
    try:
        lines = str(error).strip().splitlines()
    except BaseException:  # a learner's own error may fail even at this
        lines = []
    text = lines[0] if lines else ""
    text = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line(function: Callable[..., object], error: BaseException) -> str:
    """The learner's own line that the error came from, where its text is known."""
    try:
        file = function.__code__.co_filename
        own = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
        known = own and file != "<string>"  # from Python 3.13 on that is whatever `python -c` was given
        text = linecache.getline(file, own[-1]).strip() if known else ""
    except Exception:  # what is called need not be a plain function
        text = ""
    return f" in the line `{text}`" if 0 < len(text) <= LONGEST else ""


def copied(thing: object) -> object:
    """A copy that may be changed without harm: tensors as fresh leaves, what is inside containers too.

    >>> numbers = [1.0, 2.0]
    >>> copied(numbers) is numbers
    False
    """
    return _copy(thing, {})


def _copy(thing: object, known: dict[int, object]) -> object:
    """What is in several places is copied once: a list may hold itself, or a long one a million times."""
    if id(thing) not in known:
        if isinstance(thing, torch.Tensor):
            known[id(thing)] = thing.detach().clone().requires_grad_(thing.requires_grad)
        elif type(thing) is list:
            row: list[object] = []
            known[id(thing)] = row
            row.extend(_copy(each, known) for each in thing)
        elif type(thing) is tuple:
            known[id(thing)] = tuple([_copy(each, known) for each in thing])
        elif type(thing) is dict:
            known[id(thing)] = {name: _copy(each, known) for name, each in thing.items()}
        else:
            return copy.copy(thing) if isinstance(thing, list | tuple) else thing
    return known[id(thing)]
