"""Files put into a new folder, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
import secrets
import shutil
import signal
import sys
from types import FrameType

from course_utils.commands.trouble import Trouble

Files = Mapping[PurePosixPath, bytes]


def place_for(destination: Path, course: Path) -> Path:
    """Where the files will go, without links.

    Raises:
        Trouble: something is there already, its parent is not, or it lies within the course.
    """
    place = destination.resolve()
    if place.is_dir() and not any(place.iterdir()):
        pass
    elif place.exists():
        raise Trouble(f"{destination} is there already and is not empty: name a new folder.")
    if not place.parent.is_dir():
        raise Trouble(f"{destination} cannot be made, since {place.parent} is no folder: make that one first.")
    if course in (place, *place.parents):
        raise Trouble(f"{destination} lies within the course itself: name a folder outside of {course}.")
    return place


def deliver(files: Files, place: Path) -> None:
    """Make the folder `place` of these files. They are written beside it and get its name at the end.

    Args:
        files: by path within the folder, with forward slashes, what is in each.
        place: a folder that is not there, or empty.

    Raises:
        Trouble: the system refuses; then nothing is left behind, nor after an interruption.
    """
    workshop = place.parent / f".{place.name}.{secrets.token_hex(4)}"
    try:
        with _stopped_by_signals():
            try:
                _write(files, workshop)
                if place.is_dir():
                    place.rmdir()  # it is empty, or this is refused; Windows renames to no folder that is there
                workshop.rename(place)
            finally:
                shutil.rmtree(workshop, ignore_errors=True)
    except OSError as error:
        raise Trouble(f"{place} cannot be written, nothing was left behind: {error.strerror or error}.") from None


def _write(files: Files, folder: Path) -> None:
    folder.mkdir()
    for name, content in files.items():
        path = folder.joinpath(*name.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """A polite kill and a closed terminal end the work as an exception does, so that the folder is cleared away."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), _stop) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
