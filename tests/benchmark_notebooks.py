"""What comparing costs: pytest over the notebooks, beside their kernels alone: `python tests/benchmark_notebooks.py`.

"Kernels alone" is plain nbclient: a kernel for each notebook, `import torch` and the cells, nothing compared; as many
notebooks at a time as there are workers. "pytest" is the README's command for the notebooks, with as many workers. Both
are timed from the start of Python to its end, and take turns; a ratio is taken within a round, and the median told with
the lowest and the highest. `--whole` also times all of `pytest`, once, beside the last round. Read the ratios, not the
seconds: a machine is never quiet.
"""

import argparse
import os
from pathlib import Path
from statistics import median
import subprocess
import sys
from time import perf_counter

ROOT = Path(__file__).parent.parent
PLAIN = """
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from nbclient import NotebookClient
import nbformat

def run(path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()

if __name__ == "__main__":
    with ProcessPoolExecutor(int(sys.argv[1])) as pool:
        list(pool.map(run, sorted(Path("notebooks").glob("*.ipynb"))))
"""


def seconds(*command):
    """The time from start to end of a Python, which must succeed."""
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "COURSE_PROGRESS": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[-3:])} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--whole", action="store_true", help="time all of pytest, too")
    asked = parser.parse_args()
    ratios = []
    for number in range(1, asked.rounds + 1):
        plain = seconds("-c", PLAIN, str(asked.workers))
        compared = seconds("-m", "pytest", "-q", f"--numprocesses={asked.workers}", "notebooks")
        ratios.append(compared / plain)
        print(f"round {number}   kernels alone {plain:.1f} s   pytest {compared:.1f} s   ratio {ratios[-1]:.2f}")
    spread = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"pytest over the notebooks takes {spread} times as long as the kernels alone")
    if asked.whole:
        whole = seconds("-m", "pytest", "-q", f"--numprocesses={asked.workers}")
        print(f"all of pytest: {whole:.0f} s, {whole / plain:.1f} times the kernels alone")


if __name__ == "__main__":
    main()
