"""A fence around every Python that starts with this folder on its path: it can reach only what it may.

Files are written in the folders of COURSE_FENCE alone, and the network is this machine alone. What goes further is
refused, as by a system that forbids it, and noted in the file COURSE_FENCE_LOG.
"""

import os
import sys

FOLDERS = tuple(os.path.realpath(folder) for folder in os.environ["COURSE_FENCE"].split(os.pathsep))
HOME = os.path.realpath(os.environ["HOME"])  # whoever tries is refused by the system itself
LOG = os.environ["COURSE_FENCE_LOG"]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
PATHS = {"os.mkdir": 1, "os.remove": 1, "os.rmdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2, "os.truncate": 1,
         "os.chmod": 1, "os.chown": 1, "os.utime": 1, "sqlite3.connect": 1}  # fmt: skip
HERE = {"127.0.0.1", "::1", "localhost", "", None}


def guard(event, arguments):
    if event == "open":
        path, _, flags = arguments
        outside = [path] if flags & WRITING and is_outside(path) else []
    elif event in PATHS:
        outside = [path for path in arguments[: PATHS[event]] if is_outside(path)]
    elif event in ("socket.connect", "socket.bind", "socket.sendto"):
        address = arguments[1]
        outside = [address] if isinstance(address, tuple) and address[0] not in HERE else []
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        outside = [arguments[0]] if arguments[0] not in HERE else []
    else:
        return
    if outside:
        refuse(event, outside[0])


def is_outside(path):
    if not isinstance(path, str | bytes | os.PathLike):
        return False  # a file that is open already
    whole = os.path.realpath(os.fsdecode(path))
    if whole.startswith(("/dev/", "/proc/self/", ":memory:")) or os.fsdecode(path) == ":memory:" or whole == LOG:
        return False
    return not any(whole == folder or whole.startswith(folder + os.sep) for folder in (*FOLDERS, HOME))


def refuse(event, what):
    with open(LOG, "a", encoding="utf-8") as log:  # noqa: PTH123 - pathlib would come into every Python
        log.write(f"{event} {what}\n")
    if event.startswith("socket"):
        raise ConnectionRefusedError(111, f"no network behind the fence: {what}")
    raise PermissionError(13, "outside of the fence", str(what))


sys.addaudithook(guard)
