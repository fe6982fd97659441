"""Macros: `m: ~G2 = {A}G{F}G` stands for more music than it shows (ABC 2.1, section 9).

A static macro is replaced as it stands. In a transposing one (`m: ~n2 = n/o/n`) the `n` of the target is any
note, and the letters h…z of the replacement are notes relative to it: m is one step below n, o one above.
What is written out keeps the place of the macro's call, so that problems point to the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DEFINITION = re.compile(r"\s*([^=]*[^=\s])\s*=\s*(.+?)\s*$")
_STEPS = "CDEFGABcdefgab"
_RELATIVE = re.compile(r"![^!]*!|\"[^\"]*\"|[h-z]")
_NOTE = r"([A-Ga-g])([,']*)"
_MOST_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Macro:
    """What to look for, and what to write instead; `transposing` where the target holds an `n`."""

    target: re.Pattern[str]
    replacement: str
    transposing: bool

    def written_out(self, match: re.Match[str]) -> str:
        """The music that one call stands for."""
        if not self.transposing:
            return self.replacement
        at = _STEPS.index(match[1]) + 7 * (match[2].count("'") - match[2].count(","))
        return _RELATIVE.sub(lambda m: _relative(m[0], at), self.replacement)


def parse_macro(value: str) -> Macro | None:
    """The macro that an `m:` field defines; None where it defines none."""
    match = _DEFINITION.match(value)
    if match is None or len(match[1]) > 31 or len(match[2]) > 200:
        return None
    before, n, after = match[1].partition("n")
    target = re.escape(before) + (_NOTE if n else "") + re.escape(after)
    return Macro(re.compile(target), match[2], bool(n))


def expand(text: str, macros: Sequence[Macro], start: int) -> tuple[str, list[int]]:
    """(`text` with all macros written out, the offset that each of its characters comes from, and one for its
    end); `start` is the offset of the first. A line grows to about 4,000 characters at most."""
    origins = list(range(start, start + len(text) + 1))
    for macro in macros:
        pieces: list[str] = []
        moved: list[int] = []
        last = 0
        for match in macro.target.finditer(text):
            written = macro.written_out(match)
            pieces += [text[last : match.start()], written]
            moved += origins[last : match.start()] + [origins[match.start()]] * len(written)
            last = match.end()
            if len(moved) > _MOST_CHARACTERS:
                break
        text = "".join(pieces) + text[last:]
        origins = moved + origins[last:]
    return text, origins


def _relative(sign: str, at: int) -> str:
    """The note that a letter h…z means beside the step `at`; decorations and words stay as they are."""
    if len(sign) > 1:
        return sign
    step = at + ord(sign) - ord("n")
    if step < 0:
        return _STEPS[step % 7] + "," * (-(step // 7))
    if step > 13:
        return _STEPS[7 + step % 7] + "'" * (step // 7 - 1)
    return _STEPS[step]
