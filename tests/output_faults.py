"""Faults planted in the stored outputs of a cell: each takes the cell, changes it, and tells whether it could."""

from array import array
import base64
from io import BytesIO
import re
import zlib

import nbformat
from PIL import Image, ImageOps


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


def change_picture_numbers(cell):
    """A digit in the text alternative of each picture."""
    return change_data(cell, "text/html", lambda html: re.sub(r'(alt="[^"]*?)\d', r"\g<1>77", html))


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


def put_error(cell):
    """An error in place of what the cell gives."""
    cell.outputs = [an_error()]
    return True


def add_error(cell):
    """An error behind what the cell gives."""
    cell.outputs.append(an_error())
    return True


def raise_error(cell):
    """An error at the end of the cell's code, over the output that it gave without."""
    cell.source += "\nraise ValueError(7)"
    return True


def an_error():
    return nbformat.v4.new_output("error", ename="ValueError", evalue="7", traceback=["ValueError: 7"])


# By the kind that the table names; what stands under "other" nbval itself passes over.
OUTPUT_FAULTS = {
    "stored digit": [change_digit, change_step, change_formula, change_frame_words],
    "deleted output": [delete_outputs, delete_last_output],
    "changed alt text": [change_picture_words, change_picture_numbers],
    "changed picture data": [
        change_drawing, change_drawing_in_html, change_moving_title, change_live_texts, change_curves, change_pixels,
        change_pixels_in_html, drop_pixels,
    ],
    "extra output": [add_output],
    "other": [swap_outputs, rename_stream, never_run, exempt_by_tag, exempt_by_comment, announce_error],
    "error for output": [put_error, add_error, raise_error],  # last: the kernel has to be asked for the last one
}  # fmt: skip
