"""The slope of a formula with respect to one of its names, as a formula again."""

from __future__ import annotations

import ast

from course_utils.clinic.site import names_in

_ONE, _ZERO = ast.Constant(1), ast.Constant(0)


def slope_of(formula: ast.expr, name: str) -> ast.expr | None:
    """The slope of sums, products, quotients and plain powers; None of all else.

    >>> ast.unparse(slope_of(ast.parse("w * x + 3 * w", mode="eval").body, "w"))
    'x + 3'
    """
    if name not in names_in(formula):
        return _ZERO
    match formula:
        case ast.Name():
            return _ONE
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            slope = slope_of(inner, name)
            return ast.UnaryOp(ast.USub(), slope) if slope is not None else None
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
            lower = left if power == 2 else ast.BinOp(left, ast.Pow(), ast.Constant(power - 1))
            slope = slope_of(left, name)
            return _times(_times(ast.Constant(power), lower), slope) if slope is not None else None
        case ast.BinOp(left=left, op=op, right=right):
            return _of_two(left, op, right, name)
    return None


def _of_two(left: ast.expr, op: ast.operator, right: ast.expr, name: str) -> ast.expr | None:
    first, second = slope_of(left, name), slope_of(right, name)
    if first is None or second is None:
        return None
    match op:
        case ast.Add():
            return _plus(first, second)
        case ast.Sub():
            return ast.BinOp(first, ast.Sub(), second) if second is not _ZERO else first
        case ast.Mult():
            return _plus(_times(first, right), _times(left, second))
        case ast.Div() if second is _ZERO:
            return ast.BinOp(first, ast.Div(), right)
        case ast.Div() if first is _ZERO:
            square = ast.BinOp(right, ast.Pow(), ast.Constant(2))
            return ast.BinOp(ast.UnaryOp(ast.USub(), _times(left, second)), ast.Div(), square)
    return None


def _plus(first: ast.expr, second: ast.expr) -> ast.expr:
    if first is _ZERO or second is _ZERO:
        return second if first is _ZERO else first
    return ast.BinOp(first, ast.Add(), second)


def _times(first: ast.expr, second: ast.expr) -> ast.expr:
    if first is _ZERO or second is _ZERO:
        return _ZERO
    if first is _ONE or second is _ONE:
        return second if first is _ONE else first
    return ast.BinOp(first, ast.Mult(), second)
