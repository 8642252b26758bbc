"""What a saved notebook does when it is opened: scripts, handlers, links, and what would be fetched."""

import base64
from html.parser import HTMLParser
from pathlib import Path
import re
import zlib

from course_utils import player, tuner

SCRIPTS = {
    Path(player.__file__).with_suffix(".js"): "moves live figures and steppers",
    Path(tuner.__file__).with_suffix(".js"): "names sliders for screen readers",
}
ACTIVE = {
    "applet", "audio", "base", "button", "embed", "form", "frame", "frameset", "iframe", "input", "link", "math",
    "meta", "object", "portal", "source", "template", "textarea", "track", "video",
}  # fmt: skip
SAFE_KINDS = {"text/plain", "text/html", "text/latex", "image/png", "image/svg+xml"}
ADDRESSES = {"src", "href", "xlink:href", "action", "formaction", "data", "poster", "background", "srcset", "ping"}
NAMESPACE = re.compile(r"(?:xmlns(?::\w+)?=\"[^\"]*\"|<!DOCTYPE svg [^>]*>|rdf:resource=\"[^\"]*\")")


def own_scripts():
    """The course's scripts as they stand in a page."""
    return {path.read_text(encoding="utf-8").strip() for path in SCRIPTS}


class Reader(HTMLParser):
    """Complaints about a piece of HTML or SVG."""

    def __init__(self, *, scripts=True):
        super().__init__()
        self.complaints, self.inside, self.text = [], "", ""
        self.scripts = own_scripts() if scripts else set()

    def handle_starttag(self, tag, attributes):
        self.inside, self.text = tag, ""
        if tag in ACTIVE:
            self.complaints.append(f"<{tag}>")
        for name, value in attributes:
            self._look(tag, name, value or "")

    def _look(self, tag, name, value):
        if name.startswith("on"):
            self.complaints.append(f"{name}= at <{tag}>")
        if tag == "script":
            self.complaints.append(f"a script with {name}=")
        if name in ADDRESSES and not is_inside(tag, name, value):
            self.complaints.append(f"{name}={value[:40]!r} at <{tag}>")
        if name == "style":
            self._style(value)
        if name in ("src", "data-drawing") and (inner := unpacked(name, value)):
            self.complaints += faults(inner, scripts=False)
        if name == "srcdoc":
            self.complaints.append("srcdoc=")

    def _style(self, text):
        if "@import" in text or any(not to.startswith("#") for to in re.findall(r"url\(\s*['\"]?([^)]*)", text)):
            self.complaints.append("a style that fetches")

    def handle_data(self, data):
        self.text += data

    def handle_endtag(self, tag):
        if tag == "script" and self.text.strip() not in self.scripts:
            self.complaints.append("a script that is not the course's")
        if tag == "style":
            self._style(self.text)
        self.text = ""


def is_inside(tag, name, value):
    """Whether an address stays in the page, or is a link to a lesson beside it, which waits for a click."""
    if tag == "img" and name == "src":
        return bool(re.match(r"data:image/(?:png|svg\+xml);base64,[A-Za-z0-9+/=]+$", value))
    if tag == "a" and name == "href":
        return bool(re.fullmatch(r"\d\d_\w+\.ipynb", value))
    return value.startswith("#")


def unpacked(name, value):
    """A drawing inside of an attribute: an SVG as a picture, or that of a live figure."""
    if name == "data-drawing":
        return zlib.decompress(base64.b64decode(value)).decode()
    kind, _, packed = value.partition(";base64,")
    return base64.b64decode(packed).decode() if kind == "data:image/svg+xml" else ""


def faults(html, *, scripts=True):
    """What a piece of HTML or SVG would run or fetch, beyond the course's own scripts."""
    reader = Reader(scripts=scripts)
    reader.feed(html)
    reader.close()
    rest = re.sub(NAMESPACE, "", html)
    if re.search(r"(?i)(?:javascript|vbscript):|data:text/", rest):
        reader.complaints.append("a link that runs")
    if re.search(r"(?i)https?://|[\"'(]//[a-z]", re.sub(r"<script>.*?</script>", "", rest, flags=re.DOTALL)):
        reader.complaints.append("an address elsewhere")
    return reader.complaints


def notebook_faults(notebook):
    """The same of all stored outputs of a notebook, and of its text cells."""
    found = ["saved widgets"] if "widgets" in notebook.metadata else []
    found += ["marked as trusted"] if "signature" in notebook.metadata else []
    for cell in notebook.cells:
        found += ["trusted"] if "trusted" in cell.metadata else []
        if cell.cell_type == "markdown":
            found += faults(spoken(cell.source), scripts=False)
        for output in cell.get("outputs", []):
            found += output_faults(output)
    return found


def spoken(markdown):
    """A text cell without code, whose links wait for a click; a picture would be fetched."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", markdown, flags=re.DOTALL)
    text = re.sub(r"!\[[^]]*\]\(([^)\s]*)[^)]*\)", r'<img src="\1">', text)
    return re.sub(r"(?<!\!)\[([^]]*)\]\((?!\s*(?:javascript|data|vbscript):)[^)]*\)", r"\1", text)


def output_faults(output):
    data = output.get("data", {})
    found = [f"an output of the kind {kind}" for kind in set(data) - SAFE_KINDS]
    found += faults(data.get("text/html", ""))
    found += faults(data.get("image/svg+xml", ""), scripts=False)
    if re.search(r"\\(?:href|url|require|html\w*|style|class|cssId|includegraphics)\b", data.get("text/latex", "")):
        found.append("LaTeX that links")
    return found
