"""Quantised parts become a score: key, names, voices, bars, tempo.

Conventions: one key for the whole score; changes of key inside a file are spelled by accidentals. A tempo is stated at
the bar line behind the change, when it differs by more than `_HEARD`. The unit note length is the one that makes the
text shortest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from hartmann.notation.from_midi.bars import STEPS, BarSpan
from hartmann.notation.from_midi.key_finding import find_key, pitch_class_weights
from hartmann.notation.from_midi.quantising import QuantisedPart
from hartmann.notation.from_midi.recording import DEFAULT_BPM, Recording
from hartmann.notation.from_midi.rhythm import by_bar, write
from hartmann.notation.from_midi.spelling import spell, spell_drums
from hartmann.notation.from_midi.voices import Segment, Span, separate
from hartmann.notation.score import Bar, Key, Meter, Place, Score, Tempo, Voice

_NOWHERE = Place(0, 0, 0, 0)

_HEARD = 0.03
"""The change of tempo that is written: smaller ones are a player's breath or rounding."""

_UNITS = (Fraction(1, 2), Fraction(1, 4), Fraction(1))
"""Unit note lengths to choose from, in quarters."""


def assemble(
    recording: Recording, parts: Sequence[QuantisedPart], bars: Sequence[BarSpan], title: str, voices: int
) -> Score:
    """The score of these parts in these bars, with at most `voices` voices a part."""
    key = _key(recording, parts, bars)
    tempos = _tempos(recording, bars)
    named = _spans(parts, key)
    lines = [
        (part, line)
        for part, spans in zip(parts, named, strict=True)
        for line in separate(spans, 1 if part.percussion else voices)
    ]
    made = tuple(
        _voice(number, part, list(_bars(line, bars, key, tempos if number == 1 else {})))
        for number, (part, line) in enumerate(lines, 1)
    )
    return Score(title, "", key, bars[0].meter, _unit(made), tempos[0], made)


def _key(recording: Recording, parts: Sequence[QuantisedPart], bars: Sequence[BarSpan]) -> Key:
    """The key of what is pitched; no key for percussion alone."""
    pitched = [part for part in parts if not part.percussion]
    if not pitched:
        return Key("C", "major", 0)
    pitches = np.concatenate([part.pitches for part in pitched])
    lengths = np.concatenate([part.ends - part.onsets for part in pitched])
    start = bars[0].start / STEPS + 1
    stated = [(fifths, minor) for time, fifths, minor in recording.keys if time <= start]
    return find_key(pitch_class_weights(pitches, lengths), stated[-1] if stated else None)


def _spans(parts: Sequence[QuantisedPart], key: Key) -> list[list[Span]]:
    """The notes of each part with their names; all pitched parts together tell what a pitch is called."""
    rows = [
        (onset, pitch, index, end)
        for index, part in enumerate(parts)
        for onset, end, pitch in zip(
            part.onsets.tolist(), part.ends.tolist(), part.pitches.tolist(), strict=True
        )
    ]
    rows.sort()
    pitched = [row for row in rows if not parts[row[2]].percussion]
    struck = [row for row in rows if parts[row[2]].percussion]
    spans: list[list[Span]] = [[] for _ in parts]
    spelled = spell(np.array([row[1] for row in pitched], np.int64), key)
    drums = spell_drums(np.array([row[1] for row in struck], np.int64))
    for group, names in ((pitched, spelled), (struck, drums)):
        for (onset, pitch, index, end), name in zip(group, names, strict=True):
            spans[index].append(Span(onset, end, pitch, name))
    return spans


def _voice(number: int, part: QuantisedPart, bars: Sequence[Bar]) -> Voice:
    program = None if part.percussion else part.program
    return Voice(number, str(number), tuple(bars), part.name, "", program, part.percussion)


def _bars(
    line: Sequence[Segment], bars: Sequence[BarSpan], key: Key, tempos: dict[int, Tempo]
) -> Iterator[Bar]:
    meter: Meter | None = None
    onset = Fraction(0)
    pickup = bars[0].end - bars[0].start < bars[0].meter.bar_duration * STEPS and len(bars) > 1
    for index, (bar, held) in enumerate(zip(bars, by_bar(line, bars), strict=True)):
        duration = Fraction(bar.end - bar.start, STEPS)
        last = index == len(bars) - 1
        yield Bar(
            number=index + (not pickup),
            onset=onset,
            duration=duration,
            notes=write(held, bar),
            place=_NOWHERE,
            key=None if index else key,
            meter=None if bar.meter == meter else bar.meter,
            tempo=tempos.get(index),
            barline="|]" if last else "|",
        )
        meter = bar.meter
        onset += duration


def _tempos(recording: Recording, bars: Sequence[BarSpan]) -> dict[int, Tempo]:
    """The tempo at each bar (index) where it changes; the first bar's always."""
    stated = recording.tempos or ((0.0, DEFAULT_BPM),)
    times = np.array([time for time, _ in stated])
    found: dict[int, Tempo] = {}
    before = 0.0
    for index, bar in enumerate(bars):
        at = int(np.searchsorted(times, bar.start / STEPS + 1 / 16, "right")) - 1
        bpm = stated[max(at, 0)][1]
        if abs(bpm - before) > _HEARD * before:
            found[index] = _tempo(bpm, bar.meter)
            before = bpm
    return found


def _tempo(quarters_per_minute: float, meter: Meter) -> Tempo:
    beat = Fraction(3, 2) if meter.is_compound and meter.denominator == 8 else Fraction(1)
    return Tempo(beat, Fraction(max(1, round(quarters_per_minute / float(beat)))))


def _unit(voices: Sequence[Voice]) -> Fraction:
    lengths = Counter(
        note.written for voice in voices for bar in voice.bars for note in bar.notes if not note.whole_bar
    )
    return min(_UNITS, key=lambda unit: sum(n * _characters(length / unit) for length, n in lengths.items()))


def _characters(units: Fraction) -> int:
    """How many characters a length takes."""
    above = 0 if units.numerator == 1 else len(str(units.numerator))
    return above if units.denominator == 1 else above + 1 + len(str(units.denominator))
