"""The card of what this machine has: a widget, since it has to ask the running Python, and the same in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.controls import Worded
from course_utils.machine import Finding, check_machine
from course_utils.markup import plain
import ipywidgets


def show_machine() -> MachineCard:
    """What the lessons need and whether it is here; in a running notebook also the versions and the device found."""
    return MachineCard(check_machine())


class MachineCard:
    """The findings about this machine: in words that every good machine shares, and live with what was found."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        rows = "".join(
            f"<tr><td>{'✓' if finding.fine else '✗'}</td><td>{plain(finding.what)}</td>"
            f"<td>{plain(finding.found)}</td><td>{plain('' if finding.fine else finding.cure)}</td></tr>"
            for finding in self.findings
        )
        table = f"<table>{rows}</table><p>Widgets work: this box is one.</p>"
        return Worded(ipywidgets.HTML(table), "\n".join(map(str, self.findings)))._repr_mimebundle_()
