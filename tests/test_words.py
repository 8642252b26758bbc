"""What the words, DOT and files say: as much as the picture."""

import re

from course_utils import draw_graph, record, trace
from course_utils.words import number, shape_text, slope, value_text
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
import pygraphviz
import pytest
import torch
from torch.nn import functional as F


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def quadratic():
    x, y, w1, w2, b = torch.tensor(1.5), torch.tensor(2.0), leaf(0.5), leaf(-1.0), leaf(0.3)
    with record():
        y_hat = w1 * x**2 + w2 * x + b
        loss = (y_hat - y) ** 2
    return draw_graph(loss)


def shared():
    a = leaf(3.0)
    with record():
        f = a * a + 5 / a
    f.backward(retain_graph=True)
    return draw_graph(f)


def network():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    X, Y = torch.ones(5, 4), torch.tensor([0, 1, 2, 0, 1])
    with record():
        loss = F.cross_entropy(net(X), Y)
    return draw_graph(loss)


def two_values():
    a, b = leaf([2.0, 3.0]), leaf([6.0, 4.0])
    with record():
        Q = 3 * a**3 - b**2
    return draw_graph(Q, gradient=torch.ones(2))


def unrecorded():
    w = leaf(3.0)
    return draw_graph((w * 2 + 1) ** 2)


GRAPHS = [quadratic, shared, network, two_values, unrecorded]
each_graph = pytest.mark.parametrize("build", GRAPHS, ids=lambda build: build.__name__)

NODE = re.compile(
    r"^(?P<number>\d+)\. (?P<name>.+?), (?:(?P<leaf>a leaf)|(?P<op>.+?) of (?P<operands>.*?)): value (?P<value>.+?)"
    r"(?:, gradient (?P<gradient>.+?))?(?:, no \.grad yet|, \.grad (?P<grad>.+?))?(?:, from (?P<source>.+?))?\."
    r"(?P<sent>(?: Sends .+? \(.+?\) to .+?\.)*)$"
)
SENT = re.compile(r" Sends (.+?) \((.+?)\) to (.+?)\.(?= Sends|$)")


def redrawn(words):
    """Nodes and edges, told by words alone: rows that a picture could be drawn from."""
    rows = [NODE.match(line).groupdict() for line in words.splitlines()[1:]]
    called = {
        row["name"] if row["name"] not in ("unnamed",) else f"node {row['number']}": row["number"] for row in rows
    }
    called |= {f"node {row['number']}": row["number"] for row in rows}
    edges = []
    for row in rows:
        for operand in re.split(r", (?![^\[]*\])", row["operands"] or ""):
            if operand:
                edges.append((called.get(operand, operand), row["number"]))
    sent = [
        (called[to], row["number"], brought, factor)
        for row in rows
        for brought, factor, to in SENT.findall(row["sent"])
    ]
    return rows, edges, sent


@each_graph
def test_the_graph_can_be_redrawn_from_its_words(build):
    graph = build().with_gradients()
    rows, edges, sent = redrawn(graph.to_text())
    told = [place for place, node in enumerate(graph.nodes) if node.kind != "constant"]
    numbers = {place: str(number) for number, place in enumerate(told, start=1)}
    assert len(rows) == len(told)
    for row, node in zip(rows, (graph.nodes[place] for place in told), strict=True):
        assert row["name"] == node.name or (node.name is None and row["name"] in ("unnamed", "the result"))
        assert (row["leaf"] is not None) == (node.kind == "leaf")
        assert (row["op"] or "") == node.op
        assert row["value"] == value_text(node)
        assert row["gradient"] == number(node.gradient)
        assert row["grad"] == (None if node.grad is None else number(node.grad))
        assert (row["source"] or "") == node.source
    assert len(edges) == len(graph.edges)
    for (source, target), edge in zip(edges, graph.edges, strict=True):
        assert target == numbers[edge.target]
        constant = graph.nodes[edge.source]
        assert source == numbers.get(edge.source) or source.endswith(number(constant.value))
    carried = [edge for edge in graph.edges if edge.contribution is not None]
    expected = [
        (numbers[edge.source], numbers[edge.target], number(edge.contribution), slope(graph, edge)) for edge in carried
    ]
    assert sent == expected


@each_graph
def test_the_forward_words_tell_nothing_of_the_backward_pass(build):
    words = build().to_text()
    assert "gradient" not in words
    assert "Sends" not in words


@each_graph
def test_dot_is_what_graphviz_reads(build):
    graph = build().with_gradients()
    read = pygraphviz.AGraph(string=graph.to_dot())
    assert len(read.nodes()) == len(graph.nodes)
    assert len(read.edges()) == len(graph.edges)
    for place, node in enumerate(graph.nodes):
        label = read.get_node(f"n{place}").attr["label"]
        if node.kind != "constant":
            assert f"value {value_text(node)}" in label
            assert f"gradient {number(node.gradient)}" in label


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=500))
def test_no_name_breaks_dot(name):
    w = leaf(3.0)
    text = draw_graph(w * 2, **{name: w}).to_dot()
    assert len(text.splitlines()) == 5
    assert len(pygraphviz.AGraph(string=text).nodes()) == 2


@pytest.mark.parametrize("name", ['"', "\\", "&amp;", "<b>", "\\n", 'a"]; x -> y ["'])
def test_what_means_something_to_dot_stands_for_itself(name):
    w = leaf(3.0)
    read = pygraphviz.AGraph(string=draw_graph(w * 2, **{name: w}).to_dot())
    assert len(read.nodes()) == 2
    assert len(read.edges()) == 1


@pytest.mark.parametrize("backward", [False, True])
def test_every_kind_of_file(tmp_path, backward):
    graph = quadratic().with_gradients() if backward else quadratic()
    for ending in ("svg", "png", "pdf", "dot"):
        graph.save(tmp_path / f"graph.{ending}")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == graph.to_svg()
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8") == graph.to_dot()
    assert (tmp_path / "graph.pdf").read_bytes().startswith(b"%PDF")
    width = int(re.search(r'width="(\d+)"', graph.to_svg())[1])
    with Image.open(tmp_path / "graph.png") as image:
        assert image.width == 2 * width
        orange = {colour: count for count, colour in image.convert("RGB").getcolors(100_000)}.get((176, 58, 0), 0)
    assert (orange > 2_000) == backward  # the gradient's colour: arrows and slopes, or three times `.grad ·`
    again = tmp_path / "again.pdf"
    graph.save(again)
    assert again.read_bytes() == (tmp_path / "graph.pdf").read_bytes()


def test_a_learners_dollar_is_a_dollar(tmp_path):
    w = leaf(3.0)
    draw_graph(w * 2, **{"$x_{": w}).save(tmp_path / "graph.png")  # no formula: nothing to stumble over


def test_a_terminal_shows_the_words():
    graph = shared()
    assert repr(graph) == graph.to_text()


def test_of_a_tensor_that_nobody_kept_the_shape_is_known_of_a_number_nothing():
    a, b = leaf([1.0] * 5), leaf(2.0)
    assert ["?" in line for line in trace(((a + 1) + 1).sum() + (b + 1)).to_text().splitlines()[1:]] == [
        False, False, False, True, False, True, False,
    ]  # fmt: skip


def test_a_slope_is_a_factor_or_the_shape_of_a_jacobian():
    a, b = leaf(-4.15), leaf([1.0, 2.0])
    graph = trace((a * b).sum() * 2 - a, a=a, b=b)
    told = {(graph.nodes[edge.source].name or graph.nodes[edge.source].op, graph.nodes[edge.target].op):
            slope(graph, edge) for edge in graph.edges}  # fmt: skip
    assert told[("b", "×")] == "×[−4.15, −4.15]"
    assert told[("a", "×")] == "J [2×1]"
    assert told[("a", "−")] == "×(−1)"
    assert shape_text((5, 4)) == "[5×4]"


def test_where_each_result_has_its_own_operand_the_slope_is_a_row_of_factors():
    a, M = leaf([2.0, 3.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    graph = trace(a**3, gradient=torch.tensor([1.0, 10.0])).with_gradients()
    assert "Sends [12, 270] (×[12, 27]) to a." in graph.to_text()
    assert "×[12, 27]" in graph.to_svg()
    assert (
        "Sends [31, 42] (J [2×2]) to a." in trace(M @ a, gradient=torch.tensor([1.0, 10.0])).with_gradients().to_text()
    )
    b = leaf([1 / 3] * 3)
    assert "(J [3×3])" in trace(b**3, gradient=torch.ones(3)).with_gradients().to_text()  # too long to be told


def test_what_arrives_at_a_leaf_and_what_its_grad_holds_are_two_numbers():
    w = leaf(3.0)
    loss = w * 2
    loss.backward(retain_graph=True)
    loss.backward(retain_graph=True)
    assert trace(loss).with_gradients().to_text().splitlines()[1] == "1. w, a leaf: value 3, gradient 2, .grad 4."
    assert {"grad 2", ".grad 4"} <= set(re.findall(r">([^<]+)</text>", trace(loss).with_gradients().to_svg()))
