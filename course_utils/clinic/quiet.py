"""Where the tape does not run: under `torch.no_grad()` and its like."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_BLOCKS = ("no_grad", "inference_mode", "set_grad_enabled(False)")
_DECORATORS = ("no_grad", "inference_mode")


def is_quiet(items: list[ast.withitem]) -> bool:
    """Whether a `with` stops the tape."""
    return any(word in ast.unparse(item.context_expr) for item in items for word in _BLOCKS)


def quiet_blocks(nodes: Iterable[ast.AST], line: int) -> list[ast.With]:
    """Those among the nodes that are blocks around a line in which the tape does not run, in their order."""
    blocks = [one for one in nodes if isinstance(one, ast.With) and is_quiet(one.items)]
    return [one for one in blocks if one.lineno < line <= (one.end_lineno or 0)]


def under(block: ast.With) -> str:
    """That no graph comes from a block in which the tape does not run, in words."""
    text = ast.unparse(block.items[0].context_expr)
    return f"What is computed under `{next((word for word in _BLOCKS if word in text), 'no_grad')}` leaves no graph"


def made_by(decorator: ast.expr) -> str:
    """That no graph comes from a function in which the tape does not run, in words."""
    word = next((word for word in _DECORATORS if word in ast.unparse(decorator)), "no_grad")
    return f"What a `{word}` function computes leaves no graph"


def quiet_decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """`@torch.no_grad()` and its like above a function."""
    return [one for one in function.decorator_list if any(word in ast.unparse(one) for word in _DECORATORS)]
