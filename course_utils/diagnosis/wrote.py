"""What the caller wrote: the call as it stands, and the lines that made its variables."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
import inspect
import linecache
from textwrap import dedent
from types import FrameType

from course_utils.call import Call

EARLIER = 30  # cells that are looked through, the last ones


class Wrote:
    """The caller's text.

    Attributes:
        arguments: what stands in the call for each argument, up to the first with a star.
    """

    def __init__(self, arguments: Iterable[str], texts: Iterable[str]) -> None:
        self.arguments = list(arguments)
        self._trees = [tree for text in texts if (tree := _parse(text)) is not None]

    def statements(self) -> Iterator[ast.stmt]:
        """Every statement that holds no others, the call's own cell first, and of a cell the last first."""
        for tree in self._trees:
            found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
            yield from sorted(found, key=lambda node: -node.lineno)

    def loop_names(self) -> set[str]:
        """The names that a `for` gives one thing after another, which stay when it ends."""
        loops = [node for tree in self._trees for node in ast.walk(tree) if isinstance(node, ast.For)]
        return {each.id for loop in loops for each in ast.walk(loop.target) if isinstance(each, ast.Name)}

    def making(self, name: str) -> ast.stmt | None:
        """The last statement that gave a variable its value, `w += 1` apart."""
        return next((node for node in self.statements() if name in assigned(node)), None)


def callers_text(variables: Mapping[str, object]) -> Wrote:
    """What the caller of the function that calls this one wrote; of notebooks the earlier cells too."""
    frame = inspect.currentframe()
    caller = frame.f_back.f_back if frame and frame.f_back else None
    if caller is None:
        return Wrote([], [])
    cells = variables.get("In")
    earlier = [cell for cell in cells[-EARLIER:] if isinstance(cell, str)] if isinstance(cells, list) else []
    return Wrote(_arguments(caller), [_own_text(caller), *reversed(earlier)])


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


def _parse(text: str) -> ast.Module | None:
    lines = ["" if line.startswith(("%", "!")) else line for line in text.splitlines()]
    with suppress(SyntaxError, ValueError):
        return ast.parse("\n".join(lines))
    return None
