"""A `Scene` as SVG, written letter by letter: no font is asked, so the bytes are the same on every machine.

Each box is a group `n` with its node's place and each arrow a group `e` with its edge's, so that a stepper can change
their classes: `sent` turns an arrow round and paints it in the gradient's colour, `hand` lights up a box.
"""

from __future__ import annotations

from html import escape

from course_utils.layout import Point
from course_utils.scene import LABEL, MARGIN, TITLE, Arrow, Box, Scene, Text
from course_utils.style import COLOURS, FONT, MONO


def to_svg(scene: Scene, words: str, *, sent: bool = False) -> str:
    """The text of an SVG file, at its natural size in pixels.

    Args:
        scene: what is drawn.
        words: the same in words, for who cannot see it.
        sent: whether the arrows point the way that gradients take.
    """
    size = f'width="{scene.width}" height="{scene.height}"'
    corner = f'x="{-MARGIN}" y="{-MARGIN}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="{-MARGIN} {-MARGIN} {scene.width} {scene.height}" role="img">',
        f"<title>{escape(words)}</title>",
        _BACKWARD_STYLE if sent else _STYLE,
        f'<rect {corner} {size} fill="{COLOURS["paper"]}"/>',
        *(_arrow(number, arrow, sent=sent) for number, arrow in enumerate(scene.arrows)),
        *(_box(place, box) for place, box in enumerate(scene.boxes)),
        "</svg>\n",
    ]
    return "\n".join(lines)


_RULES = f"""text {{ font-family: {FONT}; font-size: {LABEL}px; text-anchor: middle; }}
.title {{ font-size: {TITLE}px; font-weight: bold; fill: {COLOURS["ink"]}; }}
.value {{ fill: {COLOURS["value"]}; }}
.gradient, .slope, .stored {{ fill: {COLOURS["gradient"]}; }}
.box {{ stroke-width: 1.8; }}
.leaf {{ fill: {COLOURS["leaf fill"]}; stroke: {COLOURS["value"]}; }}
.operation {{ fill: {COLOURS["operation fill"]}; stroke: {COLOURS["quiet"]}; }}
.result {{ fill: {COLOURS["result fill"]}; stroke: {COLOURS["loss"]}; }}
.source {{ font-family: {MONO}; fill: {COLOURS["quiet"]}; }}
.plain {{ fill: {COLOURS["quiet"]}; }}
.constant {{ fill: {COLOURS["paper"]}; }}
.from-constant {{ stroke-dasharray: 4 3; }}
.edge {{ fill: none; stroke: {COLOURS["quiet"]}; stroke-width: 1.8; marker-end: url(#arrow); }}"""


def _marker(name: str, head: str, tip: int, colour: str, filled: bool) -> str:
    paint = f'fill="{COLOURS[colour]}"' if filled else f'stroke="{COLOURS[colour]}" stroke-width="2"'
    return (
        f'<marker id="{name}" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="8" refX="{tip}" refY="4" '
        f'orient="auto"><path d="{head}" {paint}/></marker>'
    )


_FORWARD_HEAD = _marker("arrow", "M0,0 L10,4 L0,8 z", 0, "quiet", filled=True)

_STYLE = f"<style>\n{_RULES}\n</style>\n<defs>{_FORWARD_HEAD}</defs>"

# An arrow that can turn round has room for a head at either end; where the head is not, a bar closes the gap.
_BACKWARD_STYLE = f"""<style>
{_RULES}
.pill {{ fill: {COLOURS["paper"]}; stroke: {COLOURS["gradient"]}; }}
.way .edge {{ marker-start: url(#tail); }}
.sent .edge {{ stroke: {COLOURS["gradient"]}; stroke-width: 2.4; marker-start: url(#back); marker-end: url(#bar); }}
.hand .box {{ fill: {COLOURS["hand fill"]}; stroke: {COLOURS["gradient"]}; stroke-width: 3; }}
</style>
<defs>{_FORWARD_HEAD}
{_marker("tail", "M0,4 L10,4", 10, "quiet", filled=False)}
{_marker("back", "M10,0 L0,4 L10,8 z", 10, "gradient", filled=True)}
{_marker("bar", "M0,4 L10,4", 0, "gradient", filled=False)}</defs>"""


def _arrow(number: int, arrow: Arrow, *, sent: bool) -> str:
    path = f'<path class="edge from-{arrow.role}" d="{_curve(arrow.route)}"/>'
    if arrow.pill is None:
        return path
    pill = arrow.pill
    frame = (
        f'<rect class="pill" x="{pill.x:.1f}" y="{pill.y:.1f}" width="{pill.width}" height="{pill.height}" '
        f'rx="{pill.height / 2:g}"/>'
    )
    name = "way sent" if sent else "way"
    return "\n".join([f'<g id="e{number}" class="{name}">{path}', frame, *map(_text, pill.texts), "</g>"])


def _box(place: int, box: Box) -> str:
    frame = (
        f'<rect class="box {box.role}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width}" '
        f'height="{box.height}" rx="{16 if box.role == "leaf" else 6}"/>'
    )
    return "\n".join([f'<g id="n{place}">{frame}', *map(_text, box.texts), "</g>"])


def _text(text: Text) -> str:
    return f'<text class="{text.role}" x="{text.x:.1f}" y="{text.y:.1f}">{escape(text.text)}</text>'


def _curve(route: tuple[Point, ...]) -> str:
    (start, *rest) = (f"{x:.1f},{y:.1f}" for x, y in route)
    return f"M{start} C{' '.join(rest)}"
