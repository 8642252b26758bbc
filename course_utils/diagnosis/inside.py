"""The line inside a function or a `forward` of the learner's that takes the way from a parameter off the tape."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
import inspect
from textwrap import dedent
from types import FunctionType, ModuleType

from course_utils.diagnosis.belongings import is_own
from course_utils.diagnosis.mending import Mended, slice_of, taken_out
from course_utils.diagnosis.wrote import Wrote, assigned, read_names
import torch

OURS = ("torch", "course_utils")


def cut_inside(
    variables: Mapping[str, object], wrote: Wrote, loss: str, parameter: str, *, is_used: bool
) -> Mended | None:
    """The only line of those functions that cuts what comes from the parameter, and what it should be.

    If its module is used all the same, what cuts lies in a `forward`.
    """
    found = []
    places = list(_forwards(variables, parameter))
    places += _functions(variables, wrote, loss, parameter) if not is_used else []
    for text, names in places:
        statements = _statements(text)
        leading = set(names)
        for _ in statements:
            leading.update(each for line in statements if leading & set(read_names(line)) for each in assigned(line))
        found += [mended for line in statements if (mended := taken_out(line, leading)) is not None]
    found = list(dict.fromkeys(found))
    return found[0] if len(found) == 1 else None


def calls_own(variables: Mapping[str, object], wrote: Wrote, loss: str) -> bool:
    """Whether the loss was made by functions or modules that the learner wrote, which may cut what they get."""
    names = {name for line in slice_of(wrote, loss) for name in read_names(line)}
    held = [variables[name] for name in names if name in variables]
    modules = [thing.__name__ for thing in held if isinstance(thing, ModuleType)]
    if any(name.partition(".")[0] not in OURS for name in modules):
        return True
    return any(_is_own(thing) for thing in held if callable(thing) and not isinstance(thing, torch.Tensor))


def _is_own(thing: object) -> bool:
    if isinstance(thing, FunctionType | torch.nn.Module):
        home = thing.__module__ if isinstance(thing, FunctionType) else type(thing).__module__
        return (home or "").partition(".")[0] not in OURS
    return is_own(thing)


def _forwards(variables: Mapping[str, object], parameter: str) -> Iterator[tuple[str, set[str]]]:
    """Each `forward` of the learner's on the path of a module's parameter, with what stands there for it."""
    root, *path = parameter.split(".")
    owner = variables.get(root)
    for part in path:
        if not isinstance(owner, torch.nn.Module):
            return
        if _is_own(owner):
            yield _source(type(owner).forward), {f"self.{part}"}
        owner = getattr(owner, part, None)


def _functions(
    variables: Mapping[str, object], wrote: Wrote, loss: str, parameter: str
) -> Iterator[tuple[str, set[str]]]:
    for name in dict.fromkeys(name for line in slice_of(wrote, loss) for name in read_names(line)):
        thing = variables.get(name)
        if isinstance(thing, FunctionType) and _is_own(thing):
            code = thing.__code__
            yield _source(thing), {*code.co_varnames[: code.co_argcount], parameter}


def _source(function: object) -> str:
    with suppress(OSError, TypeError):
        return dedent(inspect.getsource(function))  # type: ignore[arg-type]
    return ""


def _statements(text: str) -> list[ast.stmt]:
    tree = ast.fix_missing_locations(_Flat().visit(ast.parse(text)))
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body")]


class _Flat(ast.NodeTransformer):
    """Has `self.fc1` be one name."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return ast.Name(f"self.{node.attr}", node.ctx)
        self.generic_visit(node)
        return node
