"""What goes wrong in a class: nothing is lost, the next start works, and somebody says what happened."""

from contextlib import suppress
import errno
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from xml.etree import ElementTree

from browser import free_port, serve_lab, write_notebook
from contents import write_contents
from course_utils import Value, plot_loss, trace
from fenced import ROOT, copied, fenced
from jupyter_client.manager import start_new_kernel
import nbformat
import pytest

SAVING = """
from course_utils import Value, trace
a = Value(2.0)
graph = trace(a * a, a=a)
print("begun", flush=True)
while True:
    graph.save("graph.svg")
"""
SAVED_ONCE = SAVING.replace("while True:\n    ", "")


def graph(terms):
    total = a = Value(2.0)
    for _ in range(terms):
        total = total * a
    return trace(total, a=a)


# A kernel that dies


@pytest.fixture
def kernel(tmp_path):
    manager, client = start_new_kernel(cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_kernel_killed_while_it_saves_leaves_a_whole_file(kernel, tmp_path):
    manager, client = kernel
    client.execute(SAVING)
    for _ in range(600):
        if (tmp_path / "graph.svg").exists():
            break
        time.sleep(0.1)
    os.kill(manager.provisioner.pid, signal.SIGKILL)
    manager.provisioner.process.wait(timeout=30)
    ElementTree.fromstring((tmp_path / "graph.svg").read_text(encoding="utf-8"))
    assert {path.name.split(".")[1] for path in tmp_path.iterdir()} <= {"svg", "graph"}  # a hidden one may be left
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=60)
    assert client.execute_interactive(SAVED_ONCE, timeout=60, output_hook=print)["content"]["status"] == "ok"


def test_nbval_reports_a_kernel_that_died_within_the_cells_time(tmp_path):
    write_notebook(
        tmp_path / "dies.ipynb", ["x = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "x = 2"]
    )
    stored = nbformat.read(tmp_path / "dies.ipynb", as_version=4)
    for place, cell in enumerate(stored.cells, start=1):
        cell.execution_count = place
    nbformat.write(stored, tmp_path / "dies.ipynb")
    shutil.copy(ROOT / "notebooks" / "conftest.py", tmp_path)
    shutil.copy(ROOT / "notebooks" / "sanitize.cfg", tmp_path)
    write_contents(tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--nbval"]
    command += ["--nbval-current-env", "--nbval-cell-timeout=6", "dies.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert done.returncode == 1
    assert "dies.ipynb::Cell 1" in done.stdout
    assert "2 passed" in done.stdout  # the cells' order and the cell before; those after have no kernel


# A disk that is full


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A folder on a small disk of its own; where none may be mounted, one whose writes end half way."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], capture_output=True)
    yield folder, mounted.returncode == 0
    if mounted.returncode == 0:
        subprocess.run(["umount", folder], check=True)


def fill(folder, is_real, monkeypatch):
    """Leave no room on the disk."""
    if is_real:
        with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 512)
        return
    whole = Path.write_bytes

    def half(path, data):
        whole(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", half)


def save_graph(path):
    graph(30).save(path)


def save_plot(path):
    plot_loss([3.0, 2.0, 1.0]).figure.savefig(path)


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize(
    ("save", "name"),
    [
        (save_graph, "graph.svg"),
        (save_graph, "graph.png"),
        (save_graph, "graph.pdf"),
        (save_plot, "plot.png"),
        (save_plot, "plot.svg"),
    ],
)
def test_a_full_disk_leaves_the_old_file_or_none(disk, monkeypatch, save, name, is_there):
    folder, is_real = disk
    before = b"what was there before" if is_there else None
    if is_there:
        (folder / name).write_bytes(before)
    fill(folder, is_real, monkeypatch)
    with pytest.raises(OSError, match=f"No space left on device, so it was not saved: '.*{name}'"):
        save(folder / name)
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "filler"}
    assert left == ({name: before} if is_there else {})


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_faults_survived import save_graph, save_plot
for save, name in ((save_graph, "graph.svg"), (save_plot, "plot.png")):
    try:
        save(Path(name))
    except OSError as error:
        print(error)
"""


def test_a_file_that_may_not_grow_is_whole_or_absent(tmp_path):
    """The system itself ends the writing after 9,000 bytes."""
    code = LIMITED.format(tests=str(ROOT / "tests"))
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    said = [f"[Errno 27] File too large, so it was not saved: '{name}'" for name in ("graph.svg", "plot.png")]
    assert done.stdout.splitlines() == said, done.stderr
    assert list(tmp_path.iterdir()) == []


# A home that cannot be written, and no network


def test_a_lesson_runs_without_a_home_and_without_a_network(tmp_path):
    """nbval compares each output; `python tests/fenced.py` does the same with all lessons."""
    course = copied(tmp_path)
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "--nbval"]
    command += ["--nbval-current-env", "--nbval-cell-timeout=120", "notebooks/00_start_here.ipynb"]
    done, refused, written = fenced(tmp_path, command, folder=course)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (refused, written) == ([], [])


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("open('{root}/stray', 'w')", "open"),
        ("import os; os.mkdir('{root}/stray')", "os.mkdir"),
        ("import os; os.remove('{root}/README.md')", "os.remove"),
        ("import socket; socket.create_connection(('192.0.2.1', 80))", "socket.getaddrinfo"),
        ("import urllib.request; urllib.request.urlopen('http://example.org')", "socket.getaddrinfo"),
        ("import socket; socket.socket().bind(('0.0.0.1', 0))", "socket.bind"),
        ("from pathlib import Path; Path.home().joinpath('x').write_text('x')", None),
    ],
)
def test_the_fence_holds(tmp_path, code, refusal):
    done, refused, written = fenced(tmp_path, ["-c", code.format(root=ROOT)])
    assert done.returncode == 1
    assert [row.split()[0] for row in refused[:1]] == ([refusal] if refusal else [])
    assert "PermissionError" in done.stderr or "ConnectionRefusedError" in done.stderr or "URLError" in done.stderr
    assert written == []


# Two students on one port


def asked(address, path, token):
    request = Request(f"{address}{path}", method="POST" if path == "/api/kernels" else "GET")
    request.add_header("Authorization", f"token {token}")
    try:
        with urlopen(request, data=b"{}" if request.method == "POST" else None) as answer:
            return json.loads(answer.read())
    except HTTPError as error:
        return error.code


def test_two_students_on_one_port_get_two_servers(tmp_path):
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        (home / "notebooks").mkdir(parents=True)
        (home / "notebooks" / f"{home.name}.ipynb").write_text("{}")
    port = free_port()
    with (
        serve_lab(homes[0], homes[0] / "notebooks", port) as first,
        serve_lab(homes[1], homes[1] / "notebooks", port) as second,
    ):
        visits = [urlsplit(address("x.ipynb")) for address in (first, second)]
        servers = [f"http://{visit.netloc}" for visit in visits]
        tokens = [visit.query.removeprefix("token=") for visit in visits]
        assert visits[0].port == port
        assert visits[1].port != port
        for place, home in enumerate(homes):
            files = asked(servers[place], "/api/contents", tokens[place])["content"]
            assert [file["name"] for file in files] == [f"{home.name}.ipynb"]
            assert asked(servers[place], "/api/kernels", tokens[place])["execution_state"] in ("starting", "idle")
            assert asked(servers[place], "/api/contents", tokens[1 - place]) == 403
