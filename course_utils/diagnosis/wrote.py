"""What the caller wrote: the call as it stands, and the lines that made its variables."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
import inspect
from itertools import islice
import linecache
import re
from textwrap import dedent
from types import FrameType

from course_utils.call import Call

EARLIER = 30  # cells that are looked through, the last ones
_HIDING = re.compile(r"run_cell_magic|^%%|run_line_magic\('time|^%time", re.MULTILINE)  # cells that hide what they run
_OFF = {"no_grad", "inference_mode", "set_grad_enabled"}
Place = tuple[int, int]  # a line and a column, in bytes
Ran = tuple[ast.stmt, bool]  # a statement that came before the call, and whether it surely ran


class Wrote:
    """The caller's text.

    Attributes:
        arguments: what stands in the call for each argument, up to the first with a star.
    """

    def __init__(self, arguments: Iterable[str], texts: Iterable[str], ran: Iterable[Ran] = ()) -> None:
        self.arguments = list(arguments)
        self._trees = [tree for text in texts if (tree := _parse(text)) is not None]
        self._ran = list(ran)

    def statements(self) -> Iterator[ast.stmt]:
        """Every statement that holds no others, the call's own cell first, and of a cell the last first."""
        for tree in self._trees:
            found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
            yield from sorted(found, key=lambda node: -node.lineno)

    def since(self, name: str) -> list[Ran]:
        """The statements between the one that gave a variable its value and the call, the last first.

        With each comes whether it surely ran; none where that cannot be told.
        """
        found: list[Ran] = []
        outer = [node for tree in self._trees for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]
        if any(name in node.names for node in outer):
            return []  # a function may have given it another
        for node, is_sure in self._ran:
            if name in assigned(node) or (isinstance(node, ast.AugAssign) and ast.unparse(node.target) == name):
                return found
            found.append((node, is_sure))
        return []

    def loop_names(self) -> set[str]:
        """The names that a `for` gives one thing after another, which stay when it ends."""
        loops = [node for tree in self._trees for node in ast.walk(tree) if isinstance(node, ast.For)]
        return {each.id for loop in loops for each in ast.walk(loop.target) if isinstance(each, ast.Name)}

    def off_tape(self) -> list[ast.stmt]:
        """Every statement under `torch.no_grad()`, `torch.inference_mode()` or their like."""
        blocks = [node for tree in self._trees for node in ast.walk(tree) if isinstance(node, ast.With)]
        off = [node for node in blocks if any(_OFF & set(attributes(item)) for item in node.items)]
        return [each for node in off for each in ast.walk(node) if isinstance(each, ast.stmt)]

    def has_attribute(self, *names: str) -> bool:
        """Whether one of these stands behind a point anywhere in the text."""
        return any(set(names) & set(attributes(tree)) for tree in self._trees)

    def making(self, name: str) -> ast.stmt | None:
        """The last statement that gave a variable its value, `w += 1` apart."""
        return next((node for node in self.statements() if name in assigned(node)), None)


def callers_text(variables: Mapping[str, object]) -> Wrote:
    """What the caller of the function that calls this one wrote; of notebooks the earlier cells too."""
    frame = inspect.currentframe()
    caller = frame.f_back.f_back if frame and frame.f_back else None
    if caller is None:
        return Wrote([], [])
    own = _own_text(caller)
    cells = variables.get("In")
    earlier = [cell for cell in cells[-EARLIER:] if isinstance(cell, str)] if isinstance(cells, list) else []
    while earlier and earlier[-1].strip() == own.strip():
        earlier.pop()  # the call's own cell is among them
    return Wrote(_arguments(caller), [own, *reversed(earlier)], _ran(caller, own, earlier))


def assigned(node: ast.stmt) -> list[str]:
    """The names that a statement gives values to."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    return [
        each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name) and _is_store(each)
    ]


def read_names(node: ast.AST) -> list[str]:
    """The names that a piece of code reads, in order."""
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and not _is_store(each)]


def attributes(node: ast.AST) -> list[str]:
    """The names that stand behind a point in a piece of code."""
    return [each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)]


def _is_store(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _arguments(frame: FrameType) -> Iterator[str]:
    with suppress(SyntaxError):
        call = ast.parse(Call("", frame, ()).source, mode="eval").body
        for argument in call.args if isinstance(call, ast.Call) else []:
            if isinstance(argument, ast.Starred):
                return
            yield ast.unparse(argument)


def _own_text(frame: FrameType) -> str:
    """The cell, or the function where the call stands in one."""
    if frame.f_code.co_name == "<module>":
        return "".join(linecache.getlines(frame.f_code.co_filename))
    with suppress(OSError, TypeError):
        return dedent(inspect.getsource(frame.f_code))
    return ""


def _ran(frame: FrameType, own: str, earlier: Iterable[str]) -> Iterator[Ran]:
    """What ran before the call, the last first: of its own cell or function, and of the cells before its cell."""
    line, _, column, _ = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    tree = _parse(own)
    if line is None or column is None or tree is None or not tree.body:
        return
    is_cell = frame.f_code.co_name == "<module>"
    above = 0 if is_cell else frame.f_code.co_firstlineno - 1
    texts = reversed(list(earlier)) if is_cell else ()
    yield from reversed(list(_before(tree.body, (line - above, column))))
    for each in texts:
        cell = _parse(each)
        if cell is None or _HIDING.search(each):
            return
        yield from reversed(list(_before(cell.body, None)))


def _before(body: Iterable[ast.stmt], call: Place | None, *, is_sure: bool = True) -> Iterator[Ran]:
    """The statements that run before a call, in order, each with whether it ran if the block did."""
    for node in body:
        if call is not None and (node.lineno, node.col_offset) > call:
            return
        blocks = list(_blocks(node))
        if not blocks and (call is None or _end(node) <= call):
            yield node, is_sure
        for block in blocks:
            holds_call = call is not None and (block[0].lineno, block[0].col_offset) <= call < _end(block[-1])
            is_passed = isinstance(node, ast.With | ast.For) and block is node.body
            if holds_call and isinstance(node, ast.For | ast.While):  # the rounds before
                yield from _before(block, None, is_sure=False)
            if holds_call or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _before(block, call, is_sure=is_sure and (holds_call or is_passed))


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for field in ("body", "handlers", "cases", "orelse", "finalbody"):
        inner = getattr(node, field, None) or []
        if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
            yield inner
        elif isinstance(inner, list):
            yield from (block for each in inner for block in _blocks(each))


def _end(node: ast.stmt) -> Place:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


@lru_cache(maxsize=2 * EARLIER)
def _parse(text: str) -> ast.Module | None:
    lines = ["" if line.startswith(("%", "!")) else line for line in text.split("\n")]
    with suppress(SyntaxError, ValueError):
        return ast.parse("\n".join(lines))
    return None
