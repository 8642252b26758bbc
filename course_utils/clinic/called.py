"""Which function of the learner's a call means: by what is called, as two functions may have one name."""

from __future__ import annotations

import ast
from contextlib import suppress
import inspect
import linecache
from textwrap import dedent
from types import CodeType

from course_utils.clinic.clues import holders
from course_utils.clinic.site import FunctionText, Site
import torch


def called_functions(site: Site, node: ast.AST) -> list[FunctionText]:
    """The functions written in this cell that a piece of it calls, in the order of the calls."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    found = (_written(site, call.func) for call in calls)
    return list(dict.fromkeys(one for one in found if one is not None))


def _written(site: Site, func: ast.expr) -> FunctionText | None:
    """The text of what is called; None if it is not in this cell, or two may be meant."""
    made = [one for one in ast.walk(site.tree) if isinstance(one, FunctionText)]
    held = site.value(func)
    if held is None:
        alike = [one for one in made if isinstance(func, ast.Name) and one.name == func.id]
        return alike[0] if len(alike) == 1 else None
    function = inspect.unwrap(type(held).forward if isinstance(held, torch.nn.Module) else held)  # type: ignore[arg-type]
    code, path = getattr(function, "__code__", None), getattr(function, "__qualname__", "")
    if not isinstance(code, CodeType):
        return None
    text = _text(code)
    same = [one for one in made if _path(site, one) == path and ast.dump(one) == text]
    return max(same, key=lambda one: one.lineno) if same else None


def _text(code: CodeType) -> str:
    """The text that a function was made from, as `ast.dump` tells it; "" if that is gone."""
    with suppress(Exception):
        block = inspect.getblock(linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :])
        return ast.dump(ast.parse(dedent("".join(block))).body[0])
    return ""


def _path(site: Site, made: FunctionText) -> str:
    """A function's `__qualname__`."""
    path = made.name
    for one in holders(site.tree, made):
        if isinstance(one, FunctionText):
            path = f"{one.name}.<locals>.{path}"
        elif isinstance(one, ast.ClassDef):
            path = f"{one.name}.{path}"
    return path
