"""A student follows a link of docs/hosting.md on a real Jupyter server, set up by the lines and files of that page."""

from contextlib import contextmanager
import json
import os
from pathlib import Path
import re
import secrets
import shlex
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from urllib.request import Request, urlopen

from browser import serve_lab
from chart import load
from jupyter_client.blocking import BlockingKernelClient
from pull_links import FOLDER, lessons, link
from pulls import NOBODY, published
import pytest
import zmq

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
REPO = "https://git.example.org/you/backpropagation"
HELPER = "course_utils/markup.py"
ASK = (
    "import os, course_utils.markup as m; print(m.__file__, getattr(m, 'MENDED', 'old'), os.environ['OMP_WAIT_POLICY'])"
)
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of jupyter_client's sockets


def files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [path for path in listed if path.startswith("course_utils/") or path in {"pyproject.toml", lessons()[1]}]


def install_kernel(prefix):
    """The page's line, with another Python and another place to install to."""
    [line] = re.findall(r"^sudo -E (\S+ -m ipykernel install .*)$", PAGE, re.M)
    _, *words = shlex.split(line)
    assert words.pop(words.index("--sys-prefix"))
    subprocess.run([sys.executable, *words, "--prefix", str(prefix)], check=True, capture_output=True)


class Student:
    """One who is logged in to a server: what the browser asks for, and what a kernel of a lesson prints."""

    def __init__(self, address, runtime):
        parts = urlsplit(address)
        self.base, self.token, self.runtime = (
            f"{parts.scheme}://{parts.netloc}",
            parse_qs(parts.query)["token"][0],
            runtime,
        )

    def ask(self, path, data=None, token=True):
        headers = {"Authorization": f"token {self.token}"} if token else {}
        with urlopen(Request(self.base + path, data=data, headers=headers)) as answer:
            return answer.read().decode()

    def follow(self, address, repo):
        """Open the link's page, then what its script asks for: the pull. Words of both."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | {"repo": repo}
        page = self.ask(f"/git-pull?{urlencode(query)}")
        del query["urlpath"]
        return page, self.ask(f"/git-pull/api?{urlencode(query)}")

    @contextmanager
    def kernel(self):
        """A kernel as the lesson gets it, and the file that says how to speak with it."""
        body = json.dumps({"name": "python3", "path": f"{FOLDER}/notebooks"}).encode()
        name = json.loads(self.ask("/api/kernels", body))["id"]
        note = self.runtime / f"kernel-{name}.json"
        client = BlockingKernelClient(connection_file=str(note))
        client.load_connection_file()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield client, json.loads(note.read_text(encoding="utf-8"))
        finally:
            client.stop_channels()
            urlopen(
                Request(
                    f"{self.base}/api/kernels/{name}", method="DELETE", headers={"Authorization": f"token {self.token}"}
                )
            ).close()


def printed(client, code):
    said = []
    client.execute_interactive(code, timeout=60, output_hook=lambda message: said.append(message["content"]))
    return "".join(part.get("text", "".join(part.get("traceback", []))) for part in said)


def overheard(note, encrypted, client):
    """How many messages of the kernel's outputs a neighbour on the machine hears while it prints."""
    with zmq.Context() as context, context.socket(zmq.SUB) as ear:
        if encrypted:
            ear.curve_publickey = ear.curve_serverkey = note["curve_publickey"].encode()
            ear.curve_secretkey = note["curve_secretkey"].encode()
        ear.subscribe(b"")
        ear.connect(f"tcp://{note['ip']}:{note['iopub_port']}")
        time.sleep(0.5)
        printed(client, "print('an answer')")
        ear.rcvtimeo, heard = 500, 0
        try:
            while True:
                ear.recv_multipart()
                heard += 1
        except zmq.Again:
            return heard


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The instructor's repository, and a student's server beside it."""
    folder = tmp_path_factory.mktemp("hub")
    home, settings = folder / "home", folder / "settings"
    home.mkdir()
    settings.mkdir()
    install_kernel(folder / "user")
    around = {"HOME": str(home), "JUPYTER_PATH": str(folder / "user" / "share" / "jupyter")}
    around |= {"JUPYTER_CONFIG_PATH": str(ROOT / "docs"), "IPYTHONDIR": str(home / "ipython")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (NOBODY | around).items():
            patch.setenv(name, value)
        for name in ("PYTHONPATH", "OMP_WAIT_POLICY"):
            patch.delenv(name, raising=False)
        course = published(folder, files())
        with serve_lab(settings, home) as address:
            yield course, home, Student(address("x"), settings / "RUNTIME")


def test_a_link_pulls_the_course_and_a_fix_reaches_the_next_kernel(hub):
    course, home, student = hub
    lesson = lessons()[1]
    page, said = student.follow(link("https://hub.example.org", REPO, lesson), course.url)
    assert unquote(re.search(r'data-path="(.*?)"', page)[1]) == f"lab/tree/{FOLDER}/{lesson}"
    assert '"phase": "finished"' in said
    assert (home / FOLDER / lesson).read_bytes() == (ROOT / lesson).read_bytes()
    pulled = home / FOLDER / HELPER
    with student.kernel() as (client, _):
        assert printed(client, ASK).split() == [str(pulled), "old", "PASSIVE"]
    (home / FOLDER / lesson).write_text((home / FOLDER / lesson).read_text().replace("One nudge", "My own words"))
    with (course.folder / HELPER).open("a") as file:
        file.write("\nMENDED = 'new'\n")
    course.publish()
    student.follow(link("https://hub.example.org", REPO, lesson), course.url)
    with student.kernel() as (client, note):
        assert printed(client, ASK).split() == [str(pulled), "new", "PASSIVE"]
        assert overheard(note, True, client) > 0
        assert overheard(note, False, client) == 0
    assert "My own words" in (home / FOLDER / lesson).read_text()


def test_without_the_token_nothing_is_pulled(hub):
    course, _, student = hub
    query = urlencode({"repo": course.url, "targetpath": secrets.token_hex(4)})
    with pytest.raises(HTTPError, match="403"):
        student.ask(f"/git-pull/api?{query}", token=False)


def test_the_pods_environment_takes_the_pulled_course_too(hub, tmp_path):
    """On Kubernetes it is PYTHONPATH of the whole server."""
    folder = tmp_path / "backpropagation" / "course_utils"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    variables = {
        name: value.replace("/home/jovyan", str(tmp_path)) for name, value in load()["singleuser"]["extraEnv"].items()
    }
    command = [sys.executable, "-c", "import course_utils; print(course_utils.__file__)"]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == str(folder / "__init__.py")
