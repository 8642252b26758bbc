"""What repo2docker makes the course's images of agrees with pyproject.toml, and its script stops at a fault."""

from pathlib import Path
import subprocess
import sys

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from write_environment import binder, environment, project
import yaml

ROOT = Path(__file__).parent.parent
POST_BUILD = ROOT / ".binder" / "postBuild"


def test_the_image_is_made_of_what_pyproject_asks_for():
    path = ROOT / ".binder" / "environment.yml"
    assert path.read_text(encoding="utf-8") == binder()
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert read["channels"] == ["conda-forge"]
    course = set(yaml.safe_load(environment())["dependencies"][2:])
    puller = {row for row in read["dependencies"] if row.startswith("nbgitpuller>=")}
    assert set(read["dependencies"][2:]) == {row.replace("pytorch>", "pytorch-cpu>") for row in course} | puller
    assert len(puller) == 1
    python = read["dependencies"][0].removeprefix("python=")
    assert SpecifierSet(project()["requires-python"]).contains(python)


def test_with_a_card_the_image_has_the_pinned_torch_and_not_the_cpus():
    read = yaml.safe_load(binder(gpu=True))
    *packages, by_pip = read["dependencies"]
    [torch] = map(Requirement, by_pip["pip"])
    [wanted] = [need for need in map(Requirement, project()["dependencies"]) if need.name == "torch"]
    assert all(wanted.specifier.contains(one.version) for one in torch.specifier)
    assert not [name for name in packages if "torch" in name]


def test_post_build_is_a_script_that_stops_at_the_first_fault():
    listed = subprocess.run(
        ["git", "ls-files", "-s", str(POST_BUILD)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout.startswith("100755 ")
    subprocess.run(["bash", "-n", str(POST_BUILD)], check=True)
    first, *lines = [line for line in POST_BUILD.read_text(encoding="utf-8").splitlines() if line and line[:2] != "# "]
    assert (first, lines[0]) == ("#!/usr/bin/env bash", "set -euo pipefail")
    assert not (ROOT / "binder").exists()  # repo2docker wants one of the two


def run_post_build(folder, torch):
    """Its last lines, where pip does nothing and torch is as given."""
    (folder / "bin").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -m ] && exit 0\nPYTHONPATH={folder}:{ROOT} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    if torch:
        (folder / "torch.py").write_text(torch)
    command = ["env", f"PATH={folder / 'bin'}:/usr/bin:/bin", "COURSE_DEVICE=cpu", str(POST_BUILD)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_post_build_passes_where_the_course_works_and_not_where_torch_is_broken(tmp_path):
    well = run_post_build(tmp_path / "well", "")
    assert well.returncode == 0, well.stderr
    assert "✓ torch: 2.11 or newer" in well.stdout
    assert run_post_build(tmp_path / "ill", "raise ImportError('no such library')").returncode != 0
