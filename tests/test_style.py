import re

from course_utils.style import COLOURS, picture_html, use_style
from matplotlib import rcParams
import pytest


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_what_the_standard_says():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#0072B2", "#ffffff") == pytest.approx(5.2, abs=0.05)


@pytest.mark.parametrize("fill", ["paper", "leaf fill", "operation fill", "result fill"])
@pytest.mark.parametrize("text", ["ink", "quiet", "value", "gradient"])
def test_text_can_be_read_on_every_fill(text, fill):
    assert contrast(COLOURS[text], COLOURS[fill]) >= 4.5


@pytest.mark.parametrize("line", ["loss", "gradient", "value", "other"])
def test_lines_stand_out_from_paper(line):
    assert contrast(COLOURS[line], COLOURS["paper"]) >= 3


@pytest.mark.parametrize("line", ["ink", "quiet", "loss", "gradient", "value", "other"])
def test_lines_stand_out_in_a_dark_notebook(line):
    assert contrast(turned_over(COLOURS[line]), turned_over(COLOURS["paper"])) >= 3


def turned_over(colour):
    """What a dark notebook's filter makes of a colour: `invert(0.93) hue-rotate(180deg)`, by CSS' own matrix."""
    red, green, blue = (0.93 - 0.86 * int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    turned = (
        -0.574 * red + 1.430 * green + 0.144 * blue,
        0.426 * red + 0.430 * green + 0.144 * blue,
        0.426 * red + 1.430 * green - 0.856 * blue,
    )
    return "#" + "".join(f"{round(255 * min(max(channel, 0), 1)):02x}" for channel in turned)


def test_lines_differ_by_more_than_colour():
    use_style()
    dashes = rcParams["axes.prop_cycle"].by_key()["linestyle"]
    assert len(set(dashes)) == len(dashes) == 4


def test_words_cannot_become_markup():
    words = '"><script>alert(1)</script>&\n<img>'
    html = picture_html(b"x", mime="image/png", words=words, width=10, height=5)
    assert "<script" not in html
    assert len(re.findall("<img ", html)) == 1
    assert html.count(">") == len(re.findall("<style>|</style>|<img [^>]*>", html))
