"""Valence and arousal of a tune at any tempo: the formula of `library.features` for tunes that are not written yet.

A tune's cues that do not depend on tempo are worked out once; the feeling at a tempo is then a few sums, quick enough
to try many tunes and tempi against a picture. Tests hold it against `measure_features` of the tune as written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from hartmann.library.features import BRIGHTNESS, SCALE_FROM_FIFTHS
from hartmann.library.genres import Genre, felt_beat, named_genre, supposed_genre
from hartmann.notation.score import Meter
from hartmann.training.melodies import Melody

TEMPI: Final = (42.0, 216.0)
"""Quarter notes a minute that tunes are written at."""


@dataclass(frozen=True, slots=True)
class Cues:
    """`valence` and `arousal` without their tempo and register parts; `beat` in quarters, `density` in notes a quarter,
    `pitch` the mean MIDI note."""

    valence: float
    arousal: float
    beat: float
    density: float
    pitch: float

    def feeling(self, quarters: float) -> tuple[float, float]:
        """(valence, arousal), each -1…1, at a tempo in quarter notes a minute."""
        tempo = _cut(math.log2(quarters / self.beat / 92))
        busy = _cut(math.log2(max(self.density * quarters / 60, 0.05) / 3) / 1.5)
        register = _cut((self.pitch - 70) / 9)
        valence = self.valence + 1.5 * (0.26 * tempo + 0.18 * register) - 0.5
        arousal = self.arousal + 1.6 * (0.4 * tempo + 0.3 * busy + 0.08 * register) + 0.1
        return _cut(valence), _cut(arousal)

    def moved(self, semitones: float) -> Cues:
        """The cues of the tune transposed."""
        return replace(self, pitch=self.pitch + semitones)


def cues_of(melody: Melody, rhythm: str, title: str = "") -> Cues:
    """The cues of a tune that says `R:rhythm` and `T:title`."""
    line = _line(melody)
    quarters = float(sum(e.sounding for e in melody.events()))
    genre = _genre(melody, rhythm, title, len(line) / quarters)
    leaps = [abs(b - a) for (a, _), (b, _) in pairwise(line)]
    share = sum(leap > 4 for leap in leaps) / len(leaps) if leaps else 0.0
    colour = min(1.0, _outside(melody, line) / 0.15)
    return Cues(
        valence=1.5 * (0.5 * _brightness(melody, line) + 0.28 * genre.cheer - 0.2 * colour),
        arousal=1.6 * (0.2 * genre.energy + 0.12 * _cut((share - 0.25) / 0.25)),
        beat=float(felt_beat(meter_of(melody), in_two=genre.in_two)),
        density=len(line) / quarters,
        pitch=sum(p * d for p, d in line) / sum(d for _, d in line),
    )


def _line(melody: Melody) -> list[tuple[int, float]]:
    """(MIDI note, quarters) of each onset."""
    line: list[tuple[int, float]] = []
    tied = False
    for event in melody.events():
        if event.step >= 0 and tied and line and line[-1][0] == event.midi:
            line[-1] = (event.midi, line[-1][1] + float(event.sounding))
        elif event.step >= 0:
            line.append((event.midi, float(event.sounding)))
        tied = event.tied
    return line


def _genre(melody: Melody, rhythm: str, title: str, density: float) -> Genre:
    named = (named_genre(text) for text in (rhythm, title) if text)
    supposed = supposed_genre(meter_of(melody), 1, density * float(felt_beat(meter_of(melody))))
    return next((genre for genre in named if genre), supposed)


def meter_of(melody: Melody) -> Meter:
    """The melody's meter as scores have it."""
    over, under = melody.meter.split("/")
    return Meter(int(over), int(under))


def _brightness(melody: Melody, line: list[tuple[int, float]]) -> float:
    stated = BRIGHTNESS[melody.mode]
    thirds = {4: 0.0, 3: 0.0}
    for pitch, quarters in line:
        above = (pitch - 7 * melody.tonic) % 12
        if above in thirds:
            thirds[above] += quarters
    both = thirds[4] + thirds[3]
    return (stated + (thirds[4] - thirds[3]) / both) / 2 if both else stated


def _outside(melody: Melody, line: list[tuple[int, float]]) -> float:
    root = 7 * melody.signature
    return sum((pitch - root) % 12 not in SCALE_FROM_FIFTHS for pitch, _ in line) / len(line)


def _cut(value: float) -> float:
    return min(1.0, max(-1.0, value))
