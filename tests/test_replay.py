"""The replayed backward pass against torch's engine, over all cases; and that planted faults are seen."""

import importlib

from cases import CASES
from course_utils import trace
from course_utils.vjp import CannotReplayError, jacobians
from course_utils.walk import edge_of, operands_first
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

replay_room = importlib.import_module("course_utils.replay")
vjp_room = importlib.import_module("course_utils.vjp")

CPU = torch.device("cpu")
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def start(result):
    """What the backward pass starts from, never symmetric."""
    return torch.arange(1, result.numel() + 1, device=result.device).reshape(result.shape).to(result.dtype)


def dense(gradient):
    return gradient.to_dense() if gradient is not None and gradient.is_sparse else gradient


def same(one, other):
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and torch.equal(dense(one), dense(other))


def complaints(case, device=CPU):
    """Where the replay of a case and torch's engine disagree: in leaf gradients, order, or what each node sends."""
    result, leaves = case.build(device)
    seed = start(result)
    done = replay_room.replay(edge_of(result), seed)
    expected = torch.autograd.grad(result, list(leaves.values()), seed, allow_unused=True, retain_graph=True)
    found = []
    for (name, leaf), gradient in zip(leaves.items(), expected, strict=True):
        (got,) = done.arriving.get(id(edge_of(leaf)[0]), [None])
        found += [] if same(got, gradient) else [f"gradient of {name}"]
    order, sent = observed(result, seed)
    found += [] if order == [id(fn) for fn in done.order] else ["order"]
    for fn in done.order:
        if not hasattr(fn, "variable"):
            pairs = zip(done.sent[id(fn)], sent[id(fn)], strict=True)
            found += [] if all(same(*pair) for pair in pairs) else [f"what {fn.name()} sends"]
    return found


def observed(result, seed):
    """The engine's own pass, by hooks: the order of the nodes, and what each sends."""
    order, sent = [], {}
    nodes = operands_first(edge_of(result)[0])
    handles = [fn.register_prehook(lambda gradients, fn=fn: order.append(id(fn))) for fn in nodes]
    handles += [fn.register_hook(lambda sends, gradients, fn=fn: sent.__setitem__(id(fn), sends)) for fn in nodes]
    result.backward(seed, retain_graph=True)
    for handle in handles:
        handle.remove()
    return order, sent


@each_case
def test_the_replay_is_the_engines_own_pass(case):
    assert complaints(case) == []


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_replay_is_the_engines_own_pass_on_a_card():
    found = {case.name: complaints(case, torch.device("cuda")) for case in CASES}
    assert {name: faults for name, faults in found.items() if faults} == {}


@each_case
def test_tracing_changes_nothing(case):
    result, leaves = case.build(CPU)
    tensors = [*leaves.values(), result]
    fired = []
    for tensor in tensors:
        tensor.register_hook(lambda gradient: fired.append(1))
    for leaf in leaves.values():
        leaf.grad = torch.ones_like(leaf)
    before = [(tensor.detach().clone(), tensor._version) for tensor in tensors]
    seed, state = start(result), torch.get_rng_state()
    trace(result, gradient=seed)
    trace(result, gradient=seed)
    assert torch.equal(state, torch.get_rng_state())
    assert fired == []
    assert all(torch.equal(leaf.grad, torch.ones_like(leaf)) for leaf in leaves.values())
    for tensor, (value, version) in zip(tensors, before, strict=True):
        assert torch.equal(tensor, value)
        assert tensor._version == version
    torch.autograd.grad(result, list(leaves.values()), seed, allow_unused=True)  # the buffers are still there
    assert fired


@each_case
def test_the_graph_tells_the_gradients_of_its_leaves(case):
    result, leaves = case.build(CPU)
    seed = start(result)
    graph = trace(result, gradient=seed, **{name.replace(".", "_"): leaf for name, leaf in leaves.items()})
    graph = graph.inside or graph
    expected = torch.autograd.grad(result, list(leaves.values()), seed, allow_unused=True)
    told = {node.name: node.gradient for node in graph.nodes if node.name}
    for name, gradient in zip(leaves, expected, strict=True):
        assert same(told.get(name.replace(".", "_")), gradient), name


@each_case
def test_contributions_add_up_to_gradients_and_jacobians_to_contributions(case):
    result, _ = case.build(CPU)
    graph = trace(result, gradient=start(result))
    assert graph.missing == ""
    rough = {"rtol": 3e-2, "atol": 1e-2} if "16" in case.name or "half" in case.name else {"rtol": 1e-4, "atol": 1e-5}
    arriving = {}
    for edge in graph.edges:
        if edge.contribution is not None:
            contribution = dense(edge.contribution)
            arriving[edge.source] = arriving.get(edge.source, 0) + contribution
            if edge.local is not None:
                gradient = graph.nodes[edge.target].gradient
                product = torch.tensordot(gradient.to(edge.local.dtype), edge.local, dims=gradient.dim())
                torch.testing.assert_close(product.to(contribution.dtype), contribution, **rough)
    for place, total in arriving.items():
        torch.testing.assert_close(total, dense(graph.nodes[place].gradient), **rough)


def test_jacobians_are_those_of_torch():
    def check(function, *inputs):
        inputs = [tensor.requires_grad_() for tensor in inputs]
        fn = edge_of(function(*inputs))[0]
        expected = torch.autograd.functional.jacobian(function, tuple(inputs))
        for got, wanted in zip(jacobians(fn), expected, strict=True):
            torch.testing.assert_close(got, wanted)

    random = torch.Generator().manual_seed(0)
    a, b = (torch.randn(shape, generator=random, dtype=torch.float64) for shape in ((2, 3), (3,)))
    check(torch.mul, a, b)  # broadcast
    check(torch.sub, a, b)
    check(torch.mv, a, b)
    check(torch.div, b, b.exp().detach())
    check(lambda one, other: torch.cat([one, other]), a, a.exp())
    check(torch.mul, torch.randn((12, 3), generator=random, dtype=torch.float64), b)  # by vmap


# Each fault is planted in the replay by replacing one of its functions. A check that does not see it is no check.
def keep_the_last(so_far, more):
    return so_far if more is None else more


def oldest_first(fn):
    return -int(fn._sequence_nr()) if not hasattr(fn, "variable") else 2**64


def leave_broadcast(gradient, source, output):
    return None if source is None else gradient


def swap_operands(fn, arriving, call=vjp_room._call):
    made = call(fn, arriving)
    return made[::-1] if fn.name() in ("SubBackward0", "DivBackward0", "MulBackward0") else made


FAULTS = {
    "overwrite instead of add": (replay_room, "_sum", keep_the_last),
    "wrong order": (replay_room, "_age", oldest_first),
    "missing broadcast sum": (vjp_room, "_fit", leave_broadcast),
    "swapped operands": (vjp_room, "_call", swap_operands),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(fault, monkeypatch):
    monkeypatch.setattr(*FAULTS[fault])
    seen = []
    for case in CASES[:60]:
        try:
            seen += [case.name] if complaints(case) else []
        except (RuntimeError, CannotReplayError, KeyError):  # the fault led to shapes that do not fit
            seen.append(case.name)
    assert len(seen) >= 3


# Random expressions over three leaves, in float64, with repeated operands as likely as others.
OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: (a * b).tanh(),
    "square": lambda a, b: (a * a) / 2,
    "reverse": lambda a, b: 0.5 - a,
    "where": lambda a, b: torch.where(a > b, a, 2 * b),
    "maximum": lambda a, b: torch.maximum(a, b * 1.5),
}
expressions = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0), st.integers(0)), min_size=1, max_size=25
)


def compute(steps, leaves):
    pool = list(leaves)
    for name, one, other in steps:
        pool.append(OPERATIONS[name](pool[one % len(pool)], pool[other % len(pool)]))
    return (pool[-1] * torch.arange(1.0, 4.0, dtype=torch.float64)).sum() + pool[-2].sum()


@settings(max_examples=150, deadline=None)
@given(expressions)
def test_random_expressions(steps):
    shapes = [(3,), (1,), ()]
    leaves = [torch.linspace(0.2, 0.9, 3, dtype=torch.float64)[: max(1, sum(shape))].reshape(shape) for shape in shapes]
    leaves = [(leaf + place / 3).requires_grad_() for place, leaf in enumerate(leaves)]
    result = compute(steps, leaves)
    done = replay_room.replay(edge_of(result), torch.ones_like(result))
    expected = torch.autograd.grad(result, leaves, allow_unused=True, retain_graph=True)
    for leaf, gradient in zip(leaves, expected, strict=True):
        assert same(done.arriving.get(id(edge_of(leaf)[0]), [None])[0], gradient)
    assert observed(result, torch.ones_like(result))[0] == [id(fn) for fn in done.order]


def test_a_reentrant_checkpoint_is_refused():
    w = torch.tensor(2.0, requires_grad=True)
    result = torch.utils.checkpoint.checkpoint(lambda a: (a * w).sin(), w * 3, use_reentrant=True)
    graph = trace(result)
    assert graph.missing.startswith("the graph holds a reentrant checkpoint")
    assert w.grad is None


def test_after_backward_the_sentence_says_what_to_do():
    w = torch.tensor(2.0, requires_grad=True)
    result = w**2 * w
    result.backward()
    graph = trace(result)
    assert "draw it before backward()" in graph.missing
    assert "retain_graph=True" in graph.missing
    with pytest.raises(ValueError, match="already gone through this graph"):
        graph.gradient_of("w")
    assert len(graph.nodes) == 3


def test_a_value_changed_in_place_is_a_sentence_too():
    w = torch.tensor([2.0], requires_grad=True)
    y = w * 2
    result = (y**2).sum()
    with torch.no_grad():
        y.mul_(0)
    assert "changed in place" in trace(result).missing


def doubled(a, formula):
    """2 * a, by a Function whose backward is `formula`."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, gradient):
            return formula(gradient)

    return Double.apply(a)


def test_it_can_be_read_where_torch_keeps_no_graph():
    w = torch.tensor(3.0, requires_grad=True)
    result = w * w
    with torch.inference_mode():
        assert trace(result).gradient_of("w").item() == 6.0
    with torch.no_grad():
        assert trace(result).gradient_of("w").item() == 6.0


def test_a_result_of_many_numbers_needs_a_start():
    w = torch.tensor([2.0, 3.0], requires_grad=True)
    assert trace(w * w).missing.startswith(
        "the result is 2 numbers, so a backward pass needs to be told where to start"
    )
    assert trace(w * w, gradient=torch.tensor([1.0, 10.0])).gradient_of("w").tolist() == [4.0, 60.0]
    with pytest.raises(ValueError, match=r"gradient must have the result's shape \(2,\), got \(3,\)"):
        trace(w * w, gradient=torch.ones(3))
    with pytest.raises(TypeError, match="gradient must be a tensor, got float"):
        trace(w * w, gradient=1.0)


def test_between_complex_numbers_no_slope_is_told():
    c = torch.tensor(1 + 2j, requires_grad=True)
    graph = trace((c * c).abs() ** 2)
    assert [edge.local is None for edge in graph.edges] == [True, True, True, False]
    assert graph.gradient_of("c").item() == 20 + 40j


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (lambda g: torch.ones(2) * g.sum(), "size"),
        (lambda g: 3.0, "AttributeError"),
        (lambda g: (), "it gives 0 gradients for 1 inputs"),
        (lambda g: {}["oh"], "KeyError: 'oh'"),
    ],
)
def test_a_backward_of_the_learners_that_is_wrong_is_told(formula, message):
    graph = trace(doubled(torch.ones(3, requires_grad=True), formula).sum())
    assert "the backward formula of DoubleBackward stops with" in graph.missing
    assert message in graph.missing


def test_a_backward_of_the_learners_that_draws_leaves_the_random_state_alone():
    result = doubled(torch.tensor(2.0, requires_grad=True), lambda gradient: gradient * torch.rand(()))
    state = torch.get_rng_state()
    trace(result)
    assert torch.equal(state, torch.get_rng_state())


def test_a_jacobian_that_vmap_gets_wrong_is_worked_out_by_a_loop():
    random = torch.Generator().manual_seed(0)
    a = torch.randn(4, 3, generator=random, dtype=torch.float64, requires_grad=True)
    b = torch.randn(4, 3, generator=random, dtype=torch.float64)
    local = trace(torch.cdist(a, b).sum()).edges[0].local
    torch.testing.assert_close(local, torch.autograd.functional.jacobian(lambda a: torch.cdist(a, b), a.detach()))
