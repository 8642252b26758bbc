"""Claims about graphs that no lesson's exercise makes; those of the lessons are in test_exercises."""

from course_utils import Value, check_expression, check_turns, trace
from course_utils.checks import CheckFailed
import pytest
import torch


@pytest.fixture(autouse=True)
def soft(monkeypatch):
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.fixture
def diamond():
    a = torch.tensor(3.0, requires_grad=True)
    p = a * 2
    q = a + 1
    r = p * q
    return trace(r)


@pytest.mark.parametrize("order", ["r p q a", "r q p a"])
def test_of_two_that_may_come_next_either_may(diamond, capsys, order):
    has = {"r": 1, "p": 4, "q": 6, "a": 14}
    check_turns([(name, has[name]) for name in order.split()], diamond)
    assert capsys.readouterr().out == "✓ right: all 4 turns\n"


@pytest.mark.parametrize(
    ("turns", "line"),
    [
        ([("r", 1), ("p", 4), ("a", 14)], "✗ a too early: q has not sent"),
        ([("a", 14)], "✗ a too early: p has not sent"),
        ([("r", 1), ("p", 6)], "✗ p: yours 6, true 4. That is what the other operand gets."),
        ([("r", 24)], "✗ r: yours 24, true 1. That is its value."),
        ([("r", 1), ("p", 4), ("q", 6), ("a", 6)], "✗ a: yours 6, true 14. That is what one of 2 arrows brings: wait…"),
        ([("r", 1), ("r", 1)], "✗ r has more than one turn: it waits, and then sends once"),
        ([(["r"], 1)], "✗ no node is called ['r']: the names are a, p, q, r"),
        ([("r", "one")], "✗ r: yours 'one', true 1. A number is wanted."),
        (3, '✗ wanted are pairs such as ("r", 1), got 3'),
    ],
)
def test_the_first_fault_is_told(diamond, capsys, turns, line):
    check_turns(turns, diamond)
    assert capsys.readouterr().out[: len(line) - 1] == line[:-1]


def test_a_graph_without_names_or_gradients_is_the_authors_fault(capsys):
    a = Value(3.0)
    with pytest.raises(ValueError, match="graph must have a name at every leaf and operation"):
        check_turns([], trace(a * 2))
    three = torch.ones(3, requires_grad=True) * 2
    with pytest.raises(ValueError, match="3 numbers"):
        check_turns([], trace(three))
    assert capsys.readouterr().out == ""


def test_a_claim_can_be_strict(diamond, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(CheckFailed, match="not solved yet: 0 of 4 turns"):
        check_turns([], diamond)
    w = torch.tensor(2.0, requires_grad=True)
    with pytest.raises(CheckFailed, match=r"not solved yet: w\.grad would be 1, wanted 12"):
        check_expression(w + 1, w=w, at=2, gradient=12, paths=2)


def test_an_expression_may_hold_other_leaves_and_keeps_its_graph(capsys):
    v, w = (torch.tensor(number, requires_grad=True) for number in (4.0, 2.0))
    mine = v * w + w * w + w * w
    check_expression(mine, w=w, at=2, gradient=12, paths=5)
    mine.backward()
    assert (w.grad, v.grad) == (12, 2)
    assert capsys.readouterr().out == "✓ right: w.grad would be 12, on 5 paths or more\n"
