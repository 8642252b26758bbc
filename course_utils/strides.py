"""Steps downhill that put a result in the leaf's place, and the same steps as they should be."""

from __future__ import annotations

import ast
from textwrap import indent
from typing import NamedTuple

from course_utils.asking import ask
from course_utils.edits import replaced
from course_utils.origins import statements
from course_utils.rewrites import Change, followed, torch_in
from course_utils.site import Site

_QUIET = ("no_grad", "inference_mode", "set_grad_enabled(False)")


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
    learnt = {"grad"} | {
        ast.unparse(one.targets[0]) for one in statements(body) if isinstance(one, ast.Assign) and _has_grad(one.value)
    }
    found = []
    for one in statements(body):
        if isinstance(one, ast.Assign) and len(one.targets) == 1:
            goals, values = _pairs(one)
            steps = [_stride(site, one, goal, value, learnt) for goal, value in zip(goals, values, strict=True)]
            found += [step for step in steps if step] if all(steps) else []
    return found


def body_of(site: Site) -> list[ast.stmt]:
    """The statements of the learner's function that the place is in, or of the cell."""
    function = site.nearest(ast.FunctionDef)
    return function.body if function else site.tree.body


def in_place(site: Site, found: list[Stride]) -> list[Change]:
    """The changes after which the steps move the leaves themselves, off the tape, and clear their gradients."""
    changes: list[Change] = []
    for statement in dict.fromkeys(stride.statement for stride in found):
        ours = [stride for stride in found if stride.statement is statement]
        rows = "\n".join(stride.text for stride in ours)
        if quiet_block(site, statement) is None:
            rows = f"with {torch_in(site)}.no_grad():\n{indent(rows, '    ')}"
        margin = "\n" + " " * statement.col_offset
        changes.append(Change(statement, replaced, (rows.replace("\n", margin),)))
        resets = [f"{stride.name}.grad = None" for stride in ours if not is_cleared(site, stride.name)]
        changes += [Change(statement, followed, tuple(resets))] if resets else []
        for stride in ours:
            changes += ask(site, stride.name)
            changes += _early_zeroing(site, stride)
    return changes


def quiet_block(site: Site, statement: ast.AST) -> ast.With | None:
    """The block around a statement in which the tape does not run; None if there is none."""
    line = getattr(statement, "lineno", 0)
    for block in ast.walk(site.tree):
        if isinstance(block, ast.With) and block.lineno < line <= (block.end_lineno or 0) and is_quiet(block.items):
            return block
    return None


def is_quiet(items: list[ast.withitem]) -> bool:
    """Whether a `with` stops the tape."""
    return any(word in ast.unparse(item.context_expr) for item in items for word in _QUIET)


def is_cleared(site: Site, name: str) -> bool:
    """Whether the cell clears a gradient somewhere."""
    text = ast.unparse(site.tree)
    words = (f"{name}.grad = None", f"{name}.grad.zero_", f"{name}.grad.data.zero_", "zero_grad(", f"{name}.grad *= 0")
    return any(word in text for word in words)


def _early_zeroing(site: Site, stride: Stride) -> list[Change]:
    """`w.grad.zero_()` before the step may come before the first pass, when there is nothing to be zeroed."""
    found = []
    for one in statements(body_of(site)):
        is_early = isinstance(one, ast.Expr) and one.lineno < stride.statement.lineno
        if is_early and ast.unparse(one) in {f"{stride.name}.grad.zero_()", f"{stride.name}.grad.data.zero_()"}:
            found.append(Change(one, replaced, (f"{stride.name}.grad = None",)))
    return found


def _pairs(one: ast.Assign) -> tuple[list[ast.expr], list[ast.expr]]:
    goal, value = one.targets[0], one.value
    if isinstance(goal, ast.Tuple) and isinstance(value, ast.Tuple) and len(goal.elts) == len(value.elts):
        return goal.elts, value.elts
    return [goal], [value]


def _stride(site: Site, one: ast.Assign, goal: ast.expr, value: ast.expr, learnt: set[str]) -> Stride | None:
    name, sum_ = ast.unparse(goal), _bare(value)
    if not isinstance(sum_, ast.BinOp) or not isinstance(sum_.op, ast.Sub | ast.Add):
        return None
    is_step = ast.unparse(_bare(sum_.left)) == name and _reads(sum_.right, learnt)
    sign = "-" if isinstance(sum_.op, ast.Sub) else "+"
    return Stride(one, name, f"{name} {sign}= {site.text(sum_.right)}") if is_step else None


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


def _has_grad(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr == "grad" for one in ast.walk(node))


def _reads(node: ast.AST, learnt: set[str]) -> bool:
    return _has_grad(node) or any(isinstance(one, ast.Name) and one.id in learnt for one in ast.walk(node))
