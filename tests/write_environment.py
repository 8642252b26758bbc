"""Write environment.yml, for conda-forge, from what pyproject.toml asks for: `python tests/write_environment.py`."""

from pathlib import Path
import tomllib

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
ON_CONDA_FORGE = {"matplotlib": "matplotlib-base", "torch": "pytorch"}  # the names that differ there

HEAD = """\
# Written by tests/write_environment.py from pyproject.toml, the one place where versions are chosen; a test compares.
#
#   conda env create -f environment.yml
#   conda activate backpropagation
#   pip install --no-deps -e .
name: backpropagation
channels:
  - conda-forge
dependencies:
"""


def environment():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    rows = [f"python{project['requires-python']}", "pip"]
    rows += [f"{ON_CONDA_FORGE.get(need.name, need.name)}{need.specifier}" for need in wanted]
    return HEAD + "".join(f"  - {row}\n" for row in rows)


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment(), encoding="utf-8")
