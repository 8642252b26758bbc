"""An autograd error in plain words, at the place where it happened.

The card comes after the traceback, in a hook that IPython calls when a cell has ended: so the traceback is never
hidden, replaced or delayed. What is not known is left as it was, and whatever goes wrong in here is nobody's trouble.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
import re
from types import FrameType
from typing import Any

from course_utils.clinic.ailments import AILMENTS, WARNINGS, Ailment
from course_utils.clinic.hearing import Hearing, quietly
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.pictures import illustrated
from course_utils.clinic.rows import unrolled
from course_utils.clinic.site import Site, site_at, site_of

MOST = 3  # leaflets of one cell: who has more to read reads none
LONG = 4_000  # letters of an error's text: torch says what it is at the beginning


def read_error(error: BaseException) -> Leaflet | None:
    """What is to be said of an error that was caught, in a cell of IPython or anywhere; None if it is not known.

    Args:
        error: as it was caught: its traceback tells the place.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return leaflet_for(error, earlier=earlier_cells(shell) if shell is not None else ())


def earlier_cells(shell: Any) -> list[str]:
    """The texts of the cells that ran before the one at work, as far as they matter."""
    return [text for text in shell.user_ns.get("In", [])[:-1] if text][-50:]


def leaflet_for(error: BaseException, *, earlier: Sequence[str] = ()) -> Leaflet | None:
    """What is to be said of an error that was raised; None if it is none of autograd's, or not known.

    Args:
        error: as it was caught: its traceback tells the place.
        earlier: the texts of cells that ran before, the last one last.
    """
    with suppress(Exception):
        return _said(type(error), error, lambda: site_of(error.__traceback__, earlier), (*AILMENTS, *WARNINGS))
    return None


def _said(kind: object, message: object, place: Callable[[], Site | None], known: Iterable[Ailment]) -> Leaflet | None:
    """The first leaflet that one of the ailments of this kind has for a text."""
    mine = [one for one in known if isinstance(kind, type) and issubclass(kind, one.kinds)]
    text = _text(message) if mine else ""
    for ailment in mine:
        match = ailment.pattern.search(text)
        site = place() if match else None
        found = _treated(ailment, site, match) if site and match else None
        if found:
            return found
    return None


def _treated(ailment: Ailment, site: Site, match: re.Match[str]) -> Leaflet | None:
    """What is to be said of an error at a place; None if it is something else, or the cure could not be run."""
    with suppress(Exception):  # the learner's cell may be anything
        opened = unrolled(site)
        found = ailment.treat(opened, match)
        if found and found.cure != found.before and ast.parse(found.cure).body:
            found = _with_false_cure_that_runs(found)
            elsewhere = opened is site or found.before != opened.cell
            return illustrated(found if elsewhere else replace(found, before=site.cell, line=site.line), opened)
    return None


def _with_false_cure_that_runs(found: Leaflet) -> Leaflet:
    """The leaflet; without a false cure if that would be no Python, or change nothing."""
    with suppress(SyntaxError, ValueError):
        if ast.parse(found.false_cure).body and found.false_cure != found.before:
            return found
    return replace(found, false_cure="", why_not="")


def _text(message: object) -> str:
    """The text of an error; "" if its `__str__` does something else, whatever that be."""
    try:
        return str(message)[:LONG]
    except BaseException:
        return ""


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
        clinic.hearing.end()
        shell.events.unregister("pre_run_cell", clinic.before)
        shell.events.unregister("post_run_cell", clinic.after)
        shell._course_clinic = None


class _Clinic:
    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.hearing = Hearing(self._heard)
        self.leaflets: list[Leaflet] = []

    def before(self, _: object) -> None:
        """Listen to warnings: they are shown as ever."""
        self.leaflets = []
        with suppress(Exception):
            self.hearing.begin()

    def after(self, result: Any) -> None:
        """Say what there is to say of a cell that has ended."""
        with suppress(Exception):
            self.hearing.end()
        heard, self.leaflets = self.leaflets, []
        quietly(lambda: self._say(result.error_in_exec, heard))

    def _say(self, error: BaseException | None, heard: list[Leaflet]) -> None:
        found = leaflet_for(error, earlier=earlier_cells(self.shell)) if error is not None else None
        rest = [one for one in heard if found is None or (one.line != found.line and one.tensor != found.tensor)]
        for leaflet in [found, *rest] if found else rest:
            self._display(leaflet)

    def _heard(self, message: object, category: object, frame: FrameType) -> None:
        found = _said(category, message, lambda: site_at(frame, earlier_cells(self.shell)), WARNINGS)
        if (
            found
            and len(self.leaflets) < MOST
            and (found.ailment, found.line) not in {(one.ailment, one.line) for one in self.leaflets}
        ):
            self.leaflets.append(found)

    def _display(self, leaflet: Leaflet) -> None:
        from IPython.display import display

        display(leaflet)  # type: ignore[no-untyped-call]
