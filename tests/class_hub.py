"""A made-up class on a JupyterHub of this machine: `python tests/class_hub.py [--users 20] [--lesson 02_graph]`.

As many scripted students as asked for log in at once, each with the form, have their servers started, pull the course
with nbgitpuller, open the lesson and run it from top to bottom; before that one does it alone. nbval compares what each
saw with the stored outputs. Then one student tries to get at another's server, kernel and files. What it prints: who
finished, whose cells are equal, seconds and memory beside those of the one, and each trial. The exit code is 1 if
anything is not as it must be.

It needs Linux or macOS, `pip install -c constraints.txt -e ".[test]"`, git and npm. The hub lies in an environment of
its own, `.hub`, which only the first run makes (some minutes). It listens to 127.0.0.1 alone, with a password made for
the run, in a temporary folder that is gone afterwards. What the hub is not: see tests/hub_config.py.
"""

import argparse
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from grading_source import lesson_named
from hub_leaks import trials
from hub_place import LOG, ROOT, Missing, environment, published, running, uncommitted
from hub_replay import judged
from hub_table import HEAD, cost, costs, kernel_of, processes, seconds, verdict
from hub_user import Student
import nbformat
import psutil


def at_once(students, course, lesson):
    """Let all students begin in the same moment; the highest load of the machine until the last one was through.

    The threads are daemons: a key that stops this command need not wait for them.
    """
    threads = [threading.Thread(target=one.study, args=(course, lesson), daemon=True) for one in students]
    for thread in threads:
        thread.start()
    highest = 0.0
    while any(thread.is_alive() for thread in threads):
        highest = max(highest, os.getloadavg()[0])
        time.sleep(0.5)
    return highest


def one_alone(student, course, lesson, hub):
    """One student with the machine to himself; what it cost then. His server is stopped before the class comes."""
    at_once([student], course, lesson)
    took = cost(hub)
    student.ask("DELETE", f"{student.hub}/hub/api/users/{student.name}/server", under="/hub/")
    for _ in range(600):
        if student.name not in processes(hub):
            return took
        time.sleep(0.1)
    raise TimeoutError("the server of one student did not stop within a minute")


def hold(room, programs, users, lesson):
    """Hold the class in an empty folder: what is to be told of it, and whether all is right."""
    names = ["alone", *(f"student{place:02}" for place in range(1, users + 1))]
    with running(room, programs, names) as (address, password, hub):
        first, *students = (Student(name, password, address) for name in names)
        course, load = published(room), os.getloadavg()[0]
        before = one_alone(first, course, lesson, hub)
        print(f"one student alone: {first.fault or 'finished'}; now {users} at once", flush=True)
        highest = at_once(students, course, lesson)
        after = cost(hub)
        good = [one for one in students if not one.fault][:2]
        tried = trials(*good, lambda name: kernel_of(hub, name)) if len(good) == 2 else []
    told, right = compare(room, first, students, lesson)
    told += [HEAD, *seconds(first, students), *costs(before, after)]
    told.append(f"load {load:.1f} before, at most {highest:.1f}, on {os.cpu_count()} processors")
    told.append(f"in the kernels: {'; '.join(sorted({one.tells for one in students if one.tells}))}")
    held = [trial for trial in tried if trial.held]
    told += [str(trial) for trial in tried]
    told.append(f"{len(held)} of {len(tried)} trials to get at another's came out as they must")
    return told, right and bool(tried) and len(held) == len(tried)


def compare(room, first, students, lesson):
    """Lines on what each student finished and saw, and whether it is all that there is to see."""
    (room / "judged").mkdir()
    copy = room / "stored"
    subprocess.run(["git", "clone", "-q", room / "course.git", copy], check=True)
    stored = copy / "notebooks" / f"{lesson}.ipynb"
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(stored, as_version=4).cells)
    equal, differ = judged(room / "judged", stored, {one.name: one.ran for one in (first, *students)})
    told = [f"{one.name}: {one.fault}" for one in (first, *students) if one.fault]
    told += [f"{name}: {text}" for name, texts in differ.items() for text in texts[:2]]
    lone, alone_right = verdict([first], cells, equal, differ)
    line, right = verdict(students, cells, equal, differ)
    return [*told, f"{lesson}, one alone: {lone}", f"{lesson}, {len(students)} at once: {line}"], right and alone_right


def left_behind(room):
    """The processes that still have something to do with a folder."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and str(room) in " ".join([*process.cmdline(), *process.environ().values()]):
                left.append(process)
        except psutil.Error:  # it ended meanwhile, or is not ours to ask
            continue
    return left


def run(asked):
    """Hold the class, print what is to be told, and give the exit code."""
    lesson, programs = lesson_named(asked.lesson), environment(asked.env.resolve())
    if changed := uncommitted():
        print(f"not yet committed, so not what students pull: {', '.join(changed)}")
    with tempfile.TemporaryDirectory(prefix="class_hub_") as temporary:
        room = Path(temporary).resolve()
        try:
            told, right = hold(room, programs, asked.users, lesson)
        finally:
            keep_log(room, asked.env)
        left = left_behind(room)
    print(*told, f"left behind: {len(left)} processes, {int(room.exists())} folders", sep="\n")
    if right and not left:
        return 0
    print(f"not as it must be; {asked.env / LOG} has the hub's log")
    return 1


def keep_log(room, folder):
    """Keep the log of the last hub, which without it would be gone with all else."""
    if (room / LOG).exists():
        shutil.copy(room / LOG, folder / LOG)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=20, metavar="N", help="how many at once, by default 20")
    parser.add_argument("--lesson", default="02_graph", help="name or number, by default 02_graph")
    parser.add_argument("--env", type=Path, default=ROOT / ".hub", metavar="FOLDER", help="of the hub, by default .hub")
    asked = parser.parse_args(arguments)
    if asked.users < 2:
        parser.error(f"--users must be 2 or more, one cannot leak to oneself, got {asked.users}")
    try:
        return run(asked)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped, and the hub with it", file=sys.stderr)
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the hub is stopped then, too
    raise SystemExit(main(sys.argv[1:]))
