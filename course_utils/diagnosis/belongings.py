"""What the learner has: tensors, modules, lists and objects of own classes, each by the name that leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
import sys

from course_utils.diagnosis.recall import is_readable
from course_utils.names import MANY
import torch

_FOREIGN = {"builtins", "torch", "torchvision", "numpy", "course_utils", "IPython", "ipykernel", "matplotlib", "pandas"}


def held_variables(variables: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    """The learner's own variables, with what is passed over in names left out."""
    return [(name, thing) for name, thing in list(variables.items()) if not name.startswith(("_", "@"))]


def plain_tensors(variables: Mapping[str, object]) -> list[tuple[str, torch.Tensor]]:
    """The learner's tensors that do not ask for a gradient, by name: data, in short lists and dictionaries too."""
    found = [(name, thing) for name, thing in named(held_variables(variables)) if isinstance(thing, torch.Tensor)]
    return [(name, tensor) for name, tensor in found if not tensor.requires_grad and is_readable(tensor)]


def named(variables: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    """Things by name, with what short lists, dictionaries and objects of the learner's own classes hold, each once."""
    seen: set[int] = set()
    for name, thing in sorted(variables, key=lambda pair: pair[0] != "self"):
        yield name, thing
        if name not in ("In", "Out") and id(thing) not in seen:
            seen.add(id(thing))
            yield from held_by(name, thing)


def held_by(name: str, thing: object) -> Iterator[tuple[str, object]]:
    """What a short list, a dictionary or an object of the learner's own class holds, by name."""
    inner: Iterable[tuple[str, object]] = ()
    if isinstance(thing, list | tuple) and len(thing) <= MANY:
        inner = [(f"{name}[{place}]", held) for place, held in enumerate(thing)]
    elif isinstance(thing, dict) and len(thing) <= MANY:
        inner = [(f"{name}[{key!r}]", held) for key, held in thing.items()]
    elif is_own(thing):
        inner = [(f"{name}.{key}", held) for key, held in vars(thing).items() if not key.startswith("_")]
    yield from inner


def is_own(thing: object) -> bool:
    """Whether it is an object of a class that the learner wrote, and no module of torch."""
    home = type(thing).__module__.partition(".")[0]
    is_plain = not isinstance(thing, type | torch.nn.Module | torch.Tensor) and hasattr(thing, "__dict__")
    return is_plain and home not in _FOREIGN and home not in sys.stdlib_module_names


def owner_of(variables: Mapping[str, object], tensor: torch.Tensor) -> torch.nn.Module | None:
    """The module that holds a parameter itself, of those that the learner's variables lead to."""
    for _, thing in held_variables(variables):
        for module in thing.modules() if isinstance(thing, torch.nn.Module) else ():
            if any(held is tensor for held in module.parameters(recurse=False)):
                return module
    return None


def paths_of(variables: Mapping[str, object], passing: set[str]) -> dict[int, str]:
    """Parameters by where they lie: in modules, lists, objects; a loop over them leaves its `p` behind."""
    found: dict[int, str] = {}
    things = [(name, thing) for name, thing in held_variables(variables) if name not in passing]
    for name, thing in [*things, *((each, held) for each, held in named(things) if each not in variables)]:
        if isinstance(thing, torch.nn.Module):
            for inner, parameter in _parameters_of(thing):
                found.setdefault(id(parameter), f"{name}.{inner}")
    lone = {id(thing) for _, thing in things if isinstance(thing, torch.Tensor)}
    for name, thing in named(things):
        if isinstance(thing, torch.Tensor) and id(thing) not in lone:
            found.setdefault(id(thing), name)
    return found


def _parameters_of(module: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """The parameters of a module, those of layers in plain lists last, which it does not know of itself."""
    yield from module.named_parameters()
    for path, name, hidden in hidden_modules(module):
        yield from ((f"{path}{name}.{inner}", parameter) for inner, parameter in hidden.named_parameters())


def hidden_modules(module: torch.nn.Module) -> Iterator[tuple[str, str, torch.nn.Module]]:
    """The modules that lie in plain lists or dictionaries of a module: its path, the place, the module there."""
    for path, inner in module.named_modules():
        for key, thing in vars(inner).items():
            if not key.startswith("_") and isinstance(thing, list | tuple | dict):
                for name, held in held_by(key, thing):
                    if isinstance(held, torch.nn.Module):
                        yield f"{path}." if path else "", name, held
