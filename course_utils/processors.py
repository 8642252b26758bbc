"""How many processors this process may use, where a container or a hub allows it less than the machine has."""

from __future__ import annotations

from collections.abc import Iterator
import math
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def processor_limit(asked: str = "", root: Path = _ROOT) -> float:
    """The number of processors, parts of one too, or infinity where nothing limits it.

    Args:
        asked: the environment variable `CPU_LIMIT`, as JupyterHub's spawners set it; what is no number is no limit.
        root: where `/proc` and `/sys` are.
    """
    return min([_number(asked), *_quotas(root)])


def most_threads(limit: float) -> int | None:
    """The number of threads that have a processor each, at least one; None where nothing limits it.

    Args:
        limit: what `processor_limit` gives: a part of a processor counts as one.

    >>> most_threads(0.5), most_threads(2.0), most_threads(math.inf)
    (1, 2, None)
    """
    return None if limit == math.inf else max(1, math.ceil(limit))


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return math.inf
    return number if number > 0 else math.inf


def _quotas(root: Path) -> Iterator[float]:
    """What each control group above this process allows, by Linux' two ways of writing it down."""
    for line in _words_of(root / "proc/self/cgroup", "\n"):
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        for part in (PurePosixPath(group), *PurePosixPath(group).parents):
            inside = part.as_posix().lstrip("/")
            if number == "0":
                yield _share(_words_of(root / "sys/fs/cgroup" / inside / "cpu.max"))
            elif "cpu" in controllers.split(","):
                folder = root / "sys/fs/cgroup" / controllers / inside
                yield _share(_words_of(folder / "cpu.cfs_quota_us") + _words_of(folder / "cpu.cfs_period_us"))


def _words_of(path: Path, between: str | None = None) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").strip().split(between)
    except (OSError, UnicodeDecodeError):
        return []


def _share(words: list[str]) -> float:
    """Microseconds allowed in each period, as processors; "max" and -1 are no limit."""
    quota, period = (_number(word) for word in words) if len(words) == 2 else (math.inf, 1.0)
    return quota / period
