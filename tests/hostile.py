"""Texts that would be markup if anyone let them, every way on which a learner's text reaches a page, and what is seen.

A page is reduced to its skeleton: the elements with the names of their attributes, and where links and sources lead. A
learner's text must leave the skeleton as it is.
"""

import base64
from dataclasses import replace
from html.parser import HTMLParser
import re
from unittest.mock import patch
from xml.etree import ElementTree
import zlib

from course_utils import (
    Value,
    attach_slider,
    explain,
    plot_fit,
    plot_graphs,
    plot_loss,
    predict,
    progress,
    record,
    step_backward,
    trace,
    tune_learning_rate,
    widgets,
)
from course_utils.clinic.leaflet import Leaflet
from course_utils.diagnosis.findings import Diagnosis, Finding
from course_utils.machine import Finding as Fact
from course_utils.markup import NO_FORMULAS
from course_utils.sheet import Sheet
from course_utils.tuner import Tuner
import torch
from torch import nn

BOOM = "window.boom=1"  # what the browser tests look for
LONG = "ten thousand letters"
TEXTS = {
    "a script": f"<script>{BOOM}</script>",
    "a picture that fails": f'"><img src=x onerror="{BOOM}">',
    "an attribute": f"' onmouseover='{BOOM}' x='",
    "an SVG that loads": f"<svg onload={BOOM}>",
    "the end of an SVG": f"</title></svg><svg onload={BOOM}>",
    "the end of a script": f"</script><script>{BOOM}</script>",
    "the end of data": f"]]><script>{BOOM}</script>",
    "a comment": f"--><!--><script>{BOOM}</script>",
    "a style": f"</style><script>{BOOM}</script>",
    "an entity": "&#x3c;script&#x3e;&lt;b&gt;",
    "code that ends early": f"`</code><img src=x onerror={BOOM}>`",
    "a formula with a link": rf"$\href{{javascript:{BOOM}}}{{x}}$",
    "a formula that is none": "$x^{$ $$ \\( \\[",
    "a line separator": "a\u2028b\u2029c",
    "right to left": "\u202eabc\u2066",
    "a zero": "a\0b",
    "a bell": "a\x07\x0bb\x1b[31m",
    "a row of quotes": "\"'`\\\"\\'",
    LONG: "a" * 10_000,
}
PLAIN = "name"
FORMULAS = [name for name, text in TEXTS.items() if "$" in text]


def square(text):
    w = torch.tensor(3.0, requires_grad=True)
    return trace(w * w, **{text: w})


def operation(text):
    """A sign of the learner's own, as an engine's value has it."""
    made = Value(2.0) * Value(3.0)
    made.op = text
    return trace(made)


def modules(text):
    """A module, its class and the text of its call, in a graph so large that modules are boxes."""

    class Many(nn.Module):
        def forward(self, x):
            for _ in range(45):
                x = x * 1.01
            return x

    Many.__name__ = text.replace("\0", "")
    net = nn.Sequential()
    net.add_module(text.replace(".", "·"), Many())
    w = torch.tensor(3.0, requires_grad=True)
    with record():
        result = net(w)
    return trace(result, **{text: net})


def stepper(text):
    w = torch.tensor(3.0, requires_grad=True)
    return step_backward(w * w, **{text: w})


def explanation(text):
    w = torch.tensor(3.0, requires_grad=True)
    return explain(w * w, text, **{text: w})


def slider(text):
    """Everything that a live figure says: its name, and texts that change with it, in which no formula may be."""
    shown = text.replace("$", "")

    def draw(w):
        ax = plot_fit([1.0, 2.0], [w, w], lambda x: w * x, title=f"{shown} {w}", labels=(text, text))
        ax.set(xlabel=text, ylabel=text)
        return ax

    return attach_slider(draw, name=text, low=0.0, high=1.0, start=0.0, step=0.5)


def tuned(text) -> Tuner:
    return tune_learning_rate(lambda rate, **others: [3.0, 2.0], **{text: text})


def kept(text):
    """The picture of a tuner with a run that is kept: the text is in the title and in the legend."""
    with patch("course_utils.tuner.display"):
        tuner = tuned(text)
        tuner._ipython_display_()
        tuner.keep()
        return tuner._draw()


def leaflet(text):
    return Leaflet(
        "kind", text, 1, text, text, f"{text}\nx", f"y\n{text}", f"z\n{text}", text, "04", square(text), text
    )


def diagnosis(text):
    return Diagnosis([Finding(text, text, text, text, text)] * 5)


def machine(text):
    """The table inside of the widget."""
    with patch.object(widgets, "Worded") as worded:
        widgets.MachineCard([Fact(text, text, text, False, text)])._repr_mimebundle_()
    return Shown({"text/html": worded.call_args.args[0].value})


class Shown:
    def __init__(self, bundle):
        self.bundle = bundle

    def _repr_mimebundle_(self):
        return self.bundle


WAYS = {
    "a variable's name": square,
    "a variable's name, with gradients": lambda text: square(text).with_gradients(),
    "why there are no gradients": lambda text: replace(square(text), shows_gradients=True, missing=text),
    "an operation": operation,
    "a module": modules,
    "a stepper": stepper,
    "an explanation": explanation,
    "a card": lambda text: predict(f"?{text} `{text}`", {f"?{text}": text + "!", "b": "c"}, answer="b"),
    "a slider": slider,
    "runs by name": lambda text: plot_loss({text: [3.0, 2.0], "b": [1.0, 2.0]}, unit=text),
    "a fit": lambda text: plot_fit([1.0, 2.0], [1.0, 2.0], lambda x: x, title=text, labels=(text, text)),
    "graphs side by side": lambda text: plot_graphs({text: square(text)}, title=text),
    "kept runs": kept,
    "the error of a tuned function": lambda text: Sheet().say(text),
    "a progress bar": lambda text: Shown(progress._bar(1, 2, text)),
    "an error's leaflet": leaflet,
    "a diagnosis": diagnosis,
    "the machine": machine,
}


class Skeleton(HTMLParser):
    """The elements of a page, in order, with the names of their attributes; the shields of formulas are none."""

    def __init__(self):
        super().__init__()
        self.found, self.open, self.live, self.bare = [], [], [], []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.open.append((tag, values.get("class") or ""))
        shield = tag == "span" and values.get("class") == NO_FORMULAS
        if not shield and tag != "code":  # which backticks ask for
            self.found.append((tag, sorted(values), *(led(values[name]) for name in ("src", "href") if name in values)))
        self.live += [values["data-drawing"]] if "data-drawing" in values else []
        if tag == "img":
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> ends nothing"
        assert self.open.pop()[0] == tag
        self.found += [("/", tag)] if tag not in ("span", "code") else []

    def handle_data(self, data):
        """Texts in which MathJax would find a formula: it passes code, and what is shielded."""
        passed = any(tag in ("pre", "code", "script", "style") or NO_FORMULAS in kind for tag, kind in self.open)
        self.bare += [data] if "$" in data and not passed else []

    def handle_comment(self, data):
        self.found.append(("comment",))

    def handle_decl(self, declaration):
        self.found.append(("declaration",))

    unknown_decl = handle_pi = handle_decl


def led(address):
    """Where an address leads: of a picture in the page its kind, of all else the whole."""
    return re.sub(r"^(data:image/(?:png|svg\+xml);base64,)[A-Za-z0-9+/=]+$", r"\1", address)


def skeleton(html):
    """What a page is made of, and the texts in it that MathJax would look at."""
    parser = Skeleton()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    drawings = [zlib.decompress(base64.b64decode(packed)).decode() for packed in parser.live]
    return parser.found, parser.bare, drawings


def elements(svg):
    """The elements of an SVG, which must be XML, with the names of their attributes."""
    return [(node.tag, sorted(node.attrib)) for node in ElementTree.fromstring(svg).iter()]
