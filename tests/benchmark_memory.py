"""What a lesson takes in memory: `python tests/benchmark_memory.py [LESSONS]`, on Linux; exit code 1 above 300 MiB.

Each lesson runs by itself, in a new kernel, on the CPU; after each cell the kernel is measured, the highest is told.
The question is a page that several processes have mapped. "alone" is a student's proportional set size (PSS) where
nobody else computes: what this process maps too, as a Jupyter server does, counts by half, all else in full. PSS as
Linux tells it falls when a neighbour maps the same torch: on a busy machine it says less. RSS counts all in full, and
"ever" is its highest, in mid-cell too. Two kernels without a lesson come first, to compare with.

"alone" is judged. With `--beside 9` nine idle kernels that have imported torch stay besides, as in a class, and it is
PSS that is judged.
"""

import argparse
from contextlib import ExitStack, contextmanager
import os
from pathlib import Path
import re
import subprocess

from jupyter_client.manager import start_new_kernel
import nbformat

ROOT = Path(__file__).parent.parent
LIMIT = 300
ENVIRONMENT = {"COURSE_DEVICE": "cpu", "COURSE_PROGRESS": "off", "PYTHONPATH": str(ROOT)}
TORCH = "import os; os.environ['OMP_WAIT_POLICY'] = 'PASSIVE'; import torch"
PACKAGES = ("matplotlib.figure", "ipywidgets", "pygraphviz", "PIL", "sympy", "torch._dynamo")
LOADED = f"print(*[name for name in {PACKAGES} if name in __import__('sys').modules], sep=', ')"


class CellFailedError(Exception):
    """A cell that should run and did not."""


@contextmanager
def kernel(folder=ROOT):
    """A function that runs a cell in a kernel and gives back what it printed, and the kernel's process id."""
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    manager, client = start_new_kernel(cwd=str(folder), env=around | ENVIRONMENT, stderr=subprocess.DEVNULL)

    def run(code, *, may_fail=False):
        said = []
        reply = client.execute_interactive(
            code, timeout=180, allow_stdin=False, output_hook=lambda message: said.append(message["content"])
        )["content"]
        if reply["status"] != "ok" and not may_fail:
            raise CellFailedError(f"{reply.get('ename')}: {reply.get('evalue')}\n{code}")
        return "".join(content.get("text", "") for content in said).strip()

    try:
        yield run, manager.provisioner.pid
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def mappings(pid):
    """Each mapping of a process: the file's path, "" without one, and a dict of KiB by Linux' own words."""
    found = []
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        if begins := re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)", line):
            found.append((begins[1], {}))
        elif size := re.match(r"(\w+): +(\d+) kB", line):
            found[-1][1][size[1]] = int(size[2])
    return found


def memory(pid):
    """MiB of a process, by their names in the table."""
    ours = {file for file, _ in mappings(os.getpid()) if file.startswith("/")}
    total = {"alone": 0.0, "PSS": 0.0, "RSS": 0.0}
    for file, size in mappings(pid):
        if "Rss" in size:
            shared = size["Shared_Clean"] + size["Shared_Dirty"]
            total["alone"] += (size["Rss"] - (shared / 2 if file in ours else 0)) / 1024
            total["PSS"] += size["Pss"] / 1024
            total["RSS"] += size["Rss"] / 1024
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return total | {"ever": int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024}


def highest(cells, folder=ROOT):
    """The highest of each measure after a cell, and the large packages that were loaded in the end.

    Args:
        cells: pairs of a cell's code and whether it may fail.
        folder: where the kernel works.
    """
    with kernel(folder) as (run, pid):
        seen = [memory(pid)]
        for code, may_fail in cells:
            run(code, may_fail=may_fail)
            seen.append(memory(pid))
        return {name: max(one[name] for one in seen) for name in seen[0]}, run(LOADED)


def cells_of(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return [(cell.source, "raises-exception" in cell.metadata.get("tags", [])) for cell in cells]


def row(name, sizes, loaded):
    numbers = "".join(f"{sizes[column]:7.0f}" for column in ("alone", "PSS", "RSS", "ever"))
    print(f"{name:22}{numbers}   {loaded}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("lessons", nargs="*", type=Path, help="notebooks; all of the course by default")
    parser.add_argument("--beside", type=int, default=0, help="idle kernels with torch besides")
    asked = parser.parse_args()
    lessons = asked.lessons or sorted((ROOT / "notebooks").glob("*.ipynb"))
    over, judged = [], "PSS" if asked.beside else "alone"
    with ExitStack() as neighbours:
        for _ in range(asked.beside):
            run, _ = neighbours.enter_context(kernel())
            run(TORCH)
        print(f"MiB                     alone    PSS    RSS   ever   loaded, of {len(PACKAGES)} large packages")
        row("a bare kernel", *highest([]))
        row("import torch", *highest([(TORCH, False)]))
        for path in lessons:
            sizes, loaded = highest(cells_of(path), path.parent)
            row(path.stem, sizes, loaded)
            over += [path.stem] if sizes[judged] >= LIMIT else []
    fine = len(lessons) - len(over)
    print(f"{judged}: {fine} of {len(lessons)} below {LIMIT} MiB", "but not" if over else "", *over)
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
