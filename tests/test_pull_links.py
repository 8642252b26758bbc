"""The links that pull the course on a hub lead to lessons that are there, and tell no secret."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
import subprocess
from urllib.parse import parse_qs, urlsplit

from pull_links import FOLDER, lessons, link, main, origin
import pytest

ROOT = Path(__file__).parent.parent
HUB, REPO = "https://hub.example.org", "https://git.example.org/you/backpropagation"


def printed_links(*more):
    with redirect_stdout(StringIO()) as said:
        main([HUB, "--repo", REPO, *more])
    return dict(line.split("\t") for line in said.getvalue().splitlines())


def test_each_lesson_has_a_link_to_a_notebook_that_is_there():
    links = printed_links()
    assert list(links) == [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
    for name, address in links.items():
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "hub.example.org", "/hub/user-redirect/git-pull")
        query = parse_qs(parts.query, strict_parsing=True)
        [opened] = query.pop("urlpath")
        assert query == {"repo": [REPO], "branch": ["main"], "targetpath": [FOLDER]}
        path = opened.removeprefix(f"lab/tree/{FOLDER}/")
        assert path == f"notebooks/{name}.ipynb"
        assert (ROOT / path).is_file()


def test_a_branch_may_be_named():
    assert "branch=autumn%2F26&" in printed_links("--branch", "autumn/26")["01_slope"]


@pytest.mark.parametrize(
    ("hub", "repo", "words"),
    [
        ("http://hub.example.org", REPO, "hub must begin with https://, got http://hub.example.org"),
        ("hub.example.org", REPO, "hub must begin with https://"),
        (HUB, "https://me:secret@git.example.org/c", "repo must hold no user, password"),
        (HUB, "https://secret@git.example.org/c", "links are kept in logs"),
        (HUB, "https://git.example.org/c?key=1", "repo must hold no user, password, \\? or #"),
        (HUB, "git@git.example.org:you/c", "repo must begin with https://"),
    ],
)
def test_an_address_that_would_tell_a_secret_is_refused(hub, repo, words):
    with pytest.raises(ValueError, match=words):
        link(hub, repo, lessons()[0])
    with pytest.raises(SystemExit, match=words):
        main([hub, "--repo", repo])


@pytest.mark.parametrize(
    ("set_to", "found"),
    [
        ("https://me:secret@git.example.org/you/c.git", "https://git.example.org/you/c.git"),
        ("git@git.example.org:you/c.git", "https://git.example.org/you/c.git"),
        ("ssh://git@git.example.org/you/c.git", "https://git.example.org/you/c.git"),
    ],
)
def test_where_this_folder_came_from_is_told_without_its_password(tmp_path, monkeypatch, set_to, found):
    for command in (["init", "-q"], ["remote", "add", "origin", set_to]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr("pull_links.ROOT", tmp_path)
    assert origin() == found
    subprocess.run(["git", "remote", "remove", "origin"], cwd=tmp_path, check=True)
    with pytest.raises(ValueError, match="origin is not set: give the course's address with --repo"):
        origin()
