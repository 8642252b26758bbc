import gc

from course_utils import draw_graph, trace
from course_utils.read import read_graph
from course_utils.walk import LIMIT
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def shape_of(graph):
    """The graph as text that a test can state: each operation with what it is made of."""
    names = [node.name or f"#{place}" for place, node in enumerate(graph.nodes)]
    rows = []
    for place, node in enumerate(graph.nodes):
        operands = [names[edge.source] for edge in graph.edges if edge.target == place]
        rows.append(f"{names[place]} = {node.op or 'leaf'}({', '.join(operands)})")
    return rows


def test_the_graph_of_one_step():
    x, y, w = torch.tensor(2.0), torch.tensor(1.0), leaf(3.0)
    y_hat = w * x
    loss = (y_hat - y) ** 2
    graph = trace(loss)
    assert shape_of(graph) == ["w = leaf()", "y_hat = ×(w)", "#2 = −(y_hat)", "loss = ^(#2)"]
    assert [node.value.item() for node in graph.nodes] == [3.0, 6.0, 5.0, 25.0]


def test_worked_example_g1():
    a, b, c, d = (leaf(value) for value in (1.0, 2.0, 3.0, 4.0))
    x, y = a + b, c * d
    z = x + y
    graph = trace(z)
    assert shape_of(graph) == [
        "a = leaf()", "b = leaf()", "x = +(a, b)", "c = leaf()", "d = leaf()", "y = ×(c, d)", "z = +(x, y)",
    ]  # fmt: skip
    assert [node.value.item() for node in graph.nodes] == [1, 2, 3, 3, 4, 12, 15]


def test_an_operand_used_twice_has_two_edges_and_one_node():
    a = leaf(2.0)
    b = a * a + a
    assert shape_of(trace(b)) == ["a = leaf()", "#1 = ×(a, a)", "b = +(#1, a)"]


def test_values_nobody_holds_are_not_guessed():
    w = leaf(3.0)
    result = (w * 2) + 1  # neither operation saves its operand
    graph = trace(result)
    assert [None if node.value is None else node.value.item() for node in graph.nodes] == [3.0, None, 7.0]


def test_saved_values_are_read_and_once_freed_they_are_unknown():
    w = leaf(3.0)
    result = (w * 2) ** 2
    assert trace(result).nodes[1].value.item() == 6.0
    result.backward()
    assert trace(result).nodes[1].value is None
    assert trace(result).nodes[0].grad.item() == 24.0


def test_a_value_overwritten_in_place_is_not_shown_as_the_old_one():
    w = leaf(3.0)
    y = w * 2
    result = y**2
    with torch.no_grad():
        y.mul_(0)
    assert trace(result).nodes[1].value.item() == 0.0  # what y holds now
    assert read_graph(result, {}, {}).nodes[1].value is None  # torch would refuse to use what it saved


def test_names_come_from_the_keywords_first():
    w = leaf(3.0)
    result = w * 2
    assert [node.name for node in trace(result, weight=w, out=result).nodes] == ["weight", "out"]


def test_names_come_from_modules_too():
    layer = torch.nn.Linear(2, 1)
    out = layer(torch.ones(2))
    assert {node.name for node in trace(out).nodes} >= {"layer.weight", "layer.bias", "out"}


def test_names_that_start_with_an_underscore_are_passed_over():
    _w = leaf(3.0)
    assert trace(_w * 2).nodes[0].name is None


def test_a_variable_that_torch_cannot_read_does_not_spoil_the_others():
    w = leaf(3.0)
    spoilt, _ = (leaf([1.0, 2.0]) * 1).unbind()
    with torch.no_grad():
        spoilt.mul_(2)
    with pytest.raises(RuntimeError, match="modified inplace"):
        _ = spoilt.grad_fn
    result = w * 2
    assert [node.name for node in trace(result).nodes] == ["w", "result"]


def test_a_result_may_be_a_leaf():
    w = leaf(3.0)
    assert shape_of(trace(w)) == ["w = leaf()"]


def test_a_graph_can_be_of_any_shape():
    weights = leaf([[1.0, 2.0], [3.0, 4.0]])
    graph = trace(weights @ torch.ones(2, 1))
    assert graph.nodes[0].value.shape == (2, 2)
    assert graph.nodes[1].op == "@"


@pytest.mark.parametrize(
    ("op", "sign"),
    [
        (lambda a: 5 - a, "−"), (lambda a: -a, "negate"), (torch.exp, "exp"), (torch.relu, "relu"),
        (lambda a: a.log_softmax(0), "log softmax"), (lambda a: a.sum(), "sum"), (lambda a: a / 2, "÷"),
    ],
)  # fmt: skip
def test_operations_are_called_by_sign_or_plain_name(op, sign):
    assert trace(op(leaf([1.0, 2.0]))).nodes[-1].op == sign


def test_a_custom_function_keeps_its_name():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        def backward(ctx, gradient):
            (a,) = ctx.saved_tensors
            return 2 * a * gradient

    assert trace(Square.apply(leaf(3.0))).nodes[-1].op == "square"


@pytest.mark.parametrize("bad", [3.0, None, [leaf(1.0)], "loss"])
def test_what_is_no_tensor_is_refused(bad):
    with pytest.raises(TypeError, match=f"^result must be a torch tensor or a Value, got {type(bad).__name__}$"):
        trace(bad)


def test_a_tensor_without_a_graph_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"requires_grad=True, got a tensor of shape \(2,\) without a graph"):
        draw_graph(torch.ones(2) * 3)
    with torch.no_grad():
        lost = leaf(1.0) * 2
    with pytest.raises(ValueError, match="outside no_grad"):
        draw_graph(lost)


def chain(length):
    total = leaf(0.0)
    for _ in range(length):
        total = total + 1.0
    return total


def test_the_limit_is_the_limit():
    assert len(trace(chain(LIMIT - 1)).nodes) == LIMIT
    with pytest.raises(ValueError, match=f"more than {LIMIT} operations"):
        trace(chain(LIMIT))


def test_a_very_long_chain_is_refused_and_can_be_freed():
    long = chain(100_000)
    with pytest.raises(ValueError, match=f"more than {LIMIT} operations"):
        trace(long)
    del long
    gc.collect()


operations = st.lists(st.sampled_from(["add", "mul", "relu", "share"]), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(operations, st.randoms(use_true_random=False))
def test_tracing_changes_nothing_and_puts_operands_first(names, random):
    pool = [leaf(1.5), leaf(-0.5)]
    for name in names:
        one, other = random.choice(pool), random.choice(pool)
        pool.append({"add": one + other, "mul": one * other, "relu": one.relu(), "share": one * one + other}[name])
    result = sum(pool[2:], pool[0])
    state = torch.get_rng_state()
    graph = trace(result)
    assert all(edge.source < edge.target for edge in graph.edges)
    assert graph.nodes[-1].value == result.item()
    assert [pool[place].grad for place in (0, 1)] == [None, None]
    assert torch.equal(state, torch.get_rng_state())
    expected = torch.autograd.grad(result, pool[:2], allow_unused=True, retain_graph=True)  # buffers are still there
    result.backward()
    for value, gradient in zip(pool, expected, strict=False):
        assert value.grad == gradient or (value.grad is None and gradient is None)


def test_tensors_in_lists_dictionaries_and_self_have_names():
    ws, d = [leaf(2.0), leaf(3.0)], {"a": leaf(4.0)}
    result = ws[0] * ws[1] * d["a"]
    assert [node.name for node in trace(result).nodes if node.kind == "leaf"] == ["ws[0]", "ws[1]", "d['a']"]

    class Model:
        def __init__(self):
            self.w = leaf(3.0)

        def graph(self):
            return trace(self.w * 2)

    assert Model().graph().nodes[0].name == "self.w"
    w = ws[0]
    assert trace(w * 2).nodes[0].name == "w"  # a variable goes first


def test_what_is_no_tensor_gives_no_name():
    w = leaf(3.0)
    with pytest.raises(TypeError, match=r"^w must be the tensor that is to have this name, got int$"):
        trace(w * 2, w=3)


def test_a_parameter_still_to_be_made_does_not_spoil_the_others():
    lazy = torch.nn.LazyLinear(3)
    w = leaf(3.0)
    assert trace(w * 2).nodes[0].name == "w"
    assert lazy.has_uninitialized_params()
