"""A training step as `diagnose` looks at it: the loss, the parameters with their names, and the graph, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from course_utils.diagnosis.belongings import paths_of
from course_utils.diagnosis.recall import Recalled, is_readable, recall
from course_utils.diagnosis.saved import has_own_code, is_freed
from course_utils.diagnosis.wrote import Wrote
from course_utils.names import Names
from course_utils.walk import Source, edge_of, operands_first
import torch

if TYPE_CHECKING:
    from torch.autograd.graph import Node as GradFn


NO_NAME = "the loss"


class Parameter(NamedTuple):
    """A parameter, and what the learner calls it."""

    name: str
    tensor: torch.Tensor


@dataclass
class Checkup:
    """What is looked at.

    Attributes:
        loss: what is to be differentiated.
        loss_name: what the learner calls it.
        parameters: each once.
        variables: the learner's.
        names: of what stands in the graph.
        wrote: the learner's text.
        order: the nodes of the graph, operands first; empty where there is none, or more than can be walked.
        is_whole: whether the graph could be walked to its leaves.
        freed: the ids of the nodes that an earlier backward pass has gone through.
        has_own_code: whether a replay would run somebody's hook or Function.
        known: what is known of the results in the graph.
    """

    loss: torch.Tensor
    loss_name: str
    parameters: list[Parameter]
    variables: Mapping[str, object]
    names: Names
    wrote: Wrote
    order: list[GradFn]
    is_whole: bool
    freed: set[int]
    has_own_code: bool
    known: Recalled

    @property
    def called(self) -> str:
        """The loss in a sentence."""
        return self.loss_name if self.loss_name == NO_NAME else f"`{self.loss_name}`"

    @property
    def leaves(self) -> dict[int, GradFn]:
        """The nodes of the leaves, by the ids of these."""
        return {id(fn.variable): fn for fn in self.order if hasattr(fn, "variable")}

    @property
    def nodes(self) -> set[int]:
        """The ids of all nodes."""
        return {id(fn) for fn in self.order}

    def name_of(self, tensor: torch.Tensor) -> str:
        """What the learner calls a tensor; "" if nothing."""
        return name_of(self.names, tensor)

    def name_of_source(self, source: Source) -> str:
        """What the learner calls a result in the graph; "" if nothing."""
        return self.names.of_source(source)[0] or ""

    def steps(self) -> list[str]:
        """The learner's variables on the way to the loss, in order, the loss last."""
        roots = [self.name_of_source((fn, 0)) for fn in self.order if not hasattr(fn, "variable")]
        return [name for name in roots if name.isidentifier()]


def read_step(
    loss: torch.Tensor, tensors: Sequence[torch.Tensor], variables: Mapping[str, object], wrote: Wrote
) -> Checkup:
    """A step, read: without parameters given, those that the loss leads to."""
    names = Names({}, variables)
    order, is_whole = _walk(loss)
    leaves = [fn.variable for fn in order if hasattr(fn, "variable")]
    paths = paths_of(variables, wrote.loop_names())
    texts = wrote.arguments[1:] if len(wrote.arguments) == len(tensors) + 1 else []
    parameters = []
    for place, tensor in enumerate(tensors or leaves):
        name = paths.get(id(tensor)) or name_of(names, tensor)
        parameters.append(Parameter(name or (texts[place] if texts else f"parameter {place + 1}"), tensor))
    return Checkup(
        loss,
        name_of(names, loss) or NO_NAME,
        parameters,
        variables,
        names,
        wrote,
        order,
        is_whole,
        {id(fn) for fn in order if is_freed(fn)},
        any(map(has_own_code, order)),
        recall(loss, order, names) if order else Recalled(),
    )


def name_of(names: Names, tensor: torch.Tensor) -> str:
    """What the learner calls a tensor, with a graph or without; "" if nothing."""
    if not tensor.requires_grad:
        return names.of_constant(tensor) or ""
    with suppress(RuntimeError, ValueError):
        return names.of_source(edge_of(tensor))[0] or ""
    return ""


def is_leaf(parameter: Parameter) -> bool:
    """Whether backward() would leave a gradient at it."""
    return parameter.tensor.is_leaf and parameter.tensor.requires_grad


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether all numbers are finite; True of what cannot be read."""
    return not is_readable(tensor) or has_numbers(tensor.detach())


def has_numbers(tensor: torch.Tensor) -> bool:
    """Whether all numbers of a dense tensor are finite: so they are where their sum is, which is soon known."""
    return bool(tensor.sum().isfinite()) or bool(tensor.isfinite().all())


def reached(checkup: Checkup, tensor: torch.Tensor) -> bool:
    """Whether the loss leads to a leaf."""
    return id(tensor) in checkup.leaves


def _walk(loss: torch.Tensor) -> tuple[list[GradFn], bool]:
    if not loss.requires_grad:
        return [], True
    try:
        return operands_first(edge_of(loss)[0]), True
    except ValueError:  # too many operations
        return [], False
