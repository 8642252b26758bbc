"""Run tests on another torch, in an environment of its own: `python tests/on_torch.py oldest`, `newest` or `2.12.1`.

`oldest` is the first release that pyproject.toml admits, `newest` the last that pip finds. By default it runs the tests
of what depends on torch's own words, the error clinic and the diagnosis, and their lesson; what comes after the version
goes to pytest instead:

    python tests/on_torch.py oldest tests/test_clinic.py -k second

The environment is kept in `.torch/VERSION`, so that only the first run installs; on Linux pip takes CUDA's build, some
gigabytes. Everything but torch, and what torch itself asks for, has the versions of constraints.txt.
"""

from pathlib import Path
import re
import subprocess
import sys
import tempfile
import tomllib

from environments import made_once
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
TESTS = (
    "tests/test_clinic*.py",
    "tests/test_diagnose*.py",
    "tests/test_leaflets.py",
    "notebooks/15_error_clinic.ipynb",
)
TORCHS_OWN = ("torch", "sympy", "networkx", "fsspec", "filelock", "mpmath")  # may have to move with it


def wanted(version):
    """What pip is asked for: the oldest that is admitted, the newest there is, or one by its number."""
    if version == "newest":
        return "torch"
    return f"torch=={oldest() if version == 'oldest' else version}"


def oldest():
    """The first release of torch that pyproject.toml admits."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [torch] = [need for need in map(Requirement, project["dependencies"]) if need.name == "torch"]
    [lower] = [one.version for one in torch.specifier if one.operator == ">="]
    return ".".join([*lower.split("."), "0", "0"][:3])


def constraints():
    """The lines of constraints.txt that do not say which torch."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.split("==", line)[0] not in TORCHS_OWN]


def environment(version):
    """The Python of an environment with that torch, made if it is not there."""

    def install(pip):
        with tempfile.TemporaryDirectory() as temporary:
            pinned = Path(temporary) / "constraints.txt"
            pinned.write_text("\n".join(constraints()), encoding="utf-8")
            # torch first: what it asks for is chosen before the course could choose a torch.
            for wish in ([wanted(version)], ["-e", f"{ROOT}[test]"]):
                subprocess.run([*pip, "-c", pinned, *wish], check=True)

    return made_once(ROOT / ".torch" / version, install)


def main(version, *arguments):
    python = environment(version)
    told = "import sys, torch; print('torch', torch.__version__, '· Python', sys.version.split()[0])"
    subprocess.run([python, "-c", told], check=True)
    tests = arguments or [str(path) for pattern in TESTS for path in sorted(ROOT.glob(pattern))]
    return subprocess.run([python, "-m", "pytest", *tests], cwd=ROOT).returncode


if __name__ == "__main__":
    if len(sys.argv) < 2 or not re.fullmatch(r"oldest|newest|\d+(\.\d+)*", sys.argv[1]):
        raise SystemExit(f"the version must be oldest, newest or a number like 2.12.1, got {sys.argv[1:2] or 'none'}")
    raise SystemExit(main(*sys.argv[1:]))
