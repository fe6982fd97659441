"""The front door of `notation`: `check(text)` reads whatever is given and says what is wrong with it.

It never raises for what a text says, and takes bounded time and memory (`Limits`). What comes back is the
score (None when there is no music at all), the problems in the order of their places, and the text that the
places refer to: the tune cut out of fences and prose, with fixes that can't be wrong already made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hartmann.notation.findings import Findings
from hartmann.notation.limits import Limits
from hartmann.notation.parsing.tune import Parser
from hartmann.notation.problems import Problem, Severity, problem_order
from hartmann.notation.score import Score
from hartmann.notation.sections import with_sections
from hartmann.notation.tune_balance import judge
from hartmann.notation.tune_text import extract

__all__ = ["Checked", "Limits", "check", "split_tunebook"]

_DEFAULT = Limits()
_TUNE_START = re.compile(r"^[ \t]*X:", re.M)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read: `score` is None when the text holds no music; places refer to `text`."""

    score: Score | None
    problems: tuple[Problem, ...]
    text: str

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the music from being played as meant."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """True when there is music and no error in it."""
        return self.score is not None and not self.errors


def check(text: str, limits: Limits = _DEFAULT) -> Checked:
    """Read one tune from `text`; of several, the first. Never raises for what the text says."""
    cut = text[: limits.characters]
    tune = extract(cut)
    findings = Findings(tune.text, limits.problems)
    read = Parser(findings, limits).parse()
    score = read.score
    if score is not None:
        judge(score, findings, suspect=read.suspect, barless=read.barless)
        score = replace(with_sections(score), source=findings.edited_text())
    if len(cut) < len(text):
        findings.once(Severity.ERROR, "too_long", f"only the first {limits.characters} characters were read")
    more = [_left_out(findings.left_out)] if findings.left_out else []
    problems = tuple(sorted((*tune.problems, *findings.problems, *more), key=problem_order))
    return Checked(score, problems, findings.edited_text())


def split_tunebook(text: str) -> list[str]:
    """The tunes of a file that holds many, one text each, cut before every `X:`; what precedes the first is left out.

    A file without any `X:` is one tune.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in _TUNE_START.finditer(text)]
    if not starts:
        return [text] if text.strip() else []
    ends = [*starts[1:], len(text)]
    return [text[start:end].strip("\n") + "\n" for start, end in zip(starts, ends, strict=True)]


def _left_out(count: int) -> Problem:
    return Problem("more_problems", Severity.ERROR, f"{count} more problems were found and are not listed")
