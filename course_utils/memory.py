"""Memory that is free again goes back to the machine, for whoever needs it next.

glibc keeps what it was given between a picture's pieces that live on; on a machine full of students that is 5 MiB each.
"""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Hand free memory back to the system, in milliseconds; nothing where the C library does not know how."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; on Windows there is no library without a name
        return
    trim(0)
