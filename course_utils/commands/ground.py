"""What the lessons stand on: the kernel, the folders, the processors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryFile

from course_utils.commands.course import CURE, find_course
from course_utils.commands.trouble import Trouble
from course_utils.edition import INSTALL
from course_utils.machine import Finding
from course_utils.processors import most_threads, processor_limit

KERNEL = "python3"
WHERE = "import sys; print(sys.prefix)"


def check_ground() -> Iterator[Finding]:
    """The course's folder, what may be written, the kernel and the threads; it never raises."""
    yield from _check_folders()
    yield check_kernel()
    try:
        yield from check_threads()
    except (ImportError, OSError) as error:
        yield Finding("threads", "torch's", f"none: {error}", False, INSTALL)


def _check_folders() -> Iterator[Finding]:
    try:
        course = find_course()
    except Trouble:
        yield Finding("course", "the folder with its notebooks", f"none in {Path.cwd()} or above", False, CURE)
    else:
        yield Finding("course", "the folder with its notebooks", str(course), True, CURE)
        notebooks = course / "notebooks"
        yield check_folder("notebooks folder", notebooks, "copy the course into a folder of your own")
    try:
        home = Path.home()
    except RuntimeError:
        yield Finding("home", "a folder that can be written", "none", False, "set HOME to a folder of your own")
    else:
        yield check_folder("home", home, f"chmod u+rwx {home}, or set HOME to a folder of your own")


def check_folder(what: str, folder: Path, cure: str) -> Finding:
    """Whether a file can be written in the folder: one is, and is gone again at once."""
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(b"a full disk takes no byte")
    except OSError as error:
        found = f"{folder}: {error.strerror or error}"
        return Finding(what, "a folder that can be written", found, False, cure)
    return Finding(what, "a folder that can be written", str(folder), True, cure)


def check_kernel() -> Finding:
    """Whether the notebooks' kernel is this Python, and no other environment's."""
    wanted = f"this Python, {sys.executable}"
    cure = f"{sys.executable} -m jupyter_client.kernelspecapp remove -f {KERNEL}"
    what = f"kernel {KERNEL}"
    try:
        from jupyter_client.manager import KernelManager
    except ImportError as error:
        return Finding(what, wanted, f"nothing: {error}", False, INSTALL)
    try:
        python = KernelManager(kernel_name=KERNEL).format_kernel_cmd()[0]
    except OSError as error:  # jupyter_client keeps its files in the home folder
        at_home = "make the home folder writable, or set HOME to a folder of your own"
        return Finding(what, wanted, f"none, as {error}", False, at_home)
    except Exception as error:  # a broken specification fails in many ways
        return Finding(what, wanted, f"a broken one: {error}", False, cure)
    try:
        asked = subprocess.run([python, "-c", WHERE], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(what, wanted, f"a broken one: {error}", False, cure)
    fine = Path(asked.stdout.strip()) == Path(sys.prefix)
    return Finding(what, wanted, python, fine, cure)


def check_threads() -> Iterator[Finding]:
    """How torch's threads wait, and whether they are more than the processors that this process may use."""
    from course_utils.device import environment
    import torch

    around = environment()
    policy = around.get("OMP_WAIT_POLICY", "")
    cure = "unset OMP_WAIT_POLICY: the course sets it itself"
    fine = policy.strip().upper() == "PASSIVE"
    yield Finding("waiting threads", "OMP_WAIT_POLICY=PASSIVE, or neighbours starve", policy, fine, cure)
    limit = processor_limit(around.get("CPU_LIMIT", ""))
    threads, most = torch.get_num_threads(), most_threads(limit)
    wanted = f"no more than the limit of {limit:g} processors" if most else ""
    cure = f"set OMP_NUM_THREADS={most} before JupyterLab starts"
    yield Finding("threads", wanted, f"torch takes {threads}", most is None or threads <= most, cure)
