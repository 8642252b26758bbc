"""How a tensor comes to ask for a gradient: in the statement that makes it, or before it is used."""

from __future__ import annotations

import ast

from course_utils.clinic.edits import followed, inserted, replaced
from course_utils.clinic.reading import statements, targets
from course_utils.clinic.rewrites import Rewrite, suffixed, torch_word, with_keyword
from course_utils.clinic.site import FUNCTIONS, Site
import torch

_MAKERS = {"tensor", "zeros", "ones", "rand", "randn", "full", "empty", "eye", "arange", "linspace"}
_MAKERS |= {f"{name}_like" for name in ("zeros", "ones", "rand", "randn", "full", "empty")}


def ask(site: Site, name: str) -> list[Rewrite]:
    """The changes after which a tensor asks for a gradient and is a leaf; none if it does so from the start.

    Raises:
        LookupError: if it is not known how to get at it.
    """
    held, made = site.value(ast.parse(name, mode="eval").body), made_in_cell(site, name)
    if isinstance(held, torch.Tensor) and held.is_leaf and held.requires_grad:
        return []
    if made is None:
        return _where_in_sight(site, name)
    if isinstance(made, ast.Call):
        return _by_keyword(site, made)
    if isinstance(made, ast.Constant) and isinstance(made.value, int | float):
        return [Rewrite(made, replaced, (f"{torch_word(site)}.tensor({float(made.value)!r}, requires_grad=True)",))]
    return [] if "requires_grad" in site.text(made) else [Rewrite(made, suffixed, (".requires_grad_()",))]


def lasting_name(site: Site, name: str) -> str | None:
    """A tensor's name outside a loop: for `leaf` in `for leaf in (w, b)` it is w or b; None if it has none."""
    loops = [one for one in site.around if isinstance(one, ast.For)]
    passing = {node.id for one in loops for node in ast.walk(one.target) if isinstance(node, ast.Name)}
    if name.partition(".")[0].partition("[")[0] not in passing:
        return name
    held = site.value(ast.parse(name, mode="eval").body)
    for other, thing in site.names.items():
        if other.startswith("_") or other in passing:
            continue
        if thing is held:
            return other
        for place, one in enumerate(thing if isinstance(thing, list | tuple) else ()):
            if one is held:
                return f"{other}[{place}]"
    return None


def made_in_cell(site: Site, name: str) -> ast.expr | None:
    """The expression in the cell that a name first gets its value from; None if it comes from elsewhere."""
    function = site.nearest(FUNCTIONS)
    inside = [one for one in _assignments(function) if one.lineno < site.line] if function else []
    if function and name in {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}:
        return _value_for(inside, name)
    around = [one for one in _assignments(site.tree) if function or one.lineno < site.line]
    return _value_for(inside, name) or _value_for(around, name)


def first_statement(body: list[ast.stmt]) -> ast.stmt:
    """The first statement of a body after its docstring."""
    is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1
    return body[1] if is_docstring else body[0]


def _by_keyword(site: Site, made: ast.Call) -> list[Rewrite]:
    given = next((one.value for one in made.keywords if one.arg == "requires_grad"), None)
    if isinstance(given, ast.Constant):
        return [] if given.value else [Rewrite(given, replaced, ("True",))]
    word = ast.unparse(made.func).rpartition(".")[2]
    if "Parameter" in word or "requires_grad" in site.text(made):
        return []
    if word not in _MAKERS or site.value(made.func) is not getattr(torch, word):
        return [Rewrite(made, suffixed, (".requires_grad_()",))]
    whole = (
        word in {"tensor", "arange", "full"}
        and "." not in " ".join(map(site.text, made.args))
        and "dtype" not in (site.text(made))
    )
    kind = f"dtype={torch_word(site)}.float32, " if whole else ""
    return [Rewrite(made, with_keyword, (f"{kind}requires_grad=True",))]


def _assignments(node: ast.AST) -> list[ast.Assign]:
    found = [one for one in ast.walk(node) if isinstance(one, ast.Assign)]
    return sorted(found, key=lambda one: one.lineno)


def _value_for(assignments: list[ast.Assign], name: str) -> ast.expr | None:
    for one in assignments:
        if name in targets(one) and name not in {ast.unparse(node) for node in ast.walk(one.value)}:
            goal = one.targets[0]
            if isinstance(goal, ast.Tuple | ast.List):
                names = [ast.unparse(item) for item in goal.elts]
                return one.value.elts[names.index(name)] if isinstance(one.value, ast.Tuple | ast.List) else None
            return one.value if ast.unparse(goal) == name else None
    return None


def _where_in_sight(site: Site, name: str) -> list[Rewrite]:
    """The change where a name is in sight for the first time: after what binds it here, or at the top."""
    function, text = site.nearest(FUNCTIONS), _before_use(site, name)
    root = name.partition(".")[0].partition("[")[0]
    if function and root in {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}:
        return [Rewrite(first_statement(function.body), inserted, (text,))]
    makers = [one for one in _assignments(site.tree) if root in {ast.unparse(goal) for goal in one.targets}]
    before = [one for one in makers if one in list(statements(site.tree.body)) and (function or one.lineno < site.line)]
    if root != name and before:  # `net.w`, with `net = Net()` in this cell
        return [Rewrite(before[-1], followed, (text,))]
    return [Rewrite(function or first_statement(site.tree.body), inserted, (text,))]


def _before_use(site: Site, name: str) -> str:
    held = site.value(ast.parse(name, mode="eval").body)
    many, _, index = name.rpartition("[")
    if many and index.removesuffix("]").isidentifier():  # ps[i]: no i is in sight before the loop
        ready, leaves = "one.detach().requires_grad_()", site.value(ast.parse(many, mode="eval").body)
        if isinstance(leaves, dict):
            return f"{many} = {{key: {ready} for key, one in {many}.items()}}"
        if not isinstance(leaves, list | tuple):
            raise LookupError(many)
        return f"{many} = [{ready} for one in {many}]"
    if isinstance(held, torch.Tensor) and not held.is_floating_point():
        return f"{name} = {name}.float().requires_grad_()"
    plain = isinstance(held, torch.Tensor) and held.is_leaf
    return f"{name}.requires_grad_()" if plain else f"{name} = {name}.detach().requires_grad_()"
