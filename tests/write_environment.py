"""Write environment.yml and .binder/environment.yml, for conda-forge, from what pyproject.toml asks for.

python tests/write_environment.py          both
python tests/write_environment.py --gpu    .binder/environment.yml for an image with CUDA; do not commit that
"""

import argparse
from pathlib import Path
import tomllib

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
ON_CONDA_FORGE = {"matplotlib": "matplotlib-base", "torch": "pytorch"}  # the names that differ there
IMAGES_PYTHON = "3.12"

HEAD = """\
# Written by tests/write_environment.py from pyproject.toml, the one place where versions are chosen; a test compares.
#
#   conda env create -f environment.yml
#   conda activate backpropagation
#   pip install --no-deps -e .
name: backpropagation
"""
BINDERS_HEAD = """\
# For Binder and repo2docker. Written by tests/write_environment.py from pyproject.toml; a test compares.
"""
CHANNELS = """\
channels:
  - conda-forge
dependencies:
"""


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def rows(needs, names):
    return [f"{names.get(need.name, need.name)}{need.specifier}" for need in map(Requirement, needs)]


def written(head, packages):
    return head + CHANNELS + "".join(f"  - {row}\n" for row in packages)


def environment():
    wanted = project()
    packages = [f"python{wanted['requires-python']}", "pip", *rows(wanted["dependencies"], ON_CONDA_FORGE)]
    return written(HEAD, packages)


def binder(gpu=False):
    """The environment of an image, with nbgitpuller, and torch for the CPU alone or, by pip, with CUDA."""
    wanted = project()
    puller = [line for line in wanted["optional-dependencies"]["test"] if line.startswith("nbgitpuller")]
    names = ON_CONDA_FORGE | {"torch": "pytorch-cpu"}
    packages = [f"python={IMAGES_PYTHON}", "pip", *rows(wanted["dependencies"] + puller, names)]
    if not gpu:
        return written(BINDERS_HEAD, packages)
    packages = [row for row in packages if not row.startswith("pytorch-cpu")]
    return written(BINDERS_HEAD, packages) + f"  - pip:\n    - {pinned('torch')}\n"


def pinned(name):
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in constraints if line.startswith(f"{name}=="))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gpu", action="store_true", help="for an image with CUDA")
    asked = parser.parse_args()
    (ROOT / "environment.yml").write_text(environment(), encoding="utf-8")
    (ROOT / ".binder" / "environment.yml").write_text(binder(asked.gpu), encoding="utf-8")
