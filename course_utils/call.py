"""Which call of the learner's runs now: its text, the function it calls and the modules it is inside.

One call may make many operations (`F.cross_entropy` makes two, a GRU dozens): they belong together. Watching must cost
little, so a call only marks its place in the code, and the text is looked up when somebody asks.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
import linecache
import sys
from types import CodeType, FrameType
from typing import Any, NamedTuple
import weakref

from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode


class Visit(NamedTuple):
    """A module at work.

    Attributes:
        module: the module, which may be gone when somebody asks; as a key the reference stays good.
        run: which of its runs in this block it is, 1 for the first.
        kind: the module's class.
        is_torchs: whether the class is torch's own.
    """

    module: weakref.ref[nn.Module]
    run: int
    kind: str
    is_torchs: bool


class Call:
    """One call that the learner wrote.

    Attributes:
        function: the name of what was called ("mul", "cross_entropy").
        visits: the modules it ran inside, outermost first.
    """

    __slots__ = ("_code", "_instruction", "function", "visits")

    def __init__(self, function: str, frame: FrameType | None, visits: tuple[Visit, ...]) -> None:
        self.function, self.visits = function, visits
        self._code: CodeType | None = frame.f_code if frame else None
        self._instruction = frame.f_lasti if frame else 0

    @property
    def source(self) -> str:
        """The expression, on one line; "" where its text cannot be had."""
        return _text(self._code, self._instruction) if self._code else ""

    def has_number_first(self) -> bool:
        """Whether the expression is an operator with a bare number on its left."""
        with suppress(SyntaxError):
            tree = ast.parse(self.source, mode="eval").body
            left = tree.left if isinstance(tree, ast.BinOp) else None
            return isinstance(left.operand if isinstance(left, ast.UnaryOp) else left, ast.Constant)
        return False


class Calls(TorchFunctionMode):
    """Sees every call that the learner writes; `running` is the one that runs now, None between calls."""

    def __init__(self) -> None:
        super().__init__()
        self.running: Call | None = None
        self._inside: list[Visit] = []
        self._runs: dict[weakref.ref[nn.Module], int] = {}

    def __torch_function__(  # noqa: D105 - torch's protocol
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.running = Call(func.__name__, _learners_frame(sys._getframe(1)), tuple(self._inside))
        try:
            return func(*args, **(kwargs or {}))
        finally:
            self.running = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See the calls, and the modules around them, until the end of the block."""
        hooks = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
        ]
        try:
            with self:
                yield
        finally:
            for hook in hooks:
                hook.remove()

    def _enter(self, module: nn.Module, inputs: object) -> None:
        visitor, kind = weakref.ref(module), type(module)
        self._runs[visitor] = run = self._runs.get(visitor, 0) + 1
        self._inside.append(Visit(visitor, run, kind.__name__, kind.__module__.startswith("torch.")))

    def _leave(self, module: nn.Module, inputs: object, output: object) -> None:
        if self._inside:  # an error on the way in leaves nothing to go out of
            self._inside.pop()


def _learners_frame(frame: FrameType | None) -> FrameType | None:
    """The nearest frame that is neither torch's nor ours."""
    while frame is not None and _is_ours(frame.f_globals.get("__name__")):
        frame = frame.f_back
    return frame


@cache
def _is_ours(module: str | None) -> bool:
    return f"{module}.".startswith(("torch.", "course_utils."))


def _text(code: CodeType, instruction: int) -> str:
    if code.co_filename in ("<string>", "<stdin>"):  # names that many texts share
        return ""
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None))
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [linecache.getline(code.co_filename, line).encode() for line in range(first, last + 1)]
    # Columns count bytes. The end is cut first: on a single line both cuts fall on the same one.
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return " ".join(b" ".join(lines).decode(errors="replace").split())
