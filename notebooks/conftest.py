"""What a green run of the notebooks means, beyond what nbval 0.11 compares by itself.

Everything here can only add failures. nbval passes over a cell that was never run, over a cell that asks to be left
out, over a bitmap that changed or went, over outputs that changed places, over an error that was announced and did
not come, over cells that are gone or have changed places, and over text cells altogether. A rule in sanitize.cfg that
takes out more than pictures fails every cell it touches. The summary says how many cells were compared, and how many
skipped.
"""

from array import array
import base64
from io import BytesIO
from itertools import zip_longest
import json
import os
from pathlib import Path
import re
import sys
import zlib

from nbval.plugin import IPyNbCell
from PIL import Image, ImageChops, ImageStat
import pytest

HERE = Path(__file__).parent
CONTENTS = HERE / "contents.txt"
CURE = "if that is meant: python tests/store_outputs.py --contents"
EXEMPTIONS = {"nbval-skip", "nbval-ignore-output", "pytest-validate-ignore-output"}
PICTURES = (
    r"data:image/png;base64,[A-Za-z0-9+/=]+|data-(?:drawing|numbers)='[A-Za-z0-9+/=]+'"  # all that may be left out
)
ARRAY = r'"from": (\d+), "shape": \[(\d+), (\d+), (\d+)\]'
GAP = -(2**31)  # inf or nan
UNSTORED = {"application/vnd.jupyter.widget-view+json"}  # a widget's random address: dead as soon as the kernel is


def pytest_configure(config):
    config.option.nbval_sanitize_with = str(HERE / "sanitize.cfg")
    os.environ["COURSE_PROGRESS"] = "off"  # the kernels inherit it: a bar comes by the clock, no two runs compare


def pytest_collect_file(file_path, parent):
    """Beside nbval's cells, of each notebook whether its cells stand as contents.txt has them."""
    if file_path.suffix == ".ipynb" or file_path == CONTENTS:
        return Contents.from_parent(parent, path=file_path)
    return None


class Contents(pytest.File):
    def collect(self):
        yield Order.from_parent(self, name="contents")


class Order(pytest.Item):
    def runtest(self):
        complaint = gone(recorded()) if self.path == CONTENTS else moved(self.path, recorded())
        if complaint:
            pytest.fail(f"{complaint}; {CURE}", pytrace=False)

    def reportinfo(self):
        return self.path, None, "contents"


def recorded():
    """Of every notebook in contents.txt the kinds and ids of its cells."""
    found, cells = {}, []
    lines = CONTENTS.read_text(encoding="utf-8").splitlines() if CONTENTS.is_file() else []
    for line in lines:
        if line.startswith("  "):
            cells.append(line.strip())
        elif line and not line.startswith("#"):
            cells = found[line] = []
    return found


def gone(record):
    absent = [name for name in record if not (HERE / name).is_file()]
    return f"contents.txt has notebooks that are not there: {', '.join(absent)}" if absent else None


def moved(path, record):
    name = path.relative_to(HERE).as_posix()
    if name not in record:
        return f"contents.txt does not have {name}"
    cells = [f"{cell['cell_type']} {cell.get('id')}" for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    for place, (was, now) in enumerate(zip_longest(record[name], cells, fillvalue="nothing"), start=1):
        if was != now:
            return f"cell {place} of {name} was {was!r} and is {now!r}"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    if not isinstance(item, IPyNbCell):
        return (yield)
    if complaint := exemption(item) or sanitised(item):
        item.raise_cell_error(complaint)
    outcome = yield
    stored, fresh = item.cell.outputs, item.test_outputs
    complaints = (unrun, checks_differ, kinds_differ, bitmaps_differ, drawings_differ, curves_differ, no_error)
    for complain in complaints:
        if complaint := complain(item, stored, fresh):
            item.raise_cell_error(complaint)
    item.user_properties.append(("kernel_mib", kernel_mib(item.parent.kernel)))
    return outcome


def exemption(item):
    asked = EXEMPTIONS & {tag.lower() for tag in item.cell.metadata.get("tags", [])}
    if asked or item.options["skip"] or not item.options["check"]:
        return "the cell asks to be left out of the comparison"
    return None


def sanitised(item):
    """Whether a rule of sanitize.cfg takes out of a stored output anything but a picture's bytes: a number, say."""
    for output in item.cell.outputs:
        for text in (output.get("text"), output.get("evalue"), *output.get("data", {}).values()):
            words = re.sub(PICTURES, "", text) if isinstance(text, str) else ""
            if item.sanitize(words) != words:
                return "sanitize.cfg leaves something out of this output that is no picture"
    return None


def unrun(item, stored, fresh):
    if item.cell.execution_count is None and item.cell.source.strip():
        return "the stored cell was never run: there is nothing to compare with"
    return None


def checks_differ(item, stored, fresh):
    """Of an exercise whether the check under its solution is the check: of an unsolved stub no check says much."""
    task, _, kind = item.cell.get("id", "").rpartition("-")
    cells = {cell.get("id"): cell.source for cell in item.parent.nb.cells}
    check, solution = cells.get(f"{task}-check"), cells.get(f"{task}-solution")
    if kind not in ("check", "solution") or None in (check, solution) or solution.endswith(f"\n{check}"):
        return None
    return f"the solution of {task} does not end with its check, word for word"


def kinds_differ(item, stored, fresh):
    was, now = [kinds(output) for output in stored], [kinds(output) for output in fresh]
    return f"the stored cell has the outputs {was}, the fresh one {now}" if was != now else None


def kinds(output):
    """An output's type, and the mime types or the stream's name in it."""
    return output.output_type, sorted(set(output.get("data", {})) - UNSTORED) or output.get("name", "")


def bitmaps_differ(item, stored, fresh):
    pairs = zip(bitmaps(stored), bitmaps(fresh), strict=True)
    if all(alike(was, now) for was, now in pairs):
        return None
    return "a stored bitmap does not look like the fresh one"


def bitmaps(outputs):
    """Every bitmap of a cell, those inside HTML too, as bytes."""
    found = []
    for output in outputs:
        data = output.get("data", {})
        found += [base64.b64decode(data[mime]) for mime in ("image/png", "image/jpeg") if mime in data]
        pieces = data.get("text/html", "").split("data:image/png;base64,")[1:]
        found += [base64.b64decode(piece.split('"', 1)[0]) for piece in pieces]
    return found


def alike(was, now):
    """Whether two bitmaps show the same to half-closed eyes: other fonts pass, another curve does not."""
    try:
        was, now = (Image.open(BytesIO(data)).convert("L") for data in (was, now))
    except OSError:
        return False
    if was.size != now.size:
        return False
    small = was.width // 16, was.height // 16
    difference = ImageChops.difference(*(image.resize(small, Image.Resampling.BOX) for image in (was, now)))
    return ImageStat.Stat(difference).mean[0] < 2.0


def drawings_differ(item, stored, fresh):
    """Whether the SVGs of live figures hold other texts; where a text stands is matplotlib's and the fonts' affair."""
    was, now = ([texts(unpacked(drawing)) for drawing in live(outputs, "drawing")] for outputs in (stored, fresh))
    return "a stored live figure holds other texts than the fresh one" if was != now else None


def texts(svg):
    return sorted(re.findall(r">([^<>]*\S[^<>]*)</(?:text|tspan)>", svg.decode()))


def curves_differ(item, stored, fresh):
    """Whether a curve of a live figure runs elsewhere, at any place of its slider, by a hundredth of its axes."""
    for was, now in zip(curves(stored), curves(fresh), strict=True):
        if len(was) != len(now) or any(abs(one - other) > 40 for one, other in zip(was, now, strict=True)):
            return "a curve of a stored live figure runs elsewhere than in the fresh one"
    return None


def curves(outputs):
    """Of every live figure of a cell the numbers of all its curves, 4000 to a side; a gap stays far away."""
    for moves, numbers in zip(live(outputs, "live"), live(outputs, "numbers"), strict=False):
        row = array("i", unpacked(numbers))
        if sys.byteorder == "big":
            row.byteswap()
        for start, *shape in set(re.findall(ARRAY, moves)):
            places, moments, length = map(int, shape)
            sum_up(row, int(start), places, moments * length, length)
        # Outside of the axes nothing is seen: there a curve may run where it likes.
        yield [number if number == GAP else max(-400, min(4400, number)) for number in row]


def sum_up(row, start, places, size, length):
    """Differences from place to place, then from point to point, become what they are differences of, in 32 bits."""
    for here in range(start + size, start + places * size):
        row[here] = wrapped(row[here] + row[here - size])
    for here in range(start, start + places * size):
        if (here - start) % length:
            row[here] = wrapped(row[here] + row[here - 1])


def wrapped(number):
    return (number + 2**31) % 2**32 - 2**31


def live(outputs, part):
    """A part of every live figure of a cell, still packed."""
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    return [found for html in pages if "data-numbers=" in html for found in re.findall(f"data-{part}='([^']*)'", html)]


def unpacked(text):
    return zlib.decompress(base64.b64decode(text))


def no_error(item, stored, fresh):
    if "raises-exception" not in item.cell.metadata.get("tags", []):
        return None
    return None if any(output.output_type == "error" for output in fresh) else "the announced error did not come"


def kernel_mib(kernel):
    """Proportional set size of the kernel, or 0 where the system does not tell."""
    try:
        rows = Path(f"/proc/{kernel.km.provisioner.pid}/smaps_rollup").read_text().splitlines()
    except (OSError, AttributeError):
        return 0
    return int(next(row for row in rows if row.startswith("Pss:")).split()[1]) // 1024


def pytest_terminal_summary(terminalreporter):
    cells = [report for report in terminalreporter.getreports("passed") if is_cell(report)]
    failed = [report for report in terminalreporter.getreports("failed") if is_cell(report)]
    skipped = sum(is_cell(report) for name in ("skipped", "xfailed") for report in terminalreporter.getreports(name))
    if not cells and not failed:
        return
    notebooks = {report.nodeid.split("::")[0] for report in cells + failed}
    largest = max((dict(report.user_properties).get("kernel_mib", 0) for report in cells), default=0)
    terminalreporter.section("notebooks")
    terminalreporter.line(
        f"{len(cells)} notebook cells compared and equal, {len(failed)} not, in {len(notebooks)} notebooks; "
        f"{skipped} skipped; largest kernel {largest} MiB"
    )


def is_cell(report):
    """Of a cell that ran, or one that was skipped before it could."""
    return (report.when == "call" or not report.passed) and ".ipynb::Cell " in report.nodeid
