"""Which version this is, and what is said of a name or a package that is not here."""

import importlib
import os
from pathlib import Path
import subprocess
import sys
import tomllib

import course_utils
from course_utils.edition import edition, lacking
import pytest
from shell import Shell

ROOT = Path(__file__).parent.parent
NEWER = (
    "If a notebook of the course asks for it, the notebook is newer than this package: in the course's folder run: "
    "pip install -c constraints.txt -e . Then restart the kernel."
)


def version():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def python(code, *shadowed, folder):
    """A Python in which these packages cannot be imported; the error that it ends with."""
    for name in shadowed:
        (folder / f"{name}.py").write_text(f"raise ModuleNotFoundError('no', name={name!r})")
    around = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return subprocess.run([sys.executable, "-c", code], env=around, capture_output=True, text=True, check=False)


def test_the_version_is_that_of_the_course_folder():
    assert course_utils.__version__ == edition() == version()


def test_without_a_course_folder_it_is_that_of_the_installation(tmp_path, monkeypatch):
    from importlib import metadata

    assert edition(tmp_path / "course_utils") == metadata.version("course-utils")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\nversion = "9"')
    assert edition(tmp_path / "course_utils") == metadata.version("course-utils")
    (tmp_path / "pyproject.toml").write_text("[project")
    assert edition(tmp_path / "course_utils") == metadata.version("course-utils")
    monkeypatch.setattr(sys.modules["course_utils.edition"], "PACKAGE", "no-such-package")
    assert edition(tmp_path / "course_utils") == "unknown"


def test_a_name_of_a_newer_course_is_answered_with_what_to_do():
    with pytest.raises(ImportError) as caught:
        exec("from course_utils import trace, brand_new_helper")
    assert str(caught.value) == f"course_utils {version()} has no `brand_new_helper`. {NEWER}"


def test_a_slip_of_the_pen_is_answered_with_the_name_that_was_meant():
    with pytest.raises(ImportError, match=r"has no `draw_grpah`\. Did you mean `draw_graph`\? If a notebook"):
        exec("from course_utils import draw_grpah")


def test_an_attribute_is_answered_too_and_asking_for_one_is_no_error():
    with pytest.raises(AttributeError, match="has no `brand_new_helper`"):
        course_utils.brand_new_helper  # noqa: B018
    assert not hasattr(course_utils, "brand_new_helper")
    assert getattr(course_utils, "setup_module", None) is None
    assert not hasattr(course_utils, "__wrapped__")


def test_rooms_are_still_found(tmp_path):
    done = python("from course_utils import commands, edition, player; print(player.__name__)", folder=tmp_path)
    assert (done.stdout, done.stderr) == ("course_utils.player\n", "")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("course_utils.no_such_room")


def test_a_learner_sees_the_sentence_and_no_traceback():
    shell = Shell()
    said = shell.run("from course_utils import brand_new_helper")
    shell.close()
    assert said.error._render_traceback_() == [f"✗ course_utils {version()} has no `brand_new_helper`. {NEWER}"]


@pytest.mark.parametrize("package", ["torch", "matplotlib", "packaging"])
def test_a_package_that_is_missing_is_named(tmp_path, package):
    code = "import course_utils\nfrom course_utils import show_machine"
    done = python(code, package, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "course_utils.edition.NotHere: course_utils cannot work here, "
        f"{package} is not installed for {sys.executable}: in the course's folder run: pip install -c constraints.txt -e . Then restart the kernel."
    )


def test_a_package_that_is_damaged_is_told_in_its_own_words(tmp_path):
    (tmp_path / "ipywidgets.py").write_text("raise ImportError('DLL load failed')")
    done = python("from course_utils import show_machine", folder=tmp_path)
    assert "course_utils cannot work here, DLL load failed: in the course's folder run:" in done.stderr


def test_what_is_said_depends_on_who_asks():
    assert isinstance(lacking("__path_of__", [], None), AttributeError)
    assert isinstance(lacking("clinic", [], None), AttributeError)


def test_waiting_is_set_before_torch_is_loaded_all_the_same():
    code = "import course_utils, os; print(os.environ['OMP_WAIT_POLICY'])"
    around = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=around, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "PASSIVE\n"
