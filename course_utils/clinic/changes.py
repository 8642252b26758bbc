"""Where the learner's text changes a tensor in place, and which of these changes spoilt what the way back needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import math
import re
from typing import NamedTuple

from course_utils.clinic.clues import PLAIN, definitions, function_of, statement_of
from course_utils.clinic.messages import sizes_in
from course_utils.clinic.site import Site
import torch

_NO_CHANGE = {"requires_grad_", "retain_grad_", "share_memory_"}


class Change(NamedTuple):
    """One change in place.

    Attributes:
        kind: "sign" for `y += 1`, "item" for `y[0] = 1`, "method" for `y.mul_(2)`, "shared" for `y.detach().mul_(2)`,
            "flag" for `F.relu(y, inplace=True)`, "module" for `nn.ReLU(inplace=True)`, "step" for an optimizer's step.
        target: what is changed.
        node: the statement, the call or the keyword that does it.
        statement: the statement in which it stands.
    """

    kind: str
    target: ast.expr
    node: ast.AST
    statement: ast.stmt


class Spoilt(NamedTuple):
    """What torch says of the tensor that was changed."""

    kind: str
    shape: tuple[int, ...]
    version: int

    @classmethod
    def told(cls, match: re.Match[str]) -> Spoilt:
        """From the error's text."""
        return cls(match["kind"], sizes_in(match["shape"]), int(match["version"]))

    def may_be(self, held: object) -> bool:
        """Whether it may be this tensor, or a view of it; of a weight, that no later step was taken."""
        if not isinstance(held, torch.Tensor) or held.is_inference() or held._version < self.version:
            return False
        if not held.type().endswith(f".{self.kind}Tensor") or (_is_weight(held) and held._version != self.version):
            return False
        return held.numel() == math.prod(self.shape) or held._base is not None

    def is_exactly(self, held: object) -> bool:
        """Whether all that is told fits."""
        return isinstance(held, torch.Tensor) and held._version == self.version and tuple(held.shape) == self.shape


def _is_weight(held: torch.Tensor) -> bool:
    return held.is_leaf and held.requires_grad


def changes(site: Site) -> list[Change]:
    """All changes in place in the cell, in order; those of a `.grad` or `.data` are none of the tape's."""
    found = [change for node in ast.walk(site.tree) for change in _changes(site, node)]
    mine = [one for one in found if not any(part.attr in ("grad", "data") for part in _attributes(one.target))]
    return sorted(mine, key=lambda one: (one.statement.lineno, one.statement.col_offset))


def _attributes(node: ast.AST) -> Iterator[ast.Attribute]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Attribute))


def _changes(site: Site, node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.AugAssign(target=ast.Subscript(value=owner)) if _is_tensor(site, owner):
            yield Change("item", owner, node, node)
        case ast.AugAssign(target=target):
            yield Change("sign", target, node, node)
        case ast.Assign(targets=[ast.Subscript(value=owner)]) if _is_tensor(site, owner):
            yield Change("item", owner, node, node)
        case ast.Call():
            yield from _called(site, node)


def _called(site: Site, call: ast.Call) -> Iterator[Change]:
    match call.func:
        case ast.Attribute(value=ast.Call(ast.Attribute(owner, "detach")), attr=name) if _is_change(name):
            yield from _inside(site, "shared", owner, call)
        case ast.Attribute(value=owner, attr=name) if _is_change(name):
            yield from _inside(site, "method", owner, call)
        case ast.Attribute(value=owner, attr="step"):
            yield from _inside(site, "step", owner, call)
    for word in call.keywords:
        if word.arg == "inplace" and isinstance(word.value, ast.Constant) and word.value.value is True:
            kind = "flag" if call.args else "module"
            yield from _inside(site, kind, call.args[0] if call.args else call.func, word)


def _inside(site: Site, kind: str, target: ast.expr, node: ast.AST) -> Iterator[Change]:
    statement = statement_of(site.tree, node)
    if statement is not None:
        yield Change(kind, target, node, statement)


def _is_change(name: str) -> bool:
    return name.endswith("_") and not name.startswith("_") and name not in _NO_CHANGE and hasattr(torch.Tensor, name)


def _is_tensor(site: Site, owner: ast.expr) -> bool:
    """Whether `owner[...]` is a part of a tensor, rather than of a list or a dictionary."""
    held = site.value(owner)
    if held is not None:
        return isinstance(held, torch.Tensor)
    made = definitions(site, site.text(owner))
    return bool(made) and not isinstance(made[-1].value, ast.List | ast.Dict | ast.ListComp | ast.DictComp)


def spoilers(site: Site, spoilt: Spoilt) -> list[Change]:
    """The changes of the one tensor that was spoilt; none if it cannot be said which one it was."""
    here = function_of(site.tree, site.statement)
    seen, exact, unseen = [], [], []
    for one in changes(site):
        held = site.value(one.target) if function_of(site.tree, one.statement) is here else None
        if isinstance(held, torch.optim.Optimizer):
            weights = [weight for group in held.param_groups for weight in group["params"]]
            held = next((weight for weight in weights if spoilt.may_be(weight)), weights)
        if spoilt.may_be(held):
            seen.append(one)
            exact += [one] if spoilt.is_exactly(held) else []
        elif one.kind == "module" or (held is None and one.kind != "step"):
            unseen.append(one)
    return next((group for group in (seen, exact) if _are_one(group)), []) if seen else _sole(site, unseen)


def _are_one(group: list[Change]) -> bool:
    return len({ast.unparse(one.target) for one in group}) == 1


def _sole(site: Site, unseen: list[Change]) -> list[Change]:
    groups = {(ast.unparse(one.target), function_of(site.tree, one.statement)) for one in unseen}
    alike = len(groups) == 1 or all(one.kind == "module" for one in unseen)
    return unseen if unseen and alike and isinstance(unseen[0].target, PLAIN) else []
