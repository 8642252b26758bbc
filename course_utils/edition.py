"""Which `course_utils` this is, and what is said of a name that it lacks, or of a package that it cannot work without.

This room needs nothing but Python: it has to answer where torch itself is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
import sys
import tomllib

PACKAGE = "course-utils"
INSTALL = "in the course's folder run: pip install -c constraints.txt -e ."
INSTALL_TESTS = INSTALL.removesuffix(".") + '".[test]"'
BEFORE = "before you restart the kernel"
_FOLDER = Path(__file__).parent


class NotHere(ImportError):
    """A name or a package that is not here, said with what to do; in a notebook in place of a traceback."""

    def _render_traceback_(self) -> list[str]:  # IPython shows this instead of a traceback
        return [f"✗ {self}"]


def edition(folder: Path = _FOLDER) -> str:
    """The version of this package, "unknown" for a bare folder; what lies in the course's folder is never stale.

    Args:
        folder: the package's folder.
    """
    try:
        project = tomllib.loads((folder.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        if project["name"] == PACKAGE:
            return str(project["version"])
    except (OSError, KeyError, ValueError):  # installed from a wheel, or beside somebody else's project
        pass
    try:
        return installed_version(PACKAGE)
    except PackageNotFoundError:
        return "unknown"


def lacking(name: str, names: Sequence[str], broken: Exception | None) -> ImportError | AttributeError:
    """The error for a name that `course_utils` has not, to be raised by its `__getattr__`.

    Args:
        name: what was asked for.
        names: what the package has.
        broken: why the package could not be loaded whole, if so.
    """
    if name.startswith("_") or find_spec(f"course_utils.{name}"):  # a room that Python goes on to import
        return AttributeError(f"module 'course_utils' has no attribute {name!r}")
    sentence = _of_the_package(broken) if broken else _of_the_name(name, names)
    # `from course_utils import name` drops the words of an AttributeError, and `hasattr` must get one.
    is_import = sys._getframe(2).f_code.co_name == "_handle_fromlist"
    return NotHere(sentence, name="course_utils") if is_import else AttributeError(sentence)


def _of_the_name(name: str, names: Sequence[str]) -> str:
    near = "".join(f" Did you mean `{one}`?" for one in get_close_matches(name, names, n=1))
    newer = "If a notebook of the course asks for it, the notebook is newer than this package"
    return f"course_utils {edition()} has no `{name}`.{near} {newer}: {BEFORE}, {INSTALL}"


def _of_the_package(broken: Exception) -> str:
    missing = isinstance(broken, ModuleNotFoundError) and broken.name
    why = f"{missing} is not installed for {sys.executable}" if missing else str(broken)
    return f"course_utils cannot work here, {why}: {BEFORE}, {INSTALL}"
