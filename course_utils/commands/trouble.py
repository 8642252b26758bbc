"""What stops a command: one sentence, without a traceback."""

from __future__ import annotations


class Trouble(Exception):
    """What is wrong and what to do about it, in one sentence; the command ends with 2."""
