"""The tolerant ABC 2.1 reader: text in, a score out, problems on the side.

`Parser` goes over the lines once. A line is a field, a directive, a comment, music, or prose; fields set
state, music goes to the line reader for the voice that is current.
"""

from __future__ import annotations

import re

from hartmann.notation.findings import Findings, TooMuch
from hartmann.notation.limits import Limits
from hartmann.notation.parsing.assembling import Assembled, assemble
from hartmann.notation.parsing.directives import obey
from hartmann.notation.parsing.fields import FieldReader
from hartmann.notation.parsing.macros import expand
from hartmann.notation.parsing.state import TuneState
from hartmann.notation.parsing.tokens import COMMENT, FIELD_LINE
from hartmann.notation.problems import Severity
from hartmann.notation.sections import name_in_comment
from hartmann.notation.tune_text import is_music, is_prose

ERROR, WARNING = Severity.ERROR, Severity.WARNING
_KEY_LINE = re.compile(r"^[ \t]*K:", re.M)
_BLOCK = re.compile(r"\s*(begin|end)(text|ps|svg|js|ml)\b", re.I)


class Parser:
    """Reads one tune. Call `parse()` once; `findings` then holds the problems."""

    def __init__(self, findings: Findings, limits: Limits) -> None:
        self.findings = findings
        self.state = TuneState(findings, limits)
        self.state.reader.inline = self._inline
        self.fields = FieldReader(self.state)
        self.empty_line = 0
        self.in_block = False

    def parse(self) -> Assembled:
        """The score with what its judges need; it is None when the text holds no notes at all."""
        lines = self.findings.text.split("\n")
        try:
            for number, line in enumerate(lines, 1):
                if self.state.done:
                    break
                self._line(line, number)
        except TooMuch as limit:
            message = f"the text has more {limit} than the limit; the rest was not read"
            at = self.findings.line_starts[min(number, len(lines)) - 1]
            self.findings.add(ERROR, "too_much", message, at)
        return assemble(self.state)

    # -- lines -------------------------------------------------------------------------------------------

    def _line(self, line: str, number: int) -> None:
        start = self.findings.line_starts[number - 1]
        if not line or line.isspace():
            self.empty_line = self.empty_line or number
            return
        if line.lstrip().startswith("%"):
            self._comment(line.strip(), start)
            return
        if self.in_block:
            return
        match = FIELD_LINE.match(line)
        if match is None:
            self._music(line, number, start)
        elif match[1] == "+":
            self.fields.read_on(match[2])
        else:
            self._note_empty_line(match[1])
            if not self.state.done:
                value = _without_comment(match[2])
                self.fields.read(match[1], value, start + match.start(1), start + match.start(2))

    def _note_empty_line(self, field: str) -> None:
        """An empty line ends a tune (ABC 2.1, 2.2.1); models leave them between lines, so reading goes on."""
        if not self.empty_line or not self.fields.last:
            self.empty_line = 0
            return
        if field == "X" or (field == "T" and self.state.has_notes):
            return
        at = self.findings.line_starts[self.empty_line - 1]
        message = "an empty line inside the tune; other programs stop reading there"
        self.findings.once(WARNING, "empty_line", message, at)
        self.empty_line = 0

    def _comment(self, line: str, start: int) -> None:
        if line.startswith("%%"):
            self._directive(line[2:], start)
            return
        name = name_in_comment(line)
        if name and (self.state.in_body or self.state.header.key is not None):
            self.state.reader.section = name

    def _directive(self, text: str, start: int) -> None:
        block = _BLOCK.match(text)
        if block:
            self.in_block = block[1].lower() == "begin"
        elif not self.in_block:
            obey(self.state, _without_comment(text), start)

    def _music(self, line: str, number: int, start: int) -> None:
        text = _without_comment(line)
        if is_prose(text) or (not self.state.in_body and self._key_follows(start) and not is_music(text)):
            self._prose(text, start)
            return
        self._note_empty_line("")
        state = self.state
        state.begin_body()
        comment = line[len(text) :]
        if comment and (name := name_in_comment(comment)) and not text.strip():
            state.reader.section = name
        state.turn_to(state.voice())
        if state.macros:
            written, origins = expand(text, state.macros, start)
            state.reader.read(written, number, start, origins)
        else:
            state.reader.read(text, number, start)

    def _key_follows(self, start: int) -> bool:
        """True while the header still goes on: its `K:` stands on a later line."""
        return self.state.header.key is None and _KEY_LINE.search(self.findings.text, start) is not None

    def _prose(self, text: str, start: int) -> None:
        """Words among the lines: a section's name in brackets, or nothing that can be read."""
        self.state.reader.section = name_in_comment(f"% {text.strip()}") or self.state.reader.section
        message = f"`{text.strip()[:40]}` reads as words, not as music, and was left out"
        severity = ERROR if self.state.has_notes and not self.empty_line else WARNING
        self.findings.add(severity, "prose", message, start)

    def _inline(self, name: str, value: str, start: int) -> None:
        state = self.state
        if name == "r":
            state.reader.voice.bar.remarks.append(value.strip()[:200])
            return
        self.fields.read(name, value, start, start + 3)
        if name == "V" and state.current is not None and state.current is not state.reader.voice:
            state.turn_to(state.current)


def _without_comment(line: str) -> str:
    """The line up to its `%` comment; `\\%` and a `%` inside quotes are no comment."""
    if "%" not in line:
        return line
    for match in COMMENT.finditer(line):
        if line.count('"', 0, match.start()) % 2 == 0:
            return line[: match.start()]
    return line
