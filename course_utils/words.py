"""A `Graph` in words: enough to draw it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course_utils.graph import Edge, Graph, Node
import torch

SHORT = 24  # letters of a source text that a sentence can hold
FEW = 3  # a row of up to so many numbers is told number by number,
LONGEST_ROW = 18  # if that takes no more letters: two such rows stand side by side in a box


def to_text(graph: Graph) -> str:
    """The graph in words, a line a node: enough to draw it again. Constants stand in the lines that use them."""
    order = places(graph)
    lines = [f"{order[place]}. {_sentence(graph, place, order)}" for place in order]
    head = f"A graph of {len(lines)} node{'s' if len(lines) > 1 else ''}."
    why = [f"No gradients: {one_line(graph.missing)}."] if graph.shows_gradients and graph.missing else []
    return "\n".join([head, *lines, *why])


def places(graph: Graph) -> dict[int, int]:
    """The numbers, from 1, by which the words call the leaves and operations."""
    told = [place for place, node in enumerate(graph.nodes) if node.kind != "constant"]
    return {place: number for number, place in enumerate(told, start=1)}


def number(value: torch.Tensor | None) -> str:
    """A value in a few letters: a number, a short row of numbers, the shape of anything larger; `?` where unknown.

    >>> [number(torch.tensor(-4.15)), number(torch.tensor([36.0, 81.0])), number(torch.ones(5, 4)), number(None)]
    ['−4.15', '[36, 81]', '[5×4]', '?']
    """
    if value is None or (value.is_meta and value.numel() == 1):
        return "?"
    if value.numel() == 1:
        return _digits(value)
    if value.dim() == 1 and 1 < len(value) <= FEW and value.layout is torch.strided and not value.is_meta:
        text = f"[{', '.join(_digits(entry, 3) for entry in value)}]"
        if len(text) <= LONGEST_ROW:
            return text
    return shape_text(tuple(value.shape))


def value_text(node: Node) -> str:
    """A node's value as `number` tells it; where it is not known, of anything larger than a number the shape."""
    return shape_text(node.shape) if node.value is None and node.shape else number(node.value)


def shape_text(shape: tuple[int, ...]) -> str:
    """`[5×4]`, which does not look like a number."""
    return f"[{'×'.join(map(str, shape))}]"


def slope(graph: Graph, edge: Edge) -> str:
    """A local slope as a factor: `×2`, `×(−4.15)`, or number by number `×[12, 27]`; of a Jacobian its shape."""
    factor = _factor(edge.local)
    if factor:
        return f"×({factor})" if factor.startswith("−") else f"×{factor}"
    rows, columns = (graph.nodes[place].shape for place in (edge.target, edge.source))
    if edge.local is None and rows == columns == ():
        return "×?"
    return f"J {shape_text((_size(rows), _size(columns)))}"


def _factor(local: torch.Tensor | None) -> str:
    """A slope that is one number, or a short row of numbers where each result depends on its own operand alone."""
    if local is None or (local.numel() > 1 and (local.dim() != 2 or len(local) != local.shape[1] or len(local) > FEW)):
        return ""
    if local.numel() == 1:
        return number(local)
    row = local.diagonal()
    text = number(row)
    return text if torch.equal(local, torch.diag(row)) and text != shape_text(tuple(row.shape)) else ""


def constant_text(node: Node) -> str:
    """`x[0] = 1`, or the bare number where that is all there is."""
    name = name_of(node) or one_line(node.source)
    return f"{name} = {value_text(node)}" if name else value_text(node)


def name_of(node: Node) -> str:
    """The caller's name for a node, fit to be printed; "" where there is none."""
    return one_line(node.name or "")


def title_of(node: Node) -> str:
    """What stands at the top of a leaf's or an operation's box: `y = ×`, fit to be printed as `name_of` is."""
    return " = ".join(part for part in (name_of(node), one_line(node.op)) if part) or "leaf"


def call_node(graph: Graph, place: int, order: Mapping[int, int]) -> str:
    """How the words refer to a node: by its name, else by its number."""
    node = graph.nodes[place]
    return constant_text(node) if node.kind == "constant" else name_of(node) or f"node {order[place]}"


def one_line(text: str) -> str:
    """The text on one line, without the control characters that no XML may hold."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _sentence(graph: Graph, place: int, order: Mapping[int, int]) -> str:
    node = graph.nodes[place]
    name = name_of(node) or ("the result" if place == len(graph.nodes) - 1 else "unnamed")
    parts = [f"value {value_text(node)}"]
    if graph.shows_gradients and not graph.missing:
        parts.append("no gradient" if node.gradient is None else f"gradient {number(node.gradient)}")
    if node.kind == "leaf":
        return f"{name}, a leaf: {', '.join([*parts, *_stored(graph, node)])}."
    operands = ", ".join(call_node(graph, edge.source, order) for edge in graph.edges_to(place))
    source = [f"from {one_line(node.source)}"] if node.source else []
    sent = " ".join(_sent(graph, place, order)) if graph.shows_gradients else ""
    return f"{name}, {one_line(node.op)} of {operands}: {', '.join([*parts, *source])}. {sent}".rstrip()


def _stored(graph: Graph, node: Node) -> list[str]:
    if node.grad is None:
        return [] if graph.shows_gradients else ["no .grad yet"]
    return [f".grad {number(node.grad)}"]


def _sent(graph: Graph, place: int, order: Mapping[int, int]) -> Iterator[str]:
    for edge in graph.edges_to(place):
        if edge.contribution is not None:
            to = call_node(graph, edge.source, order)
            yield f"Sends {number(edge.contribution)} ({slope(graph, edge)}) to {to}."


def _digits(value: torch.Tensor, count: int = 4) -> str:
    return f"{value.item():.{count}g}".replace("-", "−")


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
