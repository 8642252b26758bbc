"""What makes a green run of the notebooks mean something, fault by fault; the whole of it is in test_mutations.py."""

from importlib.util import module_from_spec, spec_from_file_location
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

from contents import write_contents
import nbformat
from nbval.plugin import get_sanitize_patterns
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
RULES = (FOLDER / "sanitize.cfg").read_text(encoding="utf-8")
EXEMPTING = [r"\d+", r"[0-9.]+", r"-?\d+\.\d+(e-?\d+)?", r"loss .*", r"(?m)^.*$", r"alt=\"[^\"]*\"", r"\.\d\d\d\b"]
SPEC = spec_from_file_location("strict", FOLDER / "conftest.py")
strict = module_from_spec(SPEC)
SPEC.loader.exec_module(strict)


def cells_under(rules):
    """Every code cell of the course, as nbval would compare it by these rules."""
    patterns = get_sanitize_patterns(rules)

    def sanitize(text):
        for pattern, new in patterns:
            text = re.sub(pattern, new, text)
        return text

    for path in sorted(FOLDER.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                yield SimpleNamespace(cell=cell, sanitize=sanitize)


def test_no_rule_takes_a_number_out_of_any_output():
    cells = list(cells_under(RULES))
    assert len(cells) > 270
    assert [item.cell.id for item in cells if strict.sanitised(item)] == []


@pytest.mark.parametrize("rule", EXEMPTING)
def test_a_rule_that_exempts_digits_is_seen(rule):
    added = f"{RULES}\nregex: {rule}\nreplace: SOMETHING\n"
    assert any(strict.sanitised(item) for item in cells_under(added))


def test_each_rule_has_its_reason_above_it():
    for rule in RULES.split("\n\n")[1:]:
        lines = rule.strip().splitlines()
        assert [line.partition(":")[0] for line in lines if not line.startswith("#")] == ["regex", "replace"]
        assert lines[0].startswith("# ")
    assert RULES.count("regex:") == 2


def make_folder(folder, rules=RULES):
    """Two notebooks like those of a course: one that prints 0.25, and one of words."""
    folder.mkdir()
    shutil.copy(FOLDER / "conftest.py", folder)
    (folder / "sanitize.cfg").write_text(rules, encoding="utf-8")
    output = nbformat.v4.new_output("stream", name="stdout", text="loss 0.25\n")
    code = nbformat.v4.new_code_cell("print('loss', 0.25)", id="loss", execution_count=1, outputs=[output])
    words = [nbformat.v4.new_markdown_cell(f"# {name}", id=name) for name in ("one", "two")]
    nbformat.write(nbformat.v4.new_notebook(cells=[code]), folder / "lesson.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=words), folder / "words.ipynb")
    write_contents(folder)
    return folder


def run(folder):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--nbval"]
    command += ["--nbval-current-env", "--import-mode=importlib", "-rA", "--tb=short", *sorted(folder.glob("*/"))]
    wide = {**os.environ, "COLUMNS": "300"}  # or the reasons are cut
    return subprocess.run(
        command, cwd=folder, env=wide, capture_output=True, text=True, timeout=180, check=False
    ).stdout


def test_a_run_by_a_rule_that_exempts_digits_is_red(tmp_path):
    make_folder(tmp_path / "folder", f"{RULES}\nregex: [0-9]+\nreplace: NUMBER\n")
    said = run(tmp_path)
    assert "0 notebook cells compared and equal, 1 not" in said
    assert "sanitize.cfg leaves something out of this output that is no picture" in said


def swap(folder):
    notebook = nbformat.read(folder / "words.ipynb", as_version=4)
    notebook.cells.reverse()
    nbformat.write(notebook, folder / "words.ipynb")


def cut(folder):
    notebook = nbformat.read(folder / "words.ipynb", as_version=4)
    notebook.cells.pop()
    nbformat.write(notebook, folder / "words.ipynb")


WRONGS = {
    "swapped text": (swap, "cell 1 of words.ipynb was 'markdown one' and is 'markdown two'"),
    "deleted text": (cut, "cell 2 of words.ipynb was 'markdown two' and is 'nothing'"),
    "deleted notebook": (
        lambda folder: (folder / "words.ipynb").unlink(),
        "contents.txt has notebooks that are not there: words.ipynb",
    ),
    "a notebook more": (
        lambda folder: shutil.copy(folder / "words.ipynb", folder / "more.ipynb"),
        "contents.txt does not have more.ipynb",
    ),
    "no record": (lambda folder: (folder / "contents.txt").unlink(), "contents.txt does not have words.ipynb"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What one run says over folders with one fault each, and one without."""
    root = tmp_path_factory.mktemp("folders")
    make_folder(root / "right")
    for name, (change, _) in WRONGS.items():
        change(make_folder(root / name.replace(" ", "_")))
    return run(root)


def test_a_run_says_that_nothing_was_skipped(said):
    count = len(WRONGS) + 1
    assert f"{count} notebook cells compared and equal, 0 not, in {count} notebooks; 0 skipped" in said
    assert said.count("PASSED right/") == 4  # a cell, and which cells there are: of two notebooks and of their record


@pytest.mark.parametrize("name", WRONGS)
def test_a_run_sees_which_cells_there_are(said, name):
    failed = re.findall(rf"^FAILED {name.replace(' ', '_')}/\S+::contents - Failed: (.*)", said, re.M)
    assert any(line.startswith(WRONGS[name][1]) for line in failed), said
    assert failed[0].endswith("; if that is meant: python tests/store_outputs.py --contents")
