"""The graph that helps to understand an error, and which of its boxes is meant."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
import re
from typing import TYPE_CHECKING, NamedTuple

from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.passes import at_the_maker, pass_at
from course_utils.clinic.site import Site, names_in
from course_utils.clinic.sketch import sketch
from course_utils.graph import Graph, Node
from course_utils.walk import operands
from course_utils.words import name_of
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

NAMED = 3  # boxes that a sentence calls by name
_FREED, _CHANGED = re.compile("freed|second time"), re.compile("in-?place")


class Picture(NamedTuple):
    """A graph, and the sentence that says which of its boxes is meant."""

    graph: Graph
    caption: str


def illustrated(leaflet: Leaflet, site: Site) -> Leaflet:
    """The leaflet with the graph that helps to understand it; as it was, where none does or it cannot be drawn."""
    with suppress(Exception):
        found = picture(leaflet, site)
        if found is not None and found.graph.to_text():  # numbers that cannot be told raise here, not when it is shown
            return replace(leaflet, graph=found.graph, caption=found.caption)
    return leaflet


def picture(leaflet: Leaflet, site: Site) -> Picture | None:
    """The graph that helps to understand an error, with a sentence; None where no graph helps.

    Args:
        leaflet: what is said of the error.
        site: where it arose.
    """
    draw = DRAWN.get(leaflet.ailment)
    return draw(leaflet, site) if draw else None


def _of_result(leaflet: Leaflet, site: Site) -> Picture | None:
    """`w` after `w = w - rate * w.grad`: a result, and where its leaf is."""
    found = sketch(_held(site, leaflet.tensor), leaflet.tensor, site.names)
    return found and Picture(
        found.graph, f"The arrows end at `{leaflet.tensor}`: it is a result. {_leaves(found.graph)}"
    )


def _of_missed(leaflet: Leaflet, site: Site) -> Picture | None:
    """The same, of a `w` whose gradient is missed."""
    found = _of_result(leaflet, site)
    leaves = [node for node in found.graph.nodes if node.kind == "leaf"] if found else []
    is_there = len(leaves) == 1 and leaves[0].grad is not None
    return found._replace(caption=f"{found.caption} The gradient went there.") if found and is_there else found


def _of_asker(leaflet: Leaflet, site: Site) -> Picture | None:
    """`y_hat`, handed to numpy: it asks because its leaves ask."""
    name = leaflet.tensor
    found = sketch(_held(site, name), name, site.names)
    told = f"`{name}` was made from what asks for a gradient, so it asks too."
    return found and Picture(found.graph, f"{told} {_leaves(found.graph)}")


def _of_stranger(leaflet: Leaflet, site: Site) -> Picture | None:
    """`grad(loss, b)`: the graph of `loss`, in which `b` is not."""
    name, wanted = leaflet.tensor, _held(site, leaflet.tensor)
    text, result, names = _passed(site)
    turned = sketch(wanted, name, names)
    if turned and turned.has(result):  # grad(w, loss)
        return Picture(turned.graph, f"The arrows lead from `{text}` to `{name}`, and not the other way.")
    found = sketch(result, text, names)
    if found is None or any(node.name == name for node in found.graph.nodes):
        return None
    return Picture(found.graph, f"`{name}` is in none of the boxes. {_leaves(found.graph)}")


def _of_used_up(leaflet: Leaflet, site: Site) -> Picture | None:
    """The graph of a second pass: what the boxes kept is freed."""
    text, result, names = _passed(site)
    found = sketch(result, text, names)
    freed = found.those_that(_FREED) if found else []
    if not found or not freed:
        return None
    before = "" if leaflet.tensor == text else f" `{leaflet.tensor}` leads on into the round before."
    return Picture(found.graph, f"What {_boxes(freed)} kept is freed: no second pass can go through.{before}")


def _of_changed(leaflet: Leaflet, site: Site) -> Picture | None:
    """The graph of a pass that needs what was changed, and who needs it."""
    text, result, names = _passed(site)
    name, held = leaflet.tensor, _held(site, leaflet.tensor)
    found = sketch(result, text, names)
    needy = found.those_that(_CHANGED) if found else []
    if not found or not needy:
        return None
    needs = "needs" if _boxes(needy).startswith("the box ") else "need"
    if not isinstance(held, torch.Tensor) or not held.requires_grad:
        return Picture(found.graph, f"{_boxes(needy).capitalize()} {needs} the numbers as they were.")
    graph = found.renamed(_sources(held), f"{name} as it was")
    return Picture(graph, f"{_boxes(needy).capitalize()} {needs} `{name}` as it was.")


def _sources(changed: torch.Tensor) -> list[GradFn]:
    """What the name stood for before a change in place, which put a box of its own behind it."""
    return [fn for fn, _ in operands(changed.grad_fn)][:1] if changed.grad_fn else []


DRAWN: dict[str, Callable[[Leaflet, Site], Picture | None]] = {
    "gradient is None": _of_missed,
    "zeroing None": _of_missed,
    "grad of a result": _of_missed,
    "flag of a result": _of_result,
    "numpy of a tensor that asks": _of_asker,
    "not in the graph": _of_stranger,
    "input did not ask": _of_stranger,
    "second backward": _of_used_up,
    "changed in place": _of_changed,
}


def _held(site: Site, text: str) -> object:
    """What the learner's name stands for; None if there is none."""
    return site.value(ast.parse(text, mode="eval").body) if text else None


def _passed(site: Site) -> tuple[str, object, Mapping[str, object]]:
    """What the pass starts from: its name, the tensor and the variables in sight.

    Of `y.sum().backward()` only `y` can be told without computing anything.
    """
    found = pass_at(site)
    if found is None:
        return "", None, {}
    maker, node = at_the_maker(site, found.result)
    known = [(maker.text(node), maker.value(node)), *((name, maker.names.get(name)) for name in names_in(node))]
    tensors = [(text, one) for text, one in known if isinstance(one, torch.Tensor) and one.requires_grad]
    text, result = min(tensors, key=lambda pair: pair[1].is_leaf, default=("", None))  # results before leaves
    return text, result, maker.names


def _leaves(graph: Graph) -> str:
    """Which boxes are the leaves, in a sentence."""
    leaves = [node for node in graph.nodes if node.kind == "leaf"]
    named = [f"`{name_of(node)}`" for node in leaves if node.name]
    if len(leaves) == 1:
        return f"The leaf is {named[0]}." if named else "The leaf is the box `leaf`: it has no name now."
    if not named:
        return "The leaves are the boxes `leaf`: they have no names now."
    more = " and what says only `leaf`" if len(named) < len(leaves) else ""
    return f"The leaves are {_and(named)}{more}."


def _boxes(nodes: list[Node]) -> str:
    """How a sentence calls boxes: by what stands at their top."""
    tops = list(dict.fromkeys(" = ".join(part for part in (name_of(node), node.op) if part) for node in nodes))
    if len(tops) > NAMED:
        return "the boxes"
    return f"the box{'es' * (len(tops) > 1)} {_and([f'`{top}`' for top in tops])}"


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
