"""nbgrader's configuration for this course: what is handed out, how answers run, when they get points.

`python tests/class_grading.py --source FOLDER` puts a copy into the instructor's folder; nbgrader reads it from where
it is started. docs/grading.md says what it guarantees and what not.

An answer runs in a sandbox made by bubblewrap (`apt install bubblewrap`, Linux, no root needed): it sees Python and the
course, read-only, and an empty home of its own; no network, no other process, no environment but the one written here.
Without bubblewrap grading stops, unless GRADING_WITHOUT_SANDBOX=1 says that the whole machine is a throw-away one.
"""

import atexit
from copy import deepcopy
from importlib.util import find_spec
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile

try:
    from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor, TagRemovePreprocessor
    from nbconvert.preprocessors.sanitize import SanitizeHTML
    import nbformat
    from nbformat.v4 import new_output
    from nbgrader.preprocessors import (
        AssignLatePenalties,
        CheckCellMetadata,
        ClearHiddenTests,
        ClearOutput,
        ComputeChecksums,
        DeduplicateIds,
        Execute,
        GetGrades,
        IgnorePattern,
        IncludeHeaderFooter,
        LimitOutput,
        LockCells,
        NbGraderPreprocessor,
        OverwriteCells,
        OverwriteKernelspec,
        SaveAutoGrades,
        SaveCells,
    )
except ImportError as error:  # nbgrader would go on without this file, and so without the sandbox
    raise SystemExit(f"nbgrader_config.py does not fit what is installed: {error}") from error

SECONDS = 60  # for a cell
LIMITS = {"cpu": 240, "as": 8 << 30, "fsize": 64 << 20, "nproc": 512, "core": 0}  # of a submission, see man prlimit
WITH_SANDBOX = os.environ.get("GRADING_WITHOUT_SANDBOX") != "1"
PROOF = re.compile(r'^"(hidden tests passed [0-9a-f]{32})"$', re.MULTILINE)


class MendCells(NbGraderPreprocessor):
    """The cells that count as they were handed out, wherever a student has lost, renamed, unmarked or doubled them.

    Of several stubs the last is the answer, of several checks the last counts.
    """

    def preprocess(self, nb, resources):
        """The notebook, with the marks of its source."""
        told = resources["nbgrader"]
        source = nbformat.read(Path("source", told["assignment"], f"{told['notebook']}.ipynb"), as_version=4)
        known = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells if "nbgrader" in cell.metadata}
        found = {}
        for cell in reversed(nb.cells):
            mark = cell.metadata.pop("nbgrader", {})
            name = mark.get("grade_id") if isinstance(mark, dict) else None
            if name in known and name not in found:
                cell.metadata.nbgrader, found[name] = deepcopy(known[name].metadata.nbgrader), cell
        place = 0
        for name, cell in known.items():
            if name not in found:
                found[name] = deepcopy(cell)
                nb.cells.insert(place, found[name])
            place = [each is found[name] for each in nb.cells].index(True) + 1
        return nb, resources


class NeedsProof(NbGraderPreprocessor):
    """No points for a cell whose hidden tests did not come to their last line, whatever kept them from it.

    To nbgrader a cell without an error is a right one, and so is a cell that was never run.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        """The cell, with an error among its outputs if the proof is not."""
        if proof := PROOF.search(cell.source if cell.metadata.get("nbgrader", {}).get("grade") else ""):
            results = [each for each in cell.outputs if each.output_type == "execute_result"]
            cell.outputs = [each for each in cell.outputs if each not in results]
            if [each.data.get("text/plain") for each in results] != [repr(proof[1])]:
                said = "the hidden tests did not run to their end"
                cell.outputs.append(new_output("error", ename="NotPassed", evalue=said))
            for each in cell.outputs:  # the traceback would show the tests
                if each.output_type == "error":
                    each.traceback = [f"{each.ename}: {each.evalue}"]
        return cell, resources


def course_folder():
    """The folder that Python must be told of to find course_utils; None where it is installed."""
    found = find_spec("course_utils")
    if found is None:
        raise SystemExit("course_utils is not installed in nbgrader's environment")
    folder = Path(found.origin).parent.parent
    return None if folder.name == "site-packages" else folder


def sandbox(private):
    """The words before Python's own: bubblewrap's, and the limits.

    Of the folder `private`, from which nbgrader takes the next kernel too, the sockets alone can be written to.
    """
    folder = course_folder()
    seen = {"/usr", "/etc/fonts", "/etc/ld.so.cache", "/opt/hostedtoolcache", sys.prefix, sys.base_prefix}
    seen |= {f"{folder}/course_utils"} if folder else set()
    links = [path for path in map(Path, ("/bin", "/lib", "/lib64", "/sbin")) if path.exists()]
    words = ["bwrap", "--die-with-parent", "--new-session", "--unshare-all", "--proc", "/proc", "--dev", "/dev"]
    words += ["--tmpfs", "/tmp", "--dir", "/tmp/home", "--bind", *[str(private / "s")] * 2]
    words += ["--ro-bind", *[str(private / "connection.json")] * 2]
    for path in links:
        words += ["--symlink", str(path.readlink())] if path.is_symlink() else ["--ro-bind", str(path)]
        words += [str(path)]
    for path in sorted(seen):
        words += ["--ro-bind-try", path, path]
    words += ["--chdir", "/tmp/home", "--clearenv"]
    for name, value in environment().items():
        words += ["--setenv", name, value]
    return [*words, "prlimit", *[f"--{name}={value}" for name, value in LIMITS.items()]]


def environment():
    """All that a submission's environment holds, so that it holds no secret."""
    folder = course_folder()
    chosen = {"PYTHONSAFEPATH": "1", "NBGRADER_EXECUTION": "autograde", "COURSE_DEVICE": "cpu", "HOME": "/tmp/home"}
    chosen |= {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "COURSE_PROGRESS": "off", "OMP_WAIT_POLICY": "PASSIVE"}
    return chosen | ({"PYTHONPATH": str(folder)} if folder else {})


def try_bubblewrap():
    """Stop here if there is no bubblewrap, or if this system forbids it: else each submission's kernel would die."""
    if not shutil.which("bwrap"):
        raise SystemExit("no bwrap on the PATH: install bubblewrap, or see docs/grading.md for GRADING_WITHOUT_SANDBOX")
    tried = subprocess.run(["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"], capture_output=True, text=True)
    if tried.returncode:
        raise SystemExit(f"bwrap may make no sandbox here ({tried.stderr.strip()}): see docs/grading.md")


def write_kernel(private):
    """A kernel called `graded`, in a folder that only this run knows."""
    if WITH_SANDBOX:
        try_bubblewrap()
    start = sandbox(private) if WITH_SANDBOX else []
    start += [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": start, "display_name": "graded", "language": "python", "interrupt_mode": "message"}
    if not WITH_SANDBOX:
        kernel["env"] = {"PYTHONSAFEPATH": "1"}
    place = private / "data" / "kernels" / "graded"
    place.mkdir(parents=True)
    (private / "s").mkdir()
    (place / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")


def isolate(config):
    """Let nbgrader use the kernel `graded`, by way of files, as there is no network in there."""
    if "GRADING_PRIVATE" not in os.environ:  # nbgrader reads this file more than once
        os.environ["GRADING_PRIVATE"] = tempfile.mkdtemp(prefix="g-")  # short: it holds the kernel's sockets
        private = Path(os.environ["GRADING_PRIVATE"])
        atexit.register(shutil.rmtree, private, ignore_errors=True)
        write_kernel(private)
        os.environ["JUPYTER_PATH"] = str(private / "data")
    private = Path(os.environ["GRADING_PRIVATE"])
    config.KernelManager.connection_file = str(private / "connection.json")
    if WITH_SANDBOX:
        config.KernelManager.transport, config.KernelManager.ip = "ipc", str(private / "s" / "socket")


c = get_config()  # noqa: F821  nbgrader's
c.CourseDirectory.course_id = "backpropagation"

# Handed out: the folded solutions go, stubs stay as they are, hidden tests are kept in the gradebook alone.
c.GenerateAssignment.preprocessors = [TagRemovePreprocessor, IncludeHeaderFooter, LockCells, ClearOutput]
c.GenerateAssignment.preprocessors += [CheckCellMetadata, ComputeChecksums, SaveCells]
c.GenerateAssignment.preprocessors += [ClearHiddenTests, ComputeChecksums, CheckCellMetadata]
c.TagRemovePreprocessor.remove_cell_tags = ["solution"]
c.TagRemovePreprocessor.enabled = True

# Graded: check cells are put back as they were, what is written to stderr costs nothing, and points need their proof.
c.Autograde.sanitize_preprocessors = [ClearOutput, MendCells, DeduplicateIds, OverwriteKernelspec, OverwriteCells]
c.Autograde.sanitize_preprocessors += [CheckCellMetadata]
c.Autograde.autograde_preprocessors = [Execute, IgnorePattern, ClearMetadataPreprocessor, NeedsProof, LimitOutput]
c.Autograde.autograde_preprocessors += [SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "(?s).*"
c.Execute.timeout = SECONDS
c.Execute.kernel_name = "graded"

# Told: what a check says, not how the hidden tests ask. What an answer displays is shown without its scripts.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, SanitizeHTML, CSSHTMLHeaderPreprocessor]
c.SanitizeHTML.enabled = True

try:
    if "autograde" in sys.argv:
        isolate(c)
except Exception as error:  # as above
    raise SystemExit(f"no sandbox: {error}") from error
