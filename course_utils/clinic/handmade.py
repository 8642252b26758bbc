"""A Function of the learner's own, as it is written: what `forward` computes, what `backward` gives."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from types import BuiltinMethodType, MethodType

from course_utils.clinic.clues import function_of, parsed
from course_utils.clinic.derivative import slope_of
from course_utils.clinic.site import Site, names_in

_LEAVES_TAPE = ("detach", ".data", "numpy", "item(", "tolist", "no_grad", "float(")


@dataclass(frozen=True)
class Handmade:
    """A class that has a `forward` and a `backward`.

    Attributes:
        cell: the text that it is in.
        kind: its name.
        answers: what each `return` of `backward` gives.
        upstream: what `backward` calls the gradient that comes in.
        arguments: what `forward` calls the things that it is handed, without `ctx`.
        formula: what `forward` gives, if it is one formula.
        names: what those names are called in `backward`, as far as `ctx` has kept them.
        is_plain: whether `forward` runs on the tape, when it is called with None for `ctx`.
        in_lambda: whether `backward` is a lambda.
        handed: what `apply` was handed, where it is called last.
        context: what `forward` calls its first argument, `ctx` with most.
    """

    cell: str
    kind: str
    answers: tuple[ast.expr, ...]
    upstream: str
    arguments: tuple[str, ...]
    formula: ast.expr | None
    names: dict[str, str]
    is_plain: bool
    in_lambda: bool
    handed: tuple[ast.expr, ...]
    context: str

    def parts(self) -> list[list[ast.expr]]:
        """Each answer, gradient by gradient."""
        return [list(one.elts) if isinstance(one, ast.Tuple) else [one] for one in self.answers]

    def gradient_of(self, place: int) -> str:
        """The gradient for one thing, as `backward` can tell it; "" if that is not known."""
        slope = slope_of(self.formula, self.arguments[place]) if self.formula is not None else None
        if slope is None or not set(names_in(slope)) <= set(self.names):
            return ""
        told = ast.parse(ast.unparse(slope), mode="eval").body
        for one in ast.walk(told):
            if isinstance(one, ast.Name):
                one.id = self.names[one.id]
        text = ast.unparse(told)
        if text == "1":
            return self.upstream
        return (
            f"{self.upstream} * ({text})" if isinstance(told, ast.BinOp | ast.UnaryOp) else f"{self.upstream} * {text}"
        )

    def hands_on(self, place: int) -> bool:
        """Whether what came in is handed on as it is, though `forward` does more than to add this thing."""
        slope = slope_of(self.formula, self.arguments[place]) if self.formula is not None else None
        bare = any(ast.unparse(part) == self.upstream for parts in self.parts() for part in parts)
        return bare and slope is not None and ast.unparse(slope) != "1"


def handmade(site: Site, kind: str) -> Handmade | None:
    """The class of a name: that of the cell, or of the last one before it that has it."""
    for cell in (site.cell, *reversed(site.earlier)):
        tree = parsed(cell)
        found = [one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and one.name == kind]
        if found:
            forward, backward = (_method(found[-1], name) for name in ("forward", "backward"))
            return _read(site, cell, tree, kind, forward, backward) if forward and backward else None
    return None


def _method(made: ast.ClassDef, name: str) -> ast.FunctionDef | ast.Lambda | None:
    for one in made.body:
        if isinstance(one, ast.FunctionDef) and one.name == name:
            return one
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name:
            return next((two for two in ast.walk(one.value) if isinstance(two, ast.Lambda)), None)
    return None


def _read(
    site: Site, cell: str, tree: ast.AST, kind: str,
    forward: ast.FunctionDef | ast.Lambda, backward: ast.FunctionDef | ast.Lambda,
) -> Handmade:  # fmt: skip
    context, *arguments = [one.arg for one in (*forward.args.posonlyargs, *forward.args.args)] or [""]
    formulas, text = _answers(tree, forward), ast.unparse(forward.body) if isinstance(forward, ast.Lambda) else ""
    text = text or "\n".join(map(ast.unparse, forward.body))  # type: ignore[arg-type]
    once = len(formulas) == 1 and not {one for one in arguments if _is_bound(forward, one)}
    uses = any(isinstance(one, ast.Name) and one.id == context for one in ast.walk(ast.parse(text)))
    return Handmade(
        cell, kind, _answers(tree, backward), [one.arg for one in backward.args.args][1:2].pop(), tuple(arguments),
        formulas[0] if once else None, _names(forward, backward),
        not uses and not any(word in text for word in _LEAVES_TAPE),
        isinstance(backward, ast.Lambda), handed(site, kind), context,
    )  # fmt: skip


def _answers(tree: ast.AST, made: ast.FunctionDef | ast.Lambda) -> tuple[ast.expr, ...]:
    if isinstance(made, ast.Lambda):
        return (made.body,)
    mine = [one for one in ast.walk(made) if isinstance(one, ast.Return) and function_of(tree, one) is made]
    return tuple(one.value for one in mine if one.value is not None)


def _is_bound(made: ast.AST, name: str) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store) for one in ast.walk(made)
    )


def _names(forward: ast.FunctionDef | ast.Lambda, backward: ast.FunctionDef | ast.Lambda) -> dict[str, str]:
    """What the names of `forward` are called in `backward`: by `ctx.saved_tensors` and by `ctx.k`."""
    found: dict[str, str] = {}
    saved: list[str] = []
    context = next((one.arg for one in backward.args.args), "ctx")  # it may have another name there than in forward
    for one in ast.walk(forward):
        match one:
            case ast.Call(func=ast.Attribute(attr="save_for_backward"), args=args):
                saved = [ast.unparse(arg) for arg in args]
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(), attr=name)], value=ast.Name(id=kept)):
                found[kept] = f"{context}.{name}"
    for one in ast.walk(backward):
        match one:
            case ast.Assign(targets=[ast.Tuple(elts=goals)], value=ast.Attribute(attr="saved_tensors")):
                found |= dict(zip(saved, map(ast.unparse, goals), strict=False))
    return found


def handed(site: Site, kind: str) -> tuple[ast.expr, ...]:
    """What `apply` was handed, where it is called last."""
    for cell in (site.cell, *reversed(site.earlier)):
        for call in applied(site, parsed(cell), kind):
            return () if any(isinstance(arg, ast.Starred) for arg in call.args) else tuple(call.args)
    return ()


def applied(site: Site, tree: ast.AST, kind: str) -> list[ast.Call]:
    """The calls of `Kind.apply`, by whatever name."""
    aliases = {name for name, value in site.names.items() if _is_apply(value, kind)} | {f"{kind}.apply"}
    return [one for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) in aliases]


def _is_apply(value: object, kind: str) -> bool:
    if not isinstance(value, MethodType | BuiltinMethodType):  # torch 2.15 made it a builtin
        return False
    return value.__name__ == "apply" and getattr(value.__self__, "__name__", "") == kind
