from itertools import combinations
import re
from xml.etree import ElementTree

from course_utils import draw_graph, record
from course_utils.layout import lay_out
from course_utils.scene import MARGIN, text_width
from course_utils.words import number
from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import torch

SVG = "{http://www.w3.org/2000/svg}"


def leaf(value):
    return torch.tensor(value, requires_grad=True)


def one_step():
    w = leaf(3.0)
    y_hat = w * 2.0
    loss = (y_hat - 1.0) ** 2
    return draw_graph(loss)


def four_terms():
    w1, w2, b = leaf(0.5), leaf(-1.0), leaf(0.3)
    y_hat = w1 * 2.25 + w2 * 1.5 + b
    return draw_graph((y_hat - 2) ** 2 + y_hat * w1)


def network():
    net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    return draw_graph(torch.nn.functional.cross_entropy(net(torch.ones(5, 4)), torch.tensor([0, 1, 2, 0, 1])))


def recorded():
    x, w = torch.tensor([1.0, 2.0]), leaf(3.0)
    with record():
        y_hat = w * x[0]
        loss = (y_hat - 1.0) ** 2
    return draw_graph(loss)


GRAPHS = pytest.mark.parametrize(
    "graph", [one_step(), recorded(), four_terms(), network()], ids=["step", "recorded", "terms", "network"]
)


def boxes(svg):
    return [
        tuple(float(rect.get(side)) for side in ("x", "y", "width", "height"))
        for rect in ElementTree.fromstring(svg).iter(f"{SVG}rect")
        if (rect.get("class") or "").startswith("box ")  # neither the paper nor the slopes' pills
    ]


@GRAPHS
def test_no_two_boxes_overlap_and_all_lie_on_the_paper(graph):
    svg = graph.to_svg()
    found = boxes(svg)
    assert len(found) == len(graph.nodes)
    for (x, y, width, height), (x2, y2, width2, height2) in combinations(found, 2):
        assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
    root = ElementTree.fromstring(svg)
    for x, y, width, height in found:
        assert x >= -MARGIN
        assert y >= -MARGIN
        assert x + width <= float(root.get("width")) - MARGIN
        assert y + height <= float(root.get("height")) - MARGIN


@GRAPHS
def test_every_edge_runs_from_its_operand_to_just_before_its_operation(graph):
    svg = graph.to_svg()
    found = boxes(svg)
    found_routes = routes(ElementTree.fromstring(svg))
    assert len(found_routes) == len(graph.edges)
    for route, edge in zip(found_routes, graph.edges, strict=True):
        places = [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+),(-?[\d.]+)", route)]
        assert distance(places[0], found[edge.source]) < 2
        assert 5 < distance(places[-1], found[edge.target]) < 14  # room for the arrowhead


@GRAPHS
def test_with_gradients_nothing_overlaps_either(graph):
    svg = graph.with_gradients().to_svg()
    root = ElementTree.fromstring(svg)
    pills = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "pill"]
    assert len(pills) == sum(graph.nodes[edge.source].kind != "constant" for edge in graph.edges)
    sides = ("x", "y", "width", "height")
    found = [*boxes(svg), *(tuple(float(pill.get(side)) for side in sides) for pill in pills)]
    for (x, y, width, height), (x2, y2, width2, height2) in combinations(found, 2):
        assert x + width <= x2 + 0.2 or x2 + width2 <= x + 0.2 or y + height <= y2 + 0.2 or y2 + height2 <= y + 0.2
    assert float(root.get("width")) < 900
    assert len(svg) < 15_000
    for route, edge in zip(routes(root), graph.edges, strict=True):
        ends = re.findall(r"(-?[\d.]+),(-?[\d.]+)", route)
        gap = distance(tuple(map(float, ends[0])), found[edge.source])
        assert gap < 14  # room for the head of the arrow that has turned round
        assert 3 < distance(tuple(map(float, ends[-1])), found[edge.target]) < 14


def routes(root):
    return [route.get("d") for route in root.iter(f"{SVG}path") if "edge" in (route.get("class") or "")]


def distance(point, box):
    (px, py), (x, y, width, height) = point, box
    return (max(x - px, 0, px - x - width) ** 2 + max(y - py, 0, py - y - height) ** 2) ** 0.5


@GRAPHS
def test_the_same_graph_is_the_same_bytes(graph):
    assert graph.to_svg() == graph.to_svg()


@GRAPHS
def test_a_picture_fits_the_page_and_is_small(graph):
    svg = graph.to_svg()
    assert float(ElementTree.fromstring(svg).get("width")) < 900
    assert len(svg) < 15_000
    assert all(int(size) >= 11 for size in re.findall(r"font-size: (\d+)px", svg))


@GRAPHS
def test_the_words_hold_all_that_the_picture_holds(graph):
    words, svg = graph.to_text(), graph.to_svg()
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        for part in text.text.removeprefix("value ").removeprefix(".grad ").split(" = "):
            assert part in words or part == "·"


def test_a_recorded_picture_shows_constants_and_sources():
    svg = recorded().to_svg()
    shown = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert shown == [
        "w", "value 3", ".grad ·", "x[0] = 1", "y_hat = ×", "w * x[0]", "value 3", "1", "−", "y_hat - 1.0", "value 2",
        "2", "loss = ^", "(y_hat - 1.0) ** 2", "value 4",
    ]  # fmt: skip
    assert svg.count("from-constant") == 1 + 3  # the style and three dashed lines


def test_the_words_are_enough_to_draw_the_graph_again():
    graph = four_terms()
    rows = graph.to_text().splitlines()[1:]
    names = [node.name or f"node {place + 1}" for place, node in enumerate(graph.nodes)]  # no constants here
    for place, row in enumerate(rows):
        operands = row.split(" of ", 1)[1].split(": value")[0].split(", ") if " of " in row else []
        assert operands == [names[edge.source] for edge in graph.edges if edge.target == place]


def test_in_a_tree_operands_keep_their_order_in_both_pictures():
    a, b, c, d = (leaf(value) for value in (1.0, 2.0, 3.0, 4.0))
    x, y = a + b, c * d
    z = x + y
    for graph in (draw_graph(z), draw_graph(z).with_gradients()):
        tops = {node.name: box[1] for node, box in zip(graph.nodes, boxes(graph.to_svg()), strict=False)}
        assert sorted("abcd", key=tops.get) == ["a", "b", "c", "d"]
        assert tops["x"] < tops["y"]


def test_a_notebook_is_shown_a_picture_with_words():
    shown = one_step()._repr_mimebundle_()
    assert set(shown) == {"text/html", "image/svg+xml", "text/plain"}
    assert f'alt="{shown["text/plain"]}"' in shown["text/html"]


def test_a_gradient_not_yet_there_is_a_dot_and_never_zero():
    w = leaf(3.0)
    loss = w * 0.0
    assert ".grad ·" in draw_graph(loss).to_svg()
    loss.backward()
    assert ".grad 0" in draw_graph(loss).to_svg()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(25.0, "25"), (-4.15, "−4.15"), (1 / 3, "0.3333"), (1e-9, "1e−09"), ([1.0] * 16, "[16]"), ([[1.0, 2.0]], "[1×2]"),
     ([36.0, 81.0], "[36, 81]"), ([5.0], "5"),
     ([0.1234, -0.1234, 0.1234], "[3]"),
     (float("nan"), "nan"), (float("-inf"), "−inf"), (True, "1"), (1 + 2j, "1+2j")],
)  # fmt: skip
def test_numbers_are_short_and_shapes_are_no_numbers(value, shown):
    assert number(torch.tensor(value)) == shown


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=500))
def test_a_name_can_never_become_markup(name):
    w = leaf(3.0)
    svg = draw_graph(w * 2, **{name: w}).to_svg()
    root = ElementTree.fromstring(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "style", "rect", "defs", "marker", "path", "text", "g",
    }  # fmt: skip
    assert float(root.get("width")) < 900


@pytest.mark.parametrize("text", ["loss = ^", "value −4.838", "grad −3.225", "W" * 30, "i" * 30, "重み"])
def test_text_is_never_wider_than_it_is_taken_for(text):
    from matplotlib.textpath import TextPath

    if not text.isascii() and "重" in text:
        assert text_width(text, 100) >= 200  # two full squares
        return
    drawn = TextPath((0, 0), text, size=100, prop={"family": "DejaVu Sans", "weight": "bold"}).get_extents().width
    assert drawn <= text_width(text, 100)


def test_save_writes_the_drawing(tmp_path):
    one_step().save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == one_step().to_svg()


def test_save_refuses_other_endings(tmp_path):
    with pytest.raises(ValueError, match=r"path must end in \.svg, \.png, \.pdf or \.dot, got 'graph\.jpeg'"):
        one_step().save(tmp_path / "graph.jpeg")
    assert list(tmp_path.iterdir()) == []


def test_layout_wants_one_size_a_node():
    with pytest.raises(ValueError, match="sizes must hold one pair a node: 4, got 1"):
        lay_out(one_step(), [(10, 10)], [None] * 3)


def test_layout_says_nothing_and_opens_no_font(capfd):
    network().to_svg()
    assert capfd.readouterr() == ("", "")
