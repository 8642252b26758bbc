"""What waiting threads cost a full machine: `python tests/benchmark_threads.py [--students 4]`.

So many processes at once make SGD steps of a small network, as students do who all press *Run all*: once as torch
comes, and once with the course loaded first, which lets torch's threads sleep while they wait and keeps them within the
limit of a hub. Both take turns. Read the ratio: the seconds are those of a machine that is never quiet.
"""

import argparse
import os
from pathlib import Path
from statistics import median
import subprocess
import sys

ROOT = Path(__file__).parent.parent
STEPS = """if True:
    from time import perf_counter, process_time
    import torch
    torch.manual_seed(0)
    x, y = torch.rand(1024, 32), torch.rand(1024, 1)
    relu, line = torch.nn.ReLU(), torch.nn.Linear
    model = torch.nn.Sequential(line(32, 256), relu, line(256, 256), relu, line(256, 1))
    input()  # all start together
    began, work = perf_counter(), process_time()
    for _ in range(20):
        ((model(x) - y) ** 2).mean().backward()
        with torch.no_grad():
            for weight in model.parameters():
                weight -= 0.01 * weight.grad
                weight.grad = None
    print((perf_counter() - began) / 20 * 1000, (process_time() - work) / 20 * 1000)
"""


def milliseconds(students, first):
    """The median time of a step, and of the processors' work in it, over so many processes at once."""
    around = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    command = [sys.executable, "-c", f"{first}\n{STEPS}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, cwd=ROOT, env=around, **pipes) for _ in range(students)]
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0].split() for process in started]
    return [median(float(numbers[place]) for numbers in said) for place in (0, 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--students", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ratios = []
    for number in range(1, asked.rounds + 1):
        plain, plain_work = milliseconds(asked.students, "")
        ours, our_work = milliseconds(asked.students, "import course_utils")
        ratios.append(plain / ours)
        print(
            f"round {number}   a step as torch comes {plain:.0f} ms (work {plain_work:.0f})   "
            f"with the course {ours:.0f} ms (work {our_work:.0f})   {ratios[-1]:.1f} times as long"
        )
    print(f"as torch comes, a step takes {median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}) times as long")


if __name__ == "__main__":
    main()
