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
    "If a notebook of the course asks for it, the notebook is newer than this package: before you restart the "
    "kernel, in the course's folder run: pip install -c constraints.txt -e ."
)


def version():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


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


def test_rooms_are_still_found_and_waiting_is_set_before_torch_is_loaded(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY")
    code = "from course_utils import player, commands; import os; print(player.__name__, os.environ['OMP_WAIT_POLICY'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "course_utils.player PASSIVE\n"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("course_utils.no_such_room")


def test_a_learner_sees_the_sentence_and_no_traceback():
    shell = Shell()
    said = shell.run("from course_utils import brand_new_helper")
    shell.close()
    assert said.error._render_traceback_() == [f"✗ course_utils {version()} has no `brand_new_helper`. {NEWER}"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("ModuleNotFoundError('no', name='torch')", f"torch is not installed for {sys.executable}"),
        ("ImportError('DLL load failed')", "DLL load failed"),
        ("OSError('libtorch.so: cannot open shared object file')", "libtorch.so: cannot open shared object file"),
    ],
)
def test_a_package_that_is_missing_or_damaged_is_named(tmp_path, error, why):
    (tmp_path / "torch.py").write_text(f"raise {error}")
    code = "import course_utils; print(course_utils.__version__)\nfrom course_utils import trace"
    around = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], env=around, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, f"{version()}\n")
    assert done.stderr.splitlines()[-1] == (
        f"course_utils.edition.NotHere: course_utils cannot work here, {why}: before you restart the kernel, in the "
        "course's folder run: pip install -c constraints.txt -e ."
    )


def test_what_is_said_depends_on_who_asks():
    assert isinstance(lacking("__path_of__", [], None), AttributeError)
    assert isinstance(lacking("clinic", [], None), AttributeError)
