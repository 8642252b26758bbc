"""The statements that made a value: found in the learner's cell, and in the cells that ran before it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from course_utils.clinic.reading import adds_to, made_from, places, runs_once, statements, targets
from course_utils.clinic.rewrites import text_of
from course_utils.clinic.rows import unrolled_cell
from course_utils.clinic.site import FUNCTIONS, FunctionText, Site, made_within

Wanted = Callable[[object], bool]


@dataclass(frozen=True)
class Origin:
    """A statement that gave a name its value.

    Attributes:
        name: as the learner wrote it: "loss", "self.w", "parts['z']".
        statement: the statement that assigns it.
        unit: what has to run to run it again: a loop or a block, if it stands in one that is over.
        cell: the text that it is in.
        place: which cell, by number; the learner's own has the largest.
        reader: the statement that reads the value.
    """

    name: str
    statement: ast.stmt
    unit: ast.stmt
    cell: str = field(repr=False)
    place: int
    reader: ast.stmt

    @property
    def text(self) -> str:
        """The unit's text, from the left margin."""
        return text_of(self.cell, self.unit)


class Origins:
    """Where the values came from that are seen at one place."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.function = site.nearest(FUNCTIONS)
        self.here = len(site.earlier)
        self._parsed: dict[int, tuple[list[ast.stmt], str]] = {}

    @cached_property
    def loop(self) -> ast.For | ast.While | None:
        """The nearest loop around the place, in the same function."""
        found = self.site.nearest((ast.For, ast.While))
        is_ours = not self.function or (found is not None and found.lineno > self.function.lineno)
        return found if isinstance(found, ast.For | ast.While) and is_ours else None

    def chain(self, roots: Iterable[ast.AST], wanted: Wanted) -> list[Origin]:
        """The statements behind some expressions, in the order in which they ran, as far as values are wanted."""
        todo = [(name, self.site.statement, self.here) for root in roots for name in self._names(root, wanted)]
        found: dict[tuple[str, int, int], Origin] = {}
        while todo:
            name, reader, place = todo.pop()
            origin = self.before(name, reader, place)
            if origin is None or (name, origin.place, origin.statement.lineno) in found:
                continue
            found[name, origin.place, origin.statement.lineno] = origin
            again = [name] if adds_to(origin.statement, name) else []
            read = [*self._names(made_from(origin.statement), wanted), *again]
            todo += [(other, origin.statement, origin.place) for other in read]
        return sorted(found.values(), key=lambda one: (one.place, one.statement.lineno, one.text.find(one.name)))

    def before(self, name: str, reader: ast.stmt, place: int) -> Origin | None:
        """The last statement before `reader` that gave a name its value; None if there is none to be found."""
        for number in range(place, -1, -1):
            for body, cell in self._bodies(number, name):
                for statement in reversed(list(statements(body))):
                    earlier = number < place or body[0].lineno > reader.lineno or statement.lineno < reader.lineno
                    if earlier and name in targets(statement):
                        return Origin(name, statement, self._unit(body, statement, number), cell, number, reader)
            if number == self.here and self.function and name.partition(".")[0] in _parameters(self.function):
                return None
        return None

    def is_in_loop(self, origin: Origin) -> bool:
        """Whether a statement runs anew each time round the nearest loop."""
        loop = self.loop
        within = loop is not None and loop.lineno <= origin.statement.lineno <= (loop.end_lineno or 0)
        return within and origin.place == self.here

    def first_reader(self, names: set[str]) -> ast.stmt:
        """The first statement of the loop, or of the function or cell, that reads one of the names; else the place."""
        around = self.function.body if self.function else self.site.tree.body
        for one in self.loop.body if self.loop else around:
            nodes = [node for node in ast.walk(one) if isinstance(getattr(node, "ctx", None), ast.Load)]
            if one.lineno <= self.site.line and names & {ast.unparse(node) for node in nodes}:
                return one
        return self.site.statement

    def carried(self, chain: Iterable[Origin]) -> list[str]:
        """Names that hold, at the start of a round of the loop, what the round before has left in them."""
        loop = self.loop
        if loop is None:
            return []
        made = {name for statement in statements(loop.body) for name in targets(statement)}
        ours = [origin for origin in chain if not self.is_in_loop(origin) and origin.name in made]
        inside = [origin for origin in ours if origin.place <= self.here and self._reads_in_loop(origin)]
        return list(dict.fromkeys(origin.name for origin in inside))

    def _reads_in_loop(self, origin: Origin) -> bool:
        loop = self.loop
        return loop is not None and any(one is origin.reader for one in statements(loop.body))

    def _names(self, node: ast.AST, wanted: Wanted) -> list[str]:
        own = made_within(node)
        read = [(ast.unparse(path), self.site.value(path)) for path in places(self.site, node)]
        return [name for name, thing in read if wanted(thing) and name.partition(".")[0] not in own]

    def _unit(self, body: list[ast.stmt], statement: ast.stmt, number: int) -> ast.stmt:
        """The largest block around a statement that neither holds the place itself nor a backward pass."""
        line, own = self.site.line, number == self.here
        for block in statements(body):
            last = block.end_lineno or block.lineno
            holds = block.lineno <= statement.lineno <= last
            if holds and not (own and block.lineno <= line <= last) and not runs_once(block):
                return block
        return statement

    def _bodies(self, number: int, name: str) -> Iterator[tuple[list[ast.stmt], str]]:
        """The statements to look through in one cell, nearest first."""
        if number < self.here:
            yield from [self._parse(number)] if self._parse(number)[0] else []
            return
        if self.function:
            yield self.function.body, self.site.cell
            around = self.site.nearest(ast.ClassDef)
            for method in around.body if around and name.startswith("self.") else []:
                if isinstance(method, FUNCTIONS) and method is not self.function:
                    yield method.body, self.site.cell
        yield self.site.tree.body, self.site.cell

    def _parse(self, number: int) -> tuple[list[ast.stmt], str]:
        if number not in self._parsed:
            self._parsed[number] = ([], "")
            with suppress(SyntaxError):
                cell = unrolled_cell(self.site.earlier[number])
                self._parsed[number] = (ast.parse(cell).body, cell)
        return self._parsed[number]


def _parameters(function: FunctionText) -> set[str]:
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {one.arg for one in every if one is not None} - {"self"}
