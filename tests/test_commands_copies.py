"""The students' copy and the solutions: what goes in, what stays out, and that nothing half-done is left behind."""

import builtins
import errno
from itertools import chain
import json
from pathlib import Path
import re
import signal

from course_utils.commands import main
from course_utils.commands.course import lessons
from course_utils.commands.exercises import exercises_of
from course_utils.commands.needs import names_made, names_used
from course_utils.commands.pages import read_page, source_of, written
from course_utils.commands.solutions import solution_files
from course_utils.commands.student import student_files
from nbclient.exceptions import CellExecutionError
import nbformat
import pytest
from run_copies import complaints, said_in
from small_course import CHECK, code, lesson_cells, make_course, markdown, write_lesson

ROOT = Path(__file__).parent.parent
TWO = ("00_start_here.ipynb", "07_manual_sgd.ipynb")


@pytest.fixture(scope="session")
def students(tmp_path_factory):
    """The students' copy of the real course."""
    return copied("student", tmp_path_factory)


@pytest.fixture(scope="session")
def solved(tmp_path_factory):
    """The solutions of the real course."""
    return copied("solutions", tmp_path_factory)


def copied(command, factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "notebooks")
        place = factory.mktemp("copies") / command
        assert main([command, str(place)]) == 0
    return place


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course, which is the current folder."""
    folder = make_course(tmp_path / "course")
    monkeypatch.chdir(folder)
    return folder


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(files):
    return {path.as_posix() for path in files}


def pages(folder):
    return {path.name: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))}


def test_a_students_copy_holds_what_a_student_needs_and_nothing_else(course):
    assert names(student_files(course)) == {
        "README.md", "LICENSE", "constraints.txt", "environment.yml", "pyproject.toml", "course_utils/__init__.py",
        "course_utils/player.js", "notebooks/00_six.ipynb", "notebooks/glossary.ipynb", "notebooks/pictures/named.svg",
        "notebooks/pictures/six.svg",
    }  # fmt: skip


def test_solutions_outputs_and_traces_of_a_run_are_gone_ids_and_grades_stay(course, tmp_path):
    assert main(["student", str(tmp_path / "copy")]) == 0
    page = pages(tmp_path / "copy/notebooks")["00_six.ipynb"]
    assert [cell.id for cell in page.cells] == [cell.id for cell in lesson_cells() if cell.id != "six-solution"]
    assert page.metadata == {"kernelspec": pages(course / "notebooks")["00_six.ipynb"].metadata.kernelspec}
    for cell, before in zip(page.cells, [cell for cell in lesson_cells() if cell.id != "six-solution"], strict=True):
        assert cell.source == before.source
        assert set(cell.metadata) <= {"nbgrader"}
        assert cell.metadata.get("nbgrader") == before.metadata.get("nbgrader")
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
    assert "2 * 3" not in "".join(map(str, everything(tmp_path / "copy").values()))


def test_the_real_students_copy_holds_no_solution_and_no_output(students):
    found = pages(students / "notebooks")
    assert {*found} == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    for name, before in pages(ROOT / "notebooks").items():
        kept = [cell for cell in before.cells if "solution" not in cell.metadata.get("tags", [])]
        assert [(cell.id, cell.source, cell.metadata) for cell in found[name].cells] == [
            (cell.id, cell.source, cell.metadata) for cell in kept
        ]
        assert not [cell for cell in found[name].cells if cell.get("outputs") or cell.get("execution_count")]
    assert not [name for name in everything(students) if "answers" in name or "test" in name or "conftest" in name]


def test_every_file_that_the_students_copy_names_is_in_it(students):
    for path in [students / "README.md", *(students / "notebooks").glob("*.ipynb")]:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join(source_of(cell) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")
        targets = [target for target in re.findall(r"\]\(([^)#\s]+)[#)]", text) if ":" not in target]
        assert len(targets) > 1
        assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_solution_is_asked_for_in_the_real_course():
    """Without exercises the tests above would find nothing to leave out."""
    count = sum(len(exercises_of(read_page(path), path)) for path in lessons(ROOT))
    tagged = sum(path.read_text(encoding="utf-8").count('"solution"\n') for path in lessons(ROOT))
    assert count == tagged > 40


@pytest.mark.parametrize("make", [student_files, solution_files])
def test_two_copies_are_equal_to_the_byte(make):
    assert dict(make(ROOT)) == dict(make(ROOT))


def test_a_file_is_written_as_jupyter_writes_it():
    for path in lessons(ROOT):
        assert written(read_page(path)) == path.read_bytes()


def planted(kind):
    cells = {cell.id: cell for cell in lesson_cells()}
    if kind == "untagged":
        cells["six-solution"].metadata.tags = []
    elif kind == "in the stub":
        cells["six-stub"].source = "answer = 2 * 3"
    elif kind == "in another cell":
        cells["summary"] = code("shown", "# as above\nanswer = 2 * 3")
    elif kind == "with another check":
        cells["six-solution"].source = "# Solution\nanswer = 2 * 3\n\nprint('✓ right')"
    elif kind == "without a stub":
        del cells["six-stub"]
    return list(cells.values())


@pytest.mark.parametrize("command", ["student", "solutions"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "untagged",
            "00_six.ipynb: the cell six-solution is called a solution, but has no tag `solution`: give it one.",
        ),
        ("in the stub", "00_six.ipynb: the cell six-stub holds the solution of an exercise: take it out."),
        ("in another cell", "00_six.ipynb: the cell shown holds the solution of an exercise: take it out."),
        (
            "with another check",
            "00_six.ipynb: the solution six-solution must end with the check above it, word for word.",
        ),
        (
            "without a stub",
            "00_six.ipynb: before the solution six-solution a task in words, a stub and a check must stand.",
        ),
    ],
)
def test_a_solution_that_would_stay_behind_is_refused(course, tmp_path, capsys, command, kind, said):
    write_lesson(course, planted(kind))
    assert main([command, str(tmp_path / "copy")]) == 2
    assert capsys.readouterr() == ("", f"{said}\n")
    assert {path.name for path in tmp_path.iterdir()} == {"course"}


@pytest.mark.parametrize("content", ["{", '{"nbformat": 3, "worksheets": []}', "[]"])
def test_a_notebook_that_cannot_be_read_is_named(course, tmp_path, capsys, content):
    (course / "notebooks" / "01_bad.ipynb").write_text(content)
    assert main(["student", str(tmp_path / "copy")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(str(course / "notebooks" / "01_bad.ipynb"))
    assert said.count("\n") == 1


def test_solutions_stand_in_place_of_the_stubs_after_what_they_need(course, tmp_path):
    assert main(["solutions", str(tmp_path / "copy")]) == 0
    [page] = pages(tmp_path / "copy").values()
    assert [cell.id for cell in page.cells] == ["title", "first", "given", "six", "six-stub", "six-check"]
    sources = [cell.source for cell in page.cells]
    assert sources[0] == "# 00 · Six: the exercises and their solutions"
    assert sources[3] == "## Your turn\n\nWhat is six? See `pictures/six.svg`."
    assert sources[4:] == ["# Solution\nanswer = 2 * 3", CHECK]
    assert not [cell for cell in page.cells if cell.get("outputs")]


def test_all_solutions_have_all_the_names_that_they_need(solved):
    found = pages(solved)
    assert [*found] == [path.name for path in lessons(ROOT)]
    for name, page in found.items():
        there = set(dir(builtins))
        for cell in page.cells:
            if cell.cell_type == "code":
                assert names_used(cell.source) <= there, f"{name}: {cell.id}"
                there |= names_made(cell.source)
    stubs = [cell.id for cell in chain(*(page.cells for page in found.values())) if cell.id.endswith("-stub")]
    assert len(stubs) == sum(len(exercises_of(read_page(path), path)) for path in lessons(ROOT))


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("dp = dp + 1", {"dp"}),
        ("n += step", {"n", "step"}),
        ("dp = 2\ndp + q", {"q"}),
        ("x: int = y", {"y"}),
        ("def f(x, y=size):\n    return x + late\nlate = 1", {"size"}),
        ("def f():\n    def g():\n        return deep\n    return g", {"deep"}),
        ("g = lambda x: [x + w for _ in x]", {"w"}),
        ("[a * b for a in rows]", {"b", "rows"}),
        ("{k: v for k, vs in rows for v in vs if v}", {"rows"}),
        ("b = 1\n[a * b for a in rows]", {"rows"}),
        ("[x for x in x]", {"x"}),
        ("def f():\n    return [w * a for a in rows]", {"w", "rows"}),
        ("def f(*all, key, **rest):\n    local = key\n    return local, all, rest", set()),
        ("class A:\n    size = 1\n    def f(self):\n        return size", {"size"}),
        ("class A(Base):\n    size = width", {"Base", "width"}),
        ("for row in rows:\n    row", {"rows"}),
        ("with open(name) as file:\n    file", {"open", "name"}),
        ("try:\n    a\nexcept Wrong as error:\n    seen = error\nseen", {"a", "Wrong"}),
        ("if (n := size) > 1:\n    n", {"size"}),
        ("import os.path\nimport numpy as np\nos, np", set()),
        ("w.grad = None", {"w"}),
        ("%matplotlib inline\nx", set()),
    ],
)
def test_the_names_a_cell_needs(source, used):
    assert names_used(source) == used


def test_the_names_a_cell_makes():
    assert names_made("import os.path\nfrom a import b as c\nx, y = 1, 2\ndef f():\n    z = 1") == set("cxyf") | {"os"}
    assert names_made("%matplotlib inline") == set()


def test_a_students_copy_has_no_solutions_to_give(students, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(students)
    assert main(["solutions", str(tmp_path / "copy")]) == 2
    assert "holds no solutions: take the instructor's copy, not a student's." in capsys.readouterr().err


@pytest.mark.parametrize("lesson", TWO)
def test_a_students_lesson_runs_to_its_end_and_its_checks_say_what_is_missing(students, lesson):
    said = said_in(students / "notebooks" / lesson, students, strict="")
    assert len(said) >= 2
    assert complaints("student", said) == []


@pytest.mark.parametrize("lesson", TWO)
def test_solutions_run_in_strict_mode_and_every_check_says_right(solved, lesson):
    said = said_in(solved / lesson, ROOT, strict="1")
    assert len(said) >= 2
    assert complaints("solutions", said) == []


def test_a_check_that_says_something_else_is_told():
    said = {"a": "✓ right", "b": "not solved yet: b is not filled in", "c": "✗ no"}
    assert complaints("student", said) == ["a says: ✓ right", "c says: ✗ no"]
    assert [line[0] for line in complaints("solutions", said)] == ["b", "c"]


def test_a_wrong_solution_stops_the_strict_run(tmp_path):
    (tmp_path / "notebooks").mkdir()
    sources = ["from course_utils import check_values", "answer = 5", 'check_values({"answer": 6}, answer=answer)']
    path = write_lesson(tmp_path, [code(f"c{place}", source) for place, source in enumerate(sources)])
    with pytest.raises(CellExecutionError, match="answer: yours 5, true 6"):
        said_in(path, ROOT, strict="1")


def test_an_existing_folder_is_refused_and_left_as_it_is(course, tmp_path, capsys):
    there = tmp_path / "copy"
    there.mkdir()
    (there / "mine.txt").write_text("my work")
    assert main(["student", str(there)]) == 2
    assert capsys.readouterr() == ("", f"{there} is there already and is not empty: name a new folder.\n")
    assert everything(there) == {"mine.txt": b"my work"}


def test_an_empty_folder_is_filled(course, tmp_path):
    (tmp_path / "copy").mkdir()
    assert main(["student", str(tmp_path / "copy")]) == 0
    assert names(student_files(course)) == set(everything(tmp_path / "copy"))


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ("../course/LICENSE", "is there already and is not empty"),
        ("../no/such/parent", "cannot be made, since"),
        ("students", "lies within the course itself: name a folder outside of"),
        (".", "is there already"),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_a_sentence(course, capsys, destination, said):
    before = everything(course)
    assert main(["student", destination]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert everything(course) == before


def interrupt(kind):
    if kind == "Ctrl+C":
        raise KeyboardInterrupt
    if kind == "a polite kill":
        signal.raise_signal(signal.SIGTERM)
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("command", ["student", "solutions"])
@pytest.mark.parametrize(("kind", "code"), [("Ctrl+C", 130), ("a polite kill", 143), ("a full disk", 2)])
def test_nothing_half_done_stays_behind(course, tmp_path, monkeypatch, capsys, command, kind, code):
    write_lesson(course, lesson_cells(), "01_seven.ipynb")
    write, count = Path.write_bytes, []

    def write_some(path, content):
        count.append(path)
        if len(count) == 2:
            assert count[0].is_file()
            interrupt(kind)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_some)
    try:
        ended = main([command, str(tmp_path / "copy")])
    except SystemExit as stopped:
        ended = stopped.code
    assert ended == code
    assert len(count) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"course"}
    out, err = capsys.readouterr()
    assert out == ""
    assert kind != "a full disk" or err == (
        f"{tmp_path / 'copy'} cannot be written, nothing was left behind: No space left on device.\n"
    )


def test_a_course_that_lacks_a_file_is_told(course, tmp_path, capsys):
    (course / "README.md").unlink()
    assert main(["student", str(tmp_path / "copy")]) == 2
    readme = course / "README.md"
    assert capsys.readouterr() == ("", f"{readme} cannot be used: No such file or directory.\n")


def test_afterwards_signals_do_what_they_did(course, tmp_path):
    def mine(number, frame):
        raise AssertionError("nobody sends it")

    before = signal.signal(signal.SIGTERM, mine)
    try:
        assert main(["student", str(tmp_path / "copy")]) == 0
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_lesson_without_exercises_has_no_solutions(course):
    write_lesson(course, [markdown("title", "# 01 · Words")], "01_words.ipynb")
    assert names(solution_files(course)) == {"00_six.ipynb"}
