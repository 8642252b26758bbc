"""A learner's text is never markup: hostile texts on every way to a page leave the page's elements as they were."""

from functools import cache
import re
from xml.etree.ElementTree import ParseError

from hostile import FORMULAS, LONG, PLAIN, TEXTS, WAYS, elements, operation, skeleton, square
import pygraphviz
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:constrained_layout not applied", "ignore:Glyph .* missing")
each_text = pytest.mark.parametrize("text", TEXTS)
COMMANDS = r"\\(?:[A-Za-z]+|.)"
QUOTED = r'"(?:[^"\\]|\\.)*"'
DRAWN = {"a slider", "runs by name", "graphs side by side", "kept runs"}


# matplotlib takes ten seconds to set a line of ten thousand letters: once is enough.
CASES = [(way, text) for way in WAYS for text in TEXTS if text != LONG or way not in DRAWN]


@cache
def shown(way, text):
    return WAYS[way](text)._repr_mimebundle_()


def parts(drawings):
    """What drawings of matplotlib are made of; a long title leaves less room, and so fewer ticks."""
    return {(tag, *names) for drawing in drawings for tag, names in elements(drawing)}


@pytest.mark.parametrize(("way", "text"), CASES)
def test_a_text_adds_no_element_and_no_attribute(way, text):
    was, now = shown(way, PLAIN), shown(way, TEXTS[text])
    assert set(now) == set(was)
    if "text/html" in was:
        (old, _, old_drawings), (new, _, drawings) = skeleton(was["text/html"]), skeleton(now["text/html"])
        assert new == old
        assert parts(drawings) <= parts(old_drawings)
    if "image/svg+xml" in was:
        assert elements(now["image/svg+xml"]) == elements(was["image/svg+xml"])


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("way", WAYS)
def test_a_text_is_no_formula(way, text):
    """MathJax looks at all HTML that JupyterLab shows."""
    html = shown(way, TEXTS[text]).get("text/html", "")
    assert skeleton(html)[1] == []


@pytest.mark.parametrize("breach", ["<p>{}</p>", "<img alt='{}'>", '<img alt="{}">', "<style>{}</style>"])
def test_a_renderer_that_escapes_nothing_would_be_seen(breach):
    """Each place lets some text through, and the skeleton tells."""
    seen = 0
    for text in TEXTS.values():
        try:
            seen += skeleton(breach.format(text))[0] != skeleton(breach.format(PLAIN))[0]
        except AssertionError:
            seen += 1
    assert seen >= 1
    assert skeleton("<p>$x$</p>")[1] == ["$x$"]


def differs(was, now):
    """Whether two outputs are made of other elements, or the second cannot be read."""
    try:
        same = elements(now.get("image/svg+xml", "<a/>")) == elements(was.get("image/svg+xml", "<a/>"))
        return not same or skeleton(now["text/html"])[0] != skeleton(was["text/html"])[0]
    except (AssertionError, ParseError):
        return True


@pytest.mark.parametrize(
    ("room", "way"),
    [
        ("markup", "a card"),
        ("markup", "the error of a tuned function"),
        ("svg", "an operation"),
        ("svg", "a stepper"),
        ("style", "a variable's name"),
        ("progress", "a progress bar"),
        ("diagnosis.findings", "a diagnosis"),
        ("clinic.leaflet", "an error's leaflet"),
    ],
)
def test_a_room_that_forgets_to_escape_is_seen(monkeypatch, room, way):
    assert not differs(shown(way, PLAIN), shown(way, TEXTS["a script"]))
    monkeypatch.setattr(f"course_utils.{room}.escape", lambda text, quote=True: text)
    hostile = [text for name, text in TEXTS.items() if name != LONG]
    assert any(differs(shown(way, PLAIN), WAYS[way](text)._repr_mimebundle_()) for text in hostile)


@each_text
def test_a_text_is_no_latex(text):
    """Every command comes from the course, every brace is closed, no letter ends the formula early."""
    found = WAYS["an explanation"](TEXTS[text]).to_latex()
    allowed = set(re.findall(COMMANDS, WAYS["an explanation"]("".join(map(chr, range(32, 127)))).to_latex()))
    assert set(re.findall(COMMANDS, found)) <= allowed
    assert not {r"\href", r"\url", r"\def", r"\require", r"\html", r"\style", r"\class", r"\begin{"} & allowed
    inside = re.sub(r"\\.", "", found.removeprefix("$$").removesuffix("$$"))
    assert "$" not in inside
    assert inside.count("{") == inside.count("}")
    assert "<" not in found


@each_text
@pytest.mark.parametrize("make", [square, operation])
def test_a_text_is_no_dot(make, text):
    """What stands outside of quotes is the course's own, and Graphviz reads it."""
    was, now = (make(name).with_gradients().to_dot() for name in (PLAIN, TEXTS[text]))
    assert re.sub(QUOTED, "", now) == re.sub(QUOTED, "", was)
    assert len(pygraphviz.AGraph(string=now).nodes()) == len(make(PLAIN).nodes)
