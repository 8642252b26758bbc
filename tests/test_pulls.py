"""Students pull the course with nbgitpuller while they work in it: the table of docs/hosting.md, row by row."""

import subprocess
import sys

from class_pulls import class_of
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pulls import DELETED, ELSEWHERE, LESSON, NOBODY, OWN, SCRATCH, STUB, change, kept, place_of, published, pull, work
import pytest

HELPER = "course_utils/markup.py"
FILES = [LESSON.as_posix(), "notebooks/06_vector_backward.ipynb", HELPER]
NEW = "the instructor's new words"


@pytest.fixture(autouse=True)
def nobodys_git(monkeypatch):
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def course(tmp_path):
    return published(tmp_path, FILES)


@pytest.fixture
def student(course, tmp_path):
    """A student who pulled the course and worked in it."""
    folder = tmp_path / "home" / "backpropagation"
    pull(course.url, folder)
    work(folder)
    return folder


def update(course, student):
    course.publish()
    return pull(course.url, student)


def changed(name):
    return lambda notebook: notebook.cells[place_of(notebook, name)].update(source=NEW)


def added_beside(name, after):
    def edit(notebook):
        notebook.cells.insert(place_of(notebook, name) + after, new_markdown_cell(NEW, id="added"))

    return edit


def run_anew(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [new_output("stream", name="stdout", text=NEW)], 1


def written_anew(notebook):
    for cell in notebook.cells:
        cell.source = f"{NEW} {cell.id}"


def another_kernel(notebook):
    notebook.metadata.kernelspec.display_name = NEW


def deleted(name):
    return lambda notebook: notebook.cells.pop(place_of(notebook, name))


@pytest.mark.parametrize(
    ("edit", "arrives"),
    [
        (changed("summary"), True),
        (changed("own"), True),
        (added_beside("own", 0), True),
        (added_beside(STUB, 0), True),
        (run_anew, True),
        (written_anew, True),
        (another_kernel, True),
        (changed(STUB), False),
        (changed(DELETED), False),
        (deleted(STUB), False),
        (added_beside(ELSEWHERE, 1), False),
    ],
    ids=["elsewhere", "text before the exercise", "new cell", "new cell beside", "run anew", "all cells", "kernel",
         "same cell", "a cell that the student deleted", "the student's cell deleted", "new cells at one place"],
)  # fmt: skip
def test_a_students_work_stays_whatever_the_instructor_changes(course, student, edit, arrives):
    own = (student / OWN).read_bytes()
    change(course.folder / LESSON, edit)
    update(course, student)
    assert kept(student / LESSON)
    assert (student / OWN).read_bytes() == own
    assert (NEW in (student / LESSON).read_text(encoding="utf-8")) == arrives


def test_a_mended_helper_comes_with_a_lesson_that_both_have_changed(course, student):
    change(course.folder / LESSON, changed(STUB))
    with (course.folder / HELPER).open("a") as file:
        file.write("\nMENDED = True\n")
    update(course, student)
    assert kept(student / LESSON)
    assert "MENDED = True" in (student / HELPER).read_text(encoding="utf-8")


def test_a_renamed_lesson_takes_the_work_along(course, student):
    renamed = LESSON.with_name("05_another_name.ipynb")
    change(course.folder / LESSON, changed("summary"))
    (course.folder / LESSON).rename(course.folder / renamed)
    update(course, student)
    assert kept(student / renamed)
    assert NEW in (student / renamed).read_text(encoding="utf-8")


def test_a_deleted_lesson_stays_with_who_worked_in_it(course, student):
    (course.folder / LESSON).unlink()
    update(course, student)
    assert kept(student / LESSON)
    (course.folder / "notebooks" / "17_new.ipynb").write_text("{}")
    update(course, student)  # the first pull has left nothing half done
    assert kept(student / LESSON)
    assert (student / "notebooks" / "17_new.ipynb").exists()


def test_a_new_lesson_with_the_name_of_a_students_own_leaves_both(course, student):
    own = (student / OWN).read_bytes()
    nbformat.write(new_notebook(cells=[new_code_cell(NEW)]), course.folder / OWN)
    said = update(course, student)
    assert "to avoid conflict with upstream" in said
    assert NEW in (student / OWN).read_text(encoding="utf-8")
    [aside] = student.glob("notebooks/my_own__*.ipynb")
    assert aside.read_bytes() == own
    assert kept(student / LESSON)


def test_a_lesson_renamed_to_a_students_own_name_stops_the_pull_and_changes_nothing(course, student, tmp_path):
    before = {path: path.read_bytes() for path in student.glob("notebooks/*")}
    (course.folder / LESSON).rename(course.folder / OWN)
    course.publish()
    command = [sys.executable, "-m", "nbgitpuller.pull", course.url, "main", str(student)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode != 0
    assert OWN.as_posix() in done.stdout
    assert {path: path.read_bytes() for path in student.glob("notebooks/*")} == before
    (student / OWN).rename(student / "notebooks" / "mine.ipynb")
    pull(course.url, student)
    assert kept(student / OWN)


@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
def test_moved_cells_stand_twice_and_the_work_is_there(course, student):
    """The page tells instructors not to; nothing is lost, and the file opens."""
    change(
        course.folder / LESSON, lambda notebook: notebook.cells.insert(3, notebook.cells.pop(place_of(notebook, STUB)))
    )
    update(course, student)
    with pytest.raises((AssertionError, AttributeError)):
        kept(student / LESSON)
    notebook = nbformat.read(student / LESSON, as_version=4)
    nbformat.validate(notebook)
    text = (student / LESSON).read_text(encoding="utf-8")
    assert all(words in text for words in ("worked out with care", SCRATCH, "what my answer printed"))
    assert text.count(f'"id": "{STUB}"') == 2


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_a_spoiled_file_comes_back(course, student, how):
    helper = student / HELPER
    helper.write_text("spoiled(")
    helper.unlink() if how == "deleted" else helper.rename(helper.with_suffix(".old"))
    pull(course.url, student)
    assert helper.read_bytes() == (course.folder / HELPER).read_bytes()


def test_random_edits_of_both_sides_lose_nothing():
    total = class_of(3, first=1000)
    assert (total["pulls"], total["lost"], total["failed"], total["broken"]) == (6, 0, 0, 0)
    assert total["kept"] > 6
    assert 0 < total["arrived"] <= total["sent"]


def test_a_merge_that_loses_work_is_seen(monkeypatch, capsys):
    from nbgitpuller import pull as puller

    run = puller.execute_cmd
    careless = {"-Xours": "-Xtheirs"}
    monkeypatch.setattr(puller, "execute_cmd", lambda cmd, **rest: run([careless.get(one, one) for one in cmd], **rest))
    assert class_of(3, first=1000)["lost"] > 0
    assert "student 10" in capsys.readouterr().out
