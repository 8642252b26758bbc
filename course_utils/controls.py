"""Widgets that control something: for a rate, for what else a function takes; and the words that stand in for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import inspect
import math

import ipywidgets

WIDGET = "application/vnd.jupyter.widget-view+json"

Controls = dict[str, ipywidgets.ValueWidget]

EXAMPLES = "(10, 300) for a slider, a list for choices, True for a box or a widget"


class Worded:
    """A widget that shows itself in a notebook, and leaves `words` where it cannot."""

    def __init__(self, widget: ipywidgets.DOMWidget, words: str) -> None:
        self.widget, self.words = widget, words

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        # The widget's own words are its repr, which differs between versions of ipywidgets: only its view is taken.
        return {WIDGET: self.widget._repr_mimebundle_()[WIDGET], "text/plain": self.words}


def rate_slider(start: float, low: float, high: float) -> ipywidgets.FloatLogSlider:
    """A logarithmic slider, which shows at least two digits of each rate.

    Raises:
        ValueError: not 0 < low <= start <= high.
    """
    if not (0 < low <= start <= high < math.inf and low < high):
        raise ValueError(f"rates must hold 0 < low <= start <= high, got low={low}, start={start}, high={high}")
    least, greatest = math.log10(low), math.log10(high)
    digits = max(4, 1 - math.floor(least))  # two of the least rate
    # About a twentieth of a decade, and the greatest rate is a whole number of steps away: by keys it is left as it
    # was reached.
    steps = max(1, round((greatest - least) / 0.05))
    return ipywidgets.FloatLogSlider(
        value=start, min=least, max=greatest, step=(greatest - least) / steps, description="rate",
        readout_format=f".{digits}f", layout=ipywidgets.Layout(width="600px"),
    )  # fmt: skip


def controls_for(train: Callable[..., object], others: Mapping[str, object]) -> Controls:
    """A control for each argument of `train` named in `others`, by ipywidgets' own abbreviations.

    It begins at the function's own default, if there is one.

    Raises:
        TypeError: `train` cannot be called with a rate and these.
        ValueError: something in `others` is none of ipywidgets' abbreviations, or it is a second rate.

    >>> controls_for(lambda rate, epochs=20: [], {"epochs": (10, 300)})["epochs"].value
    20
    """
    if "rate" in others:
        raise ValueError("others must not hold a rate, which has a slider from low to high, got rate=...")
    defaults = _defaults(train, others)
    return {name: _control(name, abbreviation, defaults.get(name)) for name, abbreviation in others.items()}


def _defaults(train: Callable[..., object], others: Mapping[str, object]) -> dict[str, object]:
    """The defaults of `train`, which must take a rate and the others."""
    try:
        signature = inspect.signature(train)
    except ValueError:  # it is written in C: it tells nothing about itself
        return {}
    wanted = ", ".join(["rate", *(f"{name}=..." for name in others)])
    try:
        signature.bind(0.0, **others)
    except TypeError as error:
        raise TypeError(f"train must take ({wanted}), got a function of {signature}: {error}") from None
    return {
        name: taken.default
        for name, taken in signature.parameters.items()
        if taken.default is not inspect.Parameter.empty
    }


def _control(name: str, abbreviation: object, default: object) -> ipywidgets.ValueWidget:
    wanted = f"{name} must be what ipywidgets makes a control of ({EXAMPLES}), got {abbreviation!r}"
    # `widget_from_abbrev` takes every default but its own mark for "none" and tries to set it.
    given = () if default is None else (default,)
    try:
        control = ipywidgets.interactive.widget_from_abbrev(abbreviation, *given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{wanted}: {error}") from None
    if control is None or getattr(control, "options", True) in ((), {}, []):
        raise ValueError(wanted)
    if not control.description:
        control.description = name
    return control
