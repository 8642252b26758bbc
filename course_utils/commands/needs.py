"""Which earlier cells a piece of code needs, told by the names they make."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
import dis
from symtable import symtable
from types import CodeType


def cells_needed(code: str, before: Sequence[str]) -> list[int]:
    """The places in `before` of the cells to run first, in their order.

    A cell that changes a value without giving it a name is not among them, if no name of its own is needed.

    Args:
        code: what is to run.
        before: the sources of the cells that come before it.
    """
    wanted = names_used(code) - set(dir(builtins))
    places = []
    for place in reversed(range(len(before))):
        if made := names_made(before[place]) & wanted:
            places.append(place)
            wanted = (wanted - made) | names_used(before[place])
    return sorted(places)


def names_made(code: str) -> set[str]:
    """The names that a piece of code gives a value to, at its top level."""
    try:
        names = symtable(code, "cell", "exec").get_symbols()
    except SyntaxError:  # a line for IPython alone
        return set()
    return {name.get_name() for name in names if name.is_assigned() or name.is_imported()}


def names_used(code: str) -> set[str]:
    """The names that a piece of code needs from before, for the functions it defines too.

    >>> names_used("def f(x): return x + late")
    {'late'}
    """
    try:
        whole = compile(code, "cell", "exec")
    except SyntaxError:
        return set()
    made: set[str] = set()
    used: set[str] = set()
    for step in dis.get_instructions(whole):
        if step.opname == "STORE_NAME":
            made.add(step.argval)
        elif step.opname == "LOAD_NAME" and step.argval not in made:
            used.add(step.argval)
    return used | (_names_of_functions(whole) - made)


def _names_of_functions(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    used = {step.argval for each in inner for step in dis.get_instructions(each) if step.opname == "LOAD_GLOBAL"}
    return used.union(*map(_names_of_functions, inner))
