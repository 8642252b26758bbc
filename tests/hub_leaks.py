"""What one student can get at of another's, tried: each trial says what came, beside what must come.

Each refusal has a control beside it, which must succeed: a trial that reaches nothing whatever it asks proves nothing.
"""

from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import uuid4

from hub_ears import bare_kernel, overheard
from hub_user import Student
import requests
from websocket import WebSocketBadStatusException

DIARY = "diary.txt"


@dataclass
class Trial:
    """What was tried, what came (a status, mostly) and what must come."""

    what: str
    came: object
    wanted: object

    def __str__(self):
        rest = "" if self.held else f", must be {' or '.join(map(str, self._good))}"
        return f"{'ok' if self.held else 'NO':3} {self.what}: {self.came}{rest}"

    @property
    def held(self):
        return self.came in self._good

    @property
    def _good(self):
        return self.wanted if isinstance(self.wanted, tuple) else (self.wanted,)


def trials(one, other, kernel_of):
    """All trials of a hub where two students have their servers and kernels running.

    Args:
        one, other: the students; the first tries to get at the second's.
        kernel_of: from a student's name to the process of the kernel.
    """
    return [
        *doors(one),
        *cookies(one, other),
        *tokens(one, other),
        *administration(one, other),
        *files(one, other),
        *wires(other, kernel_of(other.name)),
    ]


def doors(one):
    """Logging in with something wrong."""
    right = {"username": one.name, "password": one.password}
    yield Trial("log in: right name, password and _xsrf (control)", knock(one, right), 302)
    yield Trial("log in: wrong password", knock(one, right | {"password": one.password[::-1]}), 403)
    yield Trial("log in: the name for a password", knock(one, right | {"password": one.name}), 403)
    yield Trial("log in: a name that is not on the list", knock(one, right | {"username": "stranger"}), 403)
    yield Trial("log in: without _xsrf", knock(one, right, xsrf=False), 403)
    yield Trial("somebody not logged in: API of a server", status("GET", f"{one.server}/api/contents"), 403)
    yield Trial("somebody not logged in: users of the hub", status("GET", f"{one.hub}/hub/api/users"), 403)


def knock(one, form, *, xsrf=True):
    """The status of a login in a browser that was never here before."""
    visitor = Student(one.name, one.password, one.hub)
    visitor.browser.get(f"{one.hub}/hub/login")
    return visitor.post_login(form | ({"_xsrf": visitor.xsrf("/hub/")} if xsrf else {})).status_code


def cookies(one, other):
    """With the cookies of a browser, and its token against forged requests."""
    own, foreign = f"{one.server}/api", f"{other.server}/api"
    yield Trial("own cookies: own API (control)", one.ask("GET", f"{own}/contents").status_code, 200)
    yield Trial("own cookies: page of another's server", one.browser.get(f"{other.server}/lab").status_code, 403)
    yield Trial("own cookies: API of another's server", one.ask("GET", f"{foreign}/contents").status_code, 403)
    yield Trial("own cookies: start a kernel at another's", one.ask("POST", f"{foreign}/kernels").status_code, 403)
    forged = one.browser.post(f"{own}/kernels", headers={"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"})
    yield Trial("own cookies: start a kernel, request forged (no _xsrf)", forged.status_code, 403)
    yield Trial("own cookies: line to the own kernel (control)", call(one, one), "ran")
    yield Trial("own cookies: line to another's kernel", call(one, other), 403)


def call(caller, called):
    """Run a cell in a student's kernel with somebody's cookies: "ran", or the status of the refusal."""
    try:
        with called.line(caller) as line:
            line.run("1 + 1")
    except WebSocketBadStatusException as error:
        return error.status_code
    return "ran"


def tokens(one, other):
    """With a token that the student made for the API."""
    made = one.ask("POST", f"{one.hub}/hub/api/users/{one.name}/tokens", under="/hub/", json={"note": "trial"})
    token = made.json()["token"]
    headers = {"Authorization": f"token {token}"}
    foreign = f"{other.server}/api/contents"
    yield Trial("own token: own API (control)", status("GET", f"{one.server}/api/contents", headers=headers), 200)
    yield Trial("own token: API of another's server", status("GET", foreign, headers=headers), 403)
    yield Trial("own token in the address: another's server", status("GET", foreign, params={"token": token}), 403)
    yield Trial("own token: users of the hub", status("GET", f"{one.hub}/hub/api/users", headers=headers), 403)


def administration(one, other):
    """What only an administrator may. 404 is as good: not even that there is such a user is told."""
    hub = f"{one.hub}/hub/api"

    def ask(method, path):
        return one.ask(method, f"{hub}/{path}", under="/hub/").status_code

    yield Trial("student: about himself (control)", ask("GET", f"users/{one.name}"), 200)
    yield Trial("student: list of users", ask("GET", "users"), 403)
    yield Trial("student: about another", ask("GET", f"users/{other.name}"), (403, 404))
    yield Trial("student: stop another's server", ask("DELETE", f"users/{other.name}/server"), (403, 404))
    yield Trial("student: a token for another", ask("POST", f"users/{other.name}/tokens"), (403, 404))
    yield Trial("student: the proxy's routes", ask("GET", "proxy"), 403)
    yield Trial("student: stop the hub", ask("POST", "shutdown"), 403)
    yield Trial("student: page for administrators", one.browser.get(f"{one.hub}/hub/admin").status_code, 403)


def files(one, other):
    """A file of the other's, asked for by way of the own server. (Not by way of the kernel: see hub_config.py.)"""
    mine = {"type": "file", "format": "text", "content": "what nobody should read"}
    other.api("PUT", f"contents/{DIARY}", json=mine)

    def read(student, path):
        """Sent as it stands: a browser, and requests, would work out `..` by themselves."""
        line = HTTPConnection(urlsplit(student.hub).netloc, timeout=60)
        line.request(
            "GET", f"{urlsplit(student.server).path}/api/contents/{path}", headers={"Cookie": student.cookies()}
        )
        answer = line.getresponse()
        line.close()
        return answer.status

    yield Trial("file: its owner (control)", read(other, DIARY), 200)
    yield Trial("file: by its name, through one's own server", read(one, DIARY), 404)
    yield Trial("file: by way of ../", read(one, f"../{other.name}/{DIARY}"), (403, 404))
    yield Trial("file: by way of an encoded ../", read(one, f"..%2f{other.name}%2f{DIARY}"), (403, 404))
    yield Trial("file: by way of ../ twice encoded", read(one, f"%252e%252e%252f{other.name}%252f{DIARY}"), (403, 404))


def wires(other, kernel):
    """Who is on the machine listens at all ports of another's kernel, while that prints; and at those of a bare one."""
    secret = uuid4().hex

    def speak():
        with other.line() as line:
            told = line.run(f"print('my answer is {secret}')")
        assert any(secret in str(message["content"]) for message in told["messages"])

    yield Trial("ports of another's kernel: messages overheard", overheard(kernel, speak), 0)
    yield Trial("ports of a kernel without encryption: overheard (control)", bool(bare_kernel("disabled")), True)
    yield Trial("ports of such a kernel with it: messages overheard", bare_kernel("auto"), 0)


def status(method, address, **more):
    """The status of an answer to somebody without cookies."""
    return requests.request(method, address, timeout=60, proxies={"http": ""}, **more).status_code
