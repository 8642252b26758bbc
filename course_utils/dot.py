"""A `Graph` in Graphviz' language, for other tools."""

from __future__ import annotations

from course_utils.graph import Edge, Graph, Node
from course_utils.words import constant_text, number, one_line, slope, title_of, value_text


def to_dot(graph: Graph) -> str:
    r"""DOT text; labels are quoted, so that nothing in them is taken for markup or for DOT.

    >>> import torch
    >>> from course_utils import trace
    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> print(trace(w * 2, w=w).to_dot())
    digraph {
    n0 [shape="box", label="w\nvalue 3"]
    n1 [shape="box", label="×\nvalue 6"]
    n0 -> n1
    }
    """
    nodes = [
        f'n{place} [shape="{"plaintext" if node.kind == "constant" else "box"}", label={_label(graph, node)}]'
        for place, node in enumerate(graph.nodes)
    ]
    edges = [f"n{edge.source} -> n{edge.target}{_slope(graph, edge)}" for edge in graph.edges]
    return "\n".join(["digraph {", *nodes, *edges, "}"])


def _label(graph: Graph, node: Node) -> str:
    if node.kind == "constant":
        return _quoted(constant_text(node))
    title = title_of(node)
    rows = [title, one_line(node.source), f"value {value_text(node)}"]
    if graph.shows_gradients and node.gradient is not None:
        rows.append(f"gradient {number(node.gradient)}")
    return _quoted(*(row for row in rows if row))


def _slope(graph: Graph, edge: Edge) -> str:
    if not graph.shows_gradients or edge.contribution is None:
        return ""
    return f" [dir=back, label={_quoted(slope(graph, edge))}]"


def _quoted(*rows: str) -> str:
    # A backslash begins an escape in DOT, and & begins an entity.
    safe = (row.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for row in rows)
    return '"' + "\\n".join(safe) + '"'
