"""Whatever an answer is, a check says one line to stdout, and the lesson goes on; in strict mode it raises it."""

import time

from course_utils import attempt as room
from course_utils import check_backward, check_by, check_function, check_gradient, check_values
from course_utils.checks import CheckFailed
from course_utils.mistakes import BITS, HALF, NOT_CLEARED, SIGN, TRANSPOSED, TWICE, UPSTREAM
from jupyter_client.manager import start_new_kernel
import pytest
from strange import ANSWERS, FAILING, LOUD, Spiteful
import torch


@pytest.fixture
def little_time(monkeypatch):
    monkeypatch.setattr(room, "SECONDS", 0.5)
    monkeypatch.setattr(room, "PATIENCE", 0.5)


@pytest.fixture(params=["soft", "strict"])
def said(request, capfd, monkeypatch):
    """What a check says: printed, or raised in strict mode."""
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    if request.param != "soft":
        monkeypatch.setenv(
            *{"strict": ("COURSE_STRICT", "1"), "nbgrader": ("NBGRADER_EXECUTION", "autograde")}[request.param]
        )

    def run(check, *arguments, **options):
        raised = ""
        try:
            assert check(*arguments, **options) is None
        except CheckFailed as failed:
            raised = f"{failed}\n"
        out, err = capfd.readouterr()
        line = out + raised
        assert err == ""
        assert line.count("\n") == 1
        assert line.endswith("\n")
        assert bool(raised) == (request.param == "strict" and not line.startswith("✓ right"))
        return line[:-1]

    return run


@pytest.fixture
def soft(monkeypatch, capfd):
    """What a check says in soft mode."""
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)

    def run(check, *arguments, **options):
        assert check(*arguments, **options) is None
        out, err = capfd.readouterr()
        assert err == ""
        assert out.count("\n") == 1
        return out[:-1]

    return run


def loss(w, x, y):
    return ((w * x - y) ** 2).sum()


# Whatever is passed.


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_strange_answer_is_told(said, answer):
    lines = [
        said(check_gradient, loss, at=(3.0, 5.0, 1.0), dw=answer()),
        said(check_values, {"loss": 196, "leaf": False}, loss=answer(), leaf=answer()),
        said(check_values, {"parts": ["w", 3.0]}, parts=answer(), mistakes={"parts": [(["x", 3.0], "No.")]}),
        said(check_backward, lambda w, x, y: answer(), loss, at=[(3.0, 5.0, 1.0)]),
        said(check_backward, lambda w, x, y: (answer(), 0, 0), loss, at=[(3.0, 5.0, 1.0)]),
        said(check_function, lambda x: answer(), at=[1.0, 2.0], wanted=[2, 4], mistakes={"No.": [1, 1]}),
        said(check_function, lambda x: answer(), at=[1.0], wanted=[torch.ones(2, requires_grad=True)], tracked=True),
    ]
    for line in lines:
        assert line.startswith("✗ ")
        assert len(line) < 300


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_judge_may_trip_over_a_strange_answer(said, answer):
    line = said(check_by, lambda answer: None if answer > 10**9 and answer == 7 else f"{answer} is wrong", answer())
    assert line.startswith(("✗ ", "not solved yet"))
    assert len(line) <= 1001


@pytest.mark.parametrize("answer", [None, ...])
def test_a_stub_is_not_solved_yet(said, answer):
    for check, arguments, options in [
        (check_gradient, (loss,), {"at": (3.0, 5.0, 1.0), "dw": answer}),
        (check_values, ({"loss": 196},), {"loss": answer}),
        (check_backward, (lambda *_: answer, loss), {"at": [(3.0, 5.0, 1.0)]}),
        (check_backward, (lambda *_: (answer, answer, answer), loss), {"at": [(3.0, 5.0, 1.0)]}),
        (check_backward, (answer, loss), {"at": [(3.0, 5.0, 1.0)]}),
        (check_function, (lambda x: answer,), {"at": [1.0], "wanted": [2.0]}),
        (check_function, (answer,), {"at": [1.0], "wanted": [2.0]}),
        (check_by, (lambda answer: None if answer > 2 else "too small", answer), {}),
    ]:
        assert said(check, *arguments, **options).startswith("not solved yet: ")


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize(("function", "fault"), FAILING.values(), ids=FAILING)
def test_a_function_that_comes_to_nothing_is_told(said, function, fault):
    assert said(check_function, function, at=[3.0], like=lambda x: x + 1).startswith(
        f"✗ at x = 3 your function {fault}"
    )


@pytest.mark.usefixtures("little_time")
@pytest.mark.parametrize(("function", "fault"), FAILING.values(), ids=FAILING)
def test_a_backward_that_comes_to_nothing_is_told(soft, function, fault):
    line = soft(check_backward, function, lambda x: x * x, at=[3.0])
    assert line.startswith(f"✗ at x = 3 your function {fault}")


@pytest.mark.parametrize("function", LOUD.values(), ids=LOUD)
def test_a_right_function_is_right_whatever_it_does_besides(said, function):
    assert said(check_function, function, at=[1.0, 2.0], like=lambda x: x + x) == "✓ right in all 2 cases"
    assert torch.is_grad_enabled()
    print("heard", end="")


def test_what_a_function_gives_back_is_thrown_away_in_silence(said):
    assert said(check_function, lambda x: Spiteful(), at=[1.0], wanted=[1]).startswith("✗ at x = 1: yours something of")


def test_it_does_not_matter_what_the_lesson_has_switched_off(soft):
    with torch.no_grad():
        assert soft(check_gradient, loss, at=(3.0, 5.0, 1.0), dw=140) == "✓ right: dw"
    with torch.inference_mode():
        assert soft(check_backward, lambda w: 2 * w, lambda w: w * w, at=[3.0]) == "✓ right"


@pytest.mark.usefixtures("little_time")
def test_many_questions_share_the_time(soft):
    line = soft(check_function, slow, at=[1.0] * 9, like=lambda x: x)
    assert line == "✗ at x = 1 your function is still running after 0.5 seconds: does its loop end?"


def slow(x):
    time.sleep(0.1)
    return x


# Usual mistakes, by name.

ONE_OF_TWO = "That is what 1 of the 2 paths brings: a path is missing. Add what all paths bring, do not overwrite."


def mean_loss(w, x):
    return ((w * x) ** 2).mean()


X = [1.0, 2.0, 3.0, 4.0, 5.0]  # the gradient of mean_loss at w = 3 is 66, of the sum 330


@pytest.mark.parametrize(
    ("of", "at", "dw", "line"),
    [
        (lambda w, q: w * q + w, (3.0, 5.0), 5, f"✗ dw at w = 3, q = 5: yours 5, true 6. {ONE_OF_TWO}"),
        (loss, (3.0, 5.0, 1.0), 5, f"✗ dw at w = 3, x = 5, y = 1: yours 5, true 140. {UPSTREAM}"),
        (loss, (3.0, 5.0, 1.0), -140, f"✗ dw at w = 3, x = 5, y = 1: yours -140, true 140. {SIGN}"),
        (loss, (3.0, 5.0, 1.0), 280, f"✗ dw at w = 3, x = 5, y = 1: yours 280, true 140. {TWICE}"),
        (loss, (3.0, 5.0, 1.0), 70, f"✗ dw at w = 3, x = 5, y = 1: yours 70, true 140. {HALF}"),
        (
            mean_loss,
            (3.0, torch.tensor(X)),
            330,
            "✗ dw at w = 3, x of shape (5,): yours 330, true 66. "
            "That is 5 times as much: 1/5 is missing, a mean is wanted.",
        ),
        (
            lambda w: (w**3).sum(),
            ([[1.0, 2.0], [3.0, 4.0]],),
            [[3.0, 27.0], [12.0, 48.0]],
            f"✗ dw[0, 1] at w = [[1, 2], [3, 4]]: yours 27, true 12. {TRANSPOSED}",
        ),
        (
            lambda w: (w**3).sum(),
            ([1.0, 2.0],),
            15,
            "✗ dw at w = [1, 2]: yours a single number, true of shape (2,). "
            "A gradient has the shape of what it belongs to.",
        ),
        (loss, (3.0, 5.0, 1.0), 141, "✗ dw at w = 3, x = 5, y = 1: yours 141, true 140."),
        (loss, (3.0, 5.0, 1.0), "140", "✗ dw at w = 3, x = 5, y = 1: yours '140', true 140. A number is wanted."),
    ],
)
def test_check_gradient_names_the_mistake(said, of, at, dw, line):
    assert said(check_gradient, of, at=at, dw=dw) == line


def by_nudge(bits, h):
    def gradient(w, x):
        w, x = w.to(bits), x.to(bits)
        return (((w + h) * x) ** 2 - ((w - h) * x) ** 2) / (2 * h)

    return gradient


@pytest.mark.parametrize(
    ("yours", "why"),
    [
        (lambda w, x: 2 * w * x, ""),
        (lambda w, x: x, UPSTREAM),
        (lambda w, x: -2 * w * x**2, SIGN),
        (lambda w, x: 4 * w * x**2, TWICE),
        (lambda w, x: w * x**2, HALF),
        (by_nudge(torch.float32, 1e-6), BITS),
    ],
    ids=["a factor", "upstream", "sign", "twice", "half", "32 bits"],
)
def test_check_backward_names_the_mistake(said, yours, why):
    line = said(check_backward, yours, lambda w, x: (w * x) ** 2, at=[(3.1, 5.3)], wrt="w")
    assert line.startswith("✗ dw at w = 3.1, x = 5.3: yours ")
    assert line.endswith(f", true 174.2. {why}".rstrip())


def test_a_hint_is_said_where_no_mistake_is_known(said):
    line = said(check_backward, lambda w: 7 * w, lambda w: w * w, at=[3.0], hint="Think of the square.")
    assert line == "✗ dw at w = 3: yours 21, true 6. Think of the square."


@pytest.mark.parametrize(
    "yours",
    [
        lambda w, x: 2 * w * x**2,
        lambda w, x: float(2 * w * x**2),
        lambda w, x: (2 * w * x**2).numpy(),
        lambda w, x: (2 * w * x**2).float(),
        lambda w, x: torch.autograd.functional.jacobian(lambda w: (w * x) ** 2, w),
        by_nudge(torch.float64, 1e-5),
    ],
    ids=["formula", "float", "numpy", "32 bits", "autograd", "nudge"],
)
def test_check_backward_takes_right_answers(said, yours):
    at = [(3.1, 5.3), (-2.0, 1.5)]
    assert said(check_backward, yours, lambda w, x: (w * x) ** 2, at=at, wrt="w") == "✓ right in all 2 cases"


def test_several_gradients_come_in_their_order(said):
    of = lambda w, b: (3 * w + b) ** 2  # noqa: E731
    both = lambda w, b: (6 * (3 * w + b), 2 * (3 * w + b))  # noqa: E731
    assert said(check_backward, both, of, at=[(1.0, 2.0)]) == "✓ right"
    assert said(check_backward, lambda w, b: both(w, b)[0], of, at=[(1.0, 2.0)]) == (
        "✗ at w = 1, b = 2: yours 30, wanted 2 gradients: dw, db"
    )
    line = said(check_backward, lambda w, b: both(w, b)[::-1], of, at=[(1.0, 2.0)])
    assert line == "✗ dw at w = 1, b = 2: yours 10, true 30."
    line = said(check_backward, lambda w, b: (30, None), of, at=[(1.0, 2.0)])
    assert line == "not solved yet: at w = 1, b = 2 your db is not filled in"


def test_gradients_that_were_not_cleared_are_named(said):
    leaf = torch.tensor(0.0, requires_grad=True)

    def slope(w):
        with torch.no_grad():
            leaf.copy_(torch.tensor(w))
        (leaf**2).backward()
        return leaf.grad

    line = said(check_function, slope, at=[1.0, 2.0, 3.0], wanted=[2, 4, 6])
    assert line == f"✗ at w = 2: yours 6, true 4. {NOT_CLEARED}"


@pytest.mark.parametrize(
    ("yours", "line"),
    [
        (lambda h: h * 2, "✗ at h = 1: yours 2, true 3. Where is the 1?"),
        (lambda h: -2 * h - 1, f"✗ at h = 1: yours -3, true 3. {SIGN}"),
        (lambda h: h + 1, "✗ at h = 1: yours 2, true 3. Use the hint."),
        (
            lambda h: 3 if h == 1 else None,
            "✗ at h = 2 your function gives nothing back: is there a `return` on every way through it?",
        ),
        (lambda h: 3 if h == 1 else 1 / 0, "✗ at h = 2 your function stops with ZeroDivisionError: division by zero…"),
        (lambda h: [2 * h + 1], "✗ at h = 1: yours of shape (1,), true a single number. The shape is wrong."),
        (print, "not solved yet: at h = 1 your function gives nothing back"),
    ],
)
def test_check_function_names_the_mistake(said, yours, line):
    mistakes = {"Where is the 1?": lambda h: 2 * h}
    got = said(check_function, yours, at=[1.0, 2.0], like=lambda h: 2 * h + 1, mistakes=mistakes, hint="Use the hint.")
    assert got[: len(line) - 1] + "…" == line if line.endswith("…") else got == line


def test_a_mistake_is_one_only_if_all_results_are_its(said):
    mistakes = {"Where is the 1?": lambda h: 2 * h}
    yours = lambda h: 2.0 if h == 1 else 0.0  # noqa: E731
    line = said(check_function, yours, at=[1.0, 2.0], like=lambda h: 2 * h + 1, mistakes=mistakes)
    assert line == "✗ at h = 1: yours 2, true 3."


def test_what_a_function_does_to_its_arguments(said):
    def doubles(row):
        row[0] = 9.0
        return 2.0

    assert said(check_function, doubles, at=[[1.0]], wanted=[2]) == "✓ right"
    line = said(check_function, doubles, at=[[1.0]], wanted=[2], keeps=True)
    assert line == ("✗ at row = [1], in [0]: yours 9, true 1. The result is right, but what was given has changed.")
    assert said(check_function, doubles, at=[[1.0]], wanted=[[9.0]], changes=0) == "✓ right"
    line = said(check_function, lambda row: [9.0], at=[[1.0]], wanted=[[9.0]], changes=0)
    assert line == "not solved yet: at row = [1] your function changes nothing"


def test_a_detached_result_is_named(said):
    w = torch.ones(2, requires_grad=True)
    line = said(check_function, lambda w: (2 * w).detach(), at=[w], like=lambda w: 2 * w, tracked=True)
    assert line == (
        "✗ at w = [1, 1]: yours a tensor that asks for no gradients, true one that asks for gradients. "
        "It is detached: no graph leads back from it."
    )


def test_values_that_are_right_are_told_beside_those_that_are_open(said):
    assert said(check_values, {"z": 3, "p": 7}, z=3, p=7) == "✓ right"
    assert said(check_values, {"z": 3, "p": 7}, z=3, p=None) == "not solved yet: p is not filled in (z is right)"
    assert said(check_values, {"z": 3, "p": 7}, z=4, p=None) == "✗ z: yours 4, true 3."
    line = said(check_values, {"z": 3, "p": 7}, z=3, p=8, mistakes={"p": {8: "One too many."}})
    assert line == "✗ p: yours 8, true 7. One too many."


def test_a_judge_says_what_it_likes(said):
    judge = lambda answer: None if answer == 3 else "not solved yet: not 3" if answer == 0 else f"{answer} is no 3"  # noqa: E731
    assert said(check_by, judge, 3, solved="it is 3") == "✓ right: it is 3"
    assert said(check_by, judge, 4) == "✗ 4 is no 3"
    assert said(check_by, judge, 0) == "not solved yet: not 3"


def test_a_judge_sees_how_a_tensor_was_made_and_cannot_spoil_a_list(soft):
    w = torch.tensor(3.0, requires_grad=True)
    (w * w).backward()
    assert soft(check_by, lambda answer: None if answer.grad == 6 else "no .grad", w) == "✓ right"
    assert soft(check_by, lambda answer: None if answer.grad_fn is not None else "a leaf", 2 * w) == "✓ right"
    row = [1.0]
    assert soft(check_by, lambda row: row.clear(), row) == "✓ right"
    assert row == [1.0]


def test_nbgrader_is_strict_by_itself(monkeypatch):
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(CheckFailed, match="✗ a: yours 2, true 1"):
        check_values({"a": 1}, a=2)


# What the author of a check gets wrong raises at once.


@pytest.mark.parametrize(
    ("check", "arguments", "options", "message"),
    [
        (check_gradient, (loss,), {"at": (3.0, 5.0, 1.0), "dv": 1}, "dv must be named after a parameter"),
        (check_gradient, (lambda w: w.abs(),), {"at": (0.0,), "dw": 1}, "of must be smooth"),
        (check_values, ({"a": 1},), {"b": 1}, "yours must have the names"),
        (check_function, (abs,), {"at": [1.0]}, "just one of wanted and like"),
        (
            check_function,
            (abs,),
            {"at": [1.0], "wanted": [1], "mistakes": {"No.": [1]}},
            "mistakes must give wrong results",
        ),
        (check_function, (abs,), {"at": [1.0], "like": lambda x: 1 / 0}, "a function of the check itself stops with"),
    ],
)
def test_a_check_that_cannot_be_right_is_an_error(check, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        check(*arguments, **options)


# In a notebook.

LESSON = """
import warnings, sys
import torch
from course_utils import check_function

def doubles(x):
    warnings.warn("careful")
    print("here", file=sys.stderr)
    print("there")
    torch.tensor([1.0]).requires_grad_().mul(2).grad
    return 2 * x + 1
"""
CHECK = "check_function(doubles, at=[1.0, 3.0], like=lambda x: 2 * x)"
LINE = "✗ at x = 1: yours 3, true 2."


@pytest.fixture(scope="module")
def run():
    """Runs cells in a kernel: what each puts out."""
    manager, client = start_new_kernel(kernel_name="python3")

    def run(code):
        outputs = []
        client.execute_interactive(
            code, timeout=60, output_hook=lambda message: outputs.append(message), store_history=False
        )
        kept = [each for each in outputs if each["msg_type"] in ("stream", "error", "display_data", "execute_result")]
        return [(each["msg_type"], each["content"]) for each in kept]

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_in_a_notebook_a_check_prints_one_line_or_shows_one_in_place_of_the_traceback(run):
    assert run(LESSON) == []
    assert run(CHECK) == [("stream", {"name": "stdout", "text": f"{LINE}\n"})]
    [(kind, content)] = run(f"import os; os.environ['COURSE_STRICT'] = '1'; {CHECK}")
    assert kind == "error"
    assert (content["ename"], content["evalue"], content["traceback"]) == ("CheckFailed", LINE, [LINE])


@pytest.mark.parametrize("at", [[(1.0, 2.0), (3.0, 1.0)], [([1.0, 2.0], 2.0)]], ids=["one shape", "two shapes"])
def test_check_backward_names_a_mistake_of_several_gradients(said, at):
    """Two gradients of one shape are no tensor of two rows."""

    def five(w, b):
        return 10 * (w.sum() + b) * torch.ones_like(w), 10 * (w.sum() + b)

    line = said(check_backward, five, lambda w, b: (w.sum() + b) ** 2, at=at, mistakes={"Times five.": five})
    assert line.startswith("✗ dw")
    assert line.endswith("Times five.")


def test_where_none_is_right_an_error_is_not(said):
    def stops(x):
        raise ValueError("no")

    assert said(check_function, lambda x: None, at=[1.0], wanted=[None]) == "✓ right"
    assert said(check_function, stops, at=[1.0], wanted=[None]).startswith("✗ at x = 1 your function stops with")


def test_a_backward_pass_through_what_was_given_is_seen(said):
    loss = torch.tensor(4.0, requires_grad=True)

    def spends(loss):
        loss.backward(retain_graph=True)
        return loss.detach()

    line = said(check_function, spends, at=[loss], wanted=[4], keeps=True)
    assert "the result is right, but a backward pass went into what was given" in line
    assert said(check_function, lambda loss: loss.detach(), at=[loss], wanted=[4], keeps=True).startswith("✓")
