"""Steps downhill that put a result in the leaf's place, and the same steps as they should be."""

from __future__ import annotations

import ast
from textwrap import indent
from typing import NamedTuple

from course_utils.clinic.asking import ask
from course_utils.clinic.clues import block_of
from course_utils.clinic.edits import followed, replaced, wrapped
from course_utils.clinic.quiet import quiet_blocks
from course_utils.clinic.reading import statements, targets
from course_utils.clinic.rewrites import Rewrite, torch_word
from course_utils.clinic.site import FUNCTIONS, Site
import torch


class Stride(NamedTuple):
    """A step `w = w - rate * w.grad`.

    Attributes:
        statement: the whole of it.
        name: what it moves.
        text: the same as a change of what is there: `w -= rate * w.grad`.
    """

    statement: ast.Assign
    name: str
    text: str


def strides(site: Site) -> list[Stride]:
    """The steps in the learner's function or cell that make a new tensor."""
    body = body_of(site)
    learnt: dict[str, set[str]] = {}
    found = []
    for one in statements(body):
        if isinstance(one, ast.Assign) and len(one.targets) == 1:
            goals, values = _pairs(one)
            steps = [_stride(site, one, goal, value, learnt) for goal, value in zip(goals, values, strict=True)]
            found += [step for step in steps if step] if all(steps) else []
            if isinstance(one.targets[0], ast.Name):
                learnt[one.targets[0].id] = _moved_by(one.value, learnt)
    return found


def body_of(site: Site) -> list[ast.stmt]:
    """The statements of the learner's function that the place is in, or of the cell."""
    function = site.nearest(FUNCTIONS)
    return function.body if function else site.tree.body


def in_place(site: Site, found: list[Stride]) -> list[Rewrite]:
    """The changes after which the steps move the leaves themselves, off the tape, and clear their gradients."""
    changes: list[Rewrite] = []
    for statement in dict.fromkeys(stride.statement for stride in found):
        ours = [stride for stride in found if stride.statement is statement]
        rows = "\n".join(stride.text for stride in ours)
        if not quiet_blocks(ast.walk(site.tree), statement.lineno):
            rows = f"with {torch_word(site)}.no_grad():\n{indent(rows, '    ')}"
        margin = "\n" + " " * statement.col_offset
        changes.append(Rewrite(statement, replaced, (rows.replace("\n", margin),)))
        uncleared = [one.name for one in ours if not is_cleared(site, one.name) and not _moves_again(site, one, found)]
        resets = [f"{name}.grad = None" for name in uncleared]
        changes += [Rewrite(statement, followed, tuple(resets))] if resets else []
        for stride in ours:
            changes += [] if _is_handed_out(site, stride) else ask(site, stride.name)
            changes += _early_zeroing(site, stride)
    return changes


def off_tape(site: Site) -> list[Rewrite]:
    """The changes after which `w -= rate * w.grad` is off the tape, wherever it is on it."""
    header = f"with {torch_word(site)}.no_grad():"
    return [Rewrite(one, wrapped, (header,)) for one in statements(body_of(site)) if _is_noted(site, one)]


def _is_noted(site: Site, one: ast.stmt) -> bool:
    is_step = isinstance(one, ast.AugAssign) and ".grad" in ast.unparse(one.value) and ".data" not in ast.unparse(one)
    held = site.value(one.target) if is_step and isinstance(one, ast.AugAssign) else None
    return isinstance(held, torch.Tensor) and held.is_leaf and not quiet_blocks(ast.walk(site.tree), one.lineno)


def _moves_again(site: Site, stride: Stride, found: list[Stride]) -> bool:
    """Whether another step comes before the next pass: then both use one gradient."""
    block = block_of(site.tree, stride.statement)
    rest = block[block.index(stride.statement) + 1 :]
    later = [one.statement for one in found if one.name == stride.name and one.statement in rest]
    between = rest[: rest.index(later[0])] if later else []
    return bool(later) and not any(isinstance(node, ast.Call) for one in between for node in ast.walk(one))


def _is_handed_out(site: Site, stride: Stride) -> bool:
    """Whether a loop hands out what is moved, as in `for p in leaves`: the leaves themselves are still there."""
    loops = [one for one in ast.walk(site.tree) if isinstance(one, ast.For) and stride.statement in ast.walk(one)]
    return any(stride.name in targets(one) for one in loops)


def is_cleared(site: Site, name: str) -> bool:
    """Whether the cell clears a gradient somewhere."""
    text = ast.unparse(site.tree)
    words = (f"{name}.grad = None", f"{name}.grad.zero_", f"{name}.grad.data.zero_", "zero_grad(", f"{name}.grad *= 0")
    return any(word in text for word in words)


def _early_zeroing(site: Site, stride: Stride) -> list[Rewrite]:
    """`w.grad.zero_()` before the step may come before the first pass, when there is nothing to be zeroed."""
    found = []
    for one in statements(body_of(site)):
        is_early = isinstance(one, ast.Expr) and one.lineno < stride.statement.lineno
        if is_early and ast.unparse(one) in {f"{stride.name}.grad.zero_()", f"{stride.name}.grad.data.zero_()"}:
            found.append(Rewrite(one, replaced, (f"{stride.name}.grad = None",)))
    return found


def _pairs(one: ast.Assign) -> tuple[list[ast.expr], list[ast.expr]]:
    goal, value = one.targets[0], one.value
    if isinstance(goal, ast.Tuple) and isinstance(value, ast.Tuple) and len(goal.elts) == len(value.elts):
        return goal.elts, value.elts
    return [goal], [value]


def _stride(site: Site, one: ast.Assign, goal: ast.expr, value: ast.expr, learnt: dict[str, set[str]]) -> Stride | None:
    name, bare = ast.unparse(goal), _bare(value)
    if name not in _moved_by(bare, learnt) or not _reads_itself(bare, name):
        return None
    is_plain = isinstance(bare, ast.BinOp) and isinstance(bare.op, ast.Sub | ast.Add)
    if isinstance(bare, ast.BinOp) and is_plain and ast.unparse(_bare(bare.left)) == name:
        sign = "-" if isinstance(bare.op, ast.Sub) else "+"
        return Stride(one, name, f"{name} {sign}= {site.text(bare.right)}")
    return Stride(one, name, f"{name}.copy_({site.text(bare)})")


def _bare(node: ast.expr) -> ast.expr:
    """What is inside `(...).detach()`, `(...).data`, `torch.tensor(...)` and their like."""
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr="detach" | "clone" | "requires_grad_")):
                node = inner
            case ast.Attribute(value=inner, attr="data"):
                node = inner
            case ast.Call(func=ast.Attribute(attr="tensor" | "as_tensor"), args=[inner]):
                node = inner
            case _:
                return node


def _moved_by(node: ast.AST, learnt: dict[str, set[str]]) -> set[str]:
    """The tensors whose gradients are read, by name: also by way of `g = w.grad`."""
    nodes = list(ast.walk(node))
    found = {ast.unparse(one.value) for one in nodes if isinstance(one, ast.Attribute) and one.attr == "grad"}
    return found.union(*(learnt.get(one.id, set()) for one in nodes if isinstance(one, ast.Name)))


def _reads_itself(node: ast.AST, name: str) -> bool:
    """Whether a tensor is read otherwise than for its gradient."""
    nodes = list(ast.walk(node))
    of_gradients = [one.value for one in nodes if isinstance(one, ast.Attribute) and one.attr == "grad"]
    return any(one not in of_gradients and isinstance(one, ast.expr) and ast.unparse(one) == name for one in nodes)
