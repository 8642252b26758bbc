"""An autograd error in plain words, at the place where it happened.

The card comes after the traceback, in a hook that IPython calls when a cell has ended: so the traceback is never
hidden, replaced or delayed. What is not known is left as it was, and whatever goes wrong in here is nobody's trouble.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any
import warnings

from course_utils.ailments import AILMENTS, WARNINGS
from course_utils.leaflet import Leaflet
from course_utils.site import site_of


def leaflet_for(error: BaseException, *, earlier: Sequence[str] = ()) -> Leaflet | None:
    """What is to be said of an error that was raised; None if it is none of autograd's, or not known.

    Args:
        error: as it was caught: its traceback tells the place.
        earlier: the texts of cells that ran before, the last one last.
    """
    text = str(error)
    for ailment in AILMENTS:
        match = ailment.pattern.search(text) if isinstance(error, ailment.kinds) else None
        if match:
            site = site_of(error.__traceback__, earlier)
            found = ailment.treat(site, match) if site else None
            if found:
                return found
    return None


def open_clinic(shell: Any) -> None:
    """From now on a card stands under each of autograd's errors, in this shell.

    Args:
        shell: IPython's: what `get_ipython()` gives.
    """
    close_clinic(shell)
    clinic = _Clinic(shell)
    shell._course_clinic = clinic
    shell.events.register("pre_run_cell", clinic.before)
    shell.events.register("post_run_cell", clinic.after)


def close_clinic(shell: Any) -> None:
    """No more cards, in this shell."""
    clinic = getattr(shell, "_course_clinic", None)
    if clinic is not None:
        shell.events.unregister("pre_run_cell", clinic.before)
        shell.events.unregister("post_run_cell", clinic.after)
        shell._course_clinic = None


class _Clinic:
    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.heard: list[tuple[str, TracebackType | None]] = []
        self.show: Callable[..., None] | None = None

    def before(self, _: object) -> None:
        """Listen to warnings: they are shown as ever."""
        with suppress(Exception):
            self.heard = []

    def after(self, result: Any) -> None:
        """Say what there is to say of a cell that has ended."""
        with suppress(Exception):
            error = result.error_in_exec
            if error is not None:
                found = leaflet_for(error, earlier=self._earlier())
                if found is not None:
                    self._display(found)

    def _earlier(self) -> list[str]:
        return [text for text in self.shell.user_ns.get("In", [])[:-1] if text][-50:]

    def _display(self, leaflet: Leaflet) -> None:
        from IPython.display import display

        display(leaflet)
