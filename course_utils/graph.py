"""A computation as plain values: a frozen `Graph` of nodes and edges, with the numbers of both passes.

A Graph holds no live tensor of the learner's and no node of torch's: it stays as it was read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch

if TYPE_CHECKING:
    from pathlib import Path


class Module(NamedTuple):
    """A module that something was computed inside: its path ("net.0", its second run "net.0, run 2") and class."""

    name: str
    kind: str


@dataclass(frozen=True, eq=False)
class Node:
    """A leaf, a constant or an operation.

    Attributes:
        kind: a leaf gathers a gradient; a constant is an operand that needs none, known only if recorded.
        name: the caller's variable that holds it, or None.
        op: the operation's sign or name ("×", "relu"); "" for a leaf and a constant.
        source: the text that made it, on one line ("w * x[0]"), if recorded; else "".
        value: what it came to, detached, if it was recorded or torch or the caller still holds it; else None.
        shape: of the value, known even where the value is not.
        gradient: of the result with respect to it, as the backward pass brings it here; None where none comes.
        grad: of a leaf, what its `.grad` held when the graph was read, or None: the sum of the passes before.
        modules: the modules it was computed inside, outermost first, if recorded.
    """

    kind: Literal["leaf", "constant", "operation"]
    name: str | None
    op: str = ""
    source: str = ""
    value: torch.Tensor | None = None
    shape: tuple[int, ...] = ()
    gradient: torch.Tensor | None = None
    grad: torch.Tensor | None = None
    modules: tuple[Module, ...] = ()


@dataclass(frozen=True, eq=False)
class Edge:
    """One operand of one operation; an operand used twice has two edges.

    Attributes:
        source: the operand's place in `Graph.nodes`.
        target: the operation's.
        local: the local slope, d target / d source: a Jacobian of shape (*target, *source), so a single number between
            single numbers. None for a constant, where it would be large (see `trace`), and for complex numbers.
        contribution: the part of the source's gradient that comes along this edge, or None.
    """

    source: int
    target: int
    local: torch.Tensor | None = None
    contribution: torch.Tensor | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A computation, read. It shows itself in a notebook: the forward pass, or with `with_gradients()` both passes.

    Attributes:
        nodes: operands before what uses them, the result last.
        edges: of each operation one after the other, in the order of its operands.
        order: places of the nodes in the order in which the backward pass comes to them; constants are not in it.
        missing: why there are no gradients and slopes, as a sentence; "" where there are.
        shows_gradients: whether the picture and the words show the backward pass too.
        inside: the same graph before its modules were folded into one node each, or None.
        opened: names of the modules that were left open.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    order: tuple[int, ...] = ()
    missing: str = ""
    shows_gradients: bool = False
    inside: Graph | None = None
    opened: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """The words, for terminals."""
        from course_utils import draw

        return draw.words_of(self)

    def with_gradients(self) -> Graph:
        """The same graph, whose picture and words show gradients and local slopes too."""
        return replace(self, shows_gradients=True)

    def gradient_of(self, name: str) -> torch.Tensor | None:
        """The gradient of the result with respect to a named node: what `backward()` would leave in a fresh `.grad`.

        None where the result does not depend on it in a way that has a slope.

        Raises:
            ValueError: no node has this name; or the gradients are not known, and then it says why.
        """
        node = self.nodes[self.place_of(name)] if self.inside is None else self.inside.nodes[self.inside.place_of(name)]
        if self.missing:
            raise ValueError(self.missing)
        return node.gradient

    def place_of(self, name: str) -> int:
        """The place in `nodes` of the leaf or operation with this name.

        Raises:
            ValueError: none has it.
        """
        for place, node in enumerate(self.nodes):
            if node.name == name and node.kind != "constant":
                return place
        names = ", ".join(node.name for node in self.nodes if node.name and node.kind != "constant")
        told = f"name must be one of the graph's names ({names or 'it has none'}), got {name!r}"
        raise ValueError(f"{told}; a tensor without a variable gets a name by a keyword: trace(loss, w=ws[0])")

    def edges_to(self, place: int) -> tuple[Edge, ...]:
        """The edges from the operands of the node at a place, in order."""
        return self._arriving.get(place, ())

    @cached_property
    def _arriving(self) -> dict[int, tuple[Edge, ...]]:
        found: dict[int, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return {place: tuple(edges) for place, edges in found.items()}

    def expand(self, module: str) -> Graph:
        """The graph with one of its folded modules opened.

        Raises:
            ValueError: no folded module has this name.
        """
        from course_utils import fold

        return fold.expand(self, module)

    # How a graph looks is the business of `draw`, which imports this room. It is asked for when somebody looks.
    def to_svg(self) -> str:
        """The drawing, as the text of an SVG file."""
        from course_utils import draw

        return draw.to_svg(self)

    def to_text(self) -> str:
        """The same in words, one line a node."""
        from course_utils import words

        return words.to_text(self)

    def to_dot(self) -> str:
        """The same in Graphviz' language, for other tools."""
        from course_utils import dot

        return dot.to_dot(self)

    def save(self, path: str | Path) -> None:
        """Write the drawing to `path`, whose ending says how: .svg, .png, .pdf or .dot."""
        from course_utils import draw

        draw.save(self, path)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from course_utils import draw

        return draw.mimebundle(self)
