"""What is said of a training step: what is silently wrong in it, each with its cure, or that nothing was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from course_utils.markup import look_of, plain, to_markup

FEW = 3  # findings of one kind that are told in full
NAMED = 8  # of the others, so many are told by name
_LOOK = look_of("course-diagnosis")


@dataclass(frozen=True)
class Finding:
    """One thing that is silently wrong.

    Attributes:
        kind: a short name for it, always the same: "gradient not zeroed".
        name: the learner's name of the tensor that it is about.
        sentence: what is wrong, and where the cure belongs; code between backticks.
        cure: a line of code, sometimes two; "" where none can be known.
        replaces: the learner's line in whose place the cure stands; "" if it is a line more.
    """

    kind: str
    name: str
    sentence: str
    cure: str = ""
    replaces: str = ""

    def __str__(self) -> str:
        """The finding in words, its cure below."""
        rows = [f"✗ {self.name}: {self.kind}. {self.sentence}"]
        rows += [f"    instead of  {line}" for line in _lines(self.replaces)]
        return "\n".join([*rows, *(f"    cure  {line}" for line in _lines(self.cure))])


class Diagnosis:
    """What was found, which shows itself; true if there is something.

    Attributes:
        findings: what is wrong, the most basic first.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.findings)

    def __repr__(self) -> str:
        """The words, for terminals."""
        return self.to_text()

    def to_text(self) -> str:
        """All findings as plain text; of one kind the first three in full."""
        if not self.findings:
            return "✓ nothing found"
        rows = []
        for alike in _by_kind(self.findings):
            rows += [str(finding) for finding in alike[:FEW]]
            rows += [_others(alike[FEW:])] if alike[FEW:] else []
        return "\n".join(rows)

    def to_html(self) -> str:
        """All findings as a card; of one kind the first three in full."""
        rows = ["<p>✓ nothing found</p>"] if not self.findings else []
        for alike in _by_kind(self.findings):
            rows += [_card(finding) for finding in alike[:FEW]]
            rows += [f"<p>{to_markup(_others(alike[FEW:]))}</p>"] if alike[FEW:] else []
        return f'<style>{_LOOK}</style><section class="course-diagnosis">{"".join(rows)}</section>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": self.to_text()}


def _lines(code: str) -> list[str]:
    """The lines as Python counts them: `splitlines` would end one within a text that holds a line separator."""
    return code.split("\n") if code else []


def _by_kind(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    for kind in dict.fromkeys(finding.kind for finding in findings):
        yield [finding for finding in findings if finding.kind == kind]


def _others(alike: Sequence[Finding]) -> str:
    names = ", ".join(finding.name for finding in alike[:NAMED])
    return f"✗ the same of {names}{' and others' if len(alike) > NAMED else ''}: {alike[0].kind}, {len(alike)} more"


def _card(finding: Finding) -> str:
    told = f"<p><strong>✗ {plain(finding.name)}: {plain(finding.kind)}.</strong> {to_markup(finding.sentence)}</p>"
    goes = [f"− <del>{escape(line)}</del>" for line in _lines(finding.replaces)]
    comes = [f"+ <ins>{escape(line)}</ins>" for line in _lines(finding.cure)]
    rows = "\n".join([*goes, *comes])
    return told + (f'<p><strong>Cure:</strong></p><pre class="course-code">{rows}</pre>' if comes else "")
