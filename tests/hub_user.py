"""A scripted student: what a browser asks of JupyterHub, in the order in which it asks, with the browser's cookies."""

from dataclasses import dataclass, field
import json
import time
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from websocket import WebSocketException, create_connection

WAIT = 600  # seconds for one answer
THREADS = """import os, torch
told = [f"{name}={os.environ.get(name)}" for name in ("CPU_LIMIT", "OMP_WAIT_POLICY")]
print(torch.get_num_threads(), "threads,", *told)"""


@dataclass
class Student:
    """One student in a browser of his own.

    Attributes:
        name, password: for the login.
        hub: the address of the hub.
        seconds: by step, how long it took.
        ran: for every cell the source, the id of its request and the messages that came.
        fault: what went wrong, or "".
        lost: by kernel that was lost, how.
        kernel: the number of the kernel.
        tells: what the kernel says of its threads.
    """

    name: str
    password: str
    hub: str
    seconds: dict = field(default_factory=dict)
    ran: list = field(default_factory=list)
    fault: str = ""
    lost: list = field(default_factory=list)
    kernel: str = ""
    tells: str = ""

    def __post_init__(self):
        self.browser = requests.Session()
        self.browser.trust_env = False  # no proxy of this machine between 127.0.0.1 and itself
        self.browser.headers.update({"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"})

    @property
    def server(self):
        return f"{self.hub}/user/{self.name}"

    def study(self, course, lesson):
        """All steps, each with its seconds; what goes wrong is noted and ends it."""
        try:
            for step, act in (
                ("login", self.login),
                ("ready", self.enter),
                ("pull", lambda: self.pull(course)),
                ("lesson", lambda: self.learn(lesson)),
            ):
                began = time.monotonic()
                act()
                self.seconds[step] = time.monotonic() - began
        except Exception as error:  # one student's fault must not stop the class
            self.fault = f"{type(error).__name__}: {error}"

    def login(self):
        """Fill in the form, and be known to the hub."""
        self.browser.get(f"{self.hub}/hub/login", timeout=WAIT).raise_for_status()
        came = self.post_login({"username": self.name, "password": self.password, "_xsrf": self.xsrf("/hub/")})
        came.raise_for_status()

    def post_login(self, form):
        return self.browser.post(f"{self.hub}/hub/login", data=form, timeout=WAIT, allow_redirects=False)

    def enter(self):
        """Have the server started, wait for it as the hub's page does, and be known to it by way of OAuth."""
        api = f"{self.hub}/hub/api/users/{self.name}"
        self.browser.get(f"{self.hub}/hub/home", timeout=WAIT).raise_for_status()
        self.ask("POST", f"{api}/server", under="/hub/").raise_for_status()
        with self.ask("GET", f"{api}/server/progress", under="/hub/", stream=True) as events:
            told = list(told_by(events))
        if not told or not told[-1].get("ready"):
            raise RuntimeError(f"the server did not start: {told[-1:]}")
        page = self.browser.get(f"{self.server}/lab", timeout=WAIT)
        page.raise_for_status()
        if not page.url.startswith(self.server):
            raise RuntimeError(f"was led to {page.url}")

    def pull(self, course):
        """What an nbgitpuller link does."""
        asked = {"repo": course, "branch": "main", "targetpath": "course"}
        with self.ask("GET", f"{self.server}/git-pull/api", params=asked, stream=True) as events:
            told = list(told_by(events))
        if not told or told[-1]["phase"] != "finished":
            raise RuntimeError(f"the course was not pulled: {told[-1:]}")

    def learn(self, lesson):
        """Open a lesson and run it from top to bottom; where the kernel is lost, anew with another, twice at most.

        Whoever runs a notebook does so too when JupyterLab says that there is no kernel any more. Here kernels are lost
        when many start at once on one machine: a server chooses five free ports, and until its kernel takes them, some
        seconds later, another process has one. The server then starts the kernel five times more, on the same ports.
        """
        path = f"course/notebooks/{lesson}.ipynb"
        page = self.api("GET", f"contents/{path}").json()["content"]
        sources = ["".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "code"]
        asked = {"path": path, "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        while True:
            self.kernel = self.api("POST", "sessions", json=asked).json()["kernel"]["id"]
            try:
                return self.run_all(sources)
            except WebSocketException as lost:
                if len(self.lost) == 2:
                    raise
                self.lost.append(f"{type(lost).__name__}, after {len(self.ran)} cells")
                self.ran.clear()
                self.ask("DELETE", f"{self.server}/api/kernels/{self.kernel}")  # 404 if it is dead

    def run_all(self, sources):
        """Run cells one after the other; then ask the kernel about its threads."""
        with self.line() as line:
            for source in sources:
                self.ran.append(line.run(source))
            told = line.run(THREADS)["messages"]
        self.tells = "".join(message["content"].get("text", "") for message in told).strip()

    def line(self, caller=None):
        """A line to the kernel, as JupyterLab has one; with the cookies of a caller, if it is somebody else's."""
        address = f"{self.server}/api/kernels/{self.kernel}/channels?session_id={uuid4().hex}".replace("http", "ws", 1)
        return Line(address, (caller or self).cookies(self), self.hub)

    def api(self, method, path, **more):
        """The answer of the student's own server; an error in it raises."""
        came = self.ask(method, f"{self.server}/api/{path}", **more)
        came.raise_for_status()
        return came

    def ask(self, method, address, under="", **more):
        """An answer to what a script in a page asks."""
        headers = {"Sec-Fetch-Mode": "cors", "X-XSRFToken": self.xsrf(under or urlsplit(self.server).path + "/")}
        return self.browser.request(method, address, timeout=WAIT, headers=headers, **more)

    def xsrf(self, path):
        """The cookie against forged requests, which hub and server set each for its own path."""
        return next((each.value for each in self.browser.cookies if each.name == "_xsrf" and each.path == path), "")

    def cookies(self, owner=None):
        """What the browser sends to the student's own server, or to another owner's."""
        request = requests.Request("GET", f"{(owner or self).server}/api")
        return self.browser.prepare_request(request).headers.get("Cookie", "")


class Line:
    """A websocket to a kernel."""

    def __init__(self, address, cookies, origin):
        self.socket = create_connection(
            address, timeout=WAIT, cookie=cookies, origin=origin, header=["Sec-Fetch-Mode: websocket"],
            http_no_proxy=["127.0.0.1"],
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def run(self, source):
        """A cell's source, the id of its request, and all that came for it until the kernel had replied and idled."""
        number, messages, waiting = uuid4().hex, [], {"reply", "idle"}
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
        header = {"msg_id": number, "msg_type": "execute_request", "session": "", "username": "", "version": "5.3"}
        asked = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self.socket.send(json.dumps(asked))
        while waiting:
            message = self.socket.recv()
            if isinstance(message, bytes):  # with buffers: a widget's, which no comparison looks at
                continue
            message = json.loads(message)
            if message["parent_header"].get("msg_id") == number:
                waiting -= {said(message)}
                messages.append({key: message[key] for key in ("channel", "msg_type", "parent_header", "content")})
        return {"source": source, "id": number, "messages": messages}


def said(message):
    """What a message tells of the state of a cell."""
    if message["msg_type"] == "execute_reply":
        return "reply"
    return message["content"].get("execution_state") if message["msg_type"] == "status" else None


def told_by(events):
    """The messages of a stream of events, to its end."""
    events.raise_for_status()
    for line in events.iter_lines():
        if line.startswith(b"data:"):
            yield json.loads(line.removeprefix(b"data:"))
