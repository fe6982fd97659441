"""Problems for a terminal, as a good compiler prints them: the sentence, the line, and a caret under the place.

error: the bar lasts 5/4 but the meter is 4/4: `c2 d2 e` [bar_too_long]
  --> line 7, column 12, voice 2, bar 7
   7 | GABc d2e2|c2 d2 e|
     |           ^
     = write `c2 d2`
"""

from __future__ import annotations

from collections.abc import Sequence

from hartmann.notation.problems import Problem

_WIDTH = 96


def render(problems: Sequence[Problem], text: str) -> str:
    """All `problems` one after another, a blank line between; `text` is the text their places refer to."""
    lines = text.split("\n")
    return "\n\n".join(_one(problem, lines) for problem in problems)


def describe_place(problem: Problem) -> str:
    """`line 7, column 12, voice 2, bar 7`, as far as it is known; "" where there is no place."""
    parts = []
    if problem.line:
        parts.append(f"line {problem.line}, column {problem.column}")
    if problem.voice:
        parts.append(f"voice {problem.voice}")
    if problem.bar >= 0:
        parts.append(f"bar {problem.bar}" if problem.bar else "the pickup")
    return ", ".join(parts)


def _one(problem: Problem, lines: Sequence[str]) -> str:
    out = [f"{problem.severity}: {problem.message} [{problem.code}]"]
    place = describe_place(problem)
    if place:
        out.append(f"  --> {place}")
    if 0 < problem.line <= len(lines):
        out += _shown_line(problem, lines[problem.line - 1])
    if problem.fix:
        out.append(f"     = try: {problem.fix}")
    return "\n".join(out)


def _shown_line(problem: Problem, line: str) -> list[str]:
    """The line and a caret; of a long line, the stretch around the place."""
    column = max(1, problem.column) - 1
    start = 0 if len(line) <= _WIDTH else max(0, min(column - _WIDTH // 2, len(line) - _WIDTH))
    shown = line[start : start + _WIDTH].replace("\t", " ")
    number = str(problem.line)
    gutter = " " * len(number)
    return [f"  {number} | {shown}", f"  {gutter} | {' ' * (column - start)}^"]
