"""What a live node keeps for its backward pass, read without running anybody's hook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

_RAW = "_raw_saved_"


def kept_by(fn: GradFn) -> dict[str, torch.Tensor]:
    """The tensors that a node keeps, by torch's names for them ("self", "other", "result").

    What was freed, was changed in place or lies behind a hook (as in a checkpoint) is left out.
    """
    found: dict[str, torch.Tensor] = {}
    for name, raw in _raw(fn):
        if not _is_hooked(raw):
            with suppress(RuntimeError):
                kept = getattr(fn, _attribute(fn, name))
                several = kept if isinstance(kept, tuple | list) else ()
                found |= {f"{name}[{place}]": each for place, each in enumerate(several) if _is_tensor(each)}
                found |= {name: kept} if _is_tensor(kept) else {}
    return found


def has_own_code(fn: GradFn) -> bool:
    """Whether the backward pass of a node runs more than torch's formula: a hook, a learner's Function."""
    function = getattr(fn, "_forward_cls", None)
    is_own = function is not None and not function.__module__.startswith("torch.")
    is_special = fn.name().startswith(("CheckpointFunction", "CompiledFunction"))
    return is_own or is_special or any(_is_hooked(raw) for _, raw in _raw(fn))


def hides_leaves(fn: GradFn) -> bool:
    """Whether the graph goes on behind a node where nobody sees it: a checkpoint of the older kind."""
    return fn.name().startswith("CheckpointFunction")


def is_freed(fn: GradFn) -> bool:
    """Whether a backward pass has gone through a node and freed what it kept; False where it kept nothing."""
    for name, raw in _raw(fn):
        if _is_hooked(raw):
            continue
        try:
            getattr(fn, _attribute(fn, name))
        except RuntimeError as error:
            if "second time" in str(error) or "been freed" in str(error):
                return True
    return False


def _raw(fn: Any) -> Iterator[tuple[str, Any]]:
    for attribute in dir(fn):
        if attribute.startswith(_RAW):
            with suppress(RuntimeError):
                yield attribute.removeprefix(_RAW), getattr(fn, attribute)


def _attribute(fn: GradFn, name: str) -> str:
    """What torch calls it unpacked; a Function that the learner wrote has `saved_tensors`."""
    return f"saved_{name}" if hasattr(fn, "_forward_cls") else f"_saved_{name}"


def _is_tensor(kept: object) -> bool:
    return isinstance(kept, torch.Tensor)


def _is_hooked(raw: Any) -> bool:
    if isinstance(raw, tuple | list):
        return any(map(_is_hooked, raw))
    return getattr(raw, "unpack_hook", None) is not None
