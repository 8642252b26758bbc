"""Run lessons behind a fence: `python tests/fenced.py [NOTEBOOK ...]`, by default all of them.

The home folder, and whatever else IPython, Jupyter and matplotlib keep their settings in, cannot be written; the
network is this machine alone; files are written in a copy of the notebooks and in a temporary folder and nowhere else.
nbval compares every output all the same. At the end it tells what the fence refused: nothing, if all is well.
"""

import argparse
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile

ROOT = Path(__file__).parent.parent
FENCE = Path(__file__).parent / "fence"
SETTINGS = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "IPYTHONDIR",
            "MPLCONFIGDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")  # fmt: skip
# Root may write anywhere unless it gives that right up: 1 is CAP_DAC_OVERRIDE, 24 takes it from what is started next.
START = "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"


def fenced(room, command, *, folder=None):
    """The finished process of a command behind the fence, and what the fence refused.

    Args:
        room: an empty folder, for the home, the temporary folder and the log.
        command: the arguments of a Python.
        folder: where it works and may write.
    """
    home, temporary, log = room / "home", room / "tmp", room / "refused"
    for made in (home, temporary):
        made.mkdir()
    log.touch()
    home.chmod(0o555)
    environment = {name: str(home / name.lower()) for name in SETTINGS} | {"HOME": str(home)}
    environment |= {"TMPDIR": str(temporary), "JUPYTER_RUNTIME_DIR": str(temporary / "runtime")}
    environment |= {"COURSE_FENCE": os.pathsep.join(map(str, (folder or room, temporary)))}
    environment |= {"COURSE_FENCE_LOG": str(log), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"PYTHONPATH": os.pathsep.join([str(FENCE), str(ROOT)])}
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTHONPATH")}
    start = [sys.executable, "-c", START] if sys.platform == "linux" and os.geteuid() == 0 else []
    done = subprocess.run(
        [*start, sys.executable, *command], cwd=folder or room, env=kept | environment, capture_output=True, text=True
    )
    home.chmod(0o755)
    return done, log.read_text(encoding="utf-8").splitlines(), sorted(home.rglob("*"))


def copied(room):
    """A copy of the course, as far as its notebooks need it."""
    course = room / "course"
    shutil.copytree(ROOT / "notebooks", course / "notebooks", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", course)
    return course


def main(names):
    with tempfile.TemporaryDirectory() as temporary:
        room = Path(temporary).resolve()
        course = copied(room)
        paths = [f"notebooks/{Path(name).name}" for name in names] or ["notebooks"]
        done, refused, written = fenced(room, ["-m", "pytest", "-q", "-p", "no:cacheprovider", *paths], folder=course)
    print(done.stdout[-3000:], done.stderr[-2000:], sep="\n")
    print(f"the fence refused {len(refused)} times", *refused[:20], sep="\n  ")
    print(f"written into the home folder: {len(written)} files")
    return done.returncode or bool(refused or written)


def asked(words):
    """What the command line says, or its help."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="as notebooks/02_graph.ipynb")
    return parser.parse_args(words)


if __name__ == "__main__":
    raise SystemExit(main(asked(sys.argv[1:]).notebooks))
