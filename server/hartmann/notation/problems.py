"""Problems: what is wrong with a piece of ABC, said so that a person or a model can mend it.

A problem has a stable `code`, a `severity`, and a sentence that names what was found and what was
expected. Where it can be said, it has a place (1-based line and column), the voice (its number) and
the bar (0 is an anacrusis), and a suggested `fix`. Errors mean that the music as written can't be
played as meant; warnings that something was read by a guess or ignored; hints that it is unusual.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad: an ERROR sends a draft back, a WARNING counts against it, a HINT is only said."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `line`, `column` and `voice` are 0 and `bar` is -1 where there is no such place."""

    code: str
    severity: Severity
    message: str
    line: int = 0
    column: int = 0
    voice: int = 0
    bar: int = -1
    fix: str = ""


def problem_order(problem: Problem) -> tuple[int, int, str]:
    """Sort key: by place in the text, what has none first."""
    return (problem.line, problem.column, problem.code)
