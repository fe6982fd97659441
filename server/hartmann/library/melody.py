"""Melody: the leading line of a score as plain numbers, and what can be counted in it.

The leading line is the first voice with pitches that is not percussion; of a chord its highest note leads.
Times are in quarter notes from the start of the voice as written (repeats not unfolded), pitches are MIDI
numbers, intervals semitones. A note tied to the one before it is one onset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from hartmann.notation.score import Note, Score, Voice


class Contour(StrEnum):
    """The shape of a line over its three thirds."""

    RISING = "rising"
    FALLING = "falling"
    ARCHED = "arched"
    DIPPING = "dipping"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Melody:
    """`pitches[i]` begins at `onsets[i]` and lasts `durations[i]`; `length` is the whole line, rests included."""

    onsets: tuple[float, ...]
    durations: tuple[float, ...]
    pitches: tuple[int, ...]
    length: float

    @property
    def intervals(self) -> tuple[int, ...]:
        """Semitones from each note to the next."""
        return tuple(after - before for before, after in pairwise(self.pitches))

    @property
    def rest_share(self) -> float:
        """Part of the line without a note, 0…1."""
        return min(1.0, max(0.0, 1 - sum(self.durations) / self.length)) if self.length else 0.0

    @property
    def leap_share(self) -> float:
        """Part of the intervals wider than a major third, 0…1."""
        moves = self.intervals
        return sum(abs(move) > 4 for move in moves) / len(moves) if moves else 0.0

    @property
    def mean_interval(self) -> float:
        """Mean size of the intervals in semitones."""
        moves = self.intervals
        return sum(map(abs, moves)) / len(moves) if moves else 0.0

    @property
    def mean_pitch(self) -> float:
        """Mean MIDI pitch, each note as heavy as it is long."""
        weight = sum(self.durations)
        pairs = zip(self.pitches, self.durations, strict=True)
        return sum(pitch * duration for pitch, duration in pairs) / weight if weight else 0.0

    def contour(self) -> Contour:
        """Compare the mean pitches of the line's thirds: two semitones make a rise, a fall, an arch or a dip."""
        third = len(self.pitches) // 3
        if third == 0:
            return Contour.LEVEL
        parts = self.pitches[:third], self.pitches[third : len(self.pitches) - third], self.pitches[-third:]
        first, middle, last = (sum(part) / len(part) for part in parts)
        swell = middle - (first + last) / 2
        if abs(last - first) >= max(2.0, abs(swell)):
            return Contour.RISING if last > first else Contour.FALLING
        if abs(swell) >= 2:
            return Contour.ARCHED if swell > 0 else Contour.DIPPING
        return Contour.LEVEL


def leading_voice(score: Score) -> Voice | None:
    """The first voice with pitches that is not percussion, or None."""
    return next((voice for voice in score.voices if not voice.percussion and _has_pitches(voice)), None)


def read_melody(voice: Voice) -> Melody:
    """The top line of a voice as numbers."""
    onsets: list[float] = []
    durations: list[float] = []
    pitches: list[int] = []
    tied = False
    for onset, note in _top_layer(voice):
        top = max(pitch.midi for pitch in note.pitches) if note.pitches else -1
        if tied and pitches and top == pitches[-1]:
            durations[-1] += float(note.duration)
        elif top >= 0:
            onsets.append(onset)
            durations.append(float(note.duration))
            pitches.append(top)
        tied = any(note.ties)
    length = sum(float(bar.duration) for bar in voice.bars)
    return Melody(tuple(onsets), tuple(durations), tuple(pitches), length)


def _top_layer(voice: Voice) -> Iterator[tuple[float, Note]]:
    for bar in voice.bars:
        start = float(bar.onset)
        for note in bar.notes:
            if note.layer == 0:
                yield start + float(note.onset), note


def _has_pitches(voice: Voice) -> bool:
    return any(note.pitches for bar in voice.bars for note in bar.notes)
