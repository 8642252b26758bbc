"""The chain rule of all paths, written out with numbers: multiply along a path, add over the paths."""

from __future__ import annotations

from course_utils import formulas
from course_utils.engine import Value
from course_utils.names import callers_variables
from course_utils.paths import Path, Paths, find_paths
from course_utils.read import read_graph
import torch


def explain(
    result: torch.Tensor | Value, name: str, /, *, gradient: torch.Tensor | None = None, **names: object
) -> Explanation:
    """The gradient of `result` with respect to one of its variables, as a sum over paths; it shows itself.

    Args and further errors are those of `trace`.

    Args:
        result: what is differentiated.
        name: the caller's name of what it is differentiated with respect to; a leaf or a named step on the way.
        gradient: as for `trace`.
        names: as for `trace`.

    Raises:
        TypeError: `name` is no text.
        ValueError: the graph has nothing of this name, or no gradients, and then it says why.

    >>> a = torch.tensor(3.0, requires_grad=True)
    >>> print(explain(a * a + a, "a", a=a).to_text())
    3 paths lead from result back to a, by way of u1 = ×:
    ∂result/∂u1 · ∂u1/∂a = 1 · 3 = 3
    ∂result/∂u1 · ∂u1/∂a = 1 · 3 = 3
    ∂result/∂a = 1
    Together: 3 + 3 + 1 = 7, the gradient of a.
    """
    if not isinstance(name, str):
        raise TypeError(f'name must be the text of a name, such as "w", got {type(name).__name__}')
    variables = callers_variables()
    asked = {name: variables[name]} if name in variables else {}  # of two names for one tensor the one asked for
    graph = read_graph(result, {**asked, **names}, variables, gradient)
    graph = graph.inside or graph  # a module's slopes are seldom known, those of its operations are
    place = graph.place_of(name)
    if graph.missing:
        raise ValueError(graph.missing)
    return Explanation(find_paths(graph, place))


class Explanation:
    """The paths from a result back to a node, which show themselves as formulas and as text.

    Attributes:
        graph: where they run.
        count: how many there are.
        paths: all of them in the order of the operands; of more than 8, the 8 that weigh most.
        gradient: what all of them bring together; None if there are none.
    """

    def __init__(self, found: Paths) -> None:
        self._found = found
        self.graph, self.count = found.graph, found.count
        self.paths: tuple[Path, ...] = found.few
        self.gradient = found.graph.nodes[found.place].gradient

    def __repr__(self) -> str:
        """The words, for terminals."""
        return self.to_text()

    def to_text(self) -> str:
        """The paths as plain text, a line each."""
        return formulas.to_text(self._found)

    def to_latex(self) -> str:
        """The paths as LaTeX, aligned at the equals signs."""
        return formulas.to_latex(self._found)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/latex": self.to_latex(), "text/plain": self.to_text()}
