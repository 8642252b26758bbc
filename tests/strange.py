"""What a learner might pass who passes anything, and functions that do anything."""

from dataclasses import dataclass
from decimal import Decimal
import random
import sys
import threading
import time
import warnings

import numpy as np
import torch


class Fails:
    """Raises whatever it is asked, and no ordinary error."""

    def fail(self, *_):
        raise KeyboardInterrupt("from the answer")

    __repr__ = __str__ = __len__ = __iter__ = __float__ = __bool__ = __array__ = __eq__ = __getitem__ = fail
    __hash__ = object.__hash__


class Loops:
    """Never ends, whatever it is asked."""

    def loop(self, *_):
        while True:
            pass

    __repr__ = __str__ = __len__ = __iter__ = __float__ = __bool__ = __array__ = __eq__ = __getitem__ = loop
    __hash__ = object.__hash__


class Closed:
    """Has no attribute, not even a class."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Row(list):
    """A list that fails at what lists do."""

    def __len__(self):
        raise SystemExit

    __iter__ = __getitem__ = __len__


class Number(float):
    """A number that fails at what numbers do."""

    def __float__(self):
        raise SystemExit

    __eq__ = __add__ = __repr__ = __float__
    __hash__ = float.__hash__


class Spiteful:
    """Raises when it is thrown away."""

    def __del__(self):
        raise RuntimeError("thrown away")


@dataclass
class Point:
    x: float = 1.0


def a_list_that_holds_itself(times=1):
    row = []
    row.extend([row] * times)
    return row


def a_deep_list():
    row = 1.0
    for _ in range(5000):
        row = [row]
    return row


def a_wide_list():
    """It holds 10**9 numbers, and takes no memory."""
    return [[[1.0] * 1000] * 1000] * 1000


# Each makes the answer anew. None is right anywhere below.
ANSWERS = {
    "a text": lambda: "w",
    "letters that no terminal shows": lambda: "\x1b[31m\ud800\r\n\x07",
    "a truth value": lambda: True,
    "a complex number": lambda: 1j,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "a whole number that no float holds": lambda: 10**400,
    "a whole number too long for a text": lambda: 10**5000,
    "a Decimal": lambda: Decimal("NaN"),
    "a set": lambda: {1.0},
    "a dict": lambda: {"w": Fails()},
    "a list of texts": lambda: ["1", "2"],
    "an empty list": lambda: [],
    "a ragged list": lambda: [1.0, [2.0]],
    "a list of two kinds": lambda: [1.0, "2"],
    "a list that holds itself": a_list_that_holds_itself,
    "a list that holds itself a thousand times": lambda: a_list_that_holds_itself(1000),
    "a deep list": a_deep_list,
    "a wide list": a_wide_list,
    "a long list": lambda: [0.0] * 50_000,
    "a long tensor": lambda: torch.zeros(3_000_000),
    "a tensor larger than any memory": lambda: torch.zeros(1).expand(10**13),
    "a tensor of bools": lambda: torch.tensor([True, True]),
    "a tensor of complex numbers": lambda: torch.tensor([1j]),
    "a tensor without numbers": lambda: torch.zeros(0),
    "a tensor on no device": lambda: torch.zeros(2, device="meta"),
    "a sparse tensor": lambda: torch.eye(3).to_sparse(),
    "a result of another graph": lambda: 7 * torch.ones(1, requires_grad=True),
    "a parameter": lambda: torch.nn.Parameter(torch.ones(1, 1, 1)),
    "an array of objects": lambda: np.array([object()]),
    "an array of texts": lambda: np.array("w"),
    "an array of bools": lambda: np.array([True, True]),
    "an array of complex numbers": lambda: np.array([1j]),
    "a generator": lambda: (i for i in range(3)),
    "a class": lambda: Fails,
    "a module": lambda: sys,
    "a layer": lambda: torch.nn.Linear(2, 2),
    "a dataclass": Point,
    "a lock": threading.Lock,
    "an object that fails": Fails,
    "an object that fails, in a list": lambda: [Fails(), Fails()],
    "an object that never ends": Loops,
    "an object that never ends, in a list": lambda: [1.0, Loops()],
    "an object without attributes": Closed,
    "a list that fails": lambda: Row([1.0]),
    "a number that fails": lambda: Number(7.5),
}


class BrokenError(Exception):
    """Has no text, and raises when asked for it."""

    def __str__(self):
        raise KeyboardInterrupt


def raises(error):
    def function(*_):
        raise error

    return function


def recurses(x):
    return recurses(x)  # CPython 3.13.0 does not count calls that leave arguments out


def loops(*_):
    while True:
        pass


def loops_and_catches(*_):
    count = 0
    while True:
        try:  # noqa: SIM105
            count += 1
        except:  # noqa: E722
            pass


def sleeps(*_):
    time.sleep(30)


def yields(*_):
    yield 1.0


async def waits(*_):
    return 1.0


def raises_in_a_thread(*_):
    thread = threading.Thread(target=raises(ValueError("in a thread")))
    thread.start()
    thread.join()


def asks_too_much(*_):
    return [0] * 10**15


# Functions that come to nothing, and how the line on it goes on after "your function".
FAILING = {
    "an error": (raises(ValueError("no, no\nsecond line")), "stops with ValueError: no, no"),
    "an error without text": (raises(ValueError()), "stops with ValueError"),
    "a broken error": (raises(BrokenError()), "stops with BrokenError"),
    "no ordinary error": (raises(BaseException("x")), "stops with BaseException: x"),
    "an interrupt": (raises(KeyboardInterrupt()), "stops with KeyboardInterrupt"),
    "the end of a generator": (raises(GeneratorExit()), "stops with GeneratorExit"),
    "the end of an iterator": (raises(StopIteration()), "stops with StopIteration"),
    "the end of Python": (raises(SystemExit(1)), "calls exit(), which would end the notebook"),
    "recursion without end": (recurses, "stops with RecursionError: maximum recursion depth exceeded"),
    "more memory than there is": (asks_too_much, "stops with MemoryError"),
    "a loop without end": (loops, "is still running after 0.5 seconds: does its loop end?"),
    "a loop that catches everything": (loops_and_catches, "is still running after 0.5 seconds: does its loop end?"),
    "a long sleep": (sleeps, "is still running after 0.5 seconds: does its loop end?"),
    "a generator": (yields, "has a `yield` in it, so it is a generator: give the result back with `return`"),
    "an async function": (waits, "is an `async` function: write `def` without `async`"),
    "a wrong number of arguments": (lambda: 1.0, "stops with TypeError: <lambda>() takes 0 positional arguments but"),
    "a number": (7, "is no function, but int"),
    "a text": ("loss", "is no function, but str"),
    "an object that fails": (Fails(), "is no function, but Fails"),
    "a class that fails": (type("Odd", (), {"__init__": raises(OSError("odd"))}), "stops with OSError: odd"),
}


def quiet(act):
    """A function that does something on the way to a right result."""

    def function(x):
        act()
        return 2 * x

    return function


def seeds():
    torch.manual_seed(1)
    random.seed(1)
    torch.rand(3), random.random()


def no_gradients():
    torch.set_grad_enabled(False)
    torch.inference_mode(True).__enter__()


# Functions that are right, and leave traces.
LOUD = {
    "prints": quiet(lambda: print("here\n" * 1000)),
    "writes to stderr": quiet(lambda: print("here", file=sys.stderr)),
    "warns": quiet(lambda: warnings.warn("careful", stacklevel=1)),
    "draws random numbers": quiet(seeds),
    "switches gradients off": quiet(no_gradients),
    "sets the default dtype": quiet(lambda: torch.set_default_dtype(torch.float64)),
    "asks for deterministic algorithms": quiet(lambda: torch.set_deterministic_debug_mode(2)),
    "looks for anomalies": quiet(lambda: torch.autograd.set_detect_anomaly(True)),
    "lowers the recursion limit": quiet(lambda: sys.setrecursionlimit(500)),
    "takes stdout away": quiet(lambda: setattr(sys, "stdout", None)),
    "closes stdout": quiet(lambda: sys.stdout.close()),
    "throws away what raises": quiet(lambda: Spiteful() and None),
    "has a thread that raises": quiet(raises_in_a_thread),
}
