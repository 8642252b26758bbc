"""Run the notebooks on a second device that is not there: `python tests/second_device.py [NOTEBOOK ...]`.

No machine with a CUDA card is needed. Every IPython kernel gets a made-up card: its tensors say `cuda:0`, whatever a
card would refuse is refused in torch's words, its random numbers are others than the CPU's, and its last digits are
moved as another order of summing moves them. `COURSE_DEVICE=cuda pytest --nbval notebooks/` then runs as it is, and
compares each cell with the output that was stored on a CPU. What is not torch itself (a true card's kernels, its speed
and its memory) it cannot tell.

    python tests/second_device.py --card 7 notebooks/07_manual_sgd.ipynb    # a card with other last digits
    python tests/second_device.py --card "7*100"                            # which moves them 100 times as far
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
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

import nbformat

ROOT = Path(__file__).parent.parent
CARD = "SECOND_DEVICE"  # which card, "7" or "7*100": chooses its last digits, and how far they move; 0 for the CPU's
# All graphs of tests/cases.py in one test. Three need kernels that only CUDA has; second_claims has the others.
NOT_KNOWN = ["--deselect=tests/test_replay.py::test_the_replay_is_the_engines_own_pass_on_a_card"]
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
    card, _, times = os.environ.get(CARD, "1").partition("*")
    fool()
    take_over(Rounding(int(card), int(times or 1)) if int(card) else None)
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
    code = STARTUP.format(folder=str(Path(__file__).parent), log=str(Path(folder, "ipython")))
    (startup / "00_second_device.py").write_text(code, encoding="utf-8")
    there = {"IPYTHONDIR": str(startup.parent.parent), "COURSE_DEVICE": "cuda", CARD: str(card)}
    return {**os.environ, **there}


def run(notebooks, there, root=ROOT):
    """Compare notebooks with what they store.

    Args:
        notebooks: their paths.
        there: the environment of pytest and its kernels, see `environment`.
        root: the folder that pytest runs in, with the course's configuration.

    Returns the verdicts, {stem: {number of the code cell: whether it was equal}}, and what pytest wrote.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "--nbval", f"--junitxml={report}", "-p", "no:cacheprovider"]
        command += [] if len(notebooks) > 1 else ["--numprocesses=0"]
        ran = subprocess.run([*command, *map(str, notebooks)], cwd=root, env=there, capture_output=True, text=True)
        if not report.exists():
            raise RuntimeError(ran.stdout + ran.stderr)
        verdicts = defaultdict(dict)
        cases = [case for case in ElementTree.parse(report).iter("testcase") if case.get("name").startswith("Cell ")]
        for case in cases:
            is_equal = not [child for child in case if child.tag in {"failure", "error", "skipped"}]
            verdicts[case.get("classname").split(".")[-2]][int(case.get("name").split()[-1])] = is_equal
    return verdicts, ran.stdout


def operations(notebooks, there):
    """How many operations the card has done for each notebook, {stem: count}; a kernel is known by its cells."""
    ran = [json.loads(path.read_text(encoding="utf-8")) for path in Path(there["IPYTHONDIR"]).glob("*.json")]
    counts = Counter()
    for path in notebooks:
        sources = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        for kernel in ran:
            if kernel["cells"] == sources[: len(kernel["cells"])]:
                counts[Path(path).stem] += kernel["operations"]
    return counts


def told(verdicts, counts):
    """The table: cells equal, cells not, and how many operations the card has done."""
    rows = {stem: (sum(cells.values()), len(cells), counts[stem]) for stem, cells in sorted(verdicts.items())}
    rows["all"] = tuple(map(sum, zip(*rows.values(), strict=True)))
    lines = [f"{'notebook':24} {'equal':>6} {'not':>5} {'on the card':>12}"]
    lines += [f"{name:24} {equal:6} {cells - equal:5} {done:12,}" for name, (equal, cells, done) in rows.items()]
    return "\n".join(lines)


def run_tests(card, *arguments):
    """Run the tests that are marked `cuda`, and what is claimed of the second device, on it."""
    folder = ROOT / "tests"
    marked = [path for path in sorted(folder.glob("test_*.py")) if "pytest.mark.cuda" in path.read_text("utf-8")]
    command = [sys.executable, "-m", "pytest", "-p", "second_device", "-m", "cuda", "--numprocesses=0"]
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [*command, folder / "second_claims.py", *marked, *NOT_KNOWN, *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": paths, CARD: str(card)}, capture_output=True, text=True,
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*")
    parser.add_argument("--card", default="1", help="whose last digits, and how far they move; 0 for the CPU's")
    parser.add_argument("--tests", nargs=argparse.REMAINDER, help="the tests that want a card; the rest is pytest's")
    asked = parser.parse_args()
    if asked.tests is not None:
        ran = run_tests(asked.card, *asked.tests)
        print(ran.stdout, ran.stderr)
        return ran.returncode
    notebooks = [Path(name) for name in asked.notebooks] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as folder:
        there = environment(folder, asked.card)
        verdicts, text = run(notebooks, there)
        counts = operations(notebooks, there)
    is_red = not all(all(cells.values()) for cells in verdicts.values())
    print(text if is_red else "", told(verdicts, counts), sep="\n")
    return int(is_red or not all(counts[path.stem] for path in notebooks if path.stem in verdicts))


if __name__ == "__main__":
    raise SystemExit(main())
