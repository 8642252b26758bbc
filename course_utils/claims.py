"""Whether what a learner says of a graph, or builds as one, holds: one line, as all checks give."""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.checks import check_by
from course_utils.compare import difference
from course_utils.graph import Edge, Graph
from course_utils.numbers import as_numbers, shown
from course_utils.paths import find_paths
from course_utils.read import read_graph
from course_utils.verdict import missing
import torch


def check_turns(yours: object, graph: Graph) -> None:
    """Check a backward pass by hand: in which order the nodes have their turn, and what each has by then.

    Args:
        yours: the learner's pairs of a node's name and what it has, in the order of the turns. A node may come as soon
            as all that send to it have come.
        graph: of single numbers, as `trace` gives it; its leaves and operations all have names.

    Raises:
        ValueError: the graph has no gradients, or a node without a name.
        CheckFailed: in strict mode, if the answer does not hold.

    >>> from course_utils import Value, trace
    >>> a = Value(3.0)
    >>> s = a * a
    >>> check_turns([("s", 1), ("a", 3)], trace(s))
    ✗ a: yours 3, true 6. That is what one of 2 arrows brings: wait for all, and add.
    """
    if graph.missing:
        raise ValueError(graph.missing)
    if None in _names(graph):
        raise ValueError("graph must have a name at every leaf and operation")
    check_by(lambda answer: _turns_fault(answer, graph), yours, solved=f"all {len(graph.order)} turns")


def check_expression(result: object, *, at: float, gradient: float, paths: int, **leaf: torch.Tensor) -> None:
    """Check an expression of the learner's own: what its backward pass would bring to a leaf, and on how many paths.

    Args:
        result: the learner's tensor.
        at: the value that the leaf must have.
        gradient: what is to arrive there.
        paths: on how many at least.
        leaf: the leaf, by its name.

    Raises:
        CheckFailed: in strict mode, if the answer does not hold.

    >>> w = torch.tensor(2.0, requires_grad=True)
    >>> check_expression(12 * w, w=w, at=2, gradient=12, paths=2)
    ✗ w.grad would be 12, but on 1 path only
    """
    [(name, tensor)] = leaf.items()
    judge = lambda: _expression_fault(result, name, tensor, (at, gradient, paths))  # noqa: E731
    check_by(judge, solved=f"{name}.grad would be {gradient:g}, on {paths} paths or more")


def _names(graph: Graph) -> list[str | None]:
    """Of the nodes that have a turn, in an order that is right."""
    return [graph.nodes[place].name for place in graph.order]


def _turns_fault(answer: Sequence[tuple[str, object]], graph: Graph) -> str | None:
    """The first thing that is wrong with turns, an order before a number; None if nothing is."""
    known, start = sorted(map(str, _names(graph))), _names(graph)[0]
    try:
        turns = [(name, has) for name, has in answer]
        strange = [name for name, _ in turns if name not in known]
    except (TypeError, ValueError):
        return f'wanted are pairs such as ("{start}", 1), got {shown(answer)}'
    if strange:
        return f"no node is called {shown(strange[0])}: the names are {', '.join(known)}"
    names = [name for name, _ in turns]
    faults = [fault for place in range(len(turns)) if (fault := _order_fault(names[: place + 1], graph))]
    given = [(name, has) for name, has in turns if not missing(has)]
    faults += [fault for name, has in given if (fault := _number_fault(name, has, graph))]
    if not faults and len(given) < len(known):
        return f"not solved yet: {len(given)} of {len(known)} turns"
    return faults[0] if faults else None


def _order_fault(names: Sequence[str], graph: Graph) -> str:
    """Why the last of these may not come now; "" if it may."""
    *before, now = names
    senders = [graph.nodes[edge.target].name for edge in _arrows(now, graph)]
    early = [name for name in senders if name not in before]
    if now in before:
        return f"{now} has more than one turn: it waits, and then sends once"
    return f"{now} too early: {early[0]} has not sent" if early else ""


def _number_fault(name: str, has: object, graph: Graph) -> str:
    """What is wrong with what a node is said to have; "" if nothing is."""
    found = difference(has, graph.gradient_of(name))
    if not found:
        return ""
    arrows = _arrows(name, graph)
    beside = [edge for edge in graph.edges if edge not in arrows and edge.target in {arrow.target for arrow in arrows}]
    clues = {
        f" That is what one of {len(arrows)} arrows brings: wait for all, and add.": [e.contribution for e in arrows],
        " That is the slope on an arrow: it is multiplied by what the sender has.": [e.local for e in arrows],
        " That is what the other operand gets.": [e.contribution for e in beside],
        " That is its value.": [graph.nodes[graph.place_of(name)].value],
    }
    told = [words for words, numbers in clues.items() if any(_same(has, number) for number in numbers)]
    why = told[0] if told else f" {found.why.capitalize()}." * bool(found.why)
    return f"{name}: yours {found.yours}, true {found.true}.{why}"


def _arrows(name: str, graph: Graph) -> list[Edge]:
    """Those that end at this node on the way back."""
    return [edge for edge in graph.edges if edge.source == graph.place_of(name)]


def _same(yours: object, number: torch.Tensor | None) -> bool:
    return number is not None and as_numbers(yours) is not None and difference(yours, number) is None


def _expression_fault(result: object, name: str, leaf: torch.Tensor, wanted: tuple[float, float, int]) -> str | None:
    """What an expression lacks; None if nothing."""
    at, gradient, paths = wanted
    if missing(result):
        return "not solved yet: there is no expression"
    if difference(leaf, at) or not (isinstance(leaf, torch.Tensor) and leaf.is_leaf):
        return f"leave {name} as it was: a leaf with the value {at:g}"
    try:
        graph = read_graph(result, {name: leaf}, {})
        if not graph.missing and name not in _names(graph):
            return f"no way leads back from your expression to {name}"
        arrived, found = graph.gradient_of(name), find_paths(graph, graph.place_of(name))
    except (TypeError, ValueError) as error:
        return f"no way leads back from your expression to {name}: {error}"
    if difference(arrived, gradient, tolerance=1e-5):
        return f"not solved yet: {name}.grad would be {shown(arrived)}, wanted {gradient:g}"
    few = f"{found.count} path{'s' * (found.count > 1)}"
    return None if found.count >= paths else f"{name}.grad would be {gradient:g}, but on {few} only"
