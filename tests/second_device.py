"""Run the notebooks on a second device that is not there: `python tests/second_device.py [NOTEBOOK ...]`.

No machine with a CUDA card is needed. Every IPython kernel gets a made-up card: its tensors say `cuda:0`, whatever a
card would refuse is refused in torch's words, its random numbers are others than the CPU's, and its last digits are
moved as another order of summing moves them. `COURSE_DEVICE=cuda pytest --nbval notebooks/` then runs as it is, and
compares each cell with the output that was stored on a CPU. What is not torch itself (a true card's kernels, its speed
and its memory) it cannot tell.

    python tests/second_device.py --card 7 notebooks/07_manual_sgd.ipynb    # a card with other last digits
    python tests/second_device.py --card 0                                  # a card with the CPU's last digits
    python tests/second_device.py --tests                                   # the tests that want a card

How it is done: second_tables (torch believes in a card), second_memory (its tensors), second_card (its kernels),
second_rules (what it refuses), second_dice (its random numbers), second_rounding (its last digits).
"""

import argparse
from collections import Counter, defaultdict
import json
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

import nbformat

ROOT = Path(__file__).parent.parent
CARD = "SECOND_DEVICE"  # which card: a number that chooses its last digits; 0 for the CPU's own
STARTUP = """
import sys
sys.path.insert(0, {folder!r})
import second_device
second_device.install()
second_device.count_operations(get_ipython(), {log!r})
sys.path.remove({folder!r})
del sys, second_device
"""


def install():
    """Give this process a second device; it cannot be taken away again."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as course_utils does, which comes after us
    from second_card import take_over
    from second_dice import lend_cuda
    from second_memory import copy_deeply
    from second_rounding import Rounding
    from second_tables import can_fool, fool
    import torch

    if torch.cuda.is_available():
        raise RuntimeError("this machine has a CUDA card: run COURSE_DEVICE=cuda pytest --nbval notebooks/ on it")
    if not can_fool():
        raise RuntimeError("the second device needs Linux on x86-64 or 64-bit ARM")
    card = int(os.environ.get(CARD) or 1)
    fool()
    take_over(Rounding(card) if card else None)
    copy_deeply()
    lend_cuda()


def pytest_configure(config):
    """As a plugin, `pytest -p second_device`: the card is there for the tests themselves."""
    import torch

    if not torch.cuda.is_available():
        install()


def count_operations(shell, log):
    """After each cell note how much the card has done, beside the cells by which the notebook is known again."""
    from second_card import STATE

    cells = []

    def note(result):
        cells.append(result.info.raw_cell)
        text = json.dumps({"cells": cells, "operations": STATE["operations"]})
        Path(log, f"{os.getpid()}.json").write_text(text, encoding="utf-8")

    shell.events.register("post_run_cell", note)


def environment(folder, card):
    """The environment in which every IPython kernel has a second device; `folder` holds what it needs and notes."""
    startup = Path(folder, "ipython", "profile_default", "startup")
    startup.mkdir(parents=True)
    Path(folder, "log").mkdir()
    code = STARTUP.format(folder=str(Path(__file__).parent), log=str(Path(folder, "log")))
    (startup / "00_second_device.py").write_text(code, encoding="utf-8")
    there = {"IPYTHONDIR": str(startup.parent.parent), "COURSE_DEVICE": "cuda", CARD: str(card)}
    return {**os.environ, **there}


def run(notebooks, card=1):
    """Compare notebooks on a second device with what they store; for each a Counter of its cells, and pytest's text."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "--nbval", f"--junitxml={report}", "-p", "no:cacheprovider"]
        ran = subprocess.run(
            [*command, *map(str, notebooks)], cwd=ROOT, env=environment(folder, card), capture_output=True, text=True
        )
        if not report.exists():
            raise RuntimeError(ran.stdout + ran.stderr)
        rows = defaultdict(Counter)
        for case in ElementTree.parse(report).iter("testcase"):
            kind = "not" if [child for child in case if child.tag in {"failure", "error", "skipped"}] else "equal"
            rows[case.get("classname").split(".")[-2]][kind] += 1
        for name, operations in _operations(notebooks, Path(folder, "log")):
            rows[name]["operations"] += operations
    return rows, ran.stdout


def _operations(notebooks, log):
    """How many operations the card did for each notebook, which is known by its cells."""
    ran = [json.loads(path.read_text(encoding="utf-8")) for path in log.glob("*.json")]
    for path in notebooks:
        sources = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        for kernel in ran:
            if kernel["cells"] == sources[: len(kernel["cells"])]:
                yield Path(path).stem, kernel["operations"]


def told(rows):
    """The table: cells equal, cells not, and how many operations the card has done."""
    lines = [f"{'notebook':24} {'equal':>6} {'not':>5} {'on the card':>12}"]
    total = sum(rows.values(), Counter())
    for name, row in [*sorted(rows.items()), ("all", total)]:
        lines.append(f"{name:24} {row['equal']:6} {row['not']:5} {row['operations']:12,}")
    return "\n".join(lines)


def test_on_the_card(arguments, card):
    """Run the tests that are marked `cuda` on the second device."""
    marked = [path for path in sorted((ROOT / "tests").glob("test_*.py")) if re.search(r"mark\.cuda", path.read_text())]
    command = [sys.executable, "-m", "pytest", "-p", "second_device", "-m", "cuda", "--numprocesses=0", *marked]
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(command + arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths, CARD: str(card)})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*")
    parser.add_argument("--card", type=int, default=1, help="which last digits; 0 for the CPU's")
    parser.add_argument("--tests", action="store_true", help="run the tests marked cuda instead")
    asked, rest = parser.parse_known_args()
    if asked.tests:
        return test_on_the_card(asked.notebooks + rest, asked.card).returncode
    notebooks = [Path(name) for name in asked.notebooks] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    rows, text = run(notebooks, asked.card)
    print(text if any(row["not"] for row in rows.values()) else "", told(rows), sep="\n")
    return int(any(row["not"] for row in rows.values()))


if __name__ == "__main__":
    raise SystemExit(main())
