"""Difficulty: what easy and medium rule out, as limits that a grammar can keep to and a check can measure.

Limits are for a player of one line: the span from the lowest to the highest note, the leap from note to note, how
short a note may be (a note value and a time, since a sixteenth at a slow tempo is no faster than an eighth
at a quick one: a note breaks the limit when it is shorter than both), and the sharps or flats of a key that
nobody asked for. `hard` rules nothing out. The steps are set by hand, in the manner of graded syllabuses, which
widen span, keys and note values from grade to grade.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from hartmann.notation.score import Note, Score, Voice

ACCIDENTALS_ABOVE = 2
"""Semitones by which signature and accidentals may widen a range of natural notes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`span` and `leap` in semitones, `value` in whole notes, `seconds` of a note, `accidentals` of a signature."""

    span: int
    leap: int
    value: Fraction
    seconds: Fraction
    accidentals: int

    def shortest(self, quarters_per_minute: Fraction) -> Fraction:
        """The shortest note value allowed at a tempo, a power of two of a whole note, at most `value`."""
        shortest = self.value
        while shortest / 2 * 240 / quarters_per_minute >= self.seconds and shortest > Fraction(1, 64):
            shortest /= 2
        return shortest

    def within(self, lowest: int, highest: int) -> tuple[int, int]:
        """The middle of an instrument's range (MIDI numbers), as wide as natural notes may lie apart."""
        width = self.span - ACCIDENTALS_ABOVE
        if highest - lowest <= width:
            return lowest, highest
        start = lowest + (highest - lowest - width) // 2
        return start, start + width


LIMITS = {
    "easy": Limits(17, 12, Fraction(1, 8), Fraction(1, 4), 3),
    "medium": Limits(26, 17, Fraction(1, 16), Fraction(12, 100), 5),
}
"""An octave and a fourth, an octave; two octaves and a whole tone, an octave and a fourth."""


def too_hard(score: Score, limits: Limits) -> Iterator[str]:
    """What goes beyond the limits, as the beginnings of sentences; one for each kind of limit."""
    voices = [voice for voice in score.voices if not voice.percussion]
    for sentence in (_span(voices, limits), _leap(voices, limits), _short(voices, score, limits)):
        if sentence:
            yield sentence


def _span(voices: list[Voice], limits: Limits) -> str:
    spans = [max(tops) - min(tops) for voice in voices if (tops := [top for _, top in _tops(voice)])]
    widest = max(spans, default=0)
    return f"a voice spans {widest} semitones, more than {limits.span}" if widest > limits.span else ""


def _leap(voices: list[Voice], limits: Limits) -> str:
    for voice in voices:
        for (_, before), (bar, after) in pairwise(_tops(voice)):
            if abs(after - before) > limits.leap:
                return f"there is a leap of {abs(after - before)} semitones in bar {bar}, more than {limits.leap}"
    return ""


def _short(voices: list[Voice], score: Score, limits: Limits) -> str:
    """The first note that is too short, by value and by time; grace notes do not count."""
    for voice in voices:
        tempo = score.tempo
        for bar in voice.bars:
            tempo = bar.tempo or tempo
            quarters = Fraction(tempo.quarters_per_minute).limit_denominator(1000) if tempo else Fraction(120)
            for note in bar.notes:
                if note.pitches and _is_short(note, quarters or Fraction(120), limits):
                    return (
                        f"a note in bar {bar.number} lasts {float(note.duration * 60 / quarters):.2g} seconds"
                    )
    return ""


def _is_short(note: Note, quarters: Fraction, limits: Limits) -> bool:
    return note.duration / 4 < limits.value and note.duration * 60 / quarters < limits.seconds


def _tops(voice: Voice) -> Iterator[tuple[int, int]]:
    """(bar number, MIDI pitch) of the highest pitch of each onset."""
    for bar in voice.bars:
        for note in bar.notes:
            if note.pitches:
                yield bar.number, max(pitch.midi for pitch in note.pitches)
