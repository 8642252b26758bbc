"""What stands in the HTML of a live figure, read back: for the tests, and for the faults planted in copies."""

from array import array
import base64
from html import unescape
from itertools import accumulate
import json
import re
import sys
import zlib

SIDE, GAP = 4000, -(2**31)  # the length of an axis in a stored number; inf and nan


def data(html):
    """The controls, moves and words; a number that no browser reads is an error."""
    return json.loads(unescape(re.search(r"data-live='([^']*)'", html)[1]), parse_constant=no_number)


def no_number(name):
    raise ValueError(f"{name} is no JSON")


def drawing(html):
    """matplotlib's SVG."""
    return unpacked(re.search(r"data-drawing='([^']*)'", html)[1]).decode()


def numbers(html):
    """All the curves' numbers in one row, as they are stored: what each differs by."""
    found = array("i", unpacked(re.search(r"data-numbers='([^']*)'", html)[1]))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def curve(html, number, place=0, moment=0):
    """The points of a move at a place and a moment, as shares of the sides of its axes; None for a gap."""
    move, row = data(html)["moves"][number], numbers(html)
    across, up = (lengths(row, move[side], place, moment) for side in "xy")
    return [None if GAP in point else (point[0] / SIDE, point[1] / SIDE) for point in zip(across, up, strict=True)]


def lengths(row, where, place, moment):
    """The numbers of one curve: summed from place to place and from point to point, in 32 bits."""
    places, moments, points = where["shape"]
    first = where["from"] + min(moment, moments - 1) * points
    here = range(first, first + (min(place, places - 1) + 1) * moments * points, moments * points)
    steps = [sum(row[start + point] for start in here) for point in range(points)]
    return [(total + 2**31) % 2**32 - 2**31 for total in accumulate(steps)]


def unpacked(text):
    return zlib.decompress(base64.b64decode(text))


def packed(content):
    return base64.b64encode(zlib.compress(content, 9)).decode()
