"""The nodes of the graph that torch keeps behind a result, walked without recursion and without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
import re
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

# A node that was once walked from Python is freed by recursion in C: past some 40,000 of them in a row, freeing the
# learner's own result would crash the process.
LIMIT = 5_000

Source = tuple["GradFn", int]  # a node, and which of its results


def edge_of(tensor: torch.Tensor) -> Source:
    """The node behind a tensor, and which of its results it is: of a leaf, the node that adds to its `.grad`."""
    with torch.inference_mode(mode=False):  # torch asks a leaf by a view of it that has a graph
        edge = torch.autograd.graph.get_gradient_edge(tensor)
    return edge.node, edge.output_nr


def operands(fn: GradFn) -> list[Source]:
    """What an operation takes, in order; what needs no gradient has no node."""
    return [(source, output) for source, output in fn.next_functions if source is not None]


def operands_first(root: GradFn) -> list[GradFn]:
    """Every node behind `root`, operands before what uses them, by a walk with a stack of its own."""
    order: list[GradFn] = []
    seen = {id(root)}
    stack = [(root, iter(operands(root)))]
    while stack:
        fn, rest = stack[-1]
        for source, _ in rest:
            if id(source) not in seen:
                seen.add(id(source))
                stack.append((source, iter(operands(source))))
                break
        else:
            order.append(fn)
            stack.pop()
        if len(seen) > LIMIT:
            raise ValueError(f"result has more than {LIMIT} operations behind it; trace a smaller piece of it")
    return order


def saved_results(user: GradFn) -> Iterator[tuple[Source, torch.Tensor]]:
    """Results of other operations that `user` keeps for its backward pass, each with where it was made."""
    for attribute in dir(user):
        if not attribute.startswith("_saved_"):
            continue
        try:
            saved = getattr(user, attribute)
        except RuntimeError:  # freed by a backward pass, or overwritten in place: the value is not to be had
            continue
        if isinstance(saved, torch.Tensor) and saved.grad_fn is not None:
            yield (saved.grad_fn, saved.output_nr), saved


_SIGNS = {
    "Add": "+", "Sub": "−", "Rsub": "−", "Mul": "×", "Div": "÷", "Pow": "^", "Neg": "negate", "Mm": "@", "Mv": "@",
    "Dot": "@", "Bmm": "@", "Addmm": "linear", "T": "transpose", "CopySlices": "write into",
}  # fmt: skip


def sign(name: str) -> str:
    """The sign or plain name of an operation that torch calls, say, `MulBackward0` or `LogSoftmaxBackward0`."""
    bare = re.sub(r"Backward\d*$", "", name.rpartition("::")[2])
    spaced = re.sub(r"(?<!^)(?=[A-Z][a-z])", " ", bare.removeprefix("Native"))  # NativeBatchNorm, MaxPool2DWithIndices
    return _SIGNS.get(bare) or spaced.lower()
