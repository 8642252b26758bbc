"""The rooms of the package: who may import whom, and what each public name owes its reader."""

import ast
from functools import cache
from graphlib import TopologicalSorter
import inspect
from pathlib import Path

import course_utils
from course_utils import clinic, commands, diagnosis
import pytest

PACKAGE = Path(course_utils.__file__).parent

# Three houses inside the package. A name without a slash is a room of the same house, "" its door.
CLINIC = {
    "site": {"texts"},
    "edits": set(),
    "messages": set(),
    "quiet": set(),
    "hearing": set(),
    "leaflet": {"/draw", "/graph", "/markup"},
    "clues": {"site"},
    "tracked": {"site"},
    "changes": {"clues", "messages", "site"},
    "outofplace": {"changes", "clues", "edits", "site"},
    "rows": {"site"},
    "rewrites": {"clues", "edits", "site"},
    "reading": {"site"},
    "origins": {"reading", "rewrites", "rows", "site"},
    "passes": {"rows", "site"},
    "asking": {"edits", "reading", "rewrites", "site"},
    "strides": {"asking", "clues", "edits", "quiet", "reading", "rewrites", "site"},
    "cuts": {"edits", "reading", "site"},
    "reopen": {"edits", "quiet", "rewrites", "site"},
    "missing": {
        "called", "clues", "edits", "origins", "passes", "reading", "rewrites", "site", "ways",
    },
    "severed": {
        "called", "clues", "cuts", "edits", "origins", "passes", "quiet", "reading", "reopen", "rewrites", "site",
    },
    "causes": {"asking", "edits", "missing", "origins", "reading", "rewrites", "site", "strides"},
    "handmade": {"clues", "derivative", "site"},
    "unreached": {
        "asking", "causes", "clues", "edits", "missing", "passes", "reading", "rewrites", "severed", "site", "strides",
        "ways",
    },
    "texts": set(),
    "derivative": {"site"},
    "called": {"clues", "site"},
    "ways": {"/walk"},
    "kept": {"called", "reading", "site", "ways"},
    "sketch": {"/graph", "/names", "/record", "/walk", "/words"},
    "pictures": {"/graph", "/walk", "/words", "leaflet", "passes", "site", "sketch"},
    "remedies": set(),
    "remedies.asking": {"asking", "edits", "leaflet", "origins", "passes", "reading", "rewrites", "site"},
    "remedies.backward": {"edits", "kept", "leaflet", "missing", "origins", "passes", "reading", "rewrites", "site"},
    "remedies.changes": {"changes", "clues", "leaflet", "outofplace", "remedies.too_soon", "site"},
    "remedies.conversions": {"clues", "edits", "leaflet", "site", "tracked"},
    "remedies.devices": {"clues", "edits", "leaflet", "remedies.nowhere", "site"},
    "remedies.flags": {"clues", "edits", "leaflet", "site", "tracked"},
    "remedies.functions": {"clues", "edits", "handmade", "leaflet", "site", "tracked"},
    "remedies.leaves": {"clues", "edits", "leaflet", "quiet", "reading", "rewrites", "site", "strides"},
    "remedies.shapes": {"clues", "edits", "leaflet", "messages", "passes", "rewrites", "site"},
    "remedies.steps": {"causes", "edits", "leaflet", "reading", "rewrites", "site", "strides", "unreached"},
    "remedies.tape": {
        "asking", "clues", "edits", "leaflet", "origins", "passes", "reading", "remedies.asking", "remedies.detached",
        "remedies.mute", "rewrites", "site", "strides",
    },
    "remedies.too_soon": {"changes", "clues", "edits", "leaflet", "outofplace", "passes", "site"},
    "remedies.picking": {"clues", "edits", "leaflet", "site"},
    "remedies.unused": {
        "edits", "leaflet", "origins", "passes", "reading", "rewrites", "severed", "site", "ways",
    },
    "remedies.warnings": {"clues", "edits", "leaflet", "messages", "remedies.midway", "rewrites", "site", "tracked"},
    "remedies.mute": {"clues", "edits", "passes", "reading", "rewrites", "site", "strides"},
    "remedies.midway": {"clues", "edits", "passes", "rewrites", "site", "ways"},
    "remedies.nowhere": {"clues", "edits", "leaflet", "passes", "site"},
    "remedies.whole": {"clues", "edits", "leaflet", "remedies.picking", "rewrites", "site"},
    "remedies.detached": {
        "called", "clues", "cuts", "edits", "origins", "quiet", "reading", "remedies.asking", "reopen", "rewrites",
        "site", "strides",
    },
    "ailments": {
        "leaflet", "remedies.asking", "remedies.backward", "remedies.changes", "remedies.conversions",
        "remedies.devices", "remedies.flags", "remedies.functions", "remedies.leaves", "remedies.shapes",
        "remedies.steps", "remedies.tape", "remedies.unused", "remedies.warnings", "remedies.whole", "site",
    },
    "reception": {"ailments", "hearing", "leaflet", "pictures", "rows", "site"},
    "": {"reception"},
}  # fmt: skip
DIAGNOSIS = {
    "findings": {"/markup"},
    "saved": set(),
    "redo": set(),
    "recall": {"/names", "/record", "/walk", "redo", "saved"},
    "wrote": {"/call"},
    "belongings": {"/names", "recall"},
    "mending": {"wrote"},
    "guarding": {"mending", "wrote"},
    "together": {"mending", "wrote"},
    "inside": {"belongings", "mending", "wrote"},
    "tallies": {"belongings", "mending", "wrote"},
    "checkup": {"/names", "/walk", "belongings", "recall", "saved", "wrote"},
    "sides": {"belongings", "checkup", "recall", "redo", "saved"},
    "behind": {"wrote"},
    "wrongs": set(),
    "wrongs.leaves": {"belongings", "checkup", "findings", "mending", "wrote"},
    "wrongs.paths": {"checkup", "findings", "inside", "mending", "saved", "wrote"},
    "wrongs.memory": {"/record", "behind", "belongings", "checkup", "findings", "mending", "recall", "redo"},
    "wrongs.runaway": {"belongings", "checkup", "findings", "mending", "recall", "redo", "saved", "wrote"},
    "wrongs.numbers": {
        "/replay", "/vjp", "/walk", "belongings", "checkup", "findings", "guarding", "mending", "recall", "redo",
        "saved", "together", "wrongs.runaway", "wrote",
    },
    "wrongs.shapes": {"checkup", "findings", "redo", "sides"},
    "wrongs.sums": {"/walk", "belongings", "checkup", "findings", "redo", "saved", "tallies"},
    "examination": {
        "/names", "checkup", "findings", "recall", "wrongs.leaves", "wrongs.memory", "wrongs.numbers", "wrongs.paths",
        "wrongs.shapes", "wrongs.sums", "wrote",
    },
    "": {"examination"},
}  # fmt: skip

COMMANDS = {
    "trouble": set(),
    "speech": set(),
    "course": {"/edition", "trouble"},
    "pages": {"trouble"},
    "exercises": {"pages", "trouble"},
    "needs": set(),
    "delivery": {"trouble"},
    "student": {"course", "delivery", "exercises", "pages"},
    "solutions": {"course", "delivery", "exercises", "needs", "pages", "trouble"},
    "check": {"/device", "/edition", "/machine", "trouble"},
    "equipment": {"/draw", "/edition", "/engine", "/machine"},
    "ground": {"/device", "/edition", "/machine", "/processors", "course", "trouble"},
    "minutes": {"/device", "/machine"},
    "doctor": {"/edition", "/machine", "course", "equipment", "ground", "minutes"},
    "line": {"check", "course", "delivery", "doctor", "solutions", "speech", "student", "trouble"},
    "": {"line"},
}


def within(house, table):
    """The table of a house, in which each room has its whole name."""

    def whole(room):
        return room[1:] if room.startswith("/") else f"{house}.{room}".rstrip(".")

    return {whole(room): {whole(other) for other in others} for room, others in table.items()}


MAY_IMPORT = {
    # numbers
    "edition": set(),
    "processors": set(),
    "memory": set(),
    "starting": set(),
    "device": {"processors", "starting"},
    "afterwards": set(),
    "machine": {"device", "edition"},
    "engine": set(),
    "progress": {"device", "markup"},
    "saving": set(),
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
    # words and pictures
    "words": {"graph"},
    "dot": {"graph", "words"},
    "steps": {"graph", "words"},
    "formulas": {"graph", "paths", "words"},
    "chain": {"engine", "formulas", "names", "paths", "read"},
    "watch": {"engine", "names", "read", "record", "replay", "walk", "words"},
    "style": {"afterwards"},
    "layout": {"graph"},
    "scene": {"graph", "layout", "style", "words"},
    "svg": {"layout", "scene", "style"},
    "paper": {"layout", "scene", "style"},
    "draw": {
        "dot", "engine", "graph", "markup", "names", "paper", "read", "saving", "scene", "slopes", "style", "svg",
        "words",
    },
    "picture": {"memory", "saving", "style"},
    "plot": {"picture", "style"},
    "beside": {"graph", "layout", "picture", "style", "words"},
    "sheet": {"markup", "memory", "picture", "plot", "style"},
    "player": {"markup"},
    "curves": set(),
    "live": {"curves", "memory", "picture", "player", "style"},
    "panels": {"live", "picture", "style"},
    "markup": set(),
    "card": {"markup"},
    # controls
    "stepper": {
        "draw", "engine", "graph", "markup", "names", "player", "read", "scene", "slopes", "steps", "style", "svg",
        "words",
    },
    "alike": {"picture"},
    "slider": {"alike", "live", "picture", "player", "progress"},
    "learning": {"batch", "givens", "panels"},
    "explorer": {"batch", "descent", "fate", "givens", "learning", "live", "panels", "picture", "player"},
    "controls": set(),
    "tuner": {"controls", "plot", "sheet"},
    "widgets": {"controls", "machine", "markup"},
    "__init__": {
        "battery", "beside", "card", "chain", "checks", "claims", "clinic", "device", "diagnosis", "draw", "edition",
        "engine", "explorer", "exported", "lineup", "machine", "plot", "read", "record", "slider", "stepper", "style",
        "traced", "tuner", "watch", "widgets",
    },
    **within("clinic", CLINIC),
    **within("diagnosis", DIAGNOSIS),
    **within("commands", COMMANDS),
    "__main__": {"commands", "edition"},
}  # fmt: skip
# Inside functions alone: a Graph shows itself by asking them.
LOOKS = {("graph", "draw"), ("graph", "words"), ("graph", "dot"), ("graph", "fold")}
HOME = {"pygraphviz": {"layout"}, "IPython": {"clinic.reception", "progress", "tuner", "widgets"}, "os": {"device"}}
HOME["ipywidgets"] = {"controls", "tuner", "widgets"}
DRAWING = {"alike", "curves", "explorer", "learning", "live", "panels", "sheet", "slider"}
HOME["click"] = {"commands.line", "commands.speech"}
HOME["matplotlib"] = DRAWING | {"commands.equipment", "beside", "paper", "picture", "plot", "style"}


def room_of(path):
    """A file's room: "clinic.site"; a house's `__init__.py` is its door, "clinic"."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts if len(parts) == 1 or parts[-1] != "__init__" else parts[:-1])


@cache
def rooms():
    return {room_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}


def imported(nodes):
    """The modules that are imported; of a package's names those that are rooms, and all of `course_utils`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            for full in (f"{node.module}.{name.name}" for name in node.names):
                is_room = full.removeprefix("course_utils.") in MAY_IMPORT
                yield full if node.module == "course_utils" or is_room else node.module


def ours(nodes):
    return {name.removeprefix("course_utils.") for name in imported(nodes) if name.startswith("course_utils.")}


def test_every_room_is_in_the_table():
    assert set(rooms()) == set(MAY_IMPORT)


def test_every_folder_is_a_house():
    assert {path.parent for path in PACKAGE.rglob("*.py")} == {path.parent for path in PACKAGE.rglob("__init__.py")}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_go_one_way(room):
    tree = rooms()[room]
    assert ours(tree.body) <= MAY_IMPORT[room]
    assert {(room, other) for other in ours(ast.walk(tree)) - MAY_IMPORT[room]} <= LOOKS


def test_the_table_has_no_circle():
    TopologicalSorter(MAY_IMPORT).prepare()  # raises CycleError


def test_a_house_is_entered_by_its_door():
    for room, others in MAY_IMPORT.items():
        for other in others:
            house, _, inside = other.partition(".")
            assert not inside or room.startswith(f"{house}.") or room == house, f"{room} imports {other}"


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
    for path in PACKAGE.rglob("*.py"):
        assert path.stem not in {"utils", "misc", "common", "helpers"}
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 200, path.name


def test_functions_are_short():
    for room, tree in rooms().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert lines <= 30, f"{room}.{node.name} has {lines} lines"


PUBLIC = [(house, name) for house in (course_utils, clinic, commands, diagnosis) for name in house.__all__]


@pytest.mark.parametrize(("house", "name"), PUBLIC, ids=[f"{house.__name__}.{name}" for house, name in PUBLIC])
def test_public_names_are_documented_and_typed(house, name):
    thing = getattr(house, name)
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
