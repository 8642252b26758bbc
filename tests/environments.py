"""Environments that a script makes once and keeps, each with packages of its own."""

import sys
import venv


def made_once(folder, install):
    """The Python of the environment in a folder, made if it is not there whole.

    Args:
        folder: where it lies, or will lie; what a broken attempt left there goes.
        install: called with the words of `pip install`, so far as they are the same for all; it installs.
    """
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, clear=True, with_pip=True)
        install([python, "-m", "pip", "install", "-q"])
        ready.touch()
    return python
