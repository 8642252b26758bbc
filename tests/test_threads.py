"""Torch's threads stay within what a hub or a container allows; whoever has chosen a number keeps it."""

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest
import torch

ROOT = Path(__file__).parent.parent
# For each case the course is loaded anew, in a copy of a process that has torch with four threads. The control groups
# of the machine that runs the tests are none of their business: others stand in their place.
START = """if True:
    import json, os, pathlib, sys
    import torch
    torch.set_num_threads(4)
    cases, read = json.load(sys.stdin), pathlib.Path.read_text
    def stand_in(path, **how):
        if not path.as_posix().startswith(("/proc/self", "/sys/fs/cgroup")):
            return read(path, **how)
        if path.as_posix() not in made_up:
            raise FileNotFoundError(path)
        return made_up[path.as_posix()]
    pathlib.Path.read_text = stand_in
    for made_up, environment in cases:
        if os.fork() == 0:
            os.environ.update(environment)
            import course_utils
            print(torch.get_num_threads(), flush=True)
            os._exit(0)
        os.wait()
"""
V2 = {"/proc/self/cgroup": "0::/hub/ada\n", "/sys/fs/cgroup/hub/ada/cpu.max": "150000 100000\n"}


def around(**environment):
    return {
        name: value for name, value in os.environ.items() if name not in ("CPU_LIMIT", "OMP_NUM_THREADS")
    } | environment


def test_where_torch_came_first_its_threads_become_no_more_than_the_limit():
    limits = {"1": 1, "0.5": 1, "2": 2, "2.5": 3, "4": 4, "8": 4, "": 4, "none": 4, "-1": 4, "nan": 4}
    cases = [(({}, {"CPU_LIMIT": limit}), count) for limit, count in limits.items()]
    cases += [(({}, {}), 4), ((V2, {}), 2), ((V2, {"CPU_LIMIT": "1"}), 1), ((V2, {"CPU_LIMIT": "3"}), 2)]
    cases += [((V2, {"OMP_NUM_THREADS": "3", "CPU_LIMIT": "1"}), 4), ((V2, {"OMP_NUM_THREADS": ""}), 2)]
    asked = json.dumps([case for case, _ in cases])
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, input=asked, env=around(), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(count) for _, count in cases]


def threads(**environment):
    """The number of torch's threads in a new Python where the course comes first."""
    command = [sys.executable, "-c", "import course_utils, torch; print(torch.get_num_threads())"]
    asked = around(**environment)
    return int(subprocess.run(command, env=asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(torch.get_num_threads() < 2, reason="torch takes one thread here in any case")
def test_where_the_course_comes_first_the_limit_holds_too():
    assert threads(CPU_LIMIT="0.5") == 1
    assert threads(CPU_LIMIT="0.5", OMP_NUM_THREADS="2") == 2
