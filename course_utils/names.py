"""What the caller calls things: tensors by their graph node or themselves, modules by their path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
import inspect
import weakref

from course_utils.call import Call, Visit
from course_utils.graph import Module
from course_utils.walk import Source, edge_of
import torch

MANY = 50  # of more things in a list none has a name


def callers_variables() -> dict[str, object]:
    """The variables in sight where the function that calls this one was called: its locals, then its globals."""
    frame = inspect.currentframe()
    caller = frame.f_back.f_back if frame and frame.f_back else None
    return {**caller.f_globals, **caller.f_locals} if caller else {}


def by_name(given: Mapping[str, object], variables: Mapping[str, object]) -> dict[str, object]:
    """Both together: what is given comes first, and stands over a variable of the same name."""
    return {**given, **variables, **given}


class Names:
    """The caller's names; one that starts with an underscore is passed over."""

    def __init__(self, given: Mapping[str, object], variables: Mapping[str, object]) -> None:
        for name, thing in given.items():
            if not isinstance(thing, torch.Tensor | torch.nn.Module):
                raise TypeError(f"{name} must be the tensor that is to have this name, got {type(thing).__name__}")
        self._modules: dict[weakref.ref[torch.nn.Module], str] = {}
        self._plain: dict[int, str] = {}
        self._nodes: dict[tuple[int, int], tuple[str, torch.Tensor]] = {}
        self._held: list[object] = []  # an id is a node's only as long as somebody holds its wrapper
        for name, thing in _named(by_name(given, variables)):
            if isinstance(thing, torch.nn.Module):
                self._modules.setdefault(weakref.ref(thing), name)
            elif isinstance(thing, torch.Tensor):
                self._add(name, thing)

    def _add(self, name: str, tensor: torch.Tensor) -> None:
        if not tensor.requires_grad:
            self._plain.setdefault(id(tensor), name)
            return
        with suppress(RuntimeError, ValueError):  # a view that was spoilt in place, a parameter still to be made
            fn, output = edge_of(tensor)
            self._held.append(fn)
            self._nodes.setdefault((id(fn), output), (name, tensor))

    def of_source(self, source: Source) -> tuple[str, torch.Tensor] | tuple[None, None]:
        """The name of one result of a live node, and the tensor that has it."""
        return self._nodes.get((id(source[0]), source[1]), (None, None))

    def of_constant(self, tensor: torch.Tensor | None) -> str | None:
        """The name of a tensor without a graph."""
        return self._plain.get(id(tensor)) if tensor is not None else None

    def of_call(self, call: Call | None) -> str:
        """The learner's text for a call; where one text stands for much, as `net(x)` does, the module's path."""
        modules = self.of_modules(call)
        inner = [visit.is_torchs for visit in call.visits[-2:]] if call else []
        if inner == [True, True]:  # torch's own module inside another of torch's own: all have one text
            return modules[-1].name
        return call.source if call else ""

    def of_modules(self, call: Call | None) -> tuple[Module, ...]:
        """The modules around a call, outermost first; one without a name goes by its class."""
        found = []
        for visit in call.visits if call else ():
            name = self._modules.get(visit.module) or self._new_name(visit)
            found.append(Module(name if visit.run == 1 else f"{name}, run {visit.run}", visit.kind))
        return tuple(found)

    def _new_name(self, visit: Visit) -> str:
        """A name for a module that the caller has none for: its class, with a number from the second on."""
        others = sum(name.partition(" ")[0] == visit.kind for name in self._modules.values())
        return self._modules.setdefault(visit.module, f"{visit.kind} {others + 1}" if others else visit.kind)


def _named(things: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The things by name, of modules also what is inside them."""
    shown = {name: thing for name, thing in list(things.items()) if not name.startswith(("_", "@"))}  # pytest has @
    yield from shown.items()
    for name, thing in shown.items():
        yield from _held_by(name, thing)
        if isinstance(thing, torch.nn.Module):
            yield from ((f"{name}.{inner}", parameter) for inner, parameter in thing.named_parameters())
            yield from ((f"{name}.{inner}", module) for inner, module in thing.named_modules() if inner)


def _held_by(name: str, thing: object) -> Iterator[tuple[str, object]]:
    """What a short list, a dictionary or the object at work holds: `ws[0]`, `d['a']`, `self.w`."""
    if isinstance(thing, list | tuple) and len(thing) <= MANY:
        yield from ((f"{name}[{place}]", held) for place, held in enumerate(thing))
    elif isinstance(thing, dict) and name != "Out" and len(thing) <= MANY:
        yield from ((f"{name}[{key!r}]", held) for key, held in thing.items())
    elif name == "self" and not isinstance(thing, torch.nn.Module):
        yield from ((f"self.{key}", held) for key, held in getattr(thing, "__dict__", {}).items())
