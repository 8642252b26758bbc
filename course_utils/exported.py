"""A function exported by `torch.export`, in a Python of its own: what that loads, some 100 MB, is gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from functools import lru_cache
import inspect
import pickle
import subprocess
import sys
from textwrap import dedent

from course_utils.graph import Graph
from course_utils.traced import draw_traced
import torch

_CHILD = "import pickle, sys; sys.path[:] = {path!r}; from course_utils.exported import answer; answer()"


def export_graphs(function: Callable[..., torch.Tensor], /, *feeds: Mapping[str, float]) -> list[Graph]:
    """The one graph that `torch.export` makes of a function, with the numbers of each feed.

    Args:
        function: a `def` of single numbers, which needs nothing but its arguments and `torch`.
        feeds: of each run a number for each parameter. The function is exported with the first.

    Raises:
        ValueError: the text of `function` is not known: it was not written in a cell or a file.
        RuntimeError: `torch.export` refuses the function; the text is torch's, its first line.
    """
    try:
        text = dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise ValueError(f"function must be a `def` whose text is known, got {function!r}") from None
    kept = tuple(tuple((name, float(number)) for name, number in feed.items()) for feed in feeds)
    graphs, refused = _asked(text, function.__name__, kept)
    if refused:
        raise RuntimeError(refused)
    return list(graphs)


@lru_cache(maxsize=32)
def _asked(text: str, name: str, feeds: tuple[tuple[tuple[str, float], ...], ...]) -> tuple[tuple[Graph, ...], str]:
    """What the other Python answers; a cell that is run again asks nothing new, and need not wait."""
    child = [sys.executable, "-c", _CHILD.format(path=sys.path)]
    asked = pickle.dumps((text, name, [dict(feed) for feed in feeds]))
    done = subprocess.run(child, input=asked, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the Python that exports has stopped: {done.stderr.decode(errors='replace')[-500:]}")
    graphs, refused = pickle.loads(done.stdout)
    return tuple(graphs), str(refused)


def answer() -> None:
    """What the other Python does: read a function, write its graphs."""
    source, name, feeds = pickle.load(sys.stdin.buffer)
    scope: dict[str, Callable[..., torch.Tensor]] = {}
    exec(compile(source, "<lesson>", "exec"), {"torch": torch}, scope)
    module = torch.nn.Module()
    module.forward = scope[name]
    graphs, refused = [], ""
    try:
        # What the function prints goes another way: stdout is for the answer.
        with redirect_stdout(sys.stderr):
            program = torch.export.export(module, tuple(torch.tensor(float(number)) for number in feeds[0].values()))
            graphs = [draw_traced(program, **feed) for feed in feeds]
    except RuntimeError as error:
        refused = str(error).partition("\n")[0]
    sys.stdout.buffer.write(pickle.dumps((graphs, refused)))
