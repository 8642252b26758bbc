"""What docs/security.md promises of recipes and of the helpers' code; each rule is seen to fail on a planted breach."""

from pathlib import Path
import re
import subprocess

import nbformat
import pytest
from risks import risks
from settings import EXCUSED, FORBIDDEN, RULES, TEXTS, breaches

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
PLANTED = {
    "listens to the world": [
        "jupyter lab --ip=0.0.0.0",
        "jupyter lab --ip='*'",
        "c.ServerApp.ip = '*'",
        'c.JupyterHub.hub_ip = ""',
        "c.ServerApp.ip = ''",
        "jupyterhub --ip 0.0.0.0",
        "  ip: '*'",
        "--ip ''",
        "c.JupyterHub.bind_url = 'http://0.0.0.0'",
    ],
    "needs no token": [
        "jupyter lab --ServerApp.token=''",
        "jupyter lab --IdentityProvider.token= --no-browser",
        "c.IdentityProvider.token = ''",
        'c.ServerApp.token = ""',
        '{"IdentityProvider": {"token": ""}}',
        "`--NotebookApp.token=`",
    ],
    "needs no password": [
        "c.PasswordIdentityProvider.hashed_password = ''",
        "--ServerApp.password=''",
        'password: ""',
        "password_required = False",
    ],
    "lets everyone in": [
        "c.ServerApp.allow_unauthenticated_access = True",
        "c.JupyterHub.authenticator_class = 'dummy'",
        "authenticator_class: null",
        "jupyterhub.auth.DummyAuthenticator",
    ],
    "switches XSRF off": [
        "c.ServerApp.disable_check_xsrf = True",
        "--ServerApp.disable_check_xsrf",
        "{'xsrf_cookies': False}",
    ],
    "allows any origin": [
        "c.ServerApp.allow_origin = '*'",
        "--ServerApp.allow_origin='*'",
        "allow_origin_pat: .*",
        "frame-ancestors *",
        "'Access-Control-Allow-Origin': '*'",
        "c.ServerApp.allow_remote_access = True",
    ],
    "runs as root": [
        "jupyter lab --allow-root",
        "c.ServerApp.allow_root = True",
        "runAsUser: 0",
        "USER root",
        "privileged: true",
    ],
    "trusts notebooks": ["jupyter trust notebooks/*.ipynb", "jupyter-trust x.ipynb", "NotebookNotary().sign(n)"],
    "shows a secret": [
        "git clone https://ghp_0123456789abcdefghij@github.com/a/b",
        "https://hub/lab?token=0123456789abcdef",
        "-----BEGIN RSA PRIVATE KEY-----",
        "AKIAABCDEFGHIJKLMNOP",
    ],
    "trusts any server": ["pip install --trusted-host x y", "requests.get(x, verify=False)"],
}
HARMLESS = [
    "jupyter lab --ip=127.0.0.1 --IdentityProvider.token=$TOKEN", "token = secrets.token_hex()", 'f"?token={token}"',
    "c.ServerApp.ip = '127.0.0.1'", "c.ServerApp.disable_check_xsrf = False", "the token = a word", "a password: yours",
    "requires trust", "`host: hub.example.org`", "c.JupyterHub.authenticator_class = 'native'", "user root",
]  # fmt: skip
# What a room may do that could do harm, and why it does.
NEEDED = {
    "__init__": (r"importlib\.import_module", "a helper's room, by a table of its own"),
    "afterwards": (r"importlib\.\w+\.\w+", "what is to be done once matplotlib is loaded"),
    "attempt": (r"ctypes\.\w+", "stops a learner's function that does not end"),
    "device": (r"os\.environ", "the one room that reads the environment"),
    "edition": (r"importlib\.\w+\.\w+|\.read_text", "which version of the course is installed"),
    "exported": (
        r"exec|compile|pickle\.\w+|subprocess\.run",
        "`export_graphs(f)`, which a learner calls, runs the text of f in another Python and takes its graphs back",
    ),
    "machine": (r"importlib\.metadata\.\w+", "which versions are installed"),
    "memory": (r"ctypes\.\w+", "gives free memory back to the machine"),
    "paper": (r"\.savefig", "into memory"),
    "picture": (r"\.savefig", "into memory, or to the file that the learner names"),
    "player": (r"\.read_text", "its own script"),
    "processors": (r"\.read_text", "how many processors the hub grants"),
    "saving": (
        r"\.write_bytes|\.unlink|shutil\.copymode",
        "the file that the learner names; one beside it until it is whole",
    ),
    "tuner": (r"\.read_text", "its own script"),
}
BY_COMMAND = "commands"  # `python -m course_utils`: what it does to files is what it is asked for, and tested there
# Lesson 15 runs the cures that the clinic has made of its own cells, to show that they cure.
IN_LESSONS = {"15_error_clinic": {"exec"}}


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.splitlines() if Path(path).suffix in TEXTS and path not in RULES]


def test_no_file_says_what_no_recipe_may_say():
    found = {
        (path, name): words
        for path in tracked()
        for name, words in breaches((ROOT / path).read_text(encoding="utf-8")).items()
    }
    assert set(found) == set(EXCUSED), {key: found[key] for key in set(found) - set(EXCUSED)}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in PLANTED.items() for text in texts])
def test_a_planted_setting_is_seen(name, text):
    assert name in breaches(f"a line\n{text}\nanother")


def test_every_rule_is_seen_to_fail():
    assert set(PLANTED) == set(FORBIDDEN)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_setting_is_none(text):
    assert breaches(f"a line\n{text}\nanother") == {}


def room_of(path):
    return ".".join(path.relative_to(ROOT / "course_utils").with_suffix("").parts)


def test_what_could_do_harm_is_listed_with_its_reason():
    for path in sorted((ROOT / "course_utils").rglob("*.py")):
        room = room_of(path)
        pattern, _ = NEEDED.get(room, ("", ""))
        strange = {risk for risk in risks(path.read_text(encoding="utf-8")) if not re.fullmatch(pattern, risk)}
        assert not strange or room.startswith(BY_COMMAND), f"{room}: {strange}"


@pytest.mark.parametrize("room", [room for room in NEEDED if (ROOT / "course_utils" / f"{room}.py").exists()])
def test_nothing_is_listed_that_is_gone(room):
    assert risks((ROOT / "course_utils" / f"{room}.py").read_text(encoding="utf-8"))
    assert NEEDED[room][1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("exec(x)", {"exec"}),
        ("import pickle as p\np.loads(b)", {"pickle.loads"}),
        ("from pickle import loads\nloads(b)", {"pickle.loads"}),
        ("from os import system as s\ns('x')", {"os.system"}),
        ("import os\nos.system('x')", {"os.system"}),
        ("import builtins\nbuiltins.eval('x')", {"builtins.eval"}),
        ("import torch\ntorch.load('x')", {"torch.load"}),
        ("from urllib.request import urlopen\nurlopen(x)", {"urllib.request.urlopen"}),
        ("path.write_bytes(b)", {".write_bytes"}),
        ("with open(x) as f: pass", {"open"}),
        ("import re\nre.compile(x)\nmodel.eval()", set()),
    ],
)
def test_a_planted_call_is_seen(text, found):
    assert risks(text) == found


def test_no_cell_of_a_lesson_touches_files_or_the_network():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                assert risks(cell.source) <= IN_LESSONS.get(path.stem, set()), path.name


def test_the_page_names_what_holds_each_promise():
    """Each paragraph that promises something ends with the tests that hold it, and they are there."""
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert named >= {"tests/test_security.py", "tests/test_security_pages.py", "tests/test_security_text.py"}
    assert all((ROOT / path).is_file() for path in named)
    for room in NEEDED:
        assert f"`{room}`" in PAGE or not (ROOT / "course_utils" / f"{room}.py").exists(), room
