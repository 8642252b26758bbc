"""A computation on the course's own `Value`, read into a `Graph`."""

from __future__ import annotations

from collections.abc import Mapping

from course_utils.engine import Value, operands_first
from course_utils.graph import Edge, Graph, Node
from course_utils.walk import LIMIT
import torch


def read_value(result: Value, variables: Mapping[str, object]) -> Graph:
    """The graph behind a `Value`, with what its backward pass would bring; no `grad` changes.

    Raises:
        ValueError: it has more than 5,000 operations.
    """
    order = operands_first(result)
    if len(order) > LIMIT:
        raise ValueError(f"result has more than {LIMIT} operations behind it; trace a smaller piece of it")
    names: dict[int, str] = {}
    for name, held in variables.items():
        if isinstance(held, Value) and not name.startswith("_"):
            names.setdefault(id(held), name)
    flow = {id(result): 1.0}
    for value in reversed(order):
        for source, slope in value.edges:
            flow[id(source)] = flow.get(id(source), 0.0) + slope * flow[id(value)]
    place = {id(value): number for number, value in enumerate(order)}
    edges = [
        _edge(place[id(source)], here, slope, flow[id(value)], source.op != "number")
        for here, value in enumerate(order)
        for source, slope in value.edges
    ]
    nodes = tuple(_node(value, names.get(id(value)), flow[id(value)]) for value in order)
    backward = tuple(here for here in reversed(range(len(order))) if nodes[here].kind != "constant")
    return Graph(nodes, tuple(edges), backward)


def _edge(source: int, target: int, slope: float, gradient: float, is_tracked: bool) -> Edge:
    return Edge(source, target, _number(slope), _number(slope * gradient)) if is_tracked else Edge(source, target)


def _node(value: Value, name: str | None, gradient: float) -> Node:
    if value.op == "number":
        return Node("constant", name, value=_number(value.data))
    if not value.edges:
        return Node("leaf", name, value=_number(value.data), gradient=_number(gradient), grad=_grad(value))
    return Node("operation", name, value.op, value=_number(value.data), gradient=_number(gradient))


def _grad(value: Value) -> torch.Tensor | None:
    """What passes have added up; 0 may mean that there was none, and is not shown."""
    return _number(value.grad) if value.grad else None


def _number(number: float) -> torch.Tensor:
    return torch.tensor(number, dtype=torch.float64)
