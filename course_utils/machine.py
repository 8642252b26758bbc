"""Whether this machine has what the lessons need, and what to do where it has not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
import platform

from course_utils.edition import INSTALL, INSTALL_TESTS, PACKAGE
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet


@dataclass(frozen=True)
class Finding:
    """One thing the lessons need.

    Attributes:
        what: the thing.
        wanted: what the course asks of it, the same words on every machine.
        found: what is here, for instance a version.
        fine: whether that is enough.
        cure: what to do where it is not.
    """

    what: str
    wanted: str
    found: str
    fine: bool
    cure: str

    def __str__(self) -> str:
        """The finding without what differs between good machines, and with everything that helps on another."""
        if self.fine:
            return f"✓ {self.what}: {self.wanted}"
        return f"✗ {self.what}: {self.wanted} is wanted, found {self.found}. {self.cure[0].upper()}{self.cure[1:]}"


def check_machine() -> tuple[Finding, ...]:
    """Python, each package that `pyproject.toml` asks for, and the device, computed on once; it never raises."""
    return (*_check_packages(), _check_device())


def check_tests() -> tuple[Finding, ...]:
    """Each package that `pyproject.toml` asks for besides, in its extra `test`; none if the course is not installed."""
    try:
        needed = [Requirement(line) for line in requires(PACKAGE) or ()]
    except PackageNotFoundError:
        return ()
    marked = [(need, need.marker) for need in needed if need.marker]
    return tuple(
        _check_package(need, INSTALL_TESTS)
        for need, marker in marked
        if marker.evaluate({"extra": "test"}) and not marker.evaluate({"extra": ""})
    )


def _check_packages() -> Iterator[Finding]:
    try:
        wanted = SpecifierSet(metadata(PACKAGE)["Requires-Python"])
        needed = [Requirement(line) for line in requires(PACKAGE) or ()]
    except PackageNotFoundError:
        yield Finding("course_utils", "an installed package", "its folder alone", False, INSTALL)
        return
    yield _check_version("Python", wanted, platform.python_version(), "make the environment anew with a newer Python")
    for requirement in needed:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _check_package(requirement, INSTALL)


def _check_package(requirement: Requirement, install: str) -> Finding:
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return Finding(requirement.name, _in_words(requirement.specifier), "nothing", False, install)
    return _check_version(requirement.name, requirement.specifier, found, install)


def _check_version(what: str, wanted: SpecifierSet, found: str, cure: str) -> Finding:
    return Finding(what, _in_words(wanted), found, wanted.contains(found, prereleases=True), cure)


def _in_words(wanted: SpecifierSet) -> str:
    """`>=3.11` as "3.11 or newer"; any other range as it is written."""
    parts = list(wanted)
    if len(parts) == 1 and parts[0].operator == ">=":
        return f"{parts[0].version} or newer"
    return str(wanted) or "any version"


def _check_device() -> Finding:
    wanted = "computes"
    try:
        from course_utils.device import (  # here, for this room has to answer where torch is missing, too
            environment,
            pick_device,
        )
        import torch

        device = pick_device()
        total = torch.arange(4.0, device=device).sum().item()
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        return Finding("device", f"one that {wanted}", "an error", False, _cure_of(error))
    # A device that answers must answer rightly: 0 + 1 + 2 + 3.
    found = f"{device} ({torch.cuda.get_device_name(device)})" if device.startswith("cuda") else device
    asked = environment().get("COURSE_DEVICE", "").strip()
    found += f", as COURSE_DEVICE={asked} asks" if asked else ", COURSE_DEVICE is not set"
    return Finding("device", wanted, found, total == 6.0, "set COURSE_DEVICE=cpu")


def _cure_of(error: Exception) -> str:
    """What a device's error says to do; what torch's own loading says is told with the course's cure."""
    return f"{error}: {INSTALL}" if isinstance(error, ImportError | OSError) else str(error)
