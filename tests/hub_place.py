"""What a hub needs around it: an environment of its own, the course as a git repository, and a place to run."""

from contextlib import contextmanager, suppress
import hashlib
import json
import os
from pathlib import Path
import secrets
import shutil
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen
import venv

from browser import free_port
import psutil

ROOT = Path(__file__).parent.parent
CONFIG = Path(__file__).with_name("hub_config.py")
LOG = "hub.log"
PROXY = "configurable-http-proxy@5.3.0"
ASKED = ("pyproject.toml", "constraints.txt")
NPM = """npm is missing: JupyterHub's proxy is a program for Node.js. Install Node.js 20 or newer, which brings npm:
    apt install nodejs npm      (Debian, Ubuntu)
    brew install node           (macOS)
    conda install nodejs        (conda)
and run this again."""


class Missing(Exception):
    """What is not on this machine, and how to get it."""


def environment(folder):
    """The folder of programs of an environment with the course, the hub and its proxy, made if it is not there.

    Raises:
        Missing: there is no npm to fetch the proxy with.
    """
    wanted = hashlib.sha256(b"\n".join([*((ROOT / name).read_bytes() for name in ASKED), str(ROOT).encode()]))
    stamp, programs = folder / "ready", folder / "python" / "bin"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted.hexdigest():
        if not shutil.which("npm"):
            raise Missing(NPM)
        print(f"making an environment in {folder}: some minutes, the first time", flush=True)
        venv.create(folder / "python", clear=True, with_pip=True)
        install = ["install", "-qq", "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[hub]"]
        subprocess.run([programs / "pip", *install], check=True)
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder / "proxy"), PROXY]
        subprocess.run(npm, check=True)
        stamp.write_text(wanted.hexdigest(), encoding="utf-8")
    return programs


def published(folder):
    """The address of a bare repository with the last commit of this course alone, on its branch `main`."""
    repository = folder / "course.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository], check=True)
    # From a clone of the last commits alone, too.
    subprocess.run(["git", "config", "receive.shallowUpdate", "true"], cwd=repository, check=True)
    subprocess.run(["git", "push", "-q", repository, "HEAD:refs/heads/main"], cwd=ROOT, check=True)
    return repository.as_uri()


def uncommitted():
    """The tracked files that are not as in the last commit: students would not get them."""
    said = subprocess.check_output(["git", "status", "--porcelain", "-uno"], cwd=ROOT, text=True)
    return [line[3:] for line in said.splitlines()]


@contextmanager
def running(room, programs, users):
    """A hub in the folder `room`, for the users named: its address, its password and its process.

    It and all that it has started are stopped at the end, whatever happened.
    """
    given = {"password": secrets.token_hex(), "users": list(users), "server": str(programs / "jupyterhub-singleuser")}
    given |= {name: free_port() for name in ("port", "hub_port", "proxy_port")}
    given["proxy"] = str(programs.parent.parent / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy")
    note = room / "given.json"
    note.touch(mode=0o600)
    note.write_text(json.dumps(given), encoding="utf-8")
    for user in users:
        (room / "homes" / user).mkdir(parents=True)
    with (room / LOG).open("w") as log:
        hub = subprocess.Popen(
            [programs / "jupyterhub", "--config", CONFIG], cwd=room, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            env=surroundings(programs, room), start_new_session=True,
        )  # fmt: skip
    process = psutil.Process(hub.pid)
    try:
        wait_for(f"http://127.0.0.1:{given['port']}/hub/health", hub)
        yield f"http://127.0.0.1:{given['port']}", given["password"], process
    finally:
        stop(process)
        hub.wait()


def surroundings(programs, room):
    """The environment of the hub: nothing of Python's or Jupyter's own settings on this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "COURSE_"))}
    return kept | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(room), "HUB_ROOM": str(room)}


def wait_for(address, hub):
    for _ in range(600):
        with suppress(URLError, ConnectionError):
            urlopen(address).close()
            return
        if hub.poll() is not None:
            raise RuntimeError(f"the hub stopped before it answered; see {LOG}")
        time.sleep(0.2)
    raise TimeoutError("the hub did not answer within two minutes")


def stop(process):
    """Ask a process to end, then end it and all that it has started."""
    with suppress(psutil.NoSuchProcess):
        family = [*process.children(recursive=True), process]
        process.terminate()
        psutil.wait_procs(family, timeout=60)
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=10)


if __name__ == "__main__":
    print(environment(Path(sys.argv[1])))
