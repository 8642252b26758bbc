"""Corrupt copies of every notebook, and count the corruptions that pytest sees: `python tests/mutate_notebooks.py`.

A corruption of outputs is planted in a twin of every cell where it can be, all in one copy: nbval judges each cell by
itself, so each twin must fail by itself. A corruption of code gets a copy of its own, and one failing cell is enough.
Three copies without a fault are the control: they must pass, one under a kernel's name that is registered nowhere, one
with every cell run twice in a row, one in another order.
"""

from array import array
import base64
from collections import defaultdict
from copy import deepcopy
from io import BytesIO
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

from faults import CODE_FAULTS
import nbformat
from PIL import Image, ImageOps

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


def change_digit(cell):
    """A digit of each number stored as text."""
    changed = [replace_text(output, r"\d", lambda digit: str((int(digit[0]) + 1) % 10)) for output in cell.outputs]
    return any(changed)


def replace_text(output, pattern, new):
    holder, key = (output, "text") if "text" in output else (output.get("data", {}), "text/plain")
    old = holder.get(key, "")
    holder[key] = re.sub(pattern, new, old, count=1)
    return holder[key] != old


def change_picture_words(cell):
    """A letter in the text alternative of each picture."""
    return change_data(cell, "text/html", lambda html: re.sub('alt="[A-Z]', 'alt="Q', html))


def change_drawing(cell):
    """A number in each drawn graph, in the SVG that viewers without HTML show."""
    return change_data(cell, "image/svg+xml", lambda svg: re.sub(r">value .", ">value 7", svg, count=1))


def change_drawing_in_html(cell):
    """A number in each drawn graph, in the SVG inside the HTML."""
    return change_data(cell, "text/html", lambda html: re.sub(r"(svg\+xml;base64,)([^\"]+)", recoded, html))


def change_step(cell):
    """A number in the steps that a stepper's script is given."""
    return change_data(cell, "text/html", lambda html: re.sub(r"grad \d", "grad 7.", html, count=1))


def change_formula(cell):
    """A number in each formula."""
    return change_data(cell, "text/latex", lambda latex: re.sub(r"= (-?)\d", r"= \g<1>77", latex, count=1))


def change_frame_words(cell):
    """A digit in what a live figure says at one place of its slider."""
    return change_data(
        cell, "text/html", lambda html: re.sub(r'("words": \[\[0, "[^"]*?)\d', r"\g<1>77", html, count=1)
    )


def change_moving_title(cell):
    """A text that a live figure shows at some place of its slider."""
    return change_data(cell, "text/html", lambda html: re.sub(r'("kind": "text".*?\]*?, ")', r"\g<1>Q", html, count=1))


def change_live_texts(cell):
    """A text in matplotlib's drawing of each live figure."""
    return change_data(cell, "text/html", lambda html: repacked(html, "drawing", relabelled))


def relabelled(svg):
    return re.sub(rb">([^<>]*\w)</text>", rb">\g<1>7</text>", svg, count=1)


def change_curves(cell):
    """A piece of a curve of each live figure, by a twentieth of its axes."""
    return change_data(cell, "text/html", lambda html: repacked(html, "numbers", shifted))


def shifted(numbers):
    """One number in the middle: as differences are stored, the rest of its curve runs elsewhere too."""
    row = array("i", numbers)
    moving = [place for place in range(len(row) // 2, len(row)) if 0 < abs(row[place]) < 2000]
    if moving:  # a figure may move nothing but words
        row[moving[0]] += 200
    return row.tobytes()


def repacked(html, part, change):
    def anew(match):
        return match[1] + base64.b64encode(zlib.compress(change(zlib.decompress(base64.b64decode(match[2]))))).decode()

    return re.sub(rf"(data-{part}=')([^']+)", anew, html)


def recoded(match):
    svg = base64.b64decode(match[2]).decode()
    return match[1] + base64.b64encode(re.sub(r">value .", ">value 7", svg, count=1).encode()).decode()


def change_pixels(cell):
    """Each plot, for its mirror image, where viewers without HTML find it."""
    return change_data(cell, "image/png", mirrored)


def change_pixels_in_html(cell):
    """Each plot inside HTML, for its mirror image."""
    return change_data(
        cell, "text/html", lambda html: re.sub(r"(?<=image/png;base64,)[^\"]+", lambda data: mirrored(data[0]), html)
    )


def mirrored(data):
    file = BytesIO()
    ImageOps.mirror(Image.open(BytesIO(base64.b64decode(data))).convert("RGB")).save(file, format="png")
    return base64.b64encode(file.getvalue()).decode()


def drop_pixels(cell):
    """The bitmap beside the HTML of each plot, gone."""
    found = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    for output in found:
        del output.data["image/png"]
    return bool(found)


def change_data(cell, mime, change):
    changed = False
    for output in cell.outputs:
        old = output.get("data", {}).get(mime, "")
        new = change(old) if old else old
        if new != old:
            output.data[mime], changed = new, True
    return changed


def delete_outputs(cell):
    """All outputs of each cell that has some."""
    had, cell.outputs = bool(cell.outputs), []
    return had


def delete_last_output(cell):
    """The last of several outputs."""
    return len(cell.outputs) > 1 and bool(cell.outputs.pop())


def swap_outputs(cell):
    """The order of a cell's two outputs."""
    cell.outputs.reverse()
    return len(cell.outputs) > 1


def add_output(cell):
    """A line of output that the cell never prints."""
    cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text="surplus\n"))
    return True


def rename_stream(cell):
    """stdout for stderr."""
    found = [output for output in cell.outputs if output.get("name") == "stdout"]
    for output in found:
        output.name = "stderr"
    return bool(found)


def never_run(cell):
    """The mark that the cell was run, and its outputs."""
    cell.execution_count, cell.outputs = None, []
    return True


def exempt_by_tag(cell):
    """A tag that asks nbval not to compare, over a wrong output."""
    cell.metadata["tags"] = ["nbval-ignore-output"]
    return add_output(cell)


def exempt_by_comment(cell):
    """A comment that asks nbval to skip the cell."""
    cell.source = f"# NBVAL_SKIP\n{cell.source}"
    return True


def announce_error(cell):
    """A tag that announces an error which does not come."""
    cell.metadata["tags"] = ["raises-exception"]
    return True


OUTPUT_FAULTS = [
    change_digit, change_picture_words, change_drawing, change_drawing_in_html, change_step, change_formula,
    change_frame_words, change_moving_title, change_live_texts, change_curves,
    change_pixels, change_pixels_in_html,
    drop_pixels, delete_outputs, delete_last_output, swap_outputs, add_output, rename_stream, never_run, exempt_by_tag,
    exempt_by_comment, announce_error,
]  # fmt: skip


def kill_table(folder):
    """Of each notebook and fault, how many planted cells failed and how many there were: {(stem, fault): (7, 7)}.

    An untouched cell that fails is a false alarm, and stops everything.
    """
    notebooks = folder / "notebooks"
    shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    outputs = {source.stem: plant_outputs(source, notebooks) for source in SOURCES}
    code = [row for source in SOURCES for row in plant_code(source, notebooks)]
    controls = [plant(source, notebooks) for source in SOURCES for plant in CONTROLS]
    verdicts = run_pytest(folder)
    for file in controls:
        assert set(verdicts[file].values()) == {"PASSED"}, f"{file} holds no fault and must pass: {verdicts[file]}"
    table = {}
    for stem, (file, faults) in outputs.items():
        alarms = [place for place, verdict in verdicts[file].items() if verdict != "PASSED" and place not in faults]
        assert not alarms, f"{file}: the untouched code cells {alarms} must pass"
        for fault in dict.fromkeys(faults.values()):
            planted = [verdicts[file][place] for place in faults if faults[place] == fault]
            table[stem, fault] = planted.count("FAILED"), len(planted)
    for stem, fault, file in code:
        table[stem, fault] = int("FAILED" in verdicts[file].values()), 1
    return table


def plant_outputs(source, folder):
    """Write one copy in which twins follow each code cell, a fault in each, and tell its name and the faults by place.

    A cell gives the same output however often it is run (the second control holds that), so one kernel serves for all.
    """
    notebook, cells, faults = nbformat.read(source, as_version=4), [], {}
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cells.append(cell)
        for fault in OUTPUT_FAULTS:
            twin = again(cell, fault.__name__)
            if fault(twin):
                faults[len(cells)] = fault.__name__
                cells.append(twin)
    notebook.cells = cells
    return write(notebook, folder / f"{source.stem}_outputs.ipynb"), faults


def plant_code(source, folder):
    """Write a copy for each fault in the code, and tell of each (stem, fault, file name)."""
    for number, (old, new) in enumerate(CODE_FAULTS[source.stem]):
        notebook = nbformat.read(source, as_version=4)
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code" and old in cell.source)
        cell.source = cell.source.replace(old, new, 1)
        yield source.stem, f"{old} → {new}", write(notebook, folder / f"{source.stem}_c{number}.ipynb")


def plant_untouched(source, folder):
    """A copy with no fault, for a kernel that is registered nowhere: it must run all the same, and pass."""
    notebook = nbformat.read(source, as_version=4)
    notebook.metadata["kernelspec"]["name"] = "registered-nowhere"
    return write(notebook, folder / f"{source.stem}_untouched.ipynb")


def plant_doubled(source, folder):
    """A copy in which every code cell is run twice in a row: the second time, too, it must give its stored output."""
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = [twin for cell in notebook.cells for twin in (cell, again(cell))]
    return write(notebook, folder / f"{source.stem}_doubled.ipynb")


def plant_reordered(source, folder):
    """A copy in the order of a student who leaves the exercises for the end, and then goes through all once more."""
    notebook = nbformat.read(source, as_version=4)
    first = [cell for cell in notebook.cells if not is_exercise(cell)]
    later = [cell for cell in notebook.cells if is_exercise(cell)]
    notebook.cells = [*first, *later, *map(again, notebook.cells)]
    return write(notebook, folder / f"{source.stem}_reordered.ipynb")


def is_exercise(cell):
    return cell.id.endswith(("-stub", "-check", "-solution"))


CONTROLS = (plant_untouched, plant_doubled, plant_reordered)


def again(cell, name="again"):
    twin = deepcopy(cell)
    twin.id = f"{cell.id}-{name}"
    return twin


def write(notebook, path):
    nbformat.write(notebook, path)
    return path.name


CONTROLS = (plant_untouched, plant_doubled, plant_reordered)


def run_pytest(folder):
    """What `pytest --nbval notebooks/` says of each cell in the folder: {file name: {place: outcome}}."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "--nbval", "notebooks/", "-rA", "--tb=no", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    verdicts = defaultdict(dict)
    for outcome, file, place in re.findall(r"^(PASSED|FAILED|SKIPPED) notebooks/(\S+)::Cell (\d+)", ran.stdout, re.M):
        verdicts[file][int(place)] = outcome
    assert verdicts, ran.stdout + ran.stderr
    return verdicts


def report(table):
    rows = [
        f"{killed:3} of {planted:3} killed   {stem}   {fault}" for (stem, fault), (killed, planted) in table.items()
    ]
    killed, planted = (sum(counts) for counts in zip(*table.values(), strict=True))
    return "\n".join([*rows, f"{killed} of {planted} killed"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(report(kill_table(Path(place))))
