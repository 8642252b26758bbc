"""The command line: four commands, plain words, and no traceback whatever is wrong."""

import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from contents import write_contents
from course_utils.commands import course, main
from course_utils.commands.line import commands
from course_utils.commands.speech import in_letters_of
from course_utils.edition import INSTALL_TESTS
import pytest
from small_course import CHECK, lesson_cells, make_course, write_lesson

ROOT = Path(__file__).parent.parent
SENTENCE = r"[^\n]+\n"


def run(*words, cwd=ROOT, path=ROOT, **environment):
    """`python -m course_utils` in a process of its own, with these folders on its path."""
    around = {**os.environ, "PYTHONPATH": str(path), **environment}
    command = [sys.executable, "-m", "course_utils", *words]
    return subprocess.run(command, cwd=cwd, env=around, capture_output=True, timeout=300, check=False)


def shadow(folder, *names):
    """A folder in which these packages cannot be imported, before the course's own."""
    for name in names:
        (folder / f"{name}.py").write_text(f"raise ModuleNotFoundError({f'No module named {name!r}'!r}, name={name!r})")
    return f"{folder}{os.pathsep}{ROOT}"


def test_there_are_four_commands_and_nothing_more():
    assert set(commands.commands) == {"doctor", "check", "student", "solutions"}


@pytest.mark.parametrize("command", [[], *([name] for name in commands.commands)], ids=str)
def test_help_is_short(command, capsys):
    assert main([*command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Usage: python -m course_utils" in out
    assert "..." not in out.replace("...\n", "", 1) or not command
    assert len(out.splitlines()) <= 16


def test_each_command_is_told_in_a_line_of_the_help(capsys):
    main(["--help"])
    out = capsys.readouterr().out
    for command in commands.commands.values():
        assert f"  {command.name}" in out
        assert f"{command.get_short_help_str(70).removesuffix('.')}." in out, command.name


@pytest.mark.parametrize(
    "words",
    [
        ["grade"],
        ["student"],
        ["student", "a", "b"],
        ["doctor", "--all"],
        ["doctor", "here"],
        ["check", "--device"],
        ["check", "/no/such/folder"],
        ["solutions", "/no/such/folder/at/all"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_sentence_and_2(words, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(SENTENCE, err)


def test_without_a_command_the_help_is_shown_and_2(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "doctor" in err


def test_importing_the_helpers_leaves_the_commands_and_click_out():
    code = "import course_utils, sys; print([n for n in sys.modules if n == 'click' or 'commands' in n])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_marks_are_left_out_where_they_cannot_be_shown(encoding):
    said = in_letters_of(encoding, "✓ fine: fonts: ŷ (wanted: ×)\n✗ wrong: é")
    said.encode(encoding)
    assert re.sub(r"\\[ux]\w+|[ŷ×é✓✗]", "", said).replace(" ", "") == "fine:fonts:(wanted:)\nwrong:"
    assert ("✓ fine" in said) == (encoding == "utf-8")


def test_the_doctor_finds_out_that_torch_is_missing_and_says_so_in_a_c_locale(tmp_path):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = run("doctor", path=shadow(tmp_path, "torch"), **plain)
    said = done.stdout.decode("ascii").replace("\r", "")
    assert (done.returncode, done.stderr) == (1, b"")
    assert "\nwrong: device: an error (wanted: one that computes)\n    cure: No module named 'torch': in the" in said
    assert "\nwrong: threads: none: No module named 'torch'" in said
    assert "\nfine: kernel python3: " in said
    assert said.splitlines()[-1].endswith(" found wrong.")


def test_without_click_there_is_one_sentence(tmp_path):
    done = run("doctor", path=shadow(tmp_path, "click", "torch"))  # without torch it is quick
    assert (done.returncode, done.stdout) == (2, b"")
    assert re.fullmatch(SENTENCE, done.stderr.decode().replace("\r", ""))
    assert b"No module named 'click': in the course's folder run: pip install" in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    """As in `python -m course_utils --help | true`."""
    around = {**os.environ, "PYTHONPATH": shadow(tmp_path, "torch")}
    command = [sys.executable, "-m", "course_utils", "--help"]
    with subprocess.Popen(command, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_an_installed_package_without_notebooks_says_where_to_go(tmp_path):
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    shutil.copytree(ROOT / "course_utils", site / "course_utils", ignore=shutil.ignore_patterns("__pycache__"))
    elsewhere.mkdir()
    path = f"{shadow(tmp_path, 'torch').split(os.pathsep)[0]}{os.pathsep}{site}"
    done = run("student", "copy", cwd=elsewhere, path=path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        f"No course was found in {elsewhere} or above it, and this course_utils came without notebooks: go into the "
        "course's folder (the one with notebooks/ and pyproject.toml), or download the course."
        f"{os.linesep}"
    )
    assert [*elsewhere.iterdir()] == []


@pytest.mark.parametrize("place", [".", "notebooks", "notebooks/pictures"])
def test_the_course_is_found_from_within(tmp_path, monkeypatch, place):
    folder = make_course(tmp_path / "course")
    monkeypatch.chdir(folder / place)
    assert course.find_course() == folder


def test_from_elsewhere_the_course_is_where_the_package_was_installed_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert course.find_course() == ROOT


def test_another_project_is_no_course(tmp_path):
    folder = make_course(tmp_path / "course")
    settings = (folder / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(settings.replace('"course-utils"', '"other"'), encoding="utf-8")
    assert not course.is_course(folder)
    (folder / "pyproject.toml").write_text("[project")
    assert not course.is_course(folder)


@pytest.fixture
def lone_lesson(tmp_path):
    """A course of one lesson whose stored output is right."""
    folder = make_course(tmp_path / "course")
    for path in (folder / "notebooks").glob("*.ipynb"):
        path.unlink()
    return folder


def store(folder, output):
    cells = [cell for cell in lesson_cells() if cell.id in {"first", "given"}]
    checked = next(cell for cell in lesson_cells() if cell.id == "six-solution")
    for cell in cells:
        cell.outputs = []
    checked.outputs[0].text = output
    write_lesson(folder, [*cells, checked])
    write_contents(folder / "notebooks")


@pytest.mark.parametrize(("output", "code"), [("✓ right\n", 0), ("✓ wrong\n", 1)])
def test_check_compares_every_output_and_passes_on_what_pytest_ends_with(lone_lesson, capfd, output, code):
    store(lone_lesson, output)
    assert main(["check", str(lone_lesson)]) == code
    said = capfd.readouterr().out
    assert said.startswith(f"Checking {lone_lesson}.")
    assert f"{3 - code} notebook cells compared and equal, {code} not, in 1 notebooks" in said


@pytest.fixture
def pytest_runs(monkeypatch):
    """What `check` would have run; it ends with 5."""
    runs = []

    def note(command, *, cwd, env, check):
        runs.append((command, cwd, env))
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.setattr("course_utils.commands.check.subprocess.run", note)
    return runs


def test_check_runs_what_ci_runs(pytest_runs, lone_lesson, monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "auto")
    store(lone_lesson, "")
    monkeypatch.chdir(ROOT)
    assert main(["check"]) == main(["check", str(lone_lesson / "notebooks")]) == main(["check", "--all"]) == 5
    assert [(command[1:], cwd) for command, cwd, _ in pytest_runs] == [
        (["-m", "pytest", "--nbval", "notebooks/"], ROOT),
        (["-m", "pytest", "--nbval", "notebooks/"], lone_lesson),
        (["-m", "pytest"], ROOT),
    ]
    assert {command[0] for command, *_ in pytest_runs} == {sys.executable}
    assert [env["COURSE_DEVICE"] for *_, env in pytest_runs] == ["auto"] * 3
    assert [env["PYTHONPATH"] for *_, env in pytest_runs] == [str(ROOT), str(lone_lesson), str(ROOT)]


def test_check_sets_the_device(pytest_runs, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DEVICE", "auto")
    monkeypatch.chdir(ROOT)
    assert main(["check", "--device", "CPU"]) == 5
    assert pytest_runs[0][2]["COURSE_DEVICE"] == "cpu"
    capsys.readouterr()
    for device in ("gpu", "cuda:99"):
        assert main(["check", "--device", device]) == 2
        assert device in capsys.readouterr().err
    assert len(pytest_runs) == 1


def test_the_readme_and_check_run_the_same():
    assert "`pytest --nbval notebooks/`" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("missing", "words", "code"),
    [("nbval", [], 2), ("pytest", [], 2), ("hypothesis", [], 5), ("hypothesis", ["--all"], 2)],
)
def test_check_says_what_to_install(pytest_runs, monkeypatch, capsys, missing, words, code):
    from importlib import metadata

    from course_utils import machine

    def version(name):
        if name == missing:
            raise metadata.PackageNotFoundError(name)
        return metadata.version(name)

    monkeypatch.setattr(machine, "version", version)
    monkeypatch.chdir(ROOT)
    assert main(["check", *words]) == code
    assert capsys.readouterr().err == (f"Checking takes {missing}: {INSTALL_TESTS}\n" if code == 2 else "")


def test_check_refuses_a_students_copy(pytest_runs, lone_lesson, tmp_path, monkeypatch, capsys):
    write_lesson(lone_lesson, lesson_cells())
    monkeypatch.chdir(lone_lesson)
    assert main(["student", str(tmp_path / "copy")]) == 0
    capsys.readouterr()
    assert main(["check", str(tmp_path / "copy")]) == 2
    assert "is a student's copy without outputs: there is nothing to compare" in capsys.readouterr().err
    assert pytest_runs == []


def test_the_small_course_is_like_the_real_one():
    """Its cells carry the names, tags and metadata that those of a lesson carry."""
    real = json.loads((ROOT / "notebooks/00_start_here.ipynb").read_text(encoding="utf-8"))["cells"]
    kinds = {"stub": set(), "check": set(), "solution": set()}
    for cell in real:
        kind = cell["id"].rpartition("-")[2]
        if kind in kinds and cell["cell_type"] == "code":
            kinds[kind] |= set(cell["metadata"])
    for cell in lesson_cells():
        kind = cell.id.rpartition("-")[2]
        assert set(cell.metadata) <= kinds.get(kind, {"execution"})
    assert CHECK in lesson_cells()[7].source
