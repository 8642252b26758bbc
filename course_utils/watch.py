"""The learner's own `backward()`, observed by hooks and held against the replay.

The pictures tell what the backward pass would do. Here it is seen what it did: both must agree, in order and in every
number. Where hooks of the learner's change a gradient on the way they do not, and then it is said where.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from course_utils.engine import Value
from course_utils.names import Names, callers_variables
from course_utils.read import read_graph
from course_utils.record import note_of
from course_utils.replay import Pass, replay, seed_of
from course_utils.walk import edge_of, operands_first, sign
from course_utils.words import SHORT, number, one_line
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn

FEW = 5  # differences that are told


def watch_backward(result: torch.Tensor, /, *, gradient: torch.Tensor | None = None, **names: object) -> Watch:
    """A `with` block that observes the `backward()` in it; afterwards it tells whether the pictures had it right.

    Args:
        result: what `backward()` will be called on inside the block.
        gradient: what it will be called with, if anything.
        names: as for `trace`.

    Raises:
        TypeError: as `trace`.
        ValueError: as `trace`; and if the backward pass cannot be replayed, with the reason.

    >>> w = torch.tensor(3.0, requires_grad=True)
    >>> loss = w * w
    >>> with watch_backward(loss) as seen:
    ...     loss.backward()
    >>> seen
    backward() went through 2 nodes, in the order and with the numbers of the picture.
    """
    if isinstance(result, Value):
        raise TypeError("result must be a torch tensor, got Value: its backward pass can be read in `engine`")
    variables = callers_variables()
    graph = read_graph(result, names, variables, gradient)
    if graph.missing:
        raise ValueError(graph.missing)
    return Watch(result, Names(names, variables), replay(edge_of(result), seed_of(result, gradient)))


class Watch:
    """An observed backward pass; its text says whether it was the one that was expected.

    Attributes:
        order: names of the nodes that ran, in order.
        differences: where it went otherwise than the replay, a sentence each.
    """

    def __init__(self, result: torch.Tensor, names: Names, expected: Pass) -> None:
        self._names, self._expected = names, expected
        self._nodes = operands_first(edge_of(result)[0])  # held: a hook on a node that nobody holds is lost
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._seen = Pass()
        self.order: tuple[str, ...] = ()
        self.differences: tuple[str, ...] = ()

    def __enter__(self) -> Watch:
        """Start to observe."""
        if not self._nodes:
            raise ValueError("each watch_backward is for one with block; make another")
        for fn in self._nodes:
            self._handles.append(fn.register_prehook(partial(self._arrive, fn)))
            self._handles.append(fn.register_hook(partial(self._leave, fn)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Stop, and compare."""
        for handle in self._handles:
            handle.remove()
        self.order = tuple(map(self._call, self._seen.order))
        if self._seen.order:
            self.differences = tuple(self._compare())
        self._nodes.clear()
        self._handles.clear()

    def __repr__(self) -> str:
        """What was seen."""
        if not self.order:
            return "No backward() of this result was seen. Call it inside the with block."
        count = f"backward() went through {len(self.order)} node{'s' if len(self.order) > 1 else ''}"
        if not self.differences:
            return f"{count}, in the order and with the numbers of the picture."
        more = len(self.differences) - FEW
        rows = [f"- {difference}" for difference in self.differences[:FEW]]
        rows += [f"- and at {more} more" if more > 0 else ""]
        return "\n".join([f"{count}, but not as the picture tells:", *(row for row in rows if row)])

    def _arrive(self, fn: GradFn, gradients: tuple[torch.Tensor | None, ...]) -> None:
        self._seen.order.append(fn)
        self._seen.arriving[id(fn)] = [_copy(gradient) for gradient in gradients]

    def _leave(self, fn: GradFn, sent: tuple[torch.Tensor | None, ...], arrived: object) -> None:
        self._seen.sent[id(fn)] = tuple(_copy(gradient) for gradient in sent)

    def _compare(self) -> Iterator[str]:
        if len(ran := self._seen.order) != len(set(map(id, ran))):
            yield "backward() ran more than once; the numbers of the last run are compared"
        elif _order(ran) != _order(self._expected.order):
            yield "the nodes ran in another order, or not all of them ran"
        brought = self._brought()
        for fn in self._expected.order:
            expected, seen = self._expected.arriving[id(fn)], self._seen.arriving.get(id(fn))
            if seen is not None and not all(map(_same, expected, seen)):
                told, came = (", ".join(map(number, side)) for side in (expected, seen))
                here = "" if all(map(_close, brought.get(id(fn), seen), seen)) else "; a hook changes it here"
                yield f"at {self._call(fn)} the picture has {told}, backward() brought {came}{here}"

    def _brought(self) -> dict[int, list[torch.Tensor | None]]:
        """What the other nodes were seen to send to each, added up: if something else arrived, a hook was at work."""
        found: dict[int, list[torch.Tensor | None]] = {}
        for user in self._seen.order:
            pairs = zip(user.next_functions, self._seen.sent.get(id(user), ()), strict=False)
            for (fn, output), gradient in pairs:
                if fn is not None and gradient is not None:
                    sums = found.setdefault(id(fn), [None] * len(fn._input_metadata))
                    before = sums[output]
                    sums[output] = gradient.to_dense() if before is None else before + gradient.to_dense()
        return found

    def _call(self, fn: GradFn) -> str:
        name, _ = self._names.of_source((fn, 0))
        if name or hasattr(fn, "variable"):
            return name or "a leaf"
        note = note_of(fn)
        source = one_line(self._names.of_call(note.call)) if note else ""
        return source if 0 < len(source) <= SHORT else sign(fn.name())


def _order(ran: list[GradFn]) -> tuple[list[int], set[int]]:
    """The operations in order, and the leaves: torch leaves open which of several leaves has its turn first."""
    leaves = {id(fn) for fn in ran if hasattr(fn, "variable")}
    return [id(fn) for fn in ran if id(fn) not in leaves], leaves


def _close(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.allclose(one.to_dense(), other.to_dense(), rtol=1e-3, atol=0.0, equal_nan=True)


def _same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.equal(torch.nan_to_num(one.to_dense()), torch.nan_to_num(other.to_dense()))


def _copy(gradient: torch.Tensor | None) -> torch.Tensor | None:
    return None if gradient is None else gradient.detach().clone()
