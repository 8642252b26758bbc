import linecache
import random
import sys
import threading
import time
import warnings

from course_utils import attempt as room
from course_utils.attempt import Attempt, attempt, copied, said
from course_utils.shield import shielded
import pytest
from strange import FAILING, LOUD, BrokenError, loops, loops_and_catches, sleeps
import torch


@pytest.fixture(autouse=True)
def little_time(monkeypatch):
    monkeypatch.setattr(room, "SECONDS", 0.5)
    monkeypatch.setattr(room, "PATIENCE", 0.5)


def test_a_result_is_the_value():
    assert attempt(lambda p, q: p * q, [2, 3]) == Attempt(6)


@pytest.mark.parametrize(("function", "fault"), FAILING.values(), ids=FAILING)
def test_a_function_that_comes_to_nothing_is_told(function, fault, capfd):
    came = attempt(function, [3.0])
    assert came.value is None
    assert not came.unsolved
    assert came.fault.startswith(fault)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("function", [None, ..., lambda x: (_ for _ in ()).throw(NotImplementedError)])
def test_a_stub_is_unsolved(function):
    came = attempt(function, [3.0])
    assert came.unsolved
    assert came.fault


def test_the_line_that_stops_is_told():
    def divides(x):
        rest = x - x
        return 1 / rest

    assert attempt(divides, [2]).fault == "stops with ZeroDivisionError: division by zero in the line `return 1 / rest`"


@pytest.mark.parametrize("function", [loops, loops_and_catches, sleeps], ids=lambda function: function.__name__)
def test_time_is_up_soon(function):
    start = time.monotonic()
    attempt(function, [])
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("function", [loops, loops_and_catches], ids=lambda function: function.__name__)
def test_a_loop_is_stopped_and_not_left_behind(function, monkeypatch):
    monkeypatch.setattr(room, "PATIENCE", 10)  # on a busy machine a thread's turn may be long in coming
    before = threading.active_count()
    attempt(function, [])
    assert threading.active_count() == before


def test_later_calls_have_the_time_that_is_left():
    assert attempt(lambda: 1, [], ends=time.monotonic() + 0.1).value == 1
    assert "still running" in attempt(lambda: time.sleep(0.05), [], ends=time.monotonic() - 1).fault


def traces():
    return [
        torch.rand(1).item(),
        random.random(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_anomaly_enabled(),
        sys.getrecursionlimit(),
        sys.stdout,
        sys.stderr,
        sys.unraisablehook,
        threading.excepthook,
        list(warnings.filters),
    ]


@pytest.mark.parametrize("function", LOUD.values(), ids=LOUD)
def test_nothing_is_left_of_what_a_function_does(function, capfd, monkeypatch):
    monkeypatch.setattr(room, "SECONDS", 5.0)
    torch.manual_seed(0), random.seed(0)
    before = traces()
    torch.manual_seed(0), random.seed(0)
    assert attempt(function, [2.0]) == Attempt(4.0)
    assert traces() == before
    assert capfd.readouterr() == ("", "")


def test_each_call_draws_the_same_random_numbers():
    assert attempt(torch.rand, [3]).value.tolist() == attempt(torch.rand, [3]).value.tolist()


def test_a_shield_is_taken_away_after_an_error_too(capfd):
    with pytest.raises(AttributeError), shielded():
        torch.set_default_dtype(torch.float64).no_such_thing()
    assert torch.get_default_dtype() is torch.float32
    print("heard")
    assert capfd.readouterr().out == "heard\n"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("x" * 200), f"ValueError: {'x' * 160}…"),
        (ValueError("\n \n"), "ValueError"),
        (BrokenError(), "BrokenError"),
    ],
)
def test_an_error_in_few_words(error, text):
    assert said(error) == text


def test_a_copy_may_be_changed_without_harm():
    w = torch.ones(2, requires_grad=True)
    w.grad = torch.ones(2)
    given = {"w": w, "rows": [[1.0], (2.0,)], "z": 3 * w}
    mine = copied(given)
    with torch.no_grad():
        mine["w"] *= 5
    mine["rows"][0][0] = 5.0
    assert w.tolist() == [1, 1]
    assert given["rows"] == [[1.0], (2.0,)]
    assert mine["w"].requires_grad
    assert mine["w"].grad is None
    assert mine["z"].is_leaf


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_random_numbers_of_the_card_are_kept_too():
    torch.rand(1, device="cuda")
    torch.manual_seed(0)
    wanted = torch.rand(1, device="cuda").item()
    torch.manual_seed(0)
    attempt(lambda: torch.rand(5, device="cuda"), [])
    assert torch.rand(1, device="cuda").item() == wanted


def test_what_exec_made_has_no_line_to_tell(monkeypatch):
    """Python 3.13 keeps the text of `python -c` under the name that all code from a string has."""
    monkeypatch.setitem(linecache.cache, "<string>", (9, None, ["a line of another program\n"] * 9, "<string>"))
    scope = {}
    exec("def stops(w):\n    return w + nothing", scope)
    assert attempt(scope["stops"], [1.0]).fault == "stops with NameError: name 'nothing' is not defined"


def test_an_attempt_within_an_attempt_leaves_nothing_running(monkeypatch):
    monkeypatch.setattr(room, "PATIENCE", 10)
    before = sys.getswitchinterval()
    running = threading.active_count()

    def endless():
        while True:
            pass

    came = attempt(lambda: attempt(endless, ()), (), ends=time.monotonic() + 0.3)
    assert "still running" in came.fault
    assert sys.getswitchinterval() == before
    assert threading.active_count() == running
