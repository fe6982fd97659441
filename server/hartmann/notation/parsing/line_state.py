"""What every part of the line reader needs: the voice it reads into, where it stands, and a way to complain."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from hartmann.notation.findings import Findings, TooMuch
from hartmann.notation.limits import Limits
from hartmann.notation.parsing.voice import VoiceBuilder
from hartmann.notation.problems import Severity
from hartmann.notation.score import Place

ERROR, WARNING, HINT = Severity.ERROR, Severity.WARNING, Severity.HINT
_SHORTHAND = {
    ".": "staccato", "~": "roll", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda",
    "P": "uppermordent", "S": "segno", "T": "trill", "u": "upbow", "v": "downbow", "J": "slide", "R": "roll",
}  # fmt: skip


class LineState:
    """State of the reader within a line. Offsets count characters of the whole text."""

    def __init__(self, findings: Findings, limits: Limits) -> None:
        self.findings = findings
        self.notes_left = limits.notes
        self.bars_left = limits.bars
        self.voice: VoiceBuilder = None  # type: ignore[assignment]  # set before the first line
        self.inline: Callable[[str, str, int], None] = lambda _field, _value, _start: None
        self.shorthand = dict(_SHORTHAND)
        self.section = ""
        self.line = 0
        self.base = 0
        self.origins: Sequence[int] | None = None
        self.line_start = 0
        self.piece = 0

    def offset(self, at: int) -> int:
        """Where the character `at` of the line being read stands in the text; macros move it."""
        return self.base + at if self.origins is None else self.origins[at]

    def place(self, token: re.Match[str]) -> Place:
        """The place of a token in the text."""
        start, end = self.offset(token.start()), self.offset(token.end())
        return Place(self.line, start - self.line_start + 1, start, end)

    def report(
        self, severity: Severity, code: str, message: str, token: re.Match[str], fix: str = "", base: int = 0
    ) -> None:
        """Keep a problem at `token`, with the voice and the bar where reading stands; `base` is where in the line
        the text begins in which the token was found."""
        start = self.offset(base + token.start())
        voice = self.voice
        self.findings.add(
            severity, code, message, start, voice=voice.number, bar=-2 - len(voice.bars), fix=fix
        )

    def settle(self, end: int) -> None:
        """The text since the last bar line (or voice, or field at a bar's start) up to `end` is the current bar's."""
        bar = self.voice.bar
        if bar.notes and end > self.piece:
            piece = self.findings.text[self.piece : end]
            start = self.piece + len(piece) - len(piece.lstrip())
            if piece.strip():
                bar.spans.append((start, start + len(piece.strip())))
        self.piece = end

    def count(self, notes: int) -> None:
        """Count notes against the limit; raises `TooMuch` beyond it."""
        self.notes_left -= notes
        if self.notes_left < 0:
            raise TooMuch("notes")

    def count_bar(self) -> None:
        """Count a bar against the limit; raises `TooMuch` beyond it."""
        self.bars_left -= 1
        if self.bars_left < 0:
            raise TooMuch("bars")
