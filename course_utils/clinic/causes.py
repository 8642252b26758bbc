"""Why a gradient is None: the leaf was replaced, was none, did not ask, was cleared, or no pass has run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
import re

from course_utils.clinic.asking import ask, lasting_name, made_in_cell
from course_utils.clinic.edits import followed, inserted, replaced, without
from course_utils.clinic.missing import has_pass, missing_pass, pass_again
from course_utils.clinic.origins import Origins
from course_utils.clinic.reading import statements
from course_utils.clinic.rewrites import Rewrite, suffixed
from course_utils.clinic.site import FUNCTIONS, Site
from course_utils.clinic.strides import Stride, body_of, in_place, off_tape, strides
import torch

ZERO = re.compile(r"\.grad(\.data)?\.(zero_\(\)|fill_\(0(\.0?)?\))$")


@dataclass(frozen=True)
class Cause:
    """Why a gradient is None, in words, and what is to be changed."""

    happened: str
    why: str
    changes: list[Rewrite]
    why_not: str
    tensor: str = ""  # its lasting name, where it has another one in a loop


def cause_of(site: Site, name: str) -> Cause | None:
    """Why the `.grad` of a tensor is None; None if it cannot be told."""
    held = site.value(ast.parse(name, mode="eval").body)
    if not isinstance(held, torch.Tensor):
        return None
    found = strides(site)
    is_asking_leaf = held.is_leaf and held.requires_grad
    if not is_asking_leaf and any(stride.name == name for stride in found):
        return _replaced(site, name, found, is_result=not held.is_leaf)
    if held.is_leaf and not held.requires_grad:
        lasting = lasting_name(site, name)
        return _unasked(site, lasting) if lasting else None
    if is_asking_leaf:
        return _cleared(site, name) or _no_pass(site, name, held)
    return _never_a_leaf(site, name)


def _never_a_leaf(site: Site, name: str) -> Cause | None:
    """`w = torch.randn(3, requires_grad=True) * 0.1`, or a result that was handed to a function."""
    made = made_in_cell(site, name)
    origin = Origins(site).before(name, site.statement, len(site.earlier))
    function = site.nearest(FUNCTIONS)
    is_given = function is not None and name in {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
    if made is not None and "requires_grad" in site.text(made):
        changes = [Rewrite(made, suffixed, (".detach().requires_grad_()",))]
    elif made is None and (is_given or (origin is not None and "requires_grad" in origin.text)):
        changes = ask(site, name)
    else:
        return None
    return Cause(
        f"`{name}.grad` is None, because `{name}` is a result, and no leaf.",
        f"A backward pass leaves a gradient only in leaves. `{name}` was computed from another tensor: "
        f"`detach().requires_grad_()` makes a leaf of it.",
        changes,
        f"Nothing is done where `{name}` has no gradient, and it never has one: nothing is learnt.",
        name,
    )


_ONCE = "It moves `{0}` once at most: from then on `{0}.grad` is None for good, and nothing is learnt."
_PASSED = "The pass still goes through the graph of the old `{0}`: torch stops there, or `{0}.grad` stays None."


def _replaced(site: Site, name: str, found: list[Stride], *, is_result: bool) -> Cause:
    now = "is no leaf any more: it is a result" if is_result else "asks for no gradient any more"
    step = next(site.text(stride.statement) for stride in found if stride.name == name)
    why = (
        f"`{step}` makes a new tensor and gives it the name `{name}`. The backward pass leaves a "
        "gradient only in leaves that ask for one. Move the leaf itself, in place and off the tape."
    )
    again = pass_again(site, found[0].statement)
    changes = [*in_place(site, found), *again]
    if any(change.edit is inserted and name in change.texts[0] for change in changes if change not in again):
        why += f" The first new line makes `{name}` a leaf that asks again."
    if again:
        why += " A new leaf is in no graph and has no gradient: loss and pass come anew, before the step."
    elif not has_pass(site, found[0].statement):
        why += " Then compute the loss and go backward again, before the step."
    return Cause(
        f"`{name}.grad` is None, because `{name}` {now}.",
        why,
        changes,
        _PASSED.format(name) if again and has_pass(site, found[0].statement) else _ONCE.format(name),
    )


def _unasked(site: Site, name: str) -> Cause:
    return Cause(
        f"`{name}.grad` is None, because `{name}` does not ask for a gradient.",
        f"A backward pass fills `.grad` only of leaves with `requires_grad=True`. `{name}` was made without.",
        [*off_tape(site), *ask(site, name), *_zeroing_before_the_pass(site)],
        f"It raises nothing, and `{name}` still has no gradient.",
        name,
    )


def _zeroing_before_the_pass(site: Site) -> list[Rewrite]:
    statement = site.statement
    after = any(".backward(" in ast.unparse(one) and one.lineno < site.line for one in _simple(site))
    if after or not ZERO.search(ast.unparse(statement)):
        return []
    return [Rewrite(statement, replaced, (ast.unparse(statement).partition(".grad")[0] + ".grad = None",))]


def _simple(site: Site) -> list[ast.stmt]:
    return [one for one in statements(body_of(site)) if isinstance(one, ast.Expr | ast.Assign | ast.AugAssign)]


def _cleared(site: Site, name: str) -> Cause | None:
    """The gradient was cleared between the pass and the step."""
    before = [one for one in _simple(site) if one.lineno < site.line]
    passes = [one.lineno for one in before if ".backward(" in ast.unparse(one)]
    words = (f"{name}.grad = None", ".zero_grad(")
    clearing = [
        one for one in before if passes and one.lineno > passes[-1] and any(w in ast.unparse(one) for w in words)
    ]
    if not clearing:
        return None
    texts = tuple(site.text(one) for one in clearing)
    return Cause(
        f"`{name}.grad` is None, because it was cleared between the pass and the step.",
        "The pass leaves the gradient, the step uses it, and only then it may be cleared.",
        [*off_tape(site), *(Rewrite(one, without, ()) for one in clearing), Rewrite(site.statement, followed, texts)],
        f"It raises nothing, and `{name}` never moves: its gradient is cleared before each step.",
    )


def _no_pass(site: Site, name: str, leaf: torch.Tensor) -> Cause | None:
    """No backward pass has run: it is missing before the step."""
    found = missing_pass(site, leaf)
    if found is None:
        return None
    loss, changes = found
    rebound = [stride for stride in strides(site) if stride.name == name]
    cleared = any(word in cell for cell in site.earlier for word in (f"{name}.grad = None", "zero_grad("))
    since = " since its gradient was cleared" if cleared else " yet"
    return Cause(
        f"`{name}.grad` is None, because no backward pass has run{since}.",
        f"Only a backward pass leaves gradients: `{loss}.backward()` is missing before the step."
        + would_replace(site, rebound),
        [*off_tape(site), *in_place(site, strides(site)), *changes],
        f"It raises nothing, and `{name}` still has no gradient.",
    )


def would_replace(site: Site, rebound: list[Stride]) -> str:
    """What is said of a step that has not run yet and would make a new tensor; "" if there is none."""
    if not rebound:
        return ""
    name, step = rebound[0].name, site.text(rebound[0].statement)
    told = f" And `{step}` would make a new tensor with the name `{name}`."
    return f"{told} Move the leaf itself, in place and off the tape."
