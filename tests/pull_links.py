"""Print a link for each lesson that pulls the course into a student's account on a hub, and opens the lesson there.

    python tests/pull_links.py https://hub.example.org --repo https://git.example.org/you/backpropagation

Without `--repo` it is the repository that this folder was cloned from. Give the links to your students as they are: the
hub asks for the password first, nbgitpuller brings the newest course, and what the student wrote stays.
"""

import argparse
from pathlib import Path
import re
import subprocess
import sys
from urllib.parse import urlencode, urlsplit, urlunsplit

ROOT = Path(__file__).parent.parent
FOLDER = "backpropagation"  # in the student's home; docs/hosting.md has the kernels import course_utils from it


def lessons():
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def link(hub, repo, lesson, branch="main"):
    """The address that pulls the course and opens one lesson.

    Args:
        hub: where the hub answers, for instance "https://hub.example.org".
        repo: the address of the course's repository, readable by everyone who may follow the link.
        lesson: the path of the notebook in it.
        branch: the branch that students get.

    Raises:
        ValueError: an address that sends passwords in the clear, or one with a secret in it.
    """
    query = {"repo": checked("repo", repo), "branch": branch, "targetpath": FOLDER}
    query["urlpath"] = f"lab/tree/{FOLDER}/{lesson}"
    return f"{checked('hub', hub)}/hub/user-redirect/git-pull?{urlencode(query)}"


def checked(name, address):
    """The address without a slash at its end."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname != "127.0.0.1":
        raise ValueError(f"{name} must begin with https://, got {address}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{name} must hold no user, password, ? or #: links are kept in logs. Got {address}")
    return address.rstrip("/")


def origin():
    """Where this folder was cloned from, as an https address.

    Raises:
        ValueError: it was not cloned, or from no such address.
    """
    command = ["git", "remote", "get-url", "origin"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    if by_ssh := re.fullmatch(r"(?:ssh://)?git@([^:/]+)[:/](.+)", found):
        return f"https://{by_ssh[1]}/{by_ssh[2]}"
    if not found.startswith("https://"):
        raise ValueError(f"this folder's origin is {found or 'not set'}: give the course's address with --repo")
    parts = urlsplit(found)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("hub", help="where the hub answers, for instance https://hub.example.org")
    parser.add_argument("--repo", help="the course's repository")
    parser.add_argument("--branch", default="main", help="the branch that students get (main)")
    asked = parser.parse_args(arguments)
    try:
        repo = asked.repo or origin()
        for lesson in lessons():
            print(Path(lesson).stem, link(asked.hub, repo, lesson, asked.branch), sep="\t")
    except ValueError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
