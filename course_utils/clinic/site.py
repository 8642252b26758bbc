"""Where an error arose in the learner's own code: the cell, the expression, the variables in sight."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import TypeVar

from course_utils.clinic.texts import shifted, text_of_frame, untabbed

Found = TypeVar("Found", bound=ast.AST)
_OF_MODULES = {"Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}  # lists, as a reader sees it
OURS = str(Path(__file__).parent.parent)
FunctionText = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS: tuple[type[FunctionText], ...] = (ast.FunctionDef, ast.AsyncFunctionDef)
FOREIGN = (
    "site-packages",
    "dist-packages",
    "/lib/python3",
    "\\lib\\",
    "<frozen ",
    "<string>",
    OURS,
)


@dataclass(frozen=True)
class Site:
    """A place in the learner's code.

    Attributes:
        cell: the text of the cell, or of the file.
        span: lines and columns of what was at work, as Python tells them: first line, last line, first column, last.
        names: the variables in sight, by name: locals over globals.
        earlier: the texts of cells that ran before, the last one last.
        caller: where the learner's own code called the function that the place is in; None if it is in no function.
    """

    cell: str
    span: tuple[int, int, int, int]
    names: Mapping[str, object] = field(repr=False)
    earlier: tuple[str, ...] = ()
    caller: Site | None = field(default=None, repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The cell, parsed."""
        return ast.parse(self.cell)

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self.span[0]

    @cached_property
    def around(self) -> tuple[ast.AST, ...]:
        """All that holds the place, from the cell down to the smallest expression."""
        first, last, left, right = self.span
        start, end = (first, left), (last, right)
        held = [node for node in ast.walk(self.tree) if _start(node) <= start and end <= _end(node)]
        return tuple(sorted(held, key=lambda node: (_start(node), [-edge for edge in _end(node)])))

    def nearest(self, kind: type[Found] | tuple[type[Found], ...]) -> Found | None:
        """The smallest thing of a kind around the place: a statement, a call, a loop; None if there is none."""
        return next((node for node in reversed(self.around) if isinstance(node, kind)), None)

    @property
    def statement(self) -> ast.stmt:
        """The smallest statement around the place."""
        found = self.nearest(ast.stmt)
        return found if found is not None else self.tree.body[-1]

    def text(self, node: ast.AST) -> str:
        """The learner's text for a piece of the cell."""
        return ast.get_source_segment(self.cell, node) or ast.unparse(node)

    def value(self, node: ast.AST) -> object:
        """What a name, or an attribute, item or call-free expression of names, stands for; None if unknown.

        Nothing is called, but the properties that `.grad`, `.data` and the like are.
        """
        match node:
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.Constant(value=value):
                return value
            case ast.Attribute(value=inner, attr=name):
                held = self.value(inner)
                is_none = name == "grad" and not getattr(held, "is_leaf", True) and not getattr(held, "retains_grad", 0)
                return None if is_none else getattr(held, name, None)  # of no leaf, torch would warn
            case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
                return _item(self.value(inner), key)
            case ast.Subscript(value=inner, slice=ast.Name() as index):
                return _item(self.value(inner), self.value(index))
        return None


def site_of(
    trace: TracebackType | None, earlier: Sequence[str] = (), names: Mapping[str, object] | None = None
) -> Site | None:
    """The innermost place in the learner's own code that a traceback goes through; None if there is none.

    Args:
        trace: an error's `__traceback__`.
        earlier: the texts of cells that ran before, the last one last.
        names: the variables in sight; by default those of the frame.
    """
    last: Site | None = None
    while trace is not None:
        if _is_learners(trace.tb_frame):
            last = _site(trace.tb_frame, trace.tb_lasti, trace.tb_lineno, earlier, names, last)
        trace = trace.tb_next
    return last


def site_at(frame: FrameType | None, earlier: Sequence[str] = ()) -> Site | None:
    """The innermost place in the learner's own code that runs now; None if there is none.

    Args:
        frame: where to begin: the frames that called it come next.
        earlier: the texts of cells that ran before, the last one last.
    """
    while frame is not None and not _is_learners(frame):
        frame = frame.f_back
    return _site(frame, frame.f_lasti, frame.f_lineno, earlier) if frame is not None else None


def _is_learners(frame: FrameType) -> bool:
    foreign = any(part in frame.f_code.co_filename for part in FOREIGN)
    return not foreign and bool(text_of_frame(frame))


def _site(
    frame: FrameType,
    instruction: int,
    line: int | None,
    earlier: Sequence[str],
    names: Mapping[str, object] | None = None,
    caller: Site | None = None,
) -> Site:
    text = text_of_frame(frame)
    cell, span = untabbed(text), _span(frame.f_code, instruction, line or 1)
    if cell != text:
        edges = (shifted(text, cell, row, column) for row, column in zip(span[:2], span[2:], strict=True))
        span = (*span[:2], *edges)  # type: ignore[assignment]
    seen = names if names is not None else tame({**frame.f_globals, **frame.f_locals})
    return Site(cell, span, seen, tuple(map(untabbed, earlier)), caller)


def tame(names: Mapping[str, object]) -> dict[str, object]:
    """The variables without those that raise when they are asked what they are."""
    return {name: held for name, held in names.items() if _is_tame(held)}


def _is_tame(held: object) -> bool:
    try:
        return isinstance(held, object) and isinstance(held.__class__, type)
    except Exception:
        return False


def _span(code: CodeType, instruction: int, line: int) -> tuple[int, int, int, int]:
    first, last, left, right = list(code.co_positions())[instruction // 2]
    return (first or line, last or line, left or 0, right if right is not None else 10_000)


def _start(node: ast.AST) -> tuple[int, int]:
    line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
    return (line, column) if line is not None and column is not None else (0, 0)


def _end(node: ast.AST) -> tuple[int, int]:
    line, column = getattr(node, "end_lineno", None), getattr(node, "end_col_offset", None)
    return (line, column) if line is not None and column is not None else (10**9, 0)


def _item(held: object, key: object) -> object:
    if isinstance(held, dict):
        return held.get(key)
    if type(held).__name__ in _OF_MODULES:
        with suppress(Exception):
            return held[key]  # type: ignore[index]
    is_there = isinstance(held, list | tuple) and isinstance(key, int) and -len(held) <= key < len(held)
    return held[key] if is_there and isinstance(held, list | tuple) and isinstance(key, int) else None


def names_in(node: ast.AST) -> Iterator[str]:
    """The names that an expression reads, in order, each once."""
    yield from dict.fromkeys(one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def made_within(node: ast.AST) -> set[str]:
    """The names that an expression or a statement gives a value itself, as `for _ in range(2)` does within one."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
