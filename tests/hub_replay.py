"""nbval compares what students saw: `pytest -p hub_replay`, where each notebook has a record.json beside it.

No kernel starts: what a student's kernel on the hub had answered is played to nbval, message by message. So the rules
are those of `pytest --nbval notebooks/`, with notebooks/conftest.py and sanitize.cfg, and there are no others.
"""

from collections import Counter, deque
import json
import os
from pathlib import Path
from queue import Empty
import shutil
import subprocess
import sys

from contents import cells_of, written
import nbformat
import nbval.plugin

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
RULES = ("conftest.py", "sanitize.cfg")


class Replay:
    """Stands where nbval's kernel stands, and answers from a record."""

    def __init__(self, kernel_name, cwd=None, startup_timeout=60):
        self.cells = deque(json.loads((Path(cwd) / "record.json").read_text(encoding="utf-8")))
        self.messages = deque()

    def execute_cell_input(self, source, allow_stdin=None):
        ran = self.cells.popleft() if self.cells else {"source": "nothing more"}
        if ran["source"] != source:
            raise ValueError(f"the student ran another cell than the instructor's: {ran['source'][:200]}")
        self.messages = deque(ran["messages"])
        return ran["id"]

    def await_reply(self, number, timeout=None):
        """It came long ago."""

    def get_message(self, stream, timeout=None):
        if not self.messages:
            raise Empty
        return self.messages.popleft()

    def is_alive(self):
        return True

    def stop(self):
        """There is nothing to stop."""

    interrupt = stop


class Verdicts:
    """By notebook's folder, how many cells were equal, and what the others said."""

    def __init__(self, path):
        self.path, self.equal, self.differ = path, Counter(), {}

    def pytest_runtest_logreport(self, report):
        folder = Path(report.nodeid.partition("::")[0]).parent.name
        if report.failed:
            self.differ.setdefault(folder, []).append(f"{report.nodeid}\n{report.longreprtext}")
        elif report.when == "call" and report.passed and report.nodeid.rpartition("::")[2].startswith("Cell "):
            self.equal[folder] += 1

    def pytest_sessionfinish(self):
        self.path.write_text(json.dumps([self.equal, self.differ]), encoding="utf-8")


def pytest_configure(config):
    nbval.plugin.RunningKernel = Replay
    config.pluginmanager.register(Verdicts(config.rootpath / "verdicts.json"))


def judged(room, stored, records):
    """By student how many cells were equal to the stored ones, and by student what was said of those that were not.

    Args:
        room: an empty folder.
        stored: the path of the notebook as the instructor has it.
        records: by student, what was run and what came.
    """
    for rule in RULES:
        shutil.copy(NOTEBOOKS / rule, room)
    lines = cells_of(nbformat.read(stored, as_version=4))
    (room / "contents.txt").write_text(written({f"{name}/{stored.name}": lines for name in records}), encoding="utf-8")
    (room / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, ran in records.items():
        (room / name).mkdir()
        shutil.copy(stored, room / name)
        (room / name / "record.json").write_text(json.dumps(ran), encoding="utf-8")
    options = ["-q", "--nbval", "-p", "hub_replay", "-p", "no:cacheprovider", "-p", "no:xdist", "--color=no"]
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options], cwd=room, env=here, capture_output=True, text=True
    )
    if not (room / "verdicts.json").exists():
        raise RuntimeError(f"nbval compared nothing: {done.stdout[-3000:]}")
    equal, differ = json.loads((room / "verdicts.json").read_text(encoding="utf-8"))
    return Counter(equal), differ
