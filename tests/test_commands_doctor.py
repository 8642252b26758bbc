"""What `doctor` says of a good machine, and of each thing that can be wrong with one."""

from importlib import metadata
import io
import json
import math
from pathlib import Path
import subprocess
import sys
import webbrowser

from course_utils import machine
from course_utils.commands import course, equipment, ground, main
from course_utils.commands.doctor import examine, in_words
from course_utils.commands.minutes import time_notebooks
from course_utils.edition import INSTALL, INSTALL_TESTS
from course_utils.processors import processor_limit
from matplotlib import rc_context
import pytest
from small_course import code, make_course, write_lesson
import torch

ROOT = Path(__file__).parent.parent
WIDGETS = "@jupyter-widgets/jupyterlab-manager"


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """In the course's folder, with nothing asked for by the environment."""
    monkeypatch.chdir(ROOT)
    for name in ("COURSE_DEVICE", "CPU_LIMIT", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture
def doctor(capsys):
    """The exit code, the wrong things with the lines that cure them, and all that was printed."""

    def run(*options):
        code = main(["doctor", *options])
        out, err = capsys.readouterr()
        assert err == ""
        lines = out.splitlines()
        wrong = {}
        for line, after in zip(lines, [*lines[1:], ""], strict=True):
            assert line.startswith(("✓ fine: ", "✗ wrong: ", "    cure: ")) or line in lines[-2:]
            if line.startswith("✗ wrong: "):
                assert after.startswith("    cure: ")
                wrong[line.removeprefix("✗ wrong: ")] = after.removeprefix("    cure: ")
        assert code == (1 if wrong else 0)
        assert lines[-1] == (f"{len(wrong)} found wrong." if wrong else "Nothing is wrong.")
        return wrong, out

    return run


def test_a_good_machine_is_fine_and_told_in_full(doctor):
    wrong, out = doctor()
    assert wrong == {}
    for said in (
        f"Python: {sys.version.split()[0]} (wanted: 3.11 or newer)",
        f"torch: {torch.__version__} (wanted: 2.11 or newer)",
        f"jupyterlab: {metadata.version('jupyterlab')} (wanted: 4.2 or newer)",
        f"nbval: {metadata.version('nbval')} (wanted: 0.11 or newer)",
        ", COURSE_DEVICE is not set (wanted: computes)",
        f"course: {ROOT} (wanted",
        f"widgets: {WIDGETS} ",
        f"kernel python3: {sys.executable} (wanted",
        "graphs: ",
        "fonts: DejaVu Sans, one of ",
        "browser: ",
        "Chromium: ",
        "waiting threads: PASSIVE",
        "doctor --notebooks",
    ):
        assert said in out, said


def test_a_package_that_is_missing_or_too_old_is_told(doctor, monkeypatch):
    def version(name):
        if name == "pygraphviz":
            raise metadata.PackageNotFoundError(name)
        return {"torch": "1.13.1", "nbval": "0.9"}.get(name) or metadata.version(name)

    monkeypatch.setattr(machine, "version", version)
    wrong, _ = doctor()
    assert wrong == {
        "pygraphviz: nothing (wanted: 2.0 or newer)": INSTALL,
        "torch: 1.13.1 (wanted: 2.11 or newer)": INSTALL,
        "nbval: 0.9 (wanted: 0.11 or newer)": INSTALL_TESTS,
    }


def test_to_have_no_test_packages_is_fine_and_told(doctor, monkeypatch):
    def version(name):
        if name in {"nbval", "pytest"}:
            raise metadata.PackageNotFoundError(name)
        return metadata.version(name)

    monkeypatch.setattr(machine, "version", version)
    wrong, out = doctor()
    assert wrong == {}
    assert "test extra: without nbval, pytest, which only `check` needs (in the course's folder run: pip" in out


@pytest.mark.parametrize("asked", ["gpu", "cuda:99"])
def test_a_wrong_device_is_told_with_its_cure(doctor, monkeypatch, asked):
    monkeypatch.setenv("COURSE_DEVICE", asked)
    wrong, _ = doctor()
    [(what, cure)] = wrong.items()
    assert what == "device: an error (wanted: one that computes)"
    assert asked in cure
    assert "COURSE_DEVICE must be auto, cpu, cuda or cuda:N" in cure or "Set COURSE_DEVICE=auto" in cure


def test_a_device_that_is_asked_for_is_told(doctor, monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert "device: cpu, as COURSE_DEVICE=cpu asks (wanted: computes)" in doctor()[1]


def write_kernel(folder, argv):
    where = folder / "kernels" / "python3"
    where.mkdir(parents=True)
    (where / "kernel.json").write_text(
        json.dumps({"argv": [*argv, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "P"})
    )


@pytest.mark.parametrize("kind", ["gone", "another environment", "no JSON"])
def test_a_kernel_that_is_not_this_python_is_told_and_its_cure_cures(monkeypatch, tmp_path, kind):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    if kind == "another environment":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "other")], check=True)
        python = str(next(path for path in (tmp_path / "other").glob("*/python*") if path.is_file()))
    else:
        python = str(tmp_path / "gone" / "python")
    write_kernel(tmp_path, [python])
    if kind == "no JSON":
        (tmp_path / "kernels/python3/kernel.json").write_text("{")
    found = ground.check_kernel()
    assert not found.fine
    assert python in found.found or kind == "no JSON"
    assert found.found.startswith("a broken one: ") == (kind != "another environment")
    subprocess.run(found.cure.split(), check=True, capture_output=True)
    assert ground.check_kernel().fine


def test_a_kernel_is_not_blamed_for_the_home_folder(monkeypatch):
    def manager(kernel_name):
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr("jupyter_client.manager.KernelManager", manager)
    found = ground.check_kernel()
    assert not found.fine
    assert found.cure == "make the home folder writable, or set HOME to a folder of your own"


def test_a_broken_kernel_ends_with_1(doctor, monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    write_kernel(tmp_path, ["/no/such/python"])
    [(what, cure)] = doctor()[0].items()
    assert what.startswith("kernel python3: a broken one: ")
    assert cure.endswith(" -m jupyter_client.kernelspecapp remove -f python3")


def test_widgets_that_are_not_where_jupyterlab_looks_are_told(doctor, monkeypatch):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [])
    [(what, cure)] = doctor()[0].items()
    assert what == "widgets: nothing (wanted: JupyterLab's extension for ipywidgets, switched on)"
    assert cure.endswith("--no-deps jupyterlab_widgets")


def test_widgets_whose_script_is_gone_are_told(monkeypatch, tmp_path):
    about = {"name": WIDGETS, "version": "5.0", "jupyterlab": {"_build": {"load": "static/remoteEntry.js"}}}
    folder = tmp_path / WIDGETS
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps(about))
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path)])
    assert equipment.check_widgets().found == f"its package without its script, in {folder}"
    (folder / "static").mkdir()
    (folder / "static/remoteEntry.js").write_text("")
    assert equipment.check_widgets().fine


@pytest.mark.parametrize(("name", "fine"), [(WIDGETS, False), (f"{WIDGETS}:plugin", False), ("other", True)])
def test_widgets_that_are_switched_off_are_told(monkeypatch, tmp_path, name, fine):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    (tmp_path / "labconfig").mkdir()
    (tmp_path / "labconfig/page_config.json").write_text(json.dumps({"disabledExtensions": {name: True}}))
    found = equipment.check_widgets()
    assert found.fine is fine
    assert fine or found.cure == f"jupyter labextension enable {name}"


def test_a_graphviz_that_does_not_work_is_told(doctor, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    [(what, cure)] = doctor()[0].items()
    assert what.startswith("graphs: ModuleNotFoundError: ")
    assert "pip install" in cure


@pytest.mark.parametrize(
    ("family", "found"),
    [("No Such Font", "none (Failed to find font"), ("cmr10", "cmr10, one of ")],
)
def test_fonts_that_are_missing_or_lack_letters_are_told(family, found):
    with rc_context({"font.family": [family]}):
        finding = equipment.check_fonts()
    assert not finding.fine
    assert finding.found.startswith(found)
    assert family != "cmr10" or "without ŷ" in finding.found


def test_a_browser_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("/no/such/browser"))
    monkeypatch.setattr(equipment.sys, "platform", "linux")
    finding = equipment.check_browser()
    assert finding.found == "/no/such/browser, which is not here"
    assert not finding.fine
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser(sys.executable))
    assert equipment.check_browser().fine


def test_to_have_no_browser_is_fine_and_told(monkeypatch):
    def get():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", get)
    assert in_words(equipment.check_browser()) == (
        "✓ fine: browser: none, so open the address that `jupyter lab` prints"
    )


def test_what_another_package_raises_is_told_and_ends_nothing(doctor, monkeypatch):
    def get_page_config(*folders):
        raise KeyError("jupyterlab")

    monkeypatch.setattr("jupyterlab_server.config.get_page_config", get_page_config)
    assert [*doctor()[0]] == ["widgets: KeyError: 'jupyterlab' (wanted: there)"]


def test_no_course_here_is_told(doctor, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(course, "_BESIDE", tmp_path)
    [(what, cure)] = doctor()[0].items()
    assert what == f"course: none in {tmp_path} or above (wanted: the folder with its notebooks)"
    assert cure.startswith("go into the course's folder")


def test_a_folder_that_cannot_be_written_is_told(doctor, monkeypatch):
    real = ground.TemporaryFile

    def temporary_file(dir):
        if dir == Path.home():
            raise PermissionError(30, "Read-only file system")
        return real(dir=dir)

    monkeypatch.setattr(ground, "TemporaryFile", temporary_file)
    home = Path.home()
    assert doctor()[0] == {
        f"home: {home}: Read-only file system (wanted: a folder that can be written)": (
            f"chmod u+rwx {home}, or set HOME to a folder of your own"
        )
    }


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="nobody can write in /proc, and only Linux has it")
def test_a_folder_that_the_system_keeps_is_told():
    assert not ground.check_folder("home", Path("/proc"), "no").fine


def test_a_full_disk_is_told(monkeypatch):
    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(ground, "TemporaryFile", lambda dir: Full())
    found = ground.check_folder("home", ROOT, "no")
    assert not found.fine
    assert found.found == f"{ROOT}: No space left on device"


def test_a_folder_that_was_written_is_left_as_it_was(tmp_path):
    assert ground.check_folder("home", tmp_path, "").fine
    assert [*tmp_path.iterdir()] == []


def test_threads_that_spin_are_told(doctor, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    [(what, cure)] = doctor()[0].items()
    assert what.startswith("waiting threads: ACTIVE ")
    assert cure.startswith("unset OMP_WAIT_POLICY")


@pytest.mark.parametrize(("limit", "fine"), [("1", False), ("2.5", False), ("3.5", True), ("4", True), ("none", True)])
def test_more_threads_than_processors_are_told(monkeypatch, limit, fine):
    monkeypatch.setenv("CPU_LIMIT", limit)
    monkeypatch.setattr(ground, "processor_limit", lambda asked: float(asked) if asked != "none" else math.inf)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    [_, threads] = ground.check_threads()
    assert threads.fine is fine
    assert fine or threads.cure == f"set OMP_NUM_THREADS={math.ceil(float(limit))} before JupyterLab starts"


V2 = {"proc/self/cgroup": "0::/hub/ada\n", "sys/fs/cgroup/hub/ada/cpu.max": "max 100000\n"}
V1 = {"proc/self/cgroup": "2:cpu,cpuacct:/ada\n1:memory:/\n", "sys/fs/cgroup/memory/cpu.cfs_quota_us": "1"}


@pytest.mark.parametrize(
    ("files", "asked", "limit"),
    [
        ({}, "", math.inf),
        ({}, "1.5", 1.5),
        ({}, "a lot", math.inf),
        ({}, "0", math.inf),
        (V2, "", math.inf),
        ({**V2, "sys/fs/cgroup/hub/ada/cpu.max": "150000 100000\n"}, "2", 1.5),
        ({**V2, "sys/fs/cgroup/hub/cpu.max": "50000 100000\n"}, "", 0.5),
        ({**V2, "sys/fs/cgroup/hub/ada/cpu.max": "200000 100000\n"}, "1", 1.0),
        ({**V2, "sys/fs/cgroup/hub/ada/cpu.max": "\n"}, "", math.inf),
        (V1, "", math.inf),
        (
            {
                **V1,
                "sys/fs/cgroup/cpu,cpuacct/ada/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu,cpuacct/ada/cpu.cfs_period_us": "100000\n",
            },
            "",
            2.5,
        ),
        (
            {
                **V1,
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            "",
            math.inf,
        ),
    ],
)
def test_the_limit_of_processors(tmp_path, files, asked, limit):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert processor_limit(asked, tmp_path) == limit


def test_the_seconds_of_each_notebook(tmp_path):
    folder = make_course(tmp_path / "course")
    good = folder / "notebooks" / "00_six.ipynb"
    bad = write_lesson(folder, [code("stops", "1 / 0")], "01_bad.ipynb")
    broken = folder / "notebooks" / "02_broken.ipynb"
    broken.write_text("{")
    before = good.read_bytes()
    fine, wrong, unread = time_notebooks([good, bad, broken], folder)
    assert fine.fine
    assert float(fine.found.removesuffix(" s")) > 0
    assert good.read_bytes() == before
    assert in_words(wrong) == (
        "✗ wrong: 01_bad: ZeroDivisionError: division by zero (wanted: runs to its end)\n"
        "    cure: take back what was changed in it: git checkout -- notebooks/01_bad.ipynb"
    )
    assert not unread.fine


def test_the_seconds_are_asked_for_by_an_option(doctor, monkeypatch, tmp_path):
    folder = make_course(tmp_path / "course")
    write_lesson(folder, [code("stops", "import os\nassert os.environ['COURSE_STRICT'], 'soft'")])
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COURSE_STRICT", "1")
    wrong, out = doctor("--notebooks")
    assert "--notebooks" not in out
    assert [*wrong] == ["00_six: AssertionError: soft (wanted: runs to its end)"]


def test_every_finding_has_a_cure_for_when_it_is_wrong(monkeypatch):
    """Where nothing can be wrong with it, there is none."""
    without = {found.what for found in examine() if not found.cure}
    assert without <= {"course_utils", "browser", "Chromium", "test extra"}
