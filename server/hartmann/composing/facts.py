"""Facts: what a checked score says of itself, for whoever gives reasons for it.

Key, meter, tempo, instruments, and the sections with their bars and the way each goes. The prompt for a motivation
states them, so that a model need not work them out again from notation it wrote long ago; `claims` holds sentences
against the same measurements. Bars are numbered as `notation.score` numbers them, from 1: a pickup before bar 1
belongs to the section that it opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hartmann.library.genres import felt_beat
from hartmann.notation.instruments import instrument_name
from hartmann.notation.score import Score, Section

WAYS: Final = ("arches", "dips", "stays level", "rises", "falls")
"""What a section can be said to do; the first that is true describes it best."""
LEVEL_SEMITONES: Final = 3
"""Thirds of a section whose mean pitches lie this close together stay level."""
TEMPO_WORDS: Final = ((54, "very slow"), (74, "slow"), (100, "moderate"), (140, "fast"))
"""The words of `library.features`, by felt beats a minute; beyond the last it is very fast."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A section by name and by the numbers of its first and last bar, with the way its melody goes."""

    name: str
    first: int
    last: int
    moves: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a score says of itself; empty strings and tuples where it says nothing.

    `tempo` is a word and the felt beats a minute, such as `fast, 110`; `instruments` are names in lower case.
    """

    key: str
    meter: str
    tempo: str
    instruments: tuple[str, ...]
    sections: tuple[Stretch, ...]


def facts_of(score: Score) -> Facts:
    """The facts of a checked score."""
    meter = "" if score.meter.symbol == "free" else f"{score.meter.numerator}/{score.meter.denominator}"
    playing = dict.fromkeys(voice.program for voice in score.voices if voice.program is not None)
    return Facts(
        key="" if score.key.mode == "none" else score.key.name,
        meter=meter,
        tempo=_tempo(score),
        instruments=tuple(instrument_name(program).lower() for program in playing),
        sections=tuple(_stretches(score)),
    )


def tempo_word(beats: float) -> str:
    """The word for a tempo in felt beats a minute."""
    return next((word for limit, word in TEMPO_WORDS if beats < limit), "very fast")


def bars_of(section: Section, score: Score) -> tuple[int, int]:
    """The numbers of a section's first and last bar; 0 is a pickup."""
    bars = score.voices[0].bars
    return bars[section.first].number, bars[min(section.last, len(bars) - 1)].number


def moves(section: Section, score: Score, way: str) -> bool:
    """Whether the mean pitches of the section's thirds can be called that; True for fewer than six notes."""
    bars = score.voices[0].bars[section.first : section.last + 1]
    pitches = [max(note.pitches).midi for bar in bars for note in bar.notes if note.pitches]
    third = len(pitches) // 3
    if third < 2:
        return True
    parts = pitches[:third], pitches[third:-third], pitches[-third:]
    first, middle, last = (sum(part) / len(part) for part in parts)
    if way in {"rises", "climbs"}:
        return last > first
    if way in {"falls", "descends"}:
        return last < first
    if way == "arches":
        return middle >= max(first, last) + 1
    if way == "dips":
        return middle <= min(first, last) - 1
    return first == last or max(first, middle, last) - min(first, middle, last) <= LEVEL_SEMITONES


def way_of(section: Section, score: Score) -> str:
    """The way that describes a section best."""
    return next(way for way in WAYS if moves(section, score, way))


def _stretches(score: Score) -> Iterator[Stretch]:
    """Sections in order; what is before the first named bar is left out."""
    for section in score.sections:
        first, last = bars_of(section, score)
        yield Stretch(section.name, max(1, first), max(1, last), way_of(section, score))


def _tempo(score: Score) -> str:
    if score.tempo is None or score.tempo.bpm <= 0:
        return ""
    beats = score.tempo.quarters_per_minute / felt_beat(score.meter)
    return f"{tempo_word(float(beats))}, {round(beats)}"
