"""Cures for tensors that were meant to be leaves, and did not ask for a gradient."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
import re
from types import ModuleType

from course_utils.clinic.asking import ask, made_in_cell
from course_utils.clinic.edits import inserted
from course_utils.clinic.leaflet import Leaflet
from course_utils.clinic.origins import Origin, Origins
from course_utils.clinic.passes import pass_at
from course_utils.clinic.reading import adds_to, made_from, runs_once, statements, targets
from course_utils.clinic.rewrites import Rewrite, mended, with_keyword
from course_utils.clinic.site import Site, names_in
import torch

_LEAVES = re.compile(r"(w|b|theta|weights?|bias|params?|a|c)\d*$")


@dataclass
class Mending:
    """What is found to be wrong, and how the cell looks without it."""

    tensor: str
    why: str
    cure: str = ""
    changes: list[Rewrite] = field(default_factory=list)
    cell: Site | None = None  # where it was found: the place in more than one cell


def unasked_input(site: Site, _: re.Match[str]) -> Leaflet | None:
    """`torch.autograd.grad(loss, b)` with a `b` that does not ask for a gradient."""
    found = pass_at(site)
    names = [site.text(one) for one in found.inputs if is_off(site, site.text(one))] if found else []
    if found is None or not names:
        return None
    origins = Origins(site)
    chain = origins.chain([found.result], lambda thing: isinstance(thing, torch.Tensor))
    mending = unasked(site, origins, chain, names)
    if mending is None:
        return None
    return Leaflet(
        ailment="input did not ask",
        happened=f"a gradient is wanted for `{names[0]}`, which does not ask for one.",
        line=site.line,
        tensor=names[0],
        why=mending.why,
        before=site.cell,
        cure=mended(site.cell, mending.changes),
        false_cure=with_keyword(site.cell, found.call, "allow_unused=True"),
        why_not="`allow_unused` is about tensors that were not used. This one asks for no gradient: the same "
        "error comes again.",
        lesson="04",
    )


def is_off(site: Site, name: str) -> bool:
    """Whether a name stands for a tensor that does not ask for a gradient."""
    held = site.value(ast.parse(name, mode="eval").body)
    return isinstance(held, torch.Tensor) and not held.requires_grad


def unasked(site: Site, origins: Origins, chain: list[Origin], names: list[str]) -> Mending | None:
    """The leaf was made without `requires_grad`."""
    changes = [change for name in names for change in ask(site, name)]
    if not changes:
        return None
    again: list[str] = []
    behind, made = set(names), set[str]()
    for origin in chain:
        read = {ast.unparse(one) for one in ast.walk(made_from(origin.statement)) if isinstance(one, ast.expr)}
        read |= {origin.name} if adds_to(origin.statement, origin.name) else set()
        if read & behind and origin.name not in names and origin.place < origins.here:
            behind.add(origin.name)
            again.append(origin.text)
            made.add(origin.name)
    made_anew = {name for text in again for one in statements(ast.parse(text).body) for name in targets(one)}
    if any(runs_once(ast.parse(text)) for text in again) or made_anew & set(names):
        return None
    changes += [Rewrite(origins.first_reader(made), inserted, tuple(again))] if again else []
    what = " and ".join(f"`{name}`" for name in names)
    why = f"{what} did not ask for a gradient: made without `requires_grad=True`, a tensor leaves no graph behind."
    if any(made_in_cell(site, name) is None for name in names):
        why = f"{what} {'does' if len(names) == 1 else 'do'} not ask for a gradient: made without "
        why += "`requires_grad=True`, made anew off the tape, or told to stop. Such a tensor leaves no graph behind."
    return Mending(names[0], why, changes=changes)


def candidates(site: Site, chain: list[Origin]) -> list[str]:
    """The tensors that were meant to be leaves: whose gradients are read, or that are moved, or called like weights."""
    texts = [ast.parse(cell) for cell in (site.cell, *site.earlier) if _parses(cell)]
    for tree in texts:
        nodes = [one for one in ast.walk(tree) if isinstance(one, ast.Attribute) and one.attr == "grad"]
        names = list(dict.fromkeys(ast.unparse(one.value) for one in nodes))
        if found := [name for name in names if is_off(site, name)]:
            return found
    names = [name for name in dict.fromkeys(origin.name for origin in chain) if is_off(site, name)]
    if any(_asks(thing) for thing in _read(site, chain)):  # there is a leaf: the graph is cut on its way
        return []
    leaves = [name for name in names if _LEAVES.fullmatch(name.rpartition(".")[2])]
    alone = [name for name in names if made_in_cell(site, name) is not None and name not in _results(chain)]
    return leaves or (alone if len(alone) == 1 else [])


def _read(site: Site, chain: list[Origin]) -> list[object]:
    """What may have been read on the way: all there is, where something of the learner's own was called."""
    read = [site.names.get(name) for origin in chain for name in names_in(origin.statement)]
    known = (torch.Tensor, torch.nn.Module, ModuleType, int, float, str, range, type(None))
    opaque = [one for one in read if not isinstance(one, known) and not _is_torchs(one)]
    return list(site.names.values()) if opaque else read


def _is_torchs(thing: object) -> bool:
    of_tensors = isinstance(thing, list | tuple) and all(isinstance(one, torch.Tensor | int | float) for one in thing)
    return of_tensors or str(getattr(thing, "__module__", "")).partition(".")[0] in {"torch", "builtins", "math"}


def _asks(thing: object) -> bool:
    if isinstance(thing, torch.nn.Module):
        return any(one.requires_grad for one in thing.parameters())
    if isinstance(thing, list | tuple):
        return any(isinstance(one, torch.Tensor) and one.requires_grad for one in thing)
    return isinstance(thing, torch.Tensor) and thing.requires_grad


def _results(chain: list[Origin]) -> set[str]:
    """Names that were computed from others of the chain."""
    made = {origin.name for origin in chain}
    nodes = {one.name: ast.walk(getattr(one.statement, "value", one.statement)) for one in chain}
    return {name for name, walk in nodes.items() if {one.id for one in walk if isinstance(one, ast.Name)} & made}


def _parses(cell: str) -> bool:
    try:
        return bool(ast.parse(cell))
    except SyntaxError:
        return False
