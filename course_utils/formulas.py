"""Paths through a graph as formulas: plain text, and LaTeX for who sees it set."""

from __future__ import annotations

from dataclasses import dataclass
import re

from course_utils.graph import Graph
from course_utils.paths import Path, Paths
from course_utils.words import name_of, number, one_line, slope

_TIMES = r" \cdot "


@dataclass(frozen=True)
class Row:
    """One path as symbols and numbers.

    Attributes:
        slopes: pairs of symbols, "of what" and "with respect to what", from the result on; and whether there are
            other variables beside the second.
        factors: what is multiplied, as text.
        product: what comes of it.
    """

    slopes: tuple[tuple[str, str, bool], ...]
    factors: tuple[str, ...]
    product: str


def to_text(found: Paths) -> str:
    """The paths as plain text, a line each."""
    symbols = _symbols(found)
    result, name = symbols[len(found.graph.nodes) - 1], symbols[found.place]
    if not found.count:
        return f"No path leads from {result} back to {name}: it has no gradient."
    lines = []
    for row in _rows(found, symbols):
        ways = " · ".join(_ratio(*slope) for slope in row.slopes) or _ratio(name, name, partly=False)
        numbers = " · ".join(row.factors)
        lines.append(f"{'v · ' if _has_seed(found) else ''}{ways} = {_equation(numbers, row.product)}")
    paths = f"{found.count} paths lead" if found.count > 1 else "1 path leads"
    named = ", ".join(f"{symbol} = {text}" for symbol, text in _legend(found, symbols))
    most = f"; the {len(lines)} that weigh most" if found.count > len(lines) else ""
    head = f"{paths} from {result} back to {name}{', by way of ' + named if named else ''}{most}:"
    return "\n".join([head, *lines, f"Together: {_total(found)}, the gradient of {name}."])


def to_latex(found: Paths) -> str:
    r"""The paths as LaTeX, aligned at the equals signs.

    Names and texts come from the learner: each letter that means something to LaTeX is written as itself.
    """
    symbols = _symbols(found)
    result, name = symbols[len(found.graph.nodes) - 1], symbols[found.place]
    rows = [rf"{_letters(symbol)} &= {_typed(text)}" for symbol, text in _legend(found, symbols)]
    for row in _rows(found, symbols):
        ways = [_fraction(above, below, partly=partly) for above, below, partly in row.slopes] or [
            _fraction(name, name)
        ]
        seed = [r"v^{\mathsf T}"] if _has_seed(found) else []
        product = _TIMES.join([*seed, *ways])
        rows.append(f"{product} &= {_equation(_TIMES.join(map(_figures, row.factors)), _figures(row.product))}")
    total = _figures(_total(found)) if found.count else r"\text{no path}"
    rows.append(f"{_fraction(result, name)} &= {total}")
    return "$$\\begin{aligned}\n" + " \\\\[5pt]\n".join(rows) + "\n\\end{aligned}$$"


def _rows(found: Paths, symbols: dict[int, str]) -> list[Row]:
    return [_row(found, path, symbols) for path in found.few]


def _row(found: Paths, path: Path, symbols: dict[int, str]) -> Row:
    graph = found.graph
    factors = [slope(graph, edge).removeprefix("×") for edge in path.edges]
    if _has_seed(found) or not factors:
        factors.insert(0, number(graph.nodes[-1].gradient))
    slopes = tuple((symbols[edge.target], symbols[edge.source], _has_others(graph, edge.target)) for edge in path.edges)
    return Row(slopes, tuple(factors), number(path.product))


def _equation(numbers: str, product: str) -> str:
    """The product, without saying the same number twice."""
    return product if numbers.strip("()") == product else f"{numbers} = {product}"


def _total(found: Paths) -> str:
    """The sum over the paths with its terms, as far as they are written out."""
    terms = [number(path.product) for path in found.few]
    if len(terms) == 1 or found.count > len(terms):
        return number(found.graph.nodes[found.place].gradient)
    shown = [terms[0], *(f"({term})" if term.startswith("−") else term for term in terms[1:])]
    return f"{' + '.join(shown)} = {number(found.graph.nodes[found.place].gradient)}"


def _has_seed(found: Paths) -> bool:
    """Whether the backward pass starts from something else than the number 1."""
    seed = found.graph.nodes[-1].gradient
    return seed is None or seed.dim() > 0 or seed.item() != 1


def _symbols(found: Paths) -> dict[int, str]:
    """A symbol for each node: its name, or u1, u2 and so on in the order of the forward pass."""
    graph = found.graph
    names = {place: name_of(node) for place, node in enumerate(graph.nodes)}
    letter = "u" if not any(re.fullmatch(r"u\d+", name) for name in names.values()) else "node"
    met = {place for path in found.few for edge in path.edges for place in (edge.source, edge.target)}
    unnamed = [place for place in sorted(met) if not names[place] and place != len(graph.nodes) - 1]
    names |= {place: f"{letter}{count}" for count, place in enumerate(unnamed, start=1)}
    taken = "result" in names.values()
    names[len(graph.nodes) - 1] = names[len(graph.nodes) - 1] or ("output" if taken else "result")
    return names


def _legend(found: Paths, symbols: dict[int, str]) -> list[tuple[str, str]]:
    """What the symbols without a name of their own stand for."""
    nodes = found.graph.nodes
    met = sorted({edge.source for path in found.few for edge in path.edges} - {len(nodes) - 1})
    unnamed = [place for place in met if not name_of(nodes[place])]
    return [(symbols[place], one_line(nodes[place].source or nodes[place].op)) for place in unnamed]


def _has_others(graph: Graph, place: int) -> bool:
    """Whether an operation has more than one operand that can change: then each slope is a partial one."""
    return sum(graph.nodes[edge.source].kind != "constant" for edge in graph.edges_to(place)) > 1


def _ratio(above: str, below: str, partly: bool) -> str:
    return f"∂{above}/∂{below}" if partly else f"d {above}/d {below}"


def _fraction(above: str, below: str, *, partly: bool = False) -> str:
    sign = r"\partial " if partly else "d"
    return rf"\frac{{{sign}{_letters(above)}}}{{{sign}{_letters(below)}}}"


def _letters(name: str) -> str:
    """A name in upright letters; a single letter, or one with a number, as mathematicians write it."""
    if found := re.fullmatch(r"([A-Za-z])_?(\d*)", name):
        return f"{found[1]}_{{{found[2]}}}" if found[2] else found[1]
    return rf"\mathrm{{{_plain(name)}}}"


def _typed(text: str) -> str:
    return rf"\mathtt{{{_plain(text)}}}"


def _plain(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


_SPECIAL = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"{\wedge}", "~": r"{\sim}", " ": r"\ ", "*": "{*}", "-": "{-}", "+": "{+}", "/": "{/}", "=": "{=}",
    "<": r"{\lt}", ">": r"{\gt}", "'": r"{\prime}", "−": "{-}", "×": r"{\times}", "÷": r"{\div}",
}  # fmt: skip


def _figures(text: str) -> str:
    """Numbers and shapes as LaTeX has them."""
    jacobian = re.sub(r"J \[(\d+)×(\d+)\]", r"J_{\1 \\times \2}", text)
    return jacobian.replace("−", "-").replace("×", r" \times ").replace("?", r"\text{?}")
