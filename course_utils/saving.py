"""A file that is written whole or not at all: a full disk leaves what was there before."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from shutil import copymode


def write_whole(path: str | Path, data: bytes) -> None:
    """Put the bytes into a file beside the wanted one, which then takes its place: nobody ever sees half of it.

    Raises:
        OSError: it cannot be written: the disk is full, say. The error has the reason and the name of the wanted file,
            and what that held before is still there.
    """
    goal = Path(path).resolve()  # a link stays one
    beside = goal.with_name(f".{goal.name[:80]}.{token_hex(4)}")
    try:
        beside.write_bytes(data)
        with suppress(OSError):  # a new file has no mode to keep
            copymode(goal, beside)
        beside.replace(goal)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}, so it was not saved", str(path)) from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
