"""A graph that `torch.fx` or `torch.export` has written down, read into a `Graph`: without values until it is fed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from course_utils.graph import Edge, Graph, Node
from course_utils.walk import sign
import torch
from torch import fx
from torch.fx.node import map_arg

_SIGNS = {"gt": ">", "lt": "<", "ge": "≥", "le": "≤", "eq": "=", "truediv": "÷", "matmul": "@"}


def draw_traced(program: fx.GraphModule | torch.export.ExportedProgram, /, **feed: float) -> Graph:
    """The graph of a traced or exported function of single numbers, which shows itself.

    Args:
        program: what `torch.fx.symbolic_trace` or `torch.export.export` gives.
        feed: a number for each input, by its name. The graph then has the values and gradients of this run. Without,
            no node has a value.

    Raises:
        ValueError: `feed` does not name just the inputs; there is more than one result; or the program needs a tensor
            that is no input. An input that nothing uses is not drawn.

    >>> print(draw_traced(fx.symbolic_trace(lambda a, b: a * b), a=3.0, b=4.0).with_gradients().to_text())
    A graph of 3 nodes.
    1. a, a leaf: value 3, gradient 4.
    2. b, a leaf: value 4, gradient 3.
    3. the result, × of a, b: value 12, gradient 1. Sends 4 (×4) to a. Sends 3 (×3) to b.
    """
    module = program if isinstance(program, fx.GraphModule) else program.graph_module
    inputs = [str(node.target) for node in module.graph.nodes if node.op == "placeholder"]
    if feed and set(feed) != set(inputs):
        raise ValueError(f"feed must have a number for each of {', '.join(inputs)}, got {', '.join(feed)}")
    reader = _Reader(module, {name: torch.tensor(float(number)) for name, number in feed.items()})
    return reader.graph()


class _Reader:
    """Goes through the nodes in their order, which is operands first."""

    def __init__(self, module: fx.GraphModule, feed: dict[str, torch.Tensor]) -> None:
        self.module, self.feed = module, feed
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.place: dict[fx.Node, int] = {}
        self.values: dict[fx.Node, Any] = {}
        needed = _needed(module.graph)
        for node in module.graph.nodes:
            if node in needed:
                self._read(node)

    def graph(self) -> Graph:
        if not self.feed:
            return Graph(tuple(self.nodes), tuple(self.edges), missing="nothing was fed, so nothing has a value")
        last = len(self.nodes) - 1
        gradients, edges = {last: torch.tensor(1.0)}, list(self.edges)
        for at in sorted(range(len(edges)), key=lambda at: -edges[at].target):
            edge = edges[at]
            if edge.target in gradients and edge.local is not None:
                sent = edge.local * gradients[edge.target]
                edges[at] = replace(edge, contribution=sent)
                gradients[edge.source] = gradients.get(edge.source, torch.tensor(0.0)) + sent
        nodes = [replace(node, gradient=gradients.get(place)) for place, node in enumerate(self.nodes)]
        return Graph(tuple(nodes), tuple(edges), tuple(sorted(gradients, reverse=True)))

    def _read(self, node: fx.Node) -> None:
        if node.op == "get_attr":  # a branch of a `cond`, itself a graph
            self.values[node] = _branch(self.module, node)
        elif node.op == "placeholder":
            name = str(node.target)  # the learner's; `node.name` of an input `sum` is `sum_1`
            self.values[node] = self.feed.get(name)
            self._add(node, Node("leaf", name, value=self.values[node]))
        elif _name(node) == "getitem":  # the result of an operation that could have several
            source = node.args[0]
            assert isinstance(source, fx.Node)
            self.place[node], self.values[node] = self.place[source], self.values[source]
        else:
            self._operation(node)

    def _operation(self, node: fx.Node) -> None:
        value, locals_ = self._run(node) if self.feed else (None, [])
        slopes = iter(locals_)
        sources = [(self._operand(operand), operand) for operand in _operands(node)]
        here = len(self.nodes)
        for place, operand in sources:
            tracked = self.feed and isinstance(operand, fx.Node)
            self.edges.append(Edge(place, here, next(slopes) if tracked else None))
        shown = None if value is None else value.detach()
        self._add(node, Node("operation", None, _sign(_name(node)), _branches(node, self.module), shown))
        self.values[node] = shown

    def _run(self, node: fx.Node) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The value of an operation, and its slope for each operand that is a node: 0 where nothing flows back."""
        taken: list[torch.Tensor] = []

        def fresh(operand: fx.Node) -> Any:
            value = self.values[operand]
            if not isinstance(value, torch.Tensor):
                return value
            taken.append(value.detach().requires_grad_() if value.is_floating_point() else value)
            return taken[-1]

        arguments: Any = map_arg(node.args, fresh)
        named: Any = map_arg(node.kwargs, fresh)
        if node.op == "call_method":
            value = getattr(arguments[0], str(node.target))(*arguments[1:], **named)
        else:
            assert callable(node.target)
            value = node.target(*arguments, **named)
        value = value[0] if isinstance(value, tuple) else value
        value = value if isinstance(value, torch.Tensor) else torch.tensor(value)  # a shape, a number of dimensions
        if value.dim():
            raise ValueError(f"program must compute with single numbers, got the shape {tuple(value.shape)} on the way")
        ask = [operand for operand in taken if operand.requires_grad and value.requires_grad]
        found = iter(torch.autograd.grad(value, ask, allow_unused=True, materialize_grads=True) if ask else ())
        return value, [next(found) if ask and operand.requires_grad else torch.tensor(0.0) for operand in taken]

    def _operand(self, operand: fx.Node | float) -> int:
        if isinstance(operand, fx.Node):
            return self.place[operand]
        self.nodes.append(Node("constant", None, value=torch.tensor(operand)))
        return len(self.nodes) - 1

    def _add(self, node: fx.Node, drawn: Node) -> None:
        self.place[node] = len(self.nodes)
        self.nodes.append(drawn)


def _needed(graph: fx.Graph) -> set[fx.Node]:
    """What the result needs; a test whose answer nobody uses is left out."""
    needed = {_result(graph)}
    for node in reversed(graph.nodes):
        if node in needed:
            needed.update(node.all_input_nodes)
    return needed


def _result(graph: fx.Graph) -> fx.Node:
    given = graph.output_node().args[0]
    if isinstance(given, tuple | list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, fx.Node):
        raise ValueError("program must give one result that it has computed")
    return given


def _operands(node: fx.Node) -> list[fx.Node | float]:
    """The operands in order, those in a tuple too; a branch is none."""
    flat: list[Any] = []
    for argument in (*node.args, *node.kwargs.values()):
        flat += argument if isinstance(argument, tuple | list) else [argument]
    return [one for one in flat if isinstance(one, int | float) or (isinstance(one, fx.Node) and one.op != "get_attr")]


def _name(node: fx.Node) -> str:
    """`add`, for `operator.add`, `torch.add`, the method and `aten.add.Tensor`."""
    return str(getattr(node.target, "__name__", node.target)).partition(".")[0]


def _sign(name: str) -> str:
    return _SIGNS.get(name) or sign(name.title().replace("_", ""))


def _branch(module: fx.GraphModule, node: fx.Node) -> fx.GraphModule:
    """One side of a `cond`."""
    found = getattr(module, str(node.target), None)
    if not isinstance(found, fx.GraphModule):
        raise ValueError(f"program must need nothing but its inputs, got the tensor {node.target}")
    return found


def _branches(node: fx.Node, module: fx.GraphModule) -> str:
    """What a `cond` chooses from: `a + b or a − b`."""
    graphs = [getattr(module, str(one.target)).graph for one in node.all_input_nodes if one.op == "get_attr"]
    return " or ".join(_formula(_result(graph)) for graph in graphs)


def _formula(node: fx.Node | float) -> str:
    if not isinstance(node, fx.Node) or node.op == "placeholder":
        return str(node)
    parts = [_formula(operand) for operand in _operands(node)]
    parts = [f"({part})" if " " in part else part for part in parts]
    name = _sign(_name(node))
    return f" {name} ".join(parts) if len(parts) == 2 and not name.isalpha() else f"{name}({', '.join(parts)})"
