"""The rooms of the package: who may import whom, and what each public name owes its reader."""

import ast
import inspect
from pathlib import Path

import course_utils
import pytest

PACKAGE = Path(course_utils.__file__).parent

MAY_IMPORT = {
    # numbers
    "device": set(),
    "machine": {"device"},
    "engine": set(),
    "progress": {"device"},
    "batch": set(),
    "givens": {"batch"},
    "descent": {"batch", "givens", "progress"},
    "fate": set(),
    "call": set(),
    "record": {"call"},
    "walk": set(),
    "slopes": set(),
    "vjp": {"slopes"},
    "replay": {"vjp", "walk"},
    "graph": set(),
    "names": {"call", "graph", "walk"},
    "fold": {"call", "graph", "slopes"},
    "values": {"engine", "graph", "walk"},
    "read": {"call", "engine", "fold", "graph", "names", "record", "replay", "slopes", "values", "vjp", "walk"},
    "traced": {"graph", "walk"},
    "exported": {"graph", "traced"},
    "paths": {"graph", "slopes"},
    # checks
    "shield": set(),
    "attempt": {"shield"},
    "numbers": set(),
    "compare": {"numbers"},
    "referee": {"device", "graph", "numbers", "paths", "read", "slopes"},
    "mistakes": {"compare", "numbers", "referee"},
    "questions": {"attempt", "numbers", "referee"},
    "verdict": {"compare"},
    "judge": {"attempt", "compare", "mistakes", "questions", "referee", "verdict"},
    "trial": {"attempt", "compare", "mistakes", "numbers", "questions", "referee", "verdict"},
    "checks": {"attempt", "compare", "device", "judge", "questions", "referee", "shield", "trial", "verdict"},
    "claims": {"checks", "compare", "graph", "numbers", "paths", "read", "verdict"},
    "endurance": {"attempt"},
    "battery": {"attempt", "checks", "compare", "endurance", "mistakes", "verdict"},
    "lineup": {"attempt", "checks", "endurance", "numbers"},
    # the clinic
    "rows": {"site"},
    "rewrites": {"edits", "site"},
    "reading": {"site"},
    "origins": {"reading", "rewrites", "rows", "site"},
    "passes": {"rows", "site"},
    "asking": {"edits", "reading", "rewrites", "site"},
    "strides": {"asking", "edits", "reading", "rewrites", "site"},
    "cuts": {"edits", "reading", "site", "strides"},
    "reopen": {"edits", "rewrites", "site", "strides"},
    "remedies_backward": {"edits", "leaflet", "origins", "passes", "reading", "rewrites", "site"},
    "remedies_shapes": {"edits", "leaflet", "passes", "rewrites", "site"},
    "remedies_asking": {"asking", "edits", "leaflet", "origins", "passes", "reading", "rewrites", "site"},
    "remedies_tape": {
        "asking", "cuts", "edits", "leaflet", "origins", "passes", "reading", "remedies_asking", "reopen", "rewrites",
        "site", "strides",
    },
    "causes": {"asking", "edits", "origins", "reading", "rewrites", "site", "strides", "walk"},
    "remedies_steps": {"causes", "edits", "leaflet", "reading", "rewrites", "site", "strides"},
    "remedies_unused": {
        "edits", "graph", "leaflet", "origins", "passes", "read", "reading", "rewrites", "site", "walk",
    },
    # words and pictures
    "words": {"graph"},
    # what is silently wrong
    "diagnosis": set(),
    "saved": set(),
    "redo": set(),
    "recall": {"names", "record", "redo", "saved", "walk"},
    "wrote": {"call"},
    "mending": {"wrote"},
    "checkup": {"names", "recall", "saved", "walk", "wrote"},
    "wrong_leaves": {"checkup", "diagnosis", "mending", "wrote"},
    "wrong_memory": {"checkup", "diagnosis", "mending", "recall", "record"},
    "wrong_numbers": {"checkup", "diagnosis", "mending", "recall", "replay", "saved", "vjp", "walk"},
    "wrong_shapes": {"checkup", "diagnosis", "redo", "saved"},
    "wrong_sums": {"checkup", "diagnosis", "saved", "walk"},
    "diagnose": {
        "checkup", "diagnosis", "names", "recall", "wrong_leaves", "wrong_memory", "wrong_numbers", "wrong_shapes",
        "wrong_sums", "wrote",
    },
    "dot": {"graph", "words"},
    "steps": {"graph", "words"},
    "formulas": {"graph", "paths", "words"},
    "chain": {"engine", "formulas", "names", "paths", "read"},
    "watch": {"engine", "names", "read", "record", "replay", "walk", "words"},
    "style": set(),
    "layout": {"graph"},
    "scene": {"graph", "layout", "style", "words"},
    "svg": {"layout", "scene", "style"},
    "paper": {"layout", "scene", "style"},
    "draw": {"dot", "engine", "graph", "names", "paper", "read", "scene", "slopes", "style", "svg", "words"},
    "picture": {"style"},
    "plot": {"picture", "style"},
    "beside": {"graph", "layout", "picture", "style", "words"},
    "sheet": {"picture", "plot", "style"},
    "player": set(),
    "curves": set(),
    "live": {"curves", "picture", "player", "style"},
    "panels": {"live", "picture", "style"},
    "card": set(),
    # controls
    "stepper": {
        "draw", "engine", "graph", "names", "player", "read", "scene", "slopes", "steps", "style", "svg", "words",
    },
    "alike": {"picture"},
    "slider": {"alike", "live", "picture", "player", "progress"},
    "learning": {"batch", "givens", "panels"},
    "explorer": {"batch", "descent", "fate", "givens", "learning", "live", "panels", "picture", "player"},
    "controls": set(),
    "tuner": {"controls", "plot", "sheet"},
    "widgets": {"controls", "machine"},
    # the clinic
    "site": set(),
    "edits": set(),
    "leaflet": {"graph"},
    "clues": {"site"},
    "tracked": {"site"},
    "changes": {"clues", "site"},
    "outofplace": {"changes", "clues", "edits", "site"},
    "remedies_leaves": {"edits", "leaflet", "reading", "rewrites", "site", "strides"},
    "remedies_changes": {"changes", "clues", "leaflet", "outofplace", "remedies_too_soon", "site"},
    "remedies_too_soon": {"changes", "clues", "edits", "leaflet", "outofplace", "site"},
    "remedies_conversions": {"tracked", "clues", "edits", "leaflet", "site"},
    "remedies_devices": {"clues", "edits", "leaflet", "site"},
    "remedies_flags": {"clues", "edits", "leaflet", "site"},
    "remedies_functions": {"tracked", "clues", "edits", "leaflet", "site"},
    "remedies_warnings": {"tracked", "clues", "edits", "leaflet", "site"},
    "ailments": {
        "leaflet", "remedies_asking", "remedies_backward", "remedies_changes", "remedies_conversions",
        "remedies_devices", "remedies_flags", "remedies_functions", "remedies_leaves", "remedies_shapes",
        "remedies_steps", "remedies_tape", "remedies_unused", "remedies_warnings", "site",
    },
    "hearing": set(),
    "clinic": {"ailments", "hearing", "leaflet", "rows", "site"},
    "__init__": {
        "battery", "beside", "card", "chain", "checks", "claims", "clinic", "device", "diagnose", "draw", "engine",
        "explorer", "exported", "lineup", "machine", "plot", "read", "record", "slider", "stepper", "style",
        "traced", "tuner", "watch", "widgets",
    },
}  # fmt: skip
# Inside functions alone: a Graph shows itself by asking them.
LOOKS = {("graph", "draw"), ("graph", "words"), ("graph", "dot"), ("graph", "fold")}
HOME = {"pygraphviz": {"layout"}, "IPython": {"clinic", "progress", "tuner", "widgets"}, "os": {"device"}}
HOME["ipywidgets"] = {"controls", "tuner", "widgets"}
DRAWING = {"alike", "curves", "explorer", "learning", "live", "panels", "sheet", "slider"}
HOME["matplotlib"] = DRAWING | {"beside", "paper", "picture", "plot", "style"}


def rooms():
    return {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.glob("*.py")}


def imported(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = node.module == "course_utils"
            yield from (f"course_utils.{name.name}" for name in node.names) if whole else [node.module]


def test_every_room_is_in_the_table():
    assert set(rooms()) == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_go_one_way(room):
    tree = rooms()[room]
    ours = {name.split(".")[1] for name in imported(tree.body) if name.startswith("course_utils.")}
    anywhere = {name.split(".")[1] for name in imported(ast.walk(tree)) if name.startswith("course_utils.")}
    assert ours <= MAY_IMPORT[room]
    assert {(room, other) for other in anywhere - MAY_IMPORT[room]} <= LOOKS


@pytest.mark.parametrize("library", HOME)
def test_an_import_names_its_room(library):
    at_home = {
        room for room, tree in rooms().items() if library in {name.split(".")[0] for name in imported(ast.walk(tree))}
    }
    assert at_home <= HOME[library]


def test_private_names_stay_in_their_file():
    for room, tree in rooms().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_utils"):
                assert not [name.name for name in node.names if name.name.startswith("_")], room


def test_files_are_short_and_named_by_their_subject():
    for path in PACKAGE.glob("*.py"):
        assert path.stem not in {"utils", "misc", "common", "helpers"}
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 200, path.name


def test_functions_are_short():
    for room, tree in rooms().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert lines <= 30, f"{room}.{node.name} has {lines} lines"


@pytest.mark.parametrize("name", course_utils.__all__)
def test_public_names_are_documented_and_typed(name):
    thing = getattr(course_utils, name)
    assert inspect.getdoc(thing)
    signature = inspect.signature(thing)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
        assert parameter.name in inspect.getdoc(thing) or "Args and errors are those of" in inspect.getdoc(thing)
    assert thing.__module__.startswith("course_utils.")


def test_importing_changes_nothing_in_matplotlib():
    import subprocess
    import sys

    code = "import matplotlib as m; before = dict(m.rcParams); import course_utils; assert before == dict(m.rcParams)"
    subprocess.run([sys.executable, "-c", code], check=True)
