"""The lines of docs/hosting.md agree with the course and with docs/security.md; what they do is tested elsewhere."""

from importlib.metadata import version
import os
from pathlib import Path
import re
import subprocess

from packaging.requirements import Requirement
from settings import breaches

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
FILES = [ROOT / "docs" / "z2jh-values.yaml", ROOT / "docs" / "jupyter_server_config.py", ROOT / ".binder" / "postBuild"]
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))


TLJH = {  # what tljh-config is told, and must be
    "https.enabled": "true",
    "auth.type": "nativeauthenticator.NativeAuthenticator",
    "auth.NativeAuthenticator.open_signup": "false",
    "auth.NativeAuthenticator.allow_all": "true",
    "auth.NativeAuthenticator.minimum_password_length": "12",
    "auth.NativeAuthenticator.check_common_password": "true",
    "auth.NativeAuthenticator.allowed_failed_logins": "5",
    "https.letsencrypt.email": "you@example.org",
    "limits.memory": "1.5G",
    "limits.cpu": "2",
    "services.cull.timeout": "3600",
}


def test_on_tljh_https_comes_first_then_passwords_and_limits():
    told = re.findall(r"^sudo tljh-config set (\S+) (\S+)$", SHELL, re.M)
    assert dict(told) == TLJH
    assert told[0] == ("https.enabled", "true")
    assert SHELL.index("tljh-config reload proxy") < SHELL.index("auth.type")
    assert SHELL.rindex("tljh-config reload\n") > SHELL.index("services.cull.timeout")


def test_kernels_of_a_shared_machine_are_encrypted_or_do_not_start():
    text = (ROOT / "docs" / "jupyter_server_config.py").read_text(encoding="utf-8")
    assert 'transport_encryption = "required"' in text
    assert "sudo cp docs/jupyter_server_config.py /opt/tljh/user/etc/jupyter/\n" in SHELL
    asked = dict(re.findall(r'"(jupyter_client|ipykernel|nbgitpuller)>=([\d.]+)"', SHELL))
    assert asked == {"jupyter_client": "8.10", "ipykernel": "7.4", "nbgitpuller": "1.3"}
    assert all(Requirement(f"{name}>={least}").specifier.contains(version(name)) for name, least in asked.items())


def test_no_recipe_opens_a_door():
    for text in (PAGE, *(path.read_text(encoding="utf-8") for path in FILES)):
        assert breaches(text) == {}
        assert "http://" not in text


def test_the_lines_of_the_page_are_shell_and_name_what_is_there():
    subprocess.run(["bash", "-n"], input=SHELL, text=True, check=True)
    for path in re.findall(r"(?:\.binder/|docs/|tests/)[\w.-]+\.\w+", PAGE):
        assert (ROOT / path).is_file(), path
    for target in re.findall(r"\]\(([^)#:\s]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    for opened in re.findall(r"urlpath=lab/tree/([\w./-]+)", PAGE):
        assert (ROOT / opened).is_file(), opened
    for anchor in re.findall(r"\]\(#([\w-]+)\)", PAGE):
        assert anchor in {head.lower().replace(" ", "-") for head in re.findall(r"^## (.*)$", PAGE, re.M)}


def test_the_torch_of_the_page_is_the_pinned_one():
    [wanted] = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch==")]
    assert f"`{wanted}`" in PAGE


def test_what_students_wrote_is_collected_with_their_own_rights(tmp_path):
    """Of one who has answered, one who links to a neighbour's file, one who has nothing; by a sudo that notes who."""
    [lines] = re.findall(r"^for home in .*?^done$", SHELL, re.M | re.S)
    lesson = "backpropagation/notebooks/05_backward.ipynb"
    for name in ("ada", "bob", "cy"):
        (tmp_path / f"jupyter-{name}" / lesson).parent.mkdir(parents=True)
    (tmp_path / "jupyter-ada" / lesson).write_text("hers")
    (tmp_path / "jupyter-bob" / lesson).symlink_to(tmp_path / "jupyter-ada" / lesson)
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text(f'#!/bin/sh\necho "$2" >> {tmp_path}/who\nshift 2\nexec "$@"\n')
    sudo.chmod(0o755)
    around = os.environ | {"PATH": f"{sudo.parent}:{os.environ['PATH']}"}
    script = lines.replace("/home/jupyter-", f"{tmp_path}/jupyter-")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=around, capture_output=True, text=True)
    got = {path.parts[-3]: path.read_text() for path in tmp_path.glob("submitted/*/05_backward/05_backward.ipynb")}
    assert (tmp_path / "who").read_text().split() == ["jupyter-ada", "jupyter-bob", "jupyter-cy"]
    assert got["ada"] == "hers"
    assert "cy" not in got  # an empty file would be one that nbgrader cannot grade
    assert "nothing from cy" in done.stdout


def test_downloads_go_to_where_nbgrader_looks(tmp_path):
    [lines] = re.findall(r"^for file in .*?^done$", SHELL, re.M | re.S)
    (tmp_path / "downloads").mkdir()
    for name in ("ada_05_backward (1).ipynb", "0815_x.ipynb"):
        (tmp_path / "downloads" / name).write_text(name)
    subprocess.run(["bash", "-c", lines], cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path)}, check=True)
    got = {path.parts[-3]: path.read_text() for path in tmp_path.glob("submitted/*/05_backward/05_backward.ipynb")}
    assert got == {"ada": "ada_05_backward (1).ipynb", "0815": "0815_x.ipynb"}
