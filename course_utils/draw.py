"""A `Graph` as something to look at: in a notebook, or in a file."""

from __future__ import annotations

from pathlib import Path

from course_utils import svg
from course_utils.dot import to_dot
from course_utils.engine import Value
from course_utils.graph import Graph
from course_utils.markup import plain
from course_utils.names import callers_variables
from course_utils.read import read_graph
from course_utils.saving import write_whole
from course_utils.scene import LIMIT, Scene, stage
from course_utils.slopes import SEEN
from course_utils.style import picture_html
from course_utils.words import to_text
import torch


def draw_graph(result: torch.Tensor | Value, /, *, gradient: torch.Tensor | None = None, **names: object) -> Graph:
    """The graph behind `result`, which shows itself: `trace` by the name of what it is for in a lesson.

    It shows the forward pass; `draw_graph(loss).with_gradients()` shows both passes. As a picture tells only the
    shape of a Jacobian, those of more than 100 numbers are not worked out; `trace` does up to 10,000.
    Args and errors are those of `trace`.

    Raises:
        ValueError: beside those of `trace`, if there would be more than 500 boxes.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> print(draw_graph(w * 2).to_text())
    A graph of 2 nodes.
    1. w, a leaf: value 3, no .grad yet.
    2. the result, × of w: value 6.
    """
    graph = read_graph(result, names, callers_variables(), gradient, largest=SEEN)
    if len(graph.nodes) > LIMIT:
        stage(graph)  # says why not
    return graph


def to_svg(graph: Graph) -> str:
    """The drawing as the text of an SVG file, at its natural size in pixels.

    Raises:
        ValueError: the graph has more than 500 boxes.
    """
    return _svg(graph, stage(graph))


def save(graph: Graph, path: str | Path) -> None:
    """Write the drawing to a file whose name ends in .svg, .png, .pdf or .dot: all of it, or nothing.

    Raises:
        OSError: the file cannot be written; the error has its name. What it held before is still there.
        ValueError: the name ends otherwise, or the graph has more than 500 boxes.
    """
    path = Path(path)
    if path.suffix in (".png", ".pdf"):
        from course_utils import paper  # here, as it needs matplotlib, and most graphs are never saved

        data = paper.to_file(stage(graph), path.suffix[1:], sent=_is_backward(graph))
    elif path.suffix in (".svg", ".dot"):
        data = (to_svg(graph) if path.suffix == ".svg" else to_dot(graph)).encode()
    else:
        raise ValueError(f"path must end in .svg, .png, .pdf or .dot, got {path.name!r}")
    write_whole(path, data)


def mimebundle(graph: Graph) -> dict[str, str]:
    """What a notebook shows: a picture with words, the bare SVG for viewers without HTML, and the words alone."""
    words = words_of(graph)
    if len(graph.nodes) > LIMIT:
        return {"text/plain": words}
    scene = stage(graph)
    text = _svg(graph, scene)
    html = picture_html(text.encode(), mime="image/svg+xml", words=words, width=scene.width, height=scene.height)
    if graph.shows_gradients and graph.missing:
        html += f"<p>No gradients: {plain(graph.missing)}.</p>"
    return {"text/html": html, "image/svg+xml": text, "text/plain": words}


def words_of(graph: Graph) -> str:
    """The words that stand for the picture; of a graph too large for a picture only how large it is."""
    if len(graph.nodes) <= LIMIT:
        return to_text(graph)
    more = f"more than {LIMIT}, so no picture could be read; to_text() tells them all"
    return f"A graph of {len(graph.nodes)} nodes: {more}."


def _svg(graph: Graph, scene: Scene) -> str:
    return svg.to_svg(scene, to_text(graph), sent=_is_backward(graph))


def _is_backward(graph: Graph) -> bool:
    return graph.shows_gradients and not graph.missing
