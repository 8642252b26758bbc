from course_utils import draw_graph, record, trace
import pytest
import torch
from torch import nn
from torch.nn import functional as F


def shown(graph):
    """Each operation with its operands, by name, text or sign."""
    label = [node.name or node.source or node.op or "?" for node in graph.nodes]
    return {
        f"{node.op}": [label[edge.source] for edge in graph.edges_to(place)]
        for place, node in enumerate(graph.nodes)
        if node.kind == "operation"
    }


def mlp():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)).double()


def encoder():
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.0)
    return nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)


def test_one_call_is_one_node():
    net, X, Y = mlp(), torch.ones(2, 4, dtype=torch.float64), torch.tensor([0, 2])
    with record():
        loss = F.cross_entropy(net(X), Y)
    assert shown(trace(loss)) == {
        "linear": ["net.2.bias", "net.1", "net.2.weight"],
        "relu": ["net.0"],
        "cross entropy": ["net.2", "Y"],
    }


def test_the_usual_pairs_are_folded_unrecorded_too():
    net, X, Y = mlp(), torch.ones(2, 4, dtype=torch.float64), torch.tensor([0, 2])
    assert set(shown(trace(F.cross_entropy(net(X), Y)))) == {"linear", "relu", "cross entropy"}


def test_what_the_learner_named_or_wrote_is_never_folded():
    w, x = torch.ones(3, 2, requires_grad=True), torch.ones(1, 2)
    turned = w.t()
    result = torch.addmm(torch.ones(3), x, turned)
    assert "turned" in [node.name for node in trace(result).nodes]
    logits = torch.ones(2, 3, requires_grad=True)
    with record():
        loss = F.nll_loss(F.log_softmax(logits, 1), torch.tensor([0, 1]))
    assert list(shown(trace(loss))) == ["log softmax", "nll loss"]


def test_the_slope_of_a_folded_node_is_the_product_of_the_slopes_inside():
    logits, Y = torch.tensor([[0.3, -1.0, 0.6]], dtype=torch.float64, requires_grad=True), torch.tensor([2])
    with record():
        loss = F.cross_entropy(logits, Y)
    edge = trace(loss).edges_to(len(trace(loss).nodes) - 1)[0]
    expected = (logits.softmax(1) - F.one_hot(Y, 3)).detach()
    torch.testing.assert_close(edge.local, expected)
    torch.testing.assert_close(edge.contribution, expected)


def test_slopes_through_a_fork_inside_a_call_add():
    a = torch.tensor([0.2, 0.7, -0.4], dtype=torch.float64, requires_grad=True)
    with record():
        result = F.mse_loss(F.normalize(a, dim=0), torch.zeros(3, dtype=torch.float64), reduction="sum")
        result = result + F.normalize(a, dim=0)[0]
    graph = trace(result)
    place = next(place for place, node in enumerate(graph.nodes) if node.op == "normalize")
    (edge,) = [edge for edge in graph.edges_to(place) if graph.nodes[edge.source].kind == "leaf"]
    expected = torch.autograd.functional.jacobian(lambda a: F.normalize(a, dim=0), a.detach())
    torch.testing.assert_close(edge.local, expected)
    gradient = graph.nodes[place].gradient
    torch.testing.assert_close(edge.contribution, gradient @ expected)


def test_above_forty_boxes_modules_are_drawn_and_can_be_opened():
    net, X = encoder(), torch.ones(1, 3, 16)
    with record():
        loss = net(X).sum()
    graph = trace(loss)
    assert [node.op for node in graph.nodes if node.kind == "operation"] == ["TransformerEncoderLayer"] * 6 + ["sum"]
    assert [node.source.split(":")[0] for node in graph.nodes[1:3]] == ["net.layers.0", "net.layers.1"]
    opened = graph.expand("net.layers.3")
    assert [node.op for node in opened.nodes].count("TransformerEncoderLayer") == 5
    assert "MultiheadAttention" in [node.op for node in opened.nodes]
    again = opened.expand("net.layers.3.self_attn")
    assert len(again.nodes) > len(opened.nodes)
    with pytest.raises(ValueError, match=r"module must be one that is folded \(net\.layers\.0, .*got 'net'"):
        graph.expand("net")


def test_a_folded_graph_still_knows_every_parameters_gradient():
    net, X = encoder(), torch.ones(1, 3, 16)
    with record():
        loss = net(X).pow(2).sum()
    graph = trace(loss)
    expected = torch.autograd.grad(loss, net.layers[2].linear1.weight)[0]
    assert torch.equal(graph.gradient_of("net.layers.2.linear1.weight"), expected)


def test_a_folded_modules_contribution_is_the_gradient_of_what_comes_in():
    net = encoder()
    X = torch.ones(1, 3, 16, requires_grad=True)
    with record():
        loss = net(X).pow(2).sum()
    graph = trace(loss)
    total = sum(edge.contribution for edge in graph.edges if graph.nodes[edge.source].name == "X")
    torch.testing.assert_close(total, torch.autograd.grad(loss, X)[0])
    assert graph.order[0] == len(graph.nodes) - 1
    assert sorted(graph.order) == [place for place, node in enumerate(graph.nodes) if node.kind != "constant"]


def test_a_module_that_runs_twice_is_two_boxes():
    layer = nn.Linear(4, 4)
    block = nn.Sequential(*[m for _ in range(12) for m in (nn.Linear(4, 4), nn.Tanh())])
    with record():
        h = block(torch.ones(1, 4))
        result = layer(block(layer(h))).sum()
    sources = [node.source for node in trace(result).nodes if node.op == "Sequential"]
    assert [source.split(":")[0] for source in sources] == ["block", "block, run 2"]


def test_modules_without_a_name_are_told_apart():
    _net, X = encoder(), torch.ones(1, 3, 16)  # a name with an underscore is passed over
    with record():
        loss = _net(X).sum()
    del _net  # and the module may be gone
    sources = [node.source.split(":")[0] for node in trace(loss).nodes if node.op == "TransformerEncoderLayer"]
    assert sources == ["TransformerEncoderLayer", *[f"TransformerEncoderLayer {count}" for count in range(2, 7)]]


def test_what_cannot_be_read_in_one_picture_is_refused_with_the_way_out():
    w = torch.tensor(1.0, requires_grad=True)
    total = w
    for _ in range(600):
        total = total * 1.5
    with pytest.raises(ValueError, match=r"has 601 nodes, more than the 500 .* inside record\(\)"):
        draw_graph(total)
    shown_anyway = trace(total)._repr_mimebundle_()
    assert list(shown_anyway) == ["text/plain"]
    assert shown_anyway["text/plain"].startswith("A graph of 601 nodes: more than 500, so no picture could be read")


def test_several_results_of_one_operation_are_nodes_of_their_own():
    a = torch.tensor([1.0, 5.0, 2.0], requires_grad=True)
    with record():
        first, rest = a.split([1, 2])
        result = first.sum() * rest.sum()
    graph = trace(result)
    nodes = {node.name: node for node in graph.nodes if node.name}
    assert (nodes["first"].op, nodes["rest"].op) == ("split with sizes [0]", "split with sizes [1]")
    assert nodes["first"].value.tolist() == [1.0]
    assert nodes["rest"].gradient.tolist() == [1.0, 1.0]
    assert graph.gradient_of("a").tolist() == [7.0, 1.0, 1.0]
