"""Submissions that try to gain points, or to do harm, and honest ones that look odd. What each must get stands with it.

Those that would harm a machine are harmless if they succeed: they touch the test's own temporary folder only, ask for
memory without using it, and end by themselves.
"""

from copy import deepcopy

from submissions import Submission, before_first, solved, wrong

LESSON = "05_backward"  # of two exercises: engine, own

EQUAL = """
class Anything(float):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = lambda self, other: 0.0
    __abs__ = lambda self: 0.0
    __hash__ = float.__hash__
turns = [(name, Anything(7)) for name in ("L", "t", "s", "a", "b")]
"""
RIGHT_SAID = """
def say(*_, **__): print("✓ right: all 5 turns")
"""
PATCHED = """
import course_utils, course_utils.checks, course_utils.claims, course_utils.verdict, course_utils.compare
for module in (course_utils, course_utils.checks, course_utils.claims):
    for name in [name for name in dir(module) if name.startswith("check_") or name == "_report"]:
        setattr(module, name, say)
course_utils.compare.difference = lambda *_, **__: None
"""
SHADOWED = "check_turns = check_expression = check_function = say\n"
BUILTINS = """
import builtins
builtins.abs, builtins.all = (lambda number: 0.0), (lambda rows: True)
exec = compile = lambda *_, **__: None
__builtins__ = {**vars(builtins), "exec": exec, "check_turns": say, "check_expression": say}
"""
ENVIRONMENT = """
import os
for name in ("NBGRADER_EXECUTION", "COURSE_STRICT"):
    os.environ.pop(name, None)
os.environ.get = lambda *_: ""
"""
STUBBORN = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
FORKS = """
import os, time
for _ in range(40):
    if os.fork() == 0:
        os.setsid()
        time.sleep(900)
        os._exit(0)
"""
SPOILS = """
import pathlib, shutil
course = pathlib.Path({course!r})
for name in ("gradebook.db", "nbgrader_config.py", "source", "autograded", "submitted", "release"):
    for do in (lambda path: path.unlink(), shutil.rmtree, lambda path: path.write_text("mine")):
        try:
            do(course / name)
        except OSError:
            pass
try:
    (course.parent / "outside" / "new.txt").write_text("mine")
except OSError:
    pass
"""
ESCAPES = """
import json, pathlib
from ipykernel.connect import get_connection_file
folder = pathlib.Path(get_connection_file()).parent
kernel = {"argv": ["touch", {course!r} + "/../outside/escaped"], "display_name": "graded", "language": "python"}
for path in [folder / "data/kernels/graded/kernel.json", folder / "connection.json", *folder.glob("*/*.json")]:
    try:
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kernel))
    except OSError:
        pass
"""
READS = """
import os, pathlib, socket, sqlite3
print(os.environ)
for path in [*pathlib.Path({course!r}).rglob("*"), *pathlib.Path({course!r}).parent.glob("outside/*")]:
    try:
        print("read:", path.read_bytes())
    except OSError:
        pass
try:
    print(sqlite3.connect({course!r} + "/gradebook.db").execute("select * from student").fetchall(), "read: students")
except sqlite3.Error:
    pass
try:
    with socket.create_connection(("127.0.0.1", {port}), 2) as line:
        print("read:", line.recv(99))
except OSError:
    pass
"""
DROPS = "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])\n"
FORGES = "get_ipython().input_transformers_post.append(lambda lines: lines[-2:])\n"
SCRIPT = "<script>steal()</script>"
SHOWS = f"from IPython.display import HTML, display\ndisplay(HTML({SCRIPT!r}))\n"
OWN_PACKAGE = """
def __getattr__(name):
    return lambda *_, **__: print("✓ right")
def pick_device(): return "cpu"
def use_style(): pass
"""
OWN_MODULES = dict.fromkeys(("torch.py", "random.py", "sitecustomize.py"), "raise SystemExit('mine')\n")


def checks_of(notebook):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def delete_checks(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell not in checks_of(notebook)]


def delete_last_exercise(notebook):
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("own-")]


def double_checks(notebook):
    for cell in checks_of(notebook):
        again = deepcopy(cell)
        again.id = f"{cell.id}-again"
        notebook.cells.insert(notebook.cells.index(cell), again)


def empty_checks(notebook):
    for cell in checks_of(notebook):
        cell.source = "pass"


def add_script(notebook):
    notebook.cells[0].source += f"\n\n{SCRIPT}"


def rename_checks(notebook):
    for number, cell in enumerate(checks_of(notebook)):
        cell.source, cell.metadata.nbgrader["grade_id"] = "pass", f"mine-{number}"


def ungrade_checks(notebook):
    for cell in checks_of(notebook):
        cell.source, cell.metadata.nbgrader["grade"] = "pass", False


def odd():
    """Right answers in notebooks that came to harm, and what stops or takes too much."""
    right = solved(LESSON)
    return [
        Submission("right-checks-deleted", 2, right, delete_checks),
        Submission("right-checks-doubled", 2, right, double_checks),
        Submission("right-exercise-deleted", 1, {"engine": right["engine"]}, delete_last_exercise),
        Submission("right-broken-torch-beside", 2, right, files=OWN_MODULES),
        Submission("not-a-notebook", 0, {}, text='{"cells": [', fails=True),
        Submission("endless", 1, {**right, "own": "while True:\n    pass"}),
        Submission("endless-and-stubborn", 0, {**right, "own": STUBBORN}, fails=True),
        Submission("memory", 1, {**right, "own": "blocks = [torch.empty(2**28) for _ in range(100)]"}),
        Submission("exits", 0, {**right, "own": "import os\nos._exit(0)"}, fails=True),
    ]


def attacks(course, port):
    """Wrong answers with a trick; `course` is the folder it knows, `port` one where somebody listens."""
    bad = wrong(LESSON)
    tricks = {
        "processes": FORKS,
        "deletes-and-writes": SPOILS,
        "reads": READS,
        "escapes": ESCAPES,
        "checks-patched": RIGHT_SAID + PATCHED,
    }
    tricks |= {"checks-replaced": RIGHT_SAID + SHADOWED, "builtins-replaced": RIGHT_SAID + BUILTINS}
    tricks |= {"environment": ENVIRONMENT, "tests-dropped": DROPS}
    known = {"{course!r}": repr(str(course)), "{port}": str(port)}
    for name, code in tricks.items():
        for word, value in known.items():
            code = code.replace(word, value)
        yield Submission(name, 0, before_first(code, bad))
    yield Submission("scripts-for-the-page", 0, before_first(SHOWS, bad), add_script)
    yield Submission("checks-edited", 0, bad, empty_checks)
    yield Submission("checks-renamed", 0, bad, rename_checks)
    yield Submission("checks-ungraded", 0, bad, ungrade_checks)
    yield Submission("equal-to-everything", 0, {**bad, "engine": EQUAL})
    yield Submission("own-course-utils", 0, bad, files={"course_utils/__init__.py": OWN_PACKAGE})
    yield Submission("own-modules", 0, bad, files=OWN_MODULES)
    yield Submission("KNOWN-HOLE-forged-proof", 2, before_first(FORGES, bad))
