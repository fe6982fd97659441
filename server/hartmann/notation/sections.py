"""Sections: named stretches of a piece, from `% [intro]` comments, `P:` parts, or double bars and repeats."""

from __future__ import annotations

import re
from dataclasses import replace

from hartmann.notation.score import Bar, Score, Section, Voice

_BRACKETED = re.compile(r"%+\s*\[\s*([^\]\n]{1,60}?)\s*\]")
_SPOKEN = re.compile(
    r"%+\s*(?:(?:section|part)\s*[:\-]?\s*)?"
    r"((?:intro(?:duction)?|verse|chorus|refrain|bridge|coda|outro|interlude|theme|development|finale|ending|"
    r"[A-H])\b[^\n%]{0,30})$",
    re.I,
)

_NOT_IN_NAMES = str.maketrans("", "", "[]%")


def name_in_comment(comment: str) -> str:
    """The section that a comment announces: `% [A]`, `% Section B`, `% intro`; "" for any other comment."""
    match = _BRACKETED.match(comment) or _SPOKEN.match(comment.strip())
    return section_name(match[1]) if match else ""


def section_name(text: str) -> str:
    """The name of a section as it is kept: without brackets and what surrounds names, 60 characters at most."""
    return text.translate(_NOT_IN_NAMES).strip()[:60].strip(" :-.")


def with_sections(score: Score) -> Score:
    """`score` with `sections` filled: the named ones, or stretches between double bars and repeats (A, B, …)."""
    starts = _named_starts(score) or _drawn_starts(score.voices[0])
    if len(starts) == 0:
        return score
    last_bar = max(len(voice.bars) for voice in score.voices) - 1
    sections = []
    for (name, first), following in zip(starts, [s[1] for s in starts[1:]] + [last_bar + 1], strict=True):
        spans = tuple(span for voice in score.voices for span in _span(voice, first, following - 1))
        sections.append(Section(name, first, following - 1, spans))
    return replace(score, sections=tuple(sections))


def _named_starts(score: Score) -> list[tuple[str, int]]:
    found: dict[int, str] = {}
    for voice in score.voices:
        for index, bar in enumerate(voice.bars):
            if bar.section:
                found.setdefault(index, bar.section)
    return [(name, index) for index, name in sorted(found.items())]


def _drawn_starts(voice: Voice) -> list[tuple[str, int]]:
    starts = [0]
    for index, bar in enumerate(voice.bars[:-1]):
        if _ends_stretch(bar, voice.bars[index + 1]):
            starts.append(index + 1)
    return [(_letters(number), index) for number, index in enumerate(starts)] if len(starts) > 1 else []


def _ends_stretch(bar: Bar, following: Bar) -> bool:
    if following.endings and max(following.endings) > 1:
        return False
    return bool(bar.repeat_end) or bar.barline in {"||", "|]"} or following.repeat_start


def _letters(number: int) -> str:
    return chr(65 + number) if number < 26 else _letters(number // 26 - 1) + chr(65 + number % 26)


def _span(voice: Voice, first: int, last: int) -> list[tuple[int, int, int]]:
    bars = voice.bars[first : last + 1]
    return [(voice.number, bars[0].place.start, bars[-1].place.end)] if bars else []
