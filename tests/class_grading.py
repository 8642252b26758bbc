"""Grade a class end to end with nbgrader, and compare each submission's points with what they must be.

    python tests/class_grading.py                     lessons 01, 05, 12 and 15: release, submissions, grades, feedback
    python tests/class_grading.py 03 07               other lessons
    python tests/class_grading.py --all               all
    python tests/class_grading.py 05 --only reads     one submission
    python tests/class_grading.py --source ~/grading 05 12    write the instructor's private copies, and stop there

It needs `pip install -c constraints.txt -e ".[class]"` and bubblewrap; the commands are those of docs/grading.md. The
exit code is 1 if points differ, or if anything outside of the submissions' sandbox has changed or was read.
"""

import argparse
import csv
import hashlib
import os
from pathlib import Path
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from time import monotonic

from attacks import LESSON, SCRIPT, attacks, odd
from grading_source import exercises_of, lesson_named, write_source
import nbformat
from submissions import TABLE, Submission, filled_in, honest

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "docs" / "nbgrader_config.py"
LESSONS = ["01_slope", "05_backward", "12_engine", "15_error_clinic"]
SECRET = "a secret of the instructor's environment"
SHORTER = {"SECONDS = 60 ": "SECONDS = 30 ", '"cpu": 240': '"cpu": 60'}


def prepare(folder, lessons):
    """Write the instructor's folder: nbgrader's configuration, and lessons with hidden tests.

    Raises:
        FileExistsError: one of the lessons is there already: its hidden tests must not change under a class.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in lessons:
        if (folder / "source" / lesson).exists():
            raise FileExistsError(f"{folder / 'source' / lesson} must not exist yet: move it away to make it anew")
    shutil.copy(CONFIG, folder / CONFIG.name)
    for lesson in lessons:
        print(*write_source(folder, lesson), sep="\n", flush=True)


def shorten(config):
    """Let an endless loop cost less than it does a class."""
    text = config.read_text(encoding="utf-8")
    for name, value in SHORTER.items():
        assert name in text
        text = text.replace(name, value)
    config.write_text(text, encoding="utf-8")


class Grading:
    """nbgrader at work in a temporary course folder."""

    def __init__(self, root):
        self.course, self.outside, self.temporary = root / "course", root / "outside", root / "t"
        for folder in (self.outside, self.temporary):
            folder.mkdir()
        (self.outside / "diary.txt").write_text(SECRET, encoding="utf-8")
        self.log = root / "log.txt"

    def run(self, *words):
        """The exit code of an nbgrader command."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic
        surroundings = {**os.environ, "PATH": path, "HOME": str(self.outside), "TMPDIR": str(self.temporary)}
        surroundings |= {"INSTRUCTORS_TOKEN": SECRET, "JUPYTER_PLATFORM_DIRS": "0"}
        with self.log.open("a", encoding="utf-8") as log:
            began = monotonic()
            came = subprocess.run(["nbgrader", *words], cwd=self.course, env=surroundings, stdout=log, stderr=log)
        print(f"nbgrader {' '.join(words)}: exit code {came.returncode}, {monotonic() - began:.0f} s", flush=True)
        return came.returncode

    def hand_in(self, lesson, submission):
        """Put a submission where nbgrader looks for it, to be read only."""
        folder = self.course / "submitted" / submission.student / lesson
        folder.mkdir(parents=True)
        notebook = nbformat.read(self.course / "release" / lesson / f"{lesson}.ipynb", as_version=4)
        text = submission.text or nbformat.writes(filled_in(notebook, submission))
        for name, content in {f"{lesson}.ipynb": text, **submission.files}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
            (folder / name).chmod(0o444)

    def points(self):
        """By lesson and student the points of the exported grades."""
        self.run("export")
        grades = self.course / "grades.csv"
        rows = csv.DictReader(grades.read_text(encoding="utf-8").splitlines() if grades.exists() else [])
        return {(row["assignment"], row["student_id"]): float(row["score"] or 0) for row in rows}

    def fingerprint(self):
        """What must be the same before and after: the instructor's files, the submissions, and what is outside."""
        files = [*self.outside.rglob("*"), self.course / CONFIG.name]
        files += [path for name in ("source", "release", "submitted") for path in (self.course / name).rglob("*")]
        hidden = {path for path in files if path.relative_to(self.course.parent).parts[1].startswith(".")}  # Jupyter's
        ours = [path for path in files if path.is_file() and path not in hidden]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in ours}


def submissions(lesson, course, port):
    """All that is handed in for a lesson."""
    extra = [*odd(), *attacks(course, port)] if lesson == LESSON else []
    known = [Submission("knows-the-questions", 0, TABLE)] if lesson == "01_slope" else []
    return [*honest(lesson), *extra, *known]


def outputs(course):
    """All that was printed under grading, by notebook."""
    for path in course.glob("autograded/*/*/*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        yield path, "".join(str(output) for cell in cells for output in cell.get("outputs", []))


def leaks(grading, calls):
    """Sentences about what got out of the sandbox or into it."""
    found = [f"{path} holds a secret" for path, text in outputs(grading.course) if SECRET in text or "read: " in text]
    found += ["somebody called on the network"] * bool(calls)
    for path in grading.course.glob("feedback/*/*/*.html"):
        told = {"import_anew": "shows hidden tests", SCRIPT: "runs a student's script"}
        found += [f"{path} {does}" for word, does in told.items() if word in path.read_text(encoding="utf-8")]
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    left = sum(str(grading.temporary).encode() in command for command in commands)
    return found + [f"{left} processes are left"] * bool(left)


def listen(calls):
    """A port on this machine; who calls is noted."""
    server = socket.create_server(("127.0.0.1", 0))
    answer = lambda: [calls.append(line.sendall(SECRET.encode())) for line, _ in iter(server.accept, None)]  # noqa: E731
    threading.Thread(target=answer, daemon=True).start()
    return server.getsockname()[1]


def grade(grading, lessons, only=()):
    """Run the documented commands, and give the number of differences and leaks."""
    prepare(grading.course, lessons)
    shorten(grading.course / CONFIG.name)
    calls, handed_in = [], {}
    port = listen(calls)
    for lesson in lessons:
        grading.run("generate_assignment", lesson)
        handed_in[lesson] = [
            each for each in submissions(lesson, grading.course, port) if not only or each.student in only
        ]
        for submission in handed_in[lesson]:
            grading.hand_in(lesson, submission)
    before = grading.fingerprint()
    for lesson in lessons:
        grading.run("autograde", lesson)
        grading.run("generate_feedback", lesson)
    faults = [f"{path} changed" for path, _ in before.items() ^ grading.fingerprint().items()]
    faults += leaks(grading, calls)
    wrong = table(handed_in, grading.points(), grading.log.read_text(encoding="utf-8"))
    print(*faults or ["nothing outside was read, changed or left running"], sep="\n", flush=True)
    return wrong + len(faults)


def table(handed_in, points, log):
    """Print points beside those wanted, and give the number of rows that differ."""
    wrong = 0
    for lesson, rows in handed_in.items():
        for row in rows:
            got = points.get((lesson, row.student), 0.0)
            reported = f"'{lesson}' for student '{row.student}'" in log
            good = got == row.points and reported == row.fails
            wrong += not good
            told = f"{got:g} of {len(exercises_of(lesson))}, must be {row.points}"
            told += "   not graded: reported" * reported
            print(f"{'ok' if good else 'NO':3} {lesson:16} {row.student:26} {told}")
    print(f"{sum(map(len, handed_in.values()))} submissions, {wrong} graded otherwise than they must")
    return wrong


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lessons", nargs="*", help="names or numbers, by default 01 05 12 15")
    parser.add_argument("--all", action="store_true", help="every lesson")
    parser.add_argument("--source", type=Path, metavar="FOLDER", help="write the private copies there, and stop")
    parser.add_argument("--only", nargs="+", metavar="STUDENT", default=(), help="these submissions only")
    asked = parser.parse_args(arguments)
    every = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
    lessons = every if asked.all else [lesson_named(each) for each in asked.lessons] or LESSONS
    if asked.source:
        return prepare(asked.source, lessons)
    with tempfile.TemporaryDirectory(prefix="class-") as root:
        return bool(grade(Grading(Path(root)), lessons, asked.only))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
