"""Graphs written down by torch.fx and torch.export, read into ours."""

from course_utils import draw_traced, export_graphs, plot_graphs, trace
import pytest
import torch


def four(a, b, c, d):
    return (a + b) + c * d


def branch(a, b):
    x = a + b if a > 0 else a - b
    return 2 * x


def choose(a, b):
    x = torch.cond(a > 0, lambda a, b: a + b, lambda a, b: a - b, (a, b))
    return 2 * x


def numbers(graph):
    """Of each node but the constants what it is, its value and its gradient."""
    kept = [node for node in graph.nodes if node.kind != "constant"]
    return [(node.op or node.name, float(node.value), float(node.gradient)) for node in kept]


def test_before_it_is_fed_no_node_has_a_value():
    graph = draw_traced(torch.fx.symbolic_trace(four))
    assert [node.op or node.name for node in graph.nodes] == ["a", "b", "c", "d", "+", "×", "+"]
    assert all(node.value is None for node in graph.nodes)
    assert "nothing was fed" in graph.with_gradients().to_text()
    with pytest.raises(ValueError, match="nothing was fed"):
        graph.gradient_of("a")


FUNCTIONS = {
    "four": (lambda a, b: (a + b) + a * b, (1.5, -2.0)),
    "used twice": (lambda a, b: a * a + b, (3.0, 1.0)),
    "numbers among the operands": (lambda a, b: 2 - a / 4 + b**3, (3.0, 2.0)),
    "methods": (lambda a, b: a.tanh().mul(b).sub(1), (0.5, 2.0)),
    "torch's functions": (lambda a, b: torch.exp(a) - torch.where(a > b, a * b, a + b), (2.0, 1.0)),
    "minus": (lambda a, b: -a * b, (2.0, 5.0)),
    "dead code": (lambda a, b: ((a - b).exp(), a * b)[1], (2.0, 5.0)),
}


@pytest.mark.parametrize(("function", "at"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_fed_it_has_the_numbers_of_the_live_graph(function, at):
    graph = draw_traced(torch.fx.symbolic_trace(function), **dict(zip("ab", at, strict=True)))
    a, b = (torch.tensor(number, requires_grad=True) for number in at)
    live = trace(result := function(a, b), a=a, b=b)
    assert float(graph.nodes[-1].value) == pytest.approx(result.item())
    for name in "ab":
        assert float(graph.gradient_of(name)) == pytest.approx(float(live.gradient_of(name)))
    assert "Sends" in graph.with_gradients().to_text()
    assert graph.to_svg().startswith("<svg")


@pytest.mark.parametrize("feed", [{"a": 1.0}, {"a": 1.0, "c": 2.0}, {"a": 1.0, "b": 2.0, "c": 3.0}])
def test_a_feed_names_just_the_inputs(feed):
    with pytest.raises(ValueError, match="feed must have a number for each of a, b, got"):
        draw_traced(torch.fx.symbolic_trace(lambda a, b: a + b), **feed)


@pytest.mark.parametrize("function", [lambda a: (a, a + 1), lambda a: None, lambda a: 3.0])
def test_more_or_less_than_one_result_is_refused(function):
    with pytest.raises(ValueError, match="program must give one result"):
        draw_traced(torch.fx.symbolic_trace(function))


def test_both_sides_are_in_an_exported_choice():
    yes, no = export_graphs(choose, {"a": 1.0, "b": 2.0}, {"a": -1.0, "b": 2.0})
    assert numbers(yes) == [("a", 1, 2), ("b", 2, 2), (">", 1, 0), ("cond", 3, 2), ("×", 6, 1)]
    assert numbers(no) == [("a", -1, 2), ("b", 2, -2), (">", 0, 0), ("cond", -3, 2), ("×", -6, 1)]
    assert "a + b or a − b" in yes.to_text()


def test_what_torch_refuses_to_export_is_said_in_one_line():
    with pytest.raises(RuntimeError, match=r"\A[^\n]*data-dependent[^\n]*\Z"):
        export_graphs(branch, {"a": 1.0, "b": 2.0})


def test_an_export_that_stops_says_why():
    def unknown(a):
        return nowhere(a)  # noqa: F821

    with pytest.raises(RuntimeError, match="nowhere"):
        export_graphs(unknown, {"a": 1.0})


def test_exporting_loads_nothing_here():
    import subprocess
    import sys

    code = "import course_utils, sys; assert not {'sympy', 'torch._dynamo'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_graphs_beside_one_another_keep_their_places():
    program = torch.fx.symbolic_trace(lambda a, b: a * b)
    one, other = (
        plot_graphs({"first": draw_traced(program, a=a, b=2.0), "second": draw_traced(program, a=1.0, b=1.0)})
        for a in (1.0, -12345.0)
    )
    assert [text.get_position() for text in one.texts] == [text.get_position() for text in other.texts]
    assert one.get_xlim() == other.get_xlim()
    words = [text.get_text() for text in other.texts]
    shown = "first a value −1.234e+04 grad 2 b value 2 grad −1.234e+04 × value −2.469e+04 grad 1"
    assert " ".join(words[:10]) == shown


def test_an_operand_by_name_is_an_operand():
    program = torch.fx.symbolic_trace(lambda a, b: torch.add(a, other=b))
    assert numbers(draw_traced(program, a=3.0, b=4.0).with_gradients()) == [("a", 3, 1), ("b", 4, 1), ("+", 7, 1)]


def test_an_input_has_the_learners_name():
    program = torch.fx.symbolic_trace(lambda sum, b: sum + b)
    assert numbers(draw_traced(program, sum=2.0, b=3.0)) == [("sum", 2, 1), ("b", 3, 1), ("+", 5, 1)]


def test_tables_on_the_way_are_refused():
    program = torch.fx.symbolic_trace(lambda a, b: torch.stack([a, b])[1])
    with pytest.raises(ValueError, match="program must compute with single numbers"):
        draw_traced(program, a=2.0, b=3.0)


def test_a_tensor_from_outside_is_refused():
    w = torch.tensor(2.0)
    program = torch.fx.symbolic_trace(lambda a: w * a)
    with pytest.raises(ValueError, match="program must need nothing but its inputs, got the tensor"):
        draw_traced(program, a=1.0)


def test_what_an_exported_function_prints_does_no_harm():
    [graph] = export_graphs(talks, {"a": 3.0})
    assert numbers(graph) == [("a", 3, 6), ("×", 9, 1)]


def test_a_function_without_a_text_is_refused():
    scope = {}
    exec("def f(a): return a * a", scope)
    with pytest.raises(ValueError, match="function must be a `def` whose text is known"):
        export_graphs(scope["f"], {"a": 1.0})


def talks(a):
    print("on the way")
    return a * a
