"""A `Graph` in words: enough to draw it again."""

from __future__ import annotations

from collections.abc import Mapping

from course_utils.graph import Graph, Node
import torch


def to_text(graph: Graph) -> str:
    """The graph in words, a line a node: enough to draw it again. Constants stand in the lines that use them."""
    numbered = [place for place, node in enumerate(graph.nodes) if node.kind != "constant"]
    order = {place: count for count, place in enumerate(numbered, start=1)}
    lines = [f"{order[place]}. {_sentence(graph, place, order)}" for place in numbered]
    return "\n".join([f"A graph of {len(lines)} node{'s' if len(lines) > 1 else ''}.", *lines])


def number(value: torch.Tensor | None) -> str:
    """A value in a few letters: four digits of a number, the shape of anything larger, `?` where it is not known.

    >>> [number(torch.tensor(-4.15)), number(torch.ones(5, 4)), number(torch.ones(16)), number(None)]
    ['−4.15', '[5×4]', '[16]', '?']
    """
    if value is None:
        return "?"
    if value.dim() == 0:
        return f"{value.item():.4g}".replace("-", "−")
    return f"[{'×'.join(map(str, value.shape))}]"


def constant_text(node: Node) -> str:
    """`x[0] = 1`, or the bare number where that is all there is."""
    name = name_of(node) or one_line(node.source)
    return f"{name} = {number(node.value)}" if name else number(node.value)


def _sentence(graph: Graph, place: int, order: Mapping[int, int]) -> str:
    node = graph.nodes[place]
    name = name_of(node) or ("the result" if place == len(graph.nodes) - 1 else "unnamed")
    if node.kind == "leaf":
        gradient = "no gradient yet" if node.gradient is None else f"gradient {number(node.gradient)}"
        return f"{name}, a leaf: value {number(node.value)}, {gradient}."
    operands = ", ".join(_reference(graph, edge.source, order) for edge in graph.edges if edge.target == place)
    source = f", from {one_line(node.source)}" if node.source else ""
    return f"{name}, {node.op} of {operands}: value {number(node.value)}{source}."


def _reference(graph: Graph, place: int, order: Mapping[int, int]) -> str:
    node = graph.nodes[place]
    return constant_text(node) if node.kind == "constant" else name_of(node) or f"node {order[place]}"


def name_of(node: Node) -> str:
    """The caller's name for a node, fit to be printed; "" where there is none."""
    return one_line(node.name or "")


def one_line(text: str) -> str:
    """The text on one line, without the control characters that no XML may hold."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
