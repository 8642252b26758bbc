"""A bar where work lasts more than two seconds: there while a notebook's cell runs, gone when it is done."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from html import escape
from time import monotonic
from typing import TypeVar

from course_utils.device import wants_progress
from course_utils.markup import plain
from IPython import get_ipython
from IPython.display import DisplayHandle, display

T = TypeVar("T")

PATIENCE = 2.0  # seconds without a bar
PAUSE = 0.2  # seconds from one picture of the bar to the next


def progress(things: Iterable[T], total: int, doing: str) -> Generator[T]:
    """The things, one by one, under a bar as soon as they have taken two seconds.

    The bar is shown by a notebook's kernel alone, and not where `COURSE_PROGRESS` is "off". It goes with the last
    thing, with an error, and when the generator is closed.

    Args:
        things: what is worked on.
        total: how many there are.
        doing: what is done with them, for the bar's words.
    """
    handle: DisplayHandle | None = None
    due = monotonic() + PATIENCE
    is_shown = wants_progress() and hasattr(get_ipython(), "kernel")
    try:
        for done, thing in enumerate(things):
            if is_shown and monotonic() >= due:
                handle = _show(handle, _bar(done, total, doing))
                due = monotonic() + PAUSE
            yield thing
    finally:
        if handle is not None:
            _show(handle, {"text/html": "", "text/plain": ""})


def _bar(done: int, total: int, doing: str) -> dict[str, str]:
    words = f"{doing}: {100 * done // total} %"
    bar = f'<progress aria-label="{escape(doing)}" value="{done}" max="{total}"></progress> {plain(words)}'
    return {"text/html": bar, "text/plain": words}


def _show(handle: DisplayHandle | None, output: dict[str, str]) -> DisplayHandle | None:
    if handle is None:
        return display(output, raw=True, display_id=True)  # type: ignore[no-untyped-call,no-any-return]
    handle.update(output, raw=True)  # type: ignore[no-untyped-call]
    return handle
