"""Collecting problems while a text is read: places from offsets, and a bound on how many are kept."""

from __future__ import annotations

from bisect import bisect_right

from hartmann.notation.problems import Problem, Severity
from hartmann.notation.score import Place


class TooMuch(Exception):
    """A limit was passed: reading stops where it is, with what has been read."""


class Findings:
    """The problems found so far in `text`. At most `limit` are kept; the rest are only counted."""

    def __init__(self, text: str, limit: int) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self.edits: list[tuple[int, str]] = []
        self.left_out = 0
        self._limit = limit
        self._said: set[str] = set()
        starts = [0]
        at = text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = text.find("\n", at + 1)
        self.line_starts = starts

    def place(self, start: int, end: int) -> Place:
        """The place of `text[start:end]`."""
        line = bisect_right(self.line_starts, start)
        return Place(line, start - self.line_starts[line - 1] + 1, start, end)

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        start: int = -1,
        *,
        voice: int = 0,
        bar: int = -1,
        fix: str = "",
    ) -> None:
        """Keep a problem that stands at offset `start` (-1: nowhere in particular)."""
        if len(self.problems) >= self._limit:
            self.left_out += 1
            return
        place = self.place(start, start) if start >= 0 else None
        line, column = (place.line, place.column) if place else (0, 0)
        self.problems.append(Problem(code, severity, message, line, column, voice, bar, fix))

    def once(
        self, severity: Severity, code: str, message: str, start: int = -1, *, key: str = "", fix: str = ""
    ) -> None:
        """The same, but only the first time for this code (and, where there is one, this `key`)."""
        said = f"{code} {key}"
        if said not in self._said:
            self._said.add(said)
            self.add(severity, code, message, start, fix=fix)

    def edit(self, start: int, replacement: str) -> None:
        """Note a fix of the text at `start`, as long as what it replaces."""
        self.edits.append((start, replacement))

    def edited_text(self) -> str:
        """The text with all edits made."""
        if not self.edits:
            return self.text
        characters = list(self.text)
        for start, replacement in self.edits:
            characters[start : start + len(replacement)] = replacement
        return "".join(characters)
