"""The made-up class of tests/class_hub.py, as far as it can be tested without a hub: its parts are seen to fail.

The class itself is a command of its own: it takes minutes, and packages that the course does not need.
"""

from contextlib import nullcontext
import json
import os
from pathlib import Path
import subprocess
import sys
import tomllib

import class_hub
from hub_ears import bare_kernel
from hub_leaks import Trial
import hub_place
from hub_replay import judged
from hub_table import Cost, costs, row, seconds, verdict
from hub_user import Student, said, told_by
import nbformat
from packaging.requirements import Requirement
import psutil
import pytest
from traitlets.config import Config
from websocket import WebSocketConnectionClosedException

ROOT = Path(__file__).parent.parent


def settings(room, monkeypatch, uid=1000):
    """What hub_config.py says, with a class of two."""
    given = {"port": 1, "hub_port": 2, "proxy_port": 3, "password": "p" * 64, "users": ["a", "b"], "proxy": "/proxy"}
    (room / "given.json").write_text(json.dumps(given | {"server": "/server"}), encoding="utf-8")
    monkeypatch.setenv("HUB_ROOM", str(room))
    monkeypatch.setattr(os, "geteuid", lambda: uid, raising=False)
    config = Config()
    exec(hub_place.CONFIG.read_text(encoding="utf-8"), {"get_config": lambda: config})
    return config


def test_the_hub_listens_to_this_machine_alone(tmp_path, monkeypatch):
    c = settings(tmp_path, monkeypatch)
    assert c.JupyterHub.bind_url == "http://127.0.0.1:1"
    assert (c.JupyterHub.hub_ip, c.JupyterHub.hub_port) == ("127.0.0.1", 2)
    assert c.ConfigurableHTTPProxy.api_url == "http://127.0.0.1:3"


def test_the_hub_lets_in_the_class_with_its_password_and_nobody_rules(tmp_path, monkeypatch):
    c = settings(tmp_path, monkeypatch)
    assert c.JupyterHub.authenticator_class == "shared-password"
    assert c.SharedPasswordAuthenticator.user_password == "p" * 64
    assert c.Authenticator.allowed_users == {"a", "b"}
    assert "admin_users" not in c.Authenticator
    assert "admin_password" not in c.SharedPasswordAuthenticator


def test_the_hub_writes_into_its_room_alone(tmp_path, monkeypatch):
    c = settings(tmp_path, monkeypatch)
    written = [c.JupyterHub.db_url.removeprefix("sqlite:///"), c.JupyterHub.cookie_secret_file]
    written += [c.ConfigurableHTTPProxy.pid_file, c.SimpleLocalProcessSpawner.home_dir_template]
    assert all(Path(path).is_relative_to(tmp_path) for path in written)


@pytest.mark.parametrize(("uid", "as_root"), [(1000, False), (0, True)])
def test_kernels_speak_in_secret_and_root_is_an_exception(uid, as_root, tmp_path, monkeypatch):
    c = settings(tmp_path, monkeypatch, uid)
    assert c.Spawner.args[0] == "--KernelManager.transport_encryption=auto"
    assert (len(c.Spawner.args) == 2) == as_root
    assert c.Spawner.disable_user_config is True


def test_what_the_hub_needs_is_pinned():
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    for need in map(Requirement, extra["hub"]):
        assert need.specifier.contains(pins[need.name])
    assert hub_place.PROXY.partition("@")[2].count(".") == 2


CELLS = ["print('six')", "6 * 7", "raise ValueError('no')"]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """A lesson of three cells, and what a student's kernel sent for it."""
    cells = [nbformat.v4.new_code_cell(source, execution_count=place) for place, source in enumerate(CELLS, 1)]
    cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="six\n")]
    cells[1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "42"}, execution_count=2)]
    failed = {"ename": "ValueError", "evalue": "no", "traceback": ["ValueError: no"]}
    cells[2].outputs = [nbformat.v4.new_output("error", **failed)]
    cells[2].metadata.tags = ["raises-exception"]
    path = tmp_path_factory.mktemp("stored") / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    result = {"data": {"text/plain": "42"}, "metadata": {}, "execution_count": 2}
    sent = [("stream", {"name": "stdout", "text": "six\n"}), ("execute_result", result), ("error", failed)]
    return path, [record(source, *message) for source, message in zip(CELLS, sent, strict=True)]


def record(source, kind, content):
    messages = [("status", {"execution_state": "busy"}), (kind, content), ("status", {"execution_state": "idle"})]
    sent = [{"msg_type": kind, "parent_header": {"msg_id": "1"}, "content": content} for kind, content in messages]
    return {"source": source, "id": "1", "messages": sent}


def spoiled(records, place, old, new):
    text = json.dumps(records[place])
    assert old in text
    return [*records[:place], json.loads(text.replace(old, new)), *records[place + 1 :]]


def test_comparing_sees_each_wrong_output(lesson, tmp_path):
    """All in one run, as it is for a class: who is right stays right beside the others."""
    stored, good = lesson
    records = {
        "right": good,
        "other-text": spoiled(good, 0, "six\\n", "nine\\n"),
        "other-number": spoiled(good, 1, "42", "43"),
        "no-output": [good[0], {**good[1], "messages": good[1]["messages"][::2]}, good[2]],
        "no-error": [*good[:2], {**good[2], "messages": good[2]["messages"][::2]}],
        "other-stream": spoiled(good, 0, "stdout", "stderr"),
        "other-cell": spoiled(good, 1, "6 * 7", "7 * 6"),
        "stopped-early": good[:2],
        "never-idle": [*good[:2], {**good[2], "messages": good[2]["messages"][:2]}],
        "ran-nothing": [],
    }
    equal, differ = judged(tmp_path, stored, records)
    assert equal["right"] == 3
    assert set(differ) == set(records) - {"right"}
    assert {name: equal[name] for name in differ} == {name: 0 if name == "ran-nothing" else 2 for name in differ}
    assert "nine" in differ["other-text"][0]
    assert "another cell" in differ["other-cell"][0]


def student(name, fault="", **took):
    return Student(name, "", "http://127.0.0.1:1", seconds=took, fault=fault)


def test_who_finished_and_who_is_right():
    both = [student("a"), student("b")]
    line, right = verdict(both, 3, {"a": 3, "b": 3}, {})
    assert line == "finished 2/2, right 2/2 (6 of 6 cells equal)"
    assert right
    wrong = {
        "a cell differs": (both, 3, {"a": 3, "b": 2}, {"b": ["differs"]}),
        "a cell is missing": (both, 3, {"a": 3, "b": 2}, {}),
        "one cell more": (both, 3, {"a": 3, "b": 3}, {"b": ["a fault beside the cells"]}),
        "one did not finish": ([student("a"), student("b", "HTTPError")], 3, {"a": 3, "b": 3}, {}),
        "nothing was compared": (both, 3, {}, {}),
        "an empty lesson": (both, 0, {}, {}),
    }
    assert [name for name, given in wrong.items() if verdict(*given)[1]] == []


def test_the_table_holds_a_class_against_one():
    times = {"login": 1.0, "ready": 2.0, "pull": 0.5, "lesson": 4.0}
    slow = {step: 3 * value for step, value in times.items()}
    slowest = {step: 5 * value for step, value in times.items()}
    students = [student(name, **took) for name, took in (("a", times), ("b", slow), ("c", slowest))]
    lines = list(seconds(student("one", **times), [*students, student("d", "stopped", login=9.0)]))
    assert lines[0].split() == ["login,", "s", "1.0", "3.0", "5.0", "3.0x"]
    assert lines[4].split() == ["all", "four,", "s", "7.5", "22.5", "37.5", "3.0x"]
    alone = Cost(100, 50, {"one": 120}, {"one": 240}, {"one": 9.0})
    lines = list(costs(alone, Cost(100, 50, {"a": 110, "b": 130}, {"a": 200, "b": 220}, {"a": 9.0, "b": 18.0})))
    assert lines[0].split() == ["of", "a", "processor,", "s", "9.0", "13.5", "18.0", "1.5x"]
    assert lines[3].split() == ["server", "+", "kernel,", "MiB", "360", "330", "350", "0.9x"]
    assert lines[4] == "hub 100 MiB, proxy 50 MiB, all together 810 MiB"


def test_what_the_system_does_not_tell_is_said():
    assert "not known" in row("kernel, MiB", None, [1.0])
    assert "not known" in row("kernel, MiB", 1.0, [None, 1.0])
    assert "not known" in row("lesson, s", 1.0, [])
    unknown = Cost(None, None, {"one": None}, {"one": None}, {})
    assert all("not known" in line for line in costs(unknown, unknown))


@pytest.mark.parametrize(
    ("trial", "held"),
    [(Trial("x", 403, 403), True), (Trial("x", 200, 403), False), (Trial("x", 404, (403, 404)), True),
     (Trial("x", 200, (403, 404)), False), (Trial("x", 0, 0), True), (Trial("x", 7, 0), False)],
)  # fmt: skip
def test_a_trial_that_got_through_is_told(trial, held):
    assert trial.held == held
    assert str(trial).startswith("ok" if held else "NO")
    assert ("must be" in str(trial)) == (not held)


@pytest.mark.parametrize(("encryption", "heard"), [("disabled", True), ("auto", False)])
def test_who_listens_at_a_kernels_ports_hears_it_unless_it_is_encrypted(encryption, heard):
    """The same ear for both: it hears, so that hearing nothing says something."""
    assert bool(bare_kernel(encryption)) == heard


def test_events_and_states_are_read():
    class Events:
        def raise_for_status(self):
            pass

        def iter_lines(self):
            return [b"", b'data: {"progress": 1}', b": a comment", b'data: {"ready": true}']

    assert list(told_by(Events())) == [{"progress": 1}, {"ready": True}]
    assert said({"msg_type": "execute_reply", "content": {"status": "ok"}}) == "reply"
    assert said({"msg_type": "status", "content": {"execution_state": "idle"}}) == "idle"
    assert said({"msg_type": "stream", "content": {"text": "idle"}}) is None


def test_a_server_that_cannot_be_reached_is_a_students_fault_and_no_ones_else():
    one = student("a")
    one.study("file:///nothing", "02_graph")
    assert "Connection" in one.fault
    assert one.seconds == {}


class Answer:
    def json(self):
        return {"content": {"cells": [{"cell_type": "code", "source": "1"}]}, "kernel": {"id": "k"}}


class Unlucky(Student):
    """Whose kernel is lost as often as wished, after a cell."""

    def api(self, method, path, **more):
        return Answer()

    def ask(self, method, address, **more):
        self.asked = method, address

    def run_all(self, sources):
        self.ran += sources
        if len(self.lost) < self.bad_luck:
            raise WebSocketConnectionClosedException("lost")


@pytest.mark.parametrize(("times", "finished"), [(0, True), (1, True), (2, True), (3, False)])
def test_a_lost_kernel_is_told_and_the_lesson_begun_anew_twice_at_most(times, finished):
    one = Unlucky("a", "", "http://127.0.0.1:1")
    one.bad_luck = times
    with nullcontext() if finished else pytest.raises(WebSocketConnectionClosedException):
        one.learn("02_graph")
    assert len(one.lost) == min(times, 2)
    assert one.ran == ["1"]
    assert ("begun anew" in verdict([one], 1, {"a": 1}, {})[0]) == (times > 0)
    assert times == 0 or one.asked == ("DELETE", "http://127.0.0.1:1/user/a/api/kernels/k")


def test_without_npm_the_command_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert class_hub.main(["--env", str(tmp_path / "env")]) == 2
    said = capsys.readouterr().err
    assert "npm is missing" in said
    assert "apt install nodejs npm" in said
    assert not (tmp_path / "env").exists()


def test_one_user_is_no_class(capsys):
    with pytest.raises(SystemExit):
        class_hub.main(["--users", "1"])
    assert "--users must be 2 or more, one cannot leak to oneself, got 1" in capsys.readouterr().err


def test_a_key_that_stops_the_command_leaves_the_log_alone(tmp_path, monkeypatch, capsys):
    (tmp_path / "env").mkdir()
    rooms = []

    def hold(room, programs, users, lesson):
        rooms.append(room)
        (room / hub_place.LOG).write_text("what the hub said", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(class_hub, "environment", lambda folder: folder)
    monkeypatch.setattr(class_hub, "hold", hold)
    assert class_hub.main(["--env", str(tmp_path / "env")]) == 130
    assert "stopped" in capsys.readouterr().err
    assert not rooms[0].exists()
    assert (tmp_path / "env" / hub_place.LOG).read_text(encoding="utf-8") == "what the hub said"


@pytest.mark.parametrize(("right", "left", "code"), [(True, [], 0), (False, [], 1), (True, ["a process"], 1)])
def test_the_exit_code_says_whether_all_is_right(right, left, code, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(class_hub, "environment", lambda folder: folder)
    monkeypatch.setattr(class_hub, "hold", lambda *given: (["what is to be told"], right))
    monkeypatch.setattr(class_hub, "left_behind", lambda room: left)
    assert class_hub.main(["--env", str(tmp_path)]) == code
    told = capsys.readouterr().out
    assert f"what is to be told\nleft behind: {len(left)} processes" in told
    assert ("not as it must be" in told) == bool(code)


STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"
PARENT = f"""import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(99)"""


def test_what_a_hub_has_started_is_ended_with_it(monkeypatch):
    """A child in a session of its own, which does not listen to requests to end."""
    wait = psutil.wait_procs
    monkeypatch.setattr(psutil, "wait_procs", lambda family, timeout: wait(family, min(timeout, 1)))
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    hub_place.stop(psutil.Process(parent.pid))
    parent.stdout.close()
    parent.wait(10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_hub_that_does_not_start_is_told_and_leaves_nothing(tmp_path):
    programs = tmp_path / "python" / "bin"
    programs.mkdir(parents=True)
    (programs / "jupyterhub").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    (programs / "jupyterhub").chmod(0o755)
    with pytest.raises(RuntimeError, match="stopped before it answered"), hub_place.running(tmp_path, programs, ["a"]):
        pass
    assert class_hub.left_behind(tmp_path) == []


def test_the_course_is_published_as_it_was_committed(tmp_path):
    address = hub_place.published(tmp_path)
    subprocess.run(["git", "clone", "-q", "-b", "main", address, tmp_path / "copy"], check=True)
    committed = subprocess.check_output(["git", "show", "HEAD:notebooks/02_graph.ipynb"], cwd=ROOT)
    assert (tmp_path / "copy" / "notebooks" / "02_graph.ipynb").read_bytes() == committed
