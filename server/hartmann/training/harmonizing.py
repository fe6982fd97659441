"""Harmony for melodies to learn from: the chords of `notation.harmony`, section by section, and their symbols."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from hartmann.notation.harmony import Chord, Sound, Span, best_chords, span_length, weighed
from hartmann.notation.score import Meter
from hartmann.training.melodies import Measure, Melody, fifths_name

ROOTS_SAID: Final = frozenset({*"ABCDEFG", "Ab", "Bb", "Db", "Eb", "Gb", "C#", "F#", "G#"})
"""The roots that the grammar of chord symbols knows (`vision.bar_chain`)."""


def symbol(chord: Chord, tonic: int) -> str:
    """As a chord symbol names it; empty for a root that symbols do not know."""
    name = fifths_name(tonic + chord.root)
    return f"{name}{chord.kind}" if name in ROOTS_SAID else ""


def harmonize(melody: Melody) -> list[list[list[Chord]]]:
    """The chords of each section's bars, one for each span of `span_of`; pickups have none."""
    spans = [_spans(melody, part.bars, number) for part in melody.parts for number in range(len(part.bars))]
    flat = [span for some in spans for span in some]
    if flat:
        flat[-1] = replace(flat[-1], ends=True)
    path = iter(best_chords(flat, melody.mode) if flat else ())
    chords = iter([[next(path) for _ in some] for some in spans])
    return [[next(chords) for _ in part.bars] for part in melody.parts]


def span_of(melody: Melody) -> Fraction:
    """Quarter notes under one chord."""
    over, under = melody.meter.split("/")
    return span_length(Meter(int(over), int(under)))


def _spans(melody: Melody, bars: Sequence[Measure], number: int) -> list[Span]:
    """The spans of a bar, in order; none for a pickup."""
    bar, width = bars[number], span_of(melody)
    length = sum((e.sounding for e in bar), Fraction(0))
    if number == 0 and length < melody.bar and len(bars) > 1:
        return []
    starts = [width * i for i in range(-(-length // width))]
    opening = number == 0 or (number == 1 and sum((e.sounding for e in bars[0]), Fraction(0)) < melody.bar)
    sounds = list(_sounds(bar, melody.tonic))
    return [
        Span(
            weighed(sounds, start, width),
            opens_bar=not start,
            opens=opening and not start,
            closes=number == len(bars) - 1 and start == starts[-1],
            last_bar=number == len(bars) - 1,
        )
        for start in starts
    ]


def _sounds(bar: Measure, tonic: int) -> Iterator[Sound]:
    time = Fraction(0)
    for event in bar:
        if event.step >= 0:
            yield time, event.sounding, event.fifths - tonic
        time += event.sounding


def chord_names(melody: Melody) -> list[list[dict[Fraction, str]]]:
    """Chord symbols of each section's bars by their time in the bar, where the chord changes or a section begins."""
    width, named = span_of(melody), []
    for bars in harmonize(melody):
        said, before = [], None
        for chords in bars:
            here = {}
            for place, chord in enumerate(chords):
                if chord != before and (name := symbol(chord, melody.tonic)):
                    here[width * place] = name
                before = chord
            said.append(here)
        named.append(said)
    return named
