"""A voice read as one line of notes: of each onset the highest pitch, ties joined, as written; and the line's steps.

A step leads from note to note: interval in semitones, ratio of durations. Steps stay the same when a tune is moved to
another key or written in other note values, so neither hides that two tunes are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd

from hartmann.notation.score import Voice
from hartmann.notation.sounding import sounding_notes

Note = tuple[int, Fraction]
"""MIDI pitch, and duration in quarters."""
Step = tuple[int, int, int]
"""Interval in semitones, and the ratio of durations as numerator and denominator."""


def top_line(voice: Voice) -> tuple[tuple[Note, ...], tuple[int, ...]]:
    """The notes of the line, and for each the number of the bar in which it begins."""
    top: dict[Fraction, tuple[Note, int]] = {}
    for sound in sounding_notes(voice):
        if sound.duration > 0:
            top[sound.onset] = (sound.pitch, sound.duration), voice.bars[sound.bar].number
    return tuple(note for note, _ in top.values()), tuple(bar for _, bar in top.values())


def steps_of(line: Sequence[Note]) -> tuple[Step, ...]:
    """One step fewer than the line has notes."""
    return tuple(_step(before, after) for before, after in pairwise(line))


def _step(before: Note, after: Note) -> Step:
    """By integers, since `Fraction`s take most of the time otherwise."""
    above = after[1].numerator * before[1].denominator
    below = after[1].denominator * before[1].numerator
    common = gcd(above, below)
    return after[0] - before[0], above // common, below // common
