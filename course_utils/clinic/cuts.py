"""Where a learner's code leaves the tape, and the same code without that."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from course_utils.clinic.edits import replaced
from course_utils.clinic.reading import places
from course_utils.clinic.site import Site
import torch

_AWAY = {"detach", "item", "numpy", "tolist"}
_COPIES = {"tensor", "as_tensor", "asarray", "from_numpy", "Tensor", "FloatTensor"}
_NAMES = {
    "detach": "`detach()` gives the number without its graph",
    "data": "`.data` gives the number without its graph",
    "item": "`item()` gives a plain number, without a graph",
    "numpy": "`numpy()` gives plain numbers, without a graph",
    "tolist": "`tolist()` gives plain numbers, without a graph",
    "float": "`float(...)` gives a plain number, without a graph",
}


def tied(site: Site, text: str, tainted: Iterable[str] = (), *, everywhere: bool = False) -> tuple[str, str]:
    """A statement's text without what cuts the graph, and what that was, in words; both "" where there is nothing.

    Args:
        site: where the names are known.
        text: the statement.
        tainted: names that would be on the tape if it had not been cut.
        everywhere: whether to mend what reads unknown names too.
    """
    said, kept = "", text
    while True:
        tree = ast.parse(kept)
        found = next(
            (one for one in ast.walk(tree) if _cut(one) and (everywhere or reads_tape(site, one, tainted))), None
        )
        if found is None or not isinstance(found, ast.expr):
            return (kept, said) if said else ("", "")
        cut = _cut(found) or ""
        said = said or _NAMES.get(cut, f"`{cut}` makes a copy without a graph")
        kept = replaced(kept, found, _inside(site, kept, tree, found))


def reads_tape(site: Site, node: ast.AST, tainted: Iterable[str] = ()) -> bool:
    """Whether an expression reads something that asks for a gradient, or has a graph."""
    for place in places(site, node):
        held = site.value(place)
        if isinstance(held, torch.Tensor) and held.requires_grad:
            return True
        if isinstance(held, torch.nn.Module) and any(one.requires_grad for one in held.parameters()):
            return True
        if ast.unparse(place) in tainted:
            return True
    return any(isinstance(one, ast.Name) and one.id in tainted for one in ast.walk(node))


def leaves_torch(site: Site, node: ast.AST) -> bool:
    """Whether an expression calls numpy or math, which know no tape."""
    calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)]
    return any(getattr(site.value(func.value), "__name__", "") in {"numpy", "math"} for func in calls)


def _cut(node: ast.AST) -> str | None:
    """By what an expression leaves the tape; None if it does not."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=[]) if name in _AWAY:
            return name
        case ast.Attribute(attr="data", ctx=ast.Load()):
            return "data"
        case ast.Call(func=ast.Name(id="float"), args=[_]):
            return "float"
        case ast.Call(func=func, args=[given, *_]) if ast.unparse(func).rpartition(".")[2] in _COPIES:
            is_copy = not isinstance(given, ast.Constant)
            return ast.unparse(func) if is_copy else None
    return None


def _inside(site: Site, text: str, tree: ast.Module, node: ast.expr) -> str:
    """What a cut was made in."""
    segment = ast.get_source_segment(text, node) or ""
    if isinstance(node, ast.Attribute) or (isinstance(node, ast.Call) and not node.args):
        return segment[: segment.rindex(".")].rstrip()
    given = node.args[0] if isinstance(node, ast.Call) else node
    inner = ast.get_source_segment(text, given) or ""
    held = site.value(given)
    if isinstance(given, ast.List | ast.Tuple | ast.ListComp) or isinstance(held, list | tuple):
        if isinstance(held, list | tuple) and not all(isinstance(one, torch.Tensor) for one in held):
            raise LookupError(inner)  # a list of plain numbers: they were off the tape before
        return f"torch.stack({inner})" if "stack" not in inner else inner
    whole = isinstance(given, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
    return inner if whole or any(getattr(one, "value", None) is node for one in tree.body) else f"({inner})"
