"""The files around the course agree with each other."""

from pathlib import Path
import re
import subprocess
import tomllib

import nbformat
from on_torch import constraints, wanted
from packaging.requirements import Requirement
import pytest
from shell import Shell
from write_environment import environment
from write_pictures import pictures

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED_FOR = {"pyproject.toml", "README.md", "notebooks", "course_utils", "tests", "environment.yml", "docs"}
TOOLS_INSIST = {".binder", ".ci", ".gitignore", "LICENSE", "constraints.txt"}  # .binder: repo2docker looks there alone


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return listed.stdout.splitlines()


def test_the_top_level_is_what_was_asked_for():
    assert {path.split("/")[0] for path in tracked()} == ASKED_FOR | TOOLS_INSIST


def test_no_file_is_called_utils():
    assert not [path for path in tracked() if Path(path).stem in {"utils", "misc", "common", "helpers"}]


def test_environment_yml_is_what_pyproject_says():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment()


def test_environment_yml_can_be_read():
    import yaml

    read = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert read["channels"] == ["conda-forge"]
    names = {re.split(r"[<>=]", row)[0] for row in read["dependencies"]}
    assert {"pytorch", "jupyterlab", "ipywidgets", "pygraphviz"} <= names


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins():
    rows = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (row.split("==") for row in rows if row and not row.startswith("#"))
    return {normal(name): version for name, version in pairs}


def test_constraints_pin_everything_and_satisfy_pyproject():
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    for need in map(Requirement, wanted):
        assert need.specifier.contains(pins()[normal(need.name)]), need
    assert pins()["torch"] == "2.13.0"


def test_what_is_installed_here_is_what_is_pinned():
    """The indirect dependencies too: everything the course leads to, by way of the installed packages' own wishes."""
    from importlib.metadata import PackageNotFoundError, requires, version

    todo, seen = [("course-utils", "test")], set()
    while todo:
        package, extra = todo.pop()
        for need in map(Requirement, requires(package) or []):
            name = normal(need.name)
            if name in seen or (need.marker and not need.marker.evaluate({"extra": extra})):
                continue
            seen.add(name)
            try:
                version(name)
            except PackageNotFoundError:
                pytest.fail(f"{name} is needed by {package} and not installed")
            todo.append((name, ""))
    unpinned = seen - set(pins()) - {"setuptools"}
    assert not {name for name in unpinned if not name.startswith(("nvidia-", "cuda-", "triton"))}


def test_every_torch_that_is_named_is_the_pinned_one():
    named = [
        re.findall(r"torch==([\d.]+)", (ROOT / path).read_text(encoding="utf-8"))
        for path in tracked()
        if is_prose(path)
    ]
    assert {version for versions in named for version in versions} == {pins()["torch"]}


def is_prose(path):
    return Path(path).suffix in {".md", ".ipynb", ".yml"}


def test_nothing_holds_a_registrys_address():
    for path in tracked():
        text = (ROOT / path).read_bytes()
        assert not re.search(rb"https?://[\w.-]*(pypi|pythonhosted|npmjs|debian)\.", text), path


def test_no_version_has_an_upper_bound():
    """Should one ever be needed, its reason goes beside it in pyproject.toml, and its name in here."""
    wanted = map(Requirement, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"])
    assert {part.operator for need in wanted for part in need.specifier} == {">="}


def test_the_readmes_pictures_are_those_of_the_lessons():
    for name, picture in pictures().items():
        assert (ROOT / "notebooks" / "pictures" / name).read_bytes() == picture
        assert f"(notebooks/pictures/{name})" in README


def test_the_readme_lists_every_lesson():
    lessons = {path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert set(re.findall(r"^\| \[.*?\]\(notebooks/(\S+?)\)", README, re.M)) == lessons


def prose(path):
    """The text cells of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("text", [README, *map(prose, ROOT.glob("notebooks/*.ipynb"))])
def test_every_file_that_is_named_exists(text):
    folder = ROOT if text is README else ROOT / "notebooks"
    for target in re.findall(r"\]\(([^)#:\s]+)[#)]", text):
        assert (folder / target).exists(), target
    for script in re.findall(r"python (tests/\w+\.py)", text):
        assert (ROOT / script).exists(), script


def test_the_readme_shows_what_a_check_says(capsys):
    [code] = re.findall(r"^check_gradient\(.*", README, re.M)
    exec(f"from course_utils import check_gradient\n{code}")
    assert f"```\n{capsys.readouterr().out}```" in README


@pytest.mark.filterwarnings("ignore:The .grad attribute")
def test_the_readme_shows_what_the_clinic_says():
    """What it leaves out it marks: `…` at a line's end."""
    [loop] = re.findall(r"```python\n(for _ in range\(3\):.*?)```", README, re.S)
    [shown] = re.findall(r"```\n(✚ .*?)```", README, re.S)
    shell = Shell()
    shell.run("import torch\nx = torch.arange(1.0, 4.0)\ny, w = 2 * x, torch.tensor(1.0, requires_grad=True)")
    said = shell.run(loop)
    shell.close()
    assert str(said.error) in README
    text = said.leaflets[0].to_text()
    assert all(line.removesuffix("…").rstrip() in text for line in shown.splitlines())


def test_another_torch_is_the_only_thing_that_changes():
    [torch] = [need for need in map(Requirement, PROJECT["dependencies"]) if need.name == "torch"]
    oldest = Requirement(wanted("oldest"))
    assert all(torch.specifier.contains(one.version) for one in oldest.specifier)
    assert not torch.specifier.contains("2.10.1")
    assert [wanted("newest"), wanted("2.12.1")] == ["torch", "torch==2.12.1"]
    kept = {normal(line.partition("==")[0]) for line in constraints() if "==" in line}
    assert set(pins()) - kept == {"torch", "sympy", "networkx", "fsspec", "filelock", "mpmath"}
