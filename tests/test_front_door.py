"""What `import course_utils` loads, and what it leaves until somebody asks."""

import ast
from functools import cache
import json
import os
from pathlib import Path
import subprocess
import sys

import course_utils
import pytest

ROOT = Path(__file__).parent.parent
LARGE = ("matplotlib", "ipywidgets", "pygraphviz", "PIL", "sympy", "torch._dynamo")
# The helpers that show something with a large package, as soon as they are named.
NEEDS = {
    "attach_slider": {"matplotlib", "PIL"},
    "explore_learning_rate": {"matplotlib", "PIL"},
    "plot_fit": {"matplotlib", "PIL"},
    "plot_graphs": {"matplotlib", "PIL"},
    "plot_loss": {"matplotlib", "PIL"},
    "show_machine": {"ipywidgets"},
    "tune_learning_rate": {"matplotlib", "PIL", "ipywidgets"},
}
LESSONS = sorted(path for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))


def printed(code, **environment):
    """What a new Python prints, in words."""
    around = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=around, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


FORKS = """if True:
    import os, sys
    import torch
    for code in {codes!r}:
        print(flush=True)
        if os.fork() == 0:
            exec(code, {{}})
            print(*[name for name in {large!r} if name in sys.modules], flush=True, end="")
            os._exit(0)
        os.wait()
"""


@cache
def loaded(codes):
    """What each of these pieces of code loads, in a Python of its own but for torch, which takes long to load."""
    command = [sys.executable, "-c", FORKS.format(codes=codes, large=LARGE)]
    around = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=around, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(zip(codes, (set(line.split()) for line in done.stdout.split("\n")[1:]), strict=True))


def first_cell(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def helpers_in(code):
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    return {name.name for node in imports if node.module == "course_utils" for name in node.names}


DOOR = "import course_utils; course_utils.use_style()"
PLOT = "import course_utils; course_utils.plot_loss"


def all_codes():
    return (DOOR, PLOT, *map(first_cell, LESSONS))


def test_the_door_alone_loads_nothing_large():
    assert loaded(all_codes())[DOOR] == set()
    assert loaded(all_codes())[PLOT] == {"matplotlib", "PIL"}  # so it would have been seen


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lessons_first_cell_loads_what_its_helpers_need_and_no_more(path):
    code = first_cell(path)
    needed = {package for helper in helpers_in(code) for package in NEEDS.get(helper, ())}
    needed |= {"matplotlib", "PIL"} if "matplotlib" in code else set()
    assert loaded(all_codes())[code] == needed


def test_the_table_for_type_checkers_is_the_one_that_is_used():
    tree = ast.parse(Path(course_utils.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    seen = {name.name: node.module for node in imports for name in node.names}
    table = {name: f"course_utils.{room}" for name, room in course_utils._ROOM_OF.items()}
    assert table.items() <= seen.items()
    assert set(table) == set(course_utils.__all__)


def test_all_names_come_with_a_star_and_stand_in_the_list():
    star = "from course_utils import *\nfrom course_utils import __all__\n"
    assert printed(f"{star}print(*[name for name in __all__ if name not in globals()], 'and no more')") == [
        "and",
        "no",
        "more",
    ]
    assert set(course_utils.__all__) <= set(dir(course_utils))


@pytest.mark.parametrize("first", ["import course_utils.read", "from course_utils import trace, diagnose"])
def test_a_room_does_not_take_the_name_of_its_helper(first):
    """`course_utils.record` is a room and a helper: loading the room must not put it in the helper's place."""
    code = f"{first}\nfrom course_utils import *\nfrom course_utils import record\nprint(type(record).__name__)"
    assert printed(code) == ["function"]
    names = set(course_utils._ROOM_OF)
    rooms = {path.stem for path in Path(course_utils.__file__).parent.iterdir()}
    assert names & rooms == {"record"}, "import such a helper at once, as `record` is"


def test_a_package_that_only_some_helpers_need_stops_those_alone(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError('no', name='matplotlib')")
    code = """if True:
        from course_utils import trace, use_style
        use_style()
        try:
            from course_utils import plot_loss
        except ImportError as error:
            print(error)
    """
    said = " ".join(printed(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"))
    assert said.startswith(f"course_utils cannot work here, matplotlib is not installed for {sys.executable}: before")


STYLE = "import matplotlib\nprint(matplotlib.rcParams['figure.figsize'], matplotlib.rcParams['lines.linewidth'])"


@pytest.mark.parametrize(
    "code",
    [
        f"from course_utils import use_style\nuse_style()\nuse_style()\n{STYLE}",
        f"from course_utils import use_style\nuse_style()\nimport matplotlib.pyplot\n{STYLE}",
        f"from course_utils import plot_loss, use_style\nuse_style()\n{STYLE}",
    ],
    ids=["before", "by way of pyplot", "after"],
)
def test_the_look_is_that_of_the_course_whenever_matplotlib_comes(code):
    assert printed(code) == ["[7.0,", "3.6]", "2.0"]


def test_what_is_done_afterwards_is_done_once_and_leaves_no_trace(tmp_path):
    (tmp_path / "late.py").write_text("print('loading')")
    code = """if True:
        import sys
        from course_utils.afterwards import once_loaded
        before = list(sys.meta_path)
        def act():
            print("acting")
        once_loaded("late", act)
        once_loaded("late", act)
        import late
        import late
        print(sys.meta_path == before)
        once_loaded("late", act)
        once_loaded("no_such_package", act)
        try:
            import no_such_package
        except ModuleNotFoundError:
            print(sys.meta_path == before)
    """
    said = printed(code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert said == ["loading", "acting", "True", "acting", "True"]
