from contextlib import suppress
import gc
import importlib
import linecache
import subprocess
import sys
import weakref

from course_utils import record, trace
from course_utils.graph import Node
import pytest
import torch

room = importlib.import_module("course_utils.record")  # the package gives the function that name


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def rows(graph):
    """Every node as name or text, sign, value."""
    return [
        (node.name or node.source, node.op, None if node.value is None else node.value.tolist()) for node in graph.nodes
    ]


def test_values_constants_and_sources_of_one_step():
    x, y, w = torch.tensor(2.0), torch.tensor(1.0), leaf(3.0)
    with record():
        loss = (w * x - y) ** 2
    assert rows(trace(loss)) == [
        ("w", "", 3.0), ("x", "", 2.0), ("w * x", "×", 6.0), ("y", "", 1.0), ("w * x - y", "−", 5.0),
        ("", "", 2), ("loss", "^", 25.0),
    ]  # fmt: skip


def test_a_constant_made_inside_the_block_is_told_by_its_text():
    x, w = torch.tensor([1.0, 2.0]), leaf(3.0)
    with record():
        result = w * x[1] ** 2
    assert rows(trace(result))[1] == ("x[1] ** 2", "", 4.0)


@pytest.mark.parametrize(
    ("compute", "constants", "value"),
    [
        (lambda a: 5 - a, [5], 3.0),
        (lambda a: a - 5, [5], -3.0),
        (lambda a: a / 2, [2], 1.0),
        (lambda a: a**3, [3], 8.0),
        (lambda a: 2.5 * a, [2.5], 5.0),
        (lambda a: torch.stack([a, a]).sum(0), [], 4.0),  # the 0 is no operand
    ],
)
def test_bare_numbers_on_either_side(compute, constants, value):
    a = leaf(2.0)
    with record():
        result = compute(a)
    graph = trace(result)
    assert [node.value.item() for node in graph.nodes if node.kind == "constant"] == constants
    assert graph.nodes[-1].value.item() == value


@pytest.mark.parametrize(
    ("compute", "operands"),
    [
        (lambda a: 2 * a, [2, "a"]),
        (lambda a: a * 2, ["a", 2]),
        (lambda a: -2.5 * a, [-2.5, "a"]),
        (lambda a: 5 + a, [5, "a"]),
        (lambda a: a + 5, ["a", 5]),
        (lambda a: 5 - a, [5, "a"]),
        (lambda a: 2**a, [2, "a"]),
        (lambda a: torch.mul(a, 2), ["a", 2]),
        (lambda a: 2 * a.exp() + 5, ["×", 5]),
    ],
)
def test_operands_stand_as_they_were_written(compute, operands):
    a = leaf(4.0)
    with record():
        result = compute(a)
    graph = trace(result)
    nodes = [graph.nodes[edge.source] for edge in graph.edges_to(len(graph.nodes) - 1)]
    assert [node.name or node.op or node.value.item() for node in nodes] == operands


def test_two_over_a_is_one_operation_for_the_learner():
    a = leaf(4.0)
    with record():
        result = 2 / a
    graph = trace(result)
    assert [(node.op, node.value.item()) for node in graph.nodes] == [("", 4.0), ("", 2), ("÷", 0.5)]
    assert [graph.nodes[edge.source].kind for edge in graph.edges] == ["constant", "leaf"]  # 2, then a
    assert graph.edges[1].local.item() == -0.125


def test_the_value_is_that_of_the_moment():
    w = leaf(3.0)
    with record():
        y = w * 2
        result = y + 1
    with torch.no_grad():
        y.mul_(0)
    assert [node.value.item() for node in trace(result).nodes if node.op] == [6.0, 7.0]


def test_the_value_of_a_constant_is_that_of_the_moment_too():
    x, w = torch.tensor(2.0), leaf(3.0)
    with record():
        result = w * x
    x.mul_(5)
    assert rows(trace(result)) == [("w", "", 3.0), ("x", "", 2.0), ("result", "×", 6.0)]


def test_a_bare_number_is_seen_in_place():
    w = leaf(3.0)
    with record():
        result = w * 1
        result *= 5
    assert rows(trace(result))[-2:] == [("", "", 5), ("result", "×", 15.0)]


def test_values_stay_after_backward_has_freed_the_buffers():
    w = leaf(3.0)
    with record():
        result = (w * 2) ** 2
    result.backward()
    assert [node.value.item() for node in trace(result).nodes if node.op] == [6.0, 36.0]


def test_text_over_several_lines_becomes_one():
    w = leaf(3.0)
    with record():
        result = (
            w
            *   2
        )  # fmt: skip
    assert trace(result).nodes[-1].source == "w * 2"


def test_text_with_wide_letters_is_cut_at_the_right_place():
    größe = leaf(3.0)
    with record():
        result = (größe * 2) + größe
    assert [node.source for node in trace(result).nodes if node.op] == ["größe * 2", "(größe * 2) + größe"]


def test_calls_inside_torch_are_told_by_the_learners_text():
    layer, inputs = torch.nn.Linear(3, 2), torch.ones(1, 3)
    with record():
        out = layer(inputs)
    graph = trace(out)
    assert {node.source for node in graph.nodes if node.op} == {"layer(inputs)"}
    assert [(node.name, tuple(node.value.shape)) for node in graph.nodes if node.kind == "constant"] == [
        ("inputs", (1, 3))
    ]


def test_as_a_decorator():
    @record()
    def square(a):
        return a * a

    assert trace(square(leaf(3.0))).nodes[-1].source == "a * a"


def test_text_that_is_nowhere_is_empty(monkeypatch):
    monkeypatch.setitem(linecache.cache, "<string>", (20, None, ["another = text()\n"], "<string>"))
    w = leaf(3.0)
    scope = {"w": w}
    with record():
        exec("result = w * 2", scope)
    assert trace(scope["result"]).nodes[-1].source == ""


def signs(fn):
    return [fn.name(), [signs(source) for source, _ in fn.next_functions if source is not None]]


def small_network():
    torch_state = torch.Generator().manual_seed(0)
    weights = torch.randn(3, 4, generator=torch_state).requires_grad_()
    loss = ((torch.ones(2, 3) @ weights).relu() ** 2).mean() + weights[0, 0]
    return weights, loss


def test_the_graph_is_as_it_would_be_without():
    weights, loss = small_network()
    with record():
        noted_weights, noted_loss = small_network()
    assert signs(loss.grad_fn) == signs(noted_loss.grad_fn)
    assert torch.equal(loss, noted_loss)
    loss.backward()
    noted_loss.backward()
    assert torch.equal(weights.grad, noted_weights.grad)


def test_random_numbers_come_as_they_would():
    state = torch.get_rng_state()
    plain = torch.rand(3)
    torch.set_rng_state(state)
    with record():
        noted = torch.rand(3)
    assert torch.equal(plain, noted)


def test_nothing_is_kept_alive():
    w = leaf(3.0)
    with record():
        loss = (w * 2) ** 2
    gone = weakref.ref(loss)
    del loss
    gc.collect()
    assert gone() is None


def test_an_error_in_the_block_comes_through_and_what_came_before_is_noted():
    w = leaf(3.0)
    with suppress(ZeroDivisionError):
        with record():
            result = w * 2
            _ = 1 / 0
        pytest.fail("record() swallowed the error")
    assert trace(result).nodes[-1].source == "w * 2"


def test_the_number_of_operations_is_bounded(monkeypatch):
    monkeypatch.setattr(room, "LIMIT", 5)
    total = leaf(0.0)
    with record():
        for _ in range(8):
            total = total + 1.0
    noted = [node for node in trace(total).nodes if node.op and node.source]
    assert len(noted) == 5


def test_the_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(room, "ROOM", 10)
    w = leaf([1.0] * 8)
    with record():
        result = (w * 2 + 1).sum()
    values = [node.value for node in trace(result).nodes if node.op]
    assert values[0] is not None
    assert values[1] is None
    assert trace(result).nodes[-1].value.item() == 24.0  # the caller still holds the result


def test_backward_inside_the_block_is_harmless():
    w = leaf(3.0)
    with record():
        loss = (w * 2) ** 2
        loss.backward()
    assert w.grad.item() == 24.0
    assert trace(loss).nodes[-1].source == "(w * 2) ** 2"


def test_recording_does_not_import_torchs_compiler():
    code = """if True:
        import sys
        from course_utils import record
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        with record():
            loss = (w * 2) ** 2
        print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_node_is_a_plain_frozen_value():
    node = Node("leaf", "w", value=torch.tensor(1.0))
    with pytest.raises(AttributeError):
        node.name = "v"


def test_a_very_long_computation_is_noted_in_part_and_can_be_freed():
    w = leaf(1.0)
    with record():
        total = w
        for _ in range(60_000):
            total = total + 1.0
    with pytest.raises(ValueError, match="more than 5000 operations"):
        trace(total)
    del total
    gc.collect()  # nodes that were walked are freed by recursion in C: too many of them would crash the process


def test_what_runs_without_runs_inside_too():
    with record():
        torch.nn.Embedding(5, 3, padding_idx=0)  # changes a view of its own weight in place
        w = torch.randn(3, 3, requires_grad=True)
        with torch.no_grad():
            w[0].zero_()
        loss = (w * 2).sum()
    assert w[0].tolist() == [0.0, 0.0, 0.0]
    assert trace(loss).nodes[2].source == "w * 2"


def test_results_without_a_graph_are_let_go():
    seen = []
    with record(), torch.no_grad():
        for _ in range(3):
            seen.append(weakref.ref(torch.ones(3) + 1))
        gc.collect()
        torch.ones(1) + 1  # the last result waits for its note until the next operation
        assert [ref() for ref in seen] == [None, None, None]
