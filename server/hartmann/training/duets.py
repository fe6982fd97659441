"""Tunes in two voices, written as the grammar of systems has them: lines of equal bars for each voice.

A melody with pickups and repeats is squared first: an upbeat joins the short bar before it, or is filled up with rests,
and repeats are written once, for bars that are shorter than the meter and repeats belong to one voice alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from random import Random
from typing import Final

from hartmann.composing.voices import voice_lines
from hartmann.notation.instruments import ANY_RANGE, accompanying_range, playing_range
from hartmann.training.accompaniment import Bar, Kind, Tone, accompany, fitting_kinds
from hartmann.training.melodies import Event, Measure, Melody, Part, UnfitError, length_of, moved
from hartmann.training.tune_text import (
    BARS_A_LINE,
    Heading,
    beat_groups,
    lengths,
    spelled,
    unit_of,
    write_bar,
    write_header,
)

MOST_BARS: Final = 16
LOW: Final = (42, 42, 70, 43, 58, 41, 57)
"""Cello, bassoon, double bass, tuba, viola, trombone: one note at a time."""
CHORDAL: Final = (0, 0, 24, 46, 21, 6, 19)
"""Piano, guitar, harp, accordion, harpsichord, organ: several notes at once."""


@dataclass(frozen=True, slots=True)
class Duet:
    """A squared melody with its second voice, section by section, and the second instrument."""

    melody: Melody
    second: tuple[tuple[Bar, ...], ...]
    program: int


def squared(melody: Melody, most: int = MOST_BARS) -> Melody:
    """The melody in full bars, without repeats, of whole sections up to `most` bars. Raises UnfitError."""
    full = melody.bar
    parts: list[Part] = []
    carried: Measure = ()
    for number, part in enumerate(melody.parts):
        bars = list(part.bars)
        if carried or (number == 0 and _is_short(bars[0], full) and len(bars) > 1):
            bars = bars[1:] if carried else [_filled_before(bars[0], full), *bars[1:]]
        following = melody.parts[number + 1].bars[0] if number + 1 < len(melody.parts) else ()
        carried = following if following and _is_short(following, full) else ()
        bars[-1] = _filled_after((*_untied(bars[-1]), *carried), full)
        parts.append(Part(tuple(bars)))
        if sum(len(p.bars) for p in parts) >= most:
            break
    if any(length_of(bar) != full for part in parts for bar in part.bars):
        raise UnfitError("bars that can't be filled")
    return replace(melody, pickup=Fraction(0), parts=tuple(_fewer(parts, most)))


def _fewer(parts: Sequence[Part], most: int) -> list[Part]:
    kept = list(parts)
    while len(kept) > 1 and sum(len(p.bars) for p in kept) > most:
        kept.pop()
    if not 8 <= sum(len(p.bars) for p in kept) <= most:
        raise UnfitError("too few or too many bars")
    return kept


def make_duet(melody: Melody, heading: Heading, arousal: float, rng: Random) -> Duet:
    """A second voice of some kind, on some instrument, that suits the mood. Raises UnfitError."""
    even = squared(melody)
    program = rng.choice(LOW if is_low(heading.program) else (*LOW, *CHORDAL, heading.program))
    chords = program in CHORDAL
    kind = rng.choice(fitting_kinds(arousal, even, chords))
    if kind is not Kind.PARALLEL and program == heading.program and not chords:
        kind = Kind.PARALLEL
    second = accompany(
        _lifted(even, heading, program), accompanying_range(program), kind, chords=chords, rng=rng
    )
    return Duet(_lifted(even, heading, program), tuple(map(tuple, second)), program)


def is_low(program: int) -> bool:
    """Whether an instrument plays below the treble clef, so that nothing but a bass goes under it."""
    return sum(playing_range(program)) < 120


def _lifted(melody: Melody, heading: Heading, program: int) -> Melody:
    """An octave higher where there is room for it and the second voice needs the room below."""
    pitches = [e.midi for e in melody.events() if e.step >= 0]
    _, highest = playing_range(heading.program)
    if accompanying_range(program) == ANY_RANGE and max(pitches) + 13 <= highest:
        return moved(melody, 0, 7)
    return melody


def write_duet(duet: Duet, heading: Heading) -> str:
    """The whole piece: header with its voices, then systems."""
    header = write_header(duet.melody, heading, voice_lines((heading.program, duet.program)))
    return header + write_systems(duet)


def write_systems(duet: Duet) -> str:
    """The music after the header, without a line break at its end."""
    names: dict[tuple[Measure, ...], str] = {}
    letters = (chr(ord("A") + i) for i in count())
    lines = []
    parts = duet.melody.parts
    for number, (part, second) in enumerate(zip(parts, duet.second, strict=True)):
        name = names.setdefault(part.bars, "") or next(letters)
        names[part.bars] = name
        lines.append(f"% [{name}]")
        ending = "|]" if number == len(parts) - 1 else "||"
        for start in range(0, len(part.bars), BARS_A_LINE):
            close = ending if start + BARS_A_LINE >= len(part.bars) else "|"
            here = slice(start, start + BARS_A_LINE)
            upper = "|".join(write_bar(bar, duet.melody) for bar in part.bars[here])
            lower = "|".join(_bar(bar, duet.melody) for bar in second[here])
            lines += [f"[V:1] {upper}{close}", f"[V:2] {lower}{close}"]
    return "\n".join(lines)


def _bar(bar: Bar, melody: Melody) -> str:
    """One bar of the second voice."""
    unit, group = unit_of(melody) * 4, beat_groups(melody)
    altered: dict[int, int] = {}
    time, said = Fraction(0), []
    for place, struck in enumerate(bar):
        if place and time % group == 0:
            said.append(" ")
        said.append(_struck(struck.tones, struck.length / unit, melody, altered))
        time += struck.length
    return "".join(said)


def _struck(tones: Sequence[Tone], length: Fraction, melody: Melody, altered: dict[int, int]) -> str:
    names = [spelled(tone.step, tone.fifths, melody, altered) for tone in tones] or ["z"]
    if len(names) > 1 and any(name[0] in "_=^" for name in names):
        names = names[-1:]
    name = names[0] if len(names) == 1 else f"[{''.join(names)}]"
    suffixes = list(lengths(length, name))
    if len(names) > 1 and len(suffixes) > 1:
        raise UnfitError("a chord of two lengths")
    return name + "".join(suffixes)


def _is_short(bar: Measure, full: Fraction) -> bool:
    return length_of(bar) < full


def _filled_before(bar: Measure, full: Fraction) -> Measure:
    return (Event(full - length_of(bar)), *bar)


def _filled_after(bar: Measure, full: Fraction) -> Measure:
    missing = full - length_of(bar)
    return (*bar, Event(missing)) if missing > 0 else bar


def _untied(bar: Measure) -> Measure:
    return (*bar[:-1], replace(bar[-1], tied=False))
