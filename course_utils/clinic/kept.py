"""Whether a graph that is kept for another pass needs a weight which a step has changed by then."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from course_utils.clinic.called import called_functions
from course_utils.clinic.reading import statements
from course_utils.clinic.site import Site
from course_utils.clinic.ways import nodes_behind
import torch

_EDGES = {"self": 0, "input": 0, "other": 1, "weight": 1, "mat": 1, "mat1": 1, "vec": 1, "tensor": 1, "mat2": -1}
_VIEWS = (
    "T",
    "Transpose",
    "Permute",
    "View",
    "UnsafeView",
    "Unsqueeze",
    "Squeeze",
    "Expand",
    "Select",
    "Slice",
    "Alias",
)


def changed_weight(site: Site, loop: ast.For | ast.While, result: object) -> str:
    """The learner's name for a weight that the graph of a result needs, and a step of a loop changes; "" for none."""
    if not isinstance(result, torch.Tensor) or not result.requires_grad or not _has_steps(site, loop):
        return ""
    needed = (leaf for node in nodes_behind(result) or () for leaf in _kept_leaves(node))
    changed = next((leaf for leaf in needed if leaf._version > 0), None)
    if changed is None:
        return ""
    names = (name for name, held in site.names.items() if held is changed and not name.startswith("_"))
    return next((f"`{name}`" for name in names), "a weight")


def _has_steps(site: Site, loop: ast.For | ast.While) -> bool:
    """Whether a loop changes something in place so that torch sees it."""
    inside = list(statements(loop.body))
    inside += [one for made in called_functions(site, loop) for one in statements(made.body)]
    return any(_is_step(one) for one in inside)


def _is_step(one: ast.stmt) -> bool:
    if isinstance(one, ast.AugAssign):
        return ".data" not in ast.unparse(one.target) and ".grad" not in ast.unparse(one.target)
    call = one.value if isinstance(one, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    owner, name = ast.unparse(call.func.value), call.func.attr
    return name == "step" or (name.endswith("_") and ".data" not in owner and ".grad" not in owner)


def _kept_leaves(node: torch.autograd.graph.Node) -> Iterator[torch.Tensor]:
    """The leaves that an operation has kept, or had kept until a pass freed them."""
    for slot, place in _EDGES.items():
        if place < len(node.next_functions) and _was_kept(node, f"_saved_{slot}"):
            leaf = _leaf_behind(node.next_functions[place][0])
            if leaf is not None:
                yield leaf


def _was_kept(node: torch.autograd.graph.Node, slot: str) -> bool:
    try:
        return isinstance(getattr(node, slot, None), torch.Tensor)
    except RuntimeError:  # freed: there was something
        return True


def _leaf_behind(node: torch.autograd.graph.Node | None) -> torch.Tensor | None:
    """The leaf at the end of a row of views."""
    while node is not None and node.name().rstrip("0123456789") in [f"{view}Backward" for view in _VIEWS]:
        node = node.next_functions[0][0]
    leaf = getattr(node, "variable", None)
    return leaf if isinstance(leaf, torch.Tensor) else None
