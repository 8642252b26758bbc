"""What torch's own words tell."""

import re


def sizes_in(text: str) -> tuple[int, ...]:
    """The sizes in a shape as torch writes it.

    >>> sizes_in("torch.Size([2, 3])")
    (2, 3)
    """
    return tuple(int(size) for size in re.findall(r"\d+", text))
