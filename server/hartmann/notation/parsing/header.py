"""What the header of a tune says, and what is read instead where it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from hartmann.notation.findings import Findings
from hartmann.notation.problems import Severity
from hartmann.notation.score import Key, Meter, Tempo
from hartmann.notation.tune_fields import default_unit

WARNING, HINT = Severity.WARNING, Severity.HINT
FREE = Meter(4, 4, "free")
_KEPT_FIELDS = 40


@dataclass(slots=True)
class Header:
    """Header values as first stated; None until they are. What stands here holds for every voice to come."""

    key: Key | None = None
    meter: Meter | None = None
    unit: Fraction | None = None
    tempo: Tempo | None = None
    titles: list[str] = field(default_factory=list)
    composer: str = ""
    rhythm: str = ""
    number: str | None = None
    clef: str = ""
    octave: int = 0
    transpose: int = 0
    program: int | None = None
    percussion: bool = False
    staves: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def stated_meter(self) -> Meter:
        """The meter, or free meter."""
        return self.meter or FREE

    @property
    def stated_key(self) -> Key:
        """The key, or C major."""
        return self.key or Key("C", "major", 0)

    @property
    def stated_unit(self) -> Fraction:
        """The unit length in quarters, or the usual one for the meter."""
        return self.unit or default_unit(self.stated_meter)

    def keep(self, name: str, text: str) -> None:
        """Keep a field that says something about the piece, such as `S:` or `Z:`."""
        if text and len(self.fields) < _KEPT_FIELDS:
            self.fields.append((name, text))

    def report_missing(self, findings: Findings) -> None:
        """Say which fields are missing, and what was read instead."""
        if self.key is None:
            _missing(findings, "K", "C major", WARNING)
        if self.meter is None:
            _missing(findings, "M", "free meter, so that bars are not checked", WARNING)
        if self.unit is None:
            _missing(findings, "L", "the usual unit for the meter", HINT)
        if self.number is None:
            _missing(findings, "X", "1", HINT)


def _missing(findings: Findings, name: str, instead: str, severity: Severity) -> None:
    message = f"there is no `{name}:` field; read as {instead}"
    findings.add(severity, f"missing_{name.lower()}", message)
