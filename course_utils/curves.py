"""Curves as whole numbers that a page can hold: lengths along the sides of their axes, 4000 to a side."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
import torch

Stored = dict[str, object]  # a part of what the script reads

SIDE = 4000  # the length of an axis in a stored number
FARTHEST = 300 * SIDE  # what lies farther out is drawn here: no line that crosses the axes is seen to turn by it
PIECE = 4096  # points that are worked out at a time: what is large for a moment stays large in the kernel
GAP = -(2**31)  # stands for inf and nan


class Numbers:
    """All curves of a figure in one row of 32-bit numbers, each as what it differs by: that packs to a fifth."""

    def __init__(self) -> None:
        self.found: dict[bytes, Stored] = {}
        self.row = b""

    def add(self, lengths: torch.Tensor) -> Stored:
        """Where these now are; what is the same at all places or moments, or was there before, is kept once."""
        for side in (0, 1):
            if bool((lengths == lengths.narrow(side, 0, 1)).all()):
                lengths = lengths.narrow(side, 0, 1)
        for side in (2, 0):  # from point to point, then from place to place; 32 bits go round, there and back
            lengths = lengths.diff(dim=side, prepend=torch.zeros_like(lengths.narrow(side, 0, 1)))
        numbers = lengths.numpy().astype("<i4").tobytes()
        packed = bytes(str(tuple(lengths.shape)), "ascii") + numbers
        if packed not in self.found:
            self.found[packed] = {"from": len(self.row) // 4, "shape": list(lengths.shape)}
            self.row += numbers
        return self.found[packed]


def lengths_along(artist: Line2D | Text, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where points lie, as lengths along the sides of the artist's axes, each of shape (places, moments, points)."""
    # torch.broadcast_shapes would do, but it imports sympy: 40 MiB in a kernel that has few to spare.
    x, y = x.detach().cpu(), y.detach().cpu()
    x, y = x + torch.zeros_like(y), y + torch.zeros_like(x)
    to_sides = artist.get_transform() - axes_of(artist).transAxes
    lengths = torch.empty(x.numel(), 2, dtype=torch.int32)
    points = torch.stack([x.flatten(), y.flatten()], dim=1)
    for start in range(0, len(points), PIECE):
        piece = points[start : start + PIECE].double()
        sides = torch.as_tensor(to_sides.transform(piece.numpy()))
        here = (sides * SIDE).round().clamp(-FARTHEST, FARTHEST)
        here[~piece.isfinite().all(dim=1)] = GAP
        lengths[start : start + PIECE] = here.nan_to_num(GAP)
    return lengths[:, 0].reshape(x.shape), lengths[:, 1].reshape(x.shape)


def axes_of(artist: Line2D | Text) -> Axes:
    """The axes an artist is drawn on."""
    assert isinstance(artist.axes, Axes)
    return artist.axes
