"""Which ways lead back from a result, told from the graph that it has."""

from __future__ import annotations

from course_utils.walk import edge_of, operands_first
import torch


def leads(result: object, tensor: object) -> bool | None:
    """Whether the tape leads from a result back to a tensor; None if the graph is too deep to be walked."""
    if not (isinstance(result, torch.Tensor) and isinstance(tensor, torch.Tensor)):
        return False
    if not result.requires_grad or not tensor.requires_grad:
        return False
    nodes = nodes_behind(result)
    goal = edge_of(tensor)[0]
    return any(node is goal for node in nodes) if nodes is not None else None


def nodes_behind(result: torch.Tensor) -> list[torch.autograd.graph.Node] | None:
    """The operations behind a result, operands first; None if there are too many to be walked."""
    try:
        return operands_first(edge_of(result)[0])
    except ValueError:
        return None
