"""Harmony for a melody: the best path through a mode's triads, one chord for each stretch of time (Viterbi).

A chord is wanted where the melody sounds its tones, long and accented ones most; after another where its root moves as
roots do (down a fifth best, as in V-I, ii-V); at a section's end where it makes a cadence. Degrees are places on the
line of fifths above the tonic: the dominant's root is 1, the subdominant's -1, the second degree's 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

from hartmann.notation.score import Meter

KINDS: Final = {"": (0, 4, 1), "m": (0, -3, 1), "dim": (0, -3, -6), "7": (0, 4, 1, -2)}
"""Kind of chord, as a chord symbol says it → its tones in fifths above the root: root, third, fifth, seventh."""


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord over the tonic's scale: `root` in fifths above the tonic, `kind` a key of `KINDS`."""

    root: int
    kind: str

    @property
    def tones(self) -> tuple[int, ...]:
        """Root, third, fifth and seventh in fifths above the tonic."""
        return tuple(self.root + tone for tone in KINDS[self.kind])


Sound = tuple[Fraction, Fraction, int]
"""Onset in the bar and duration, in quarters, and the degree that sounds."""
CHORDS: Final[dict[str, dict[Chord, float]]] = {
    "major": {
        Chord(0, ""): 0.4, Chord(1, ""): 0.2, Chord(1, "7"): 0.2, Chord(-1, ""): 0.2, Chord(2, "m"): 0.05,
        Chord(3, "m"): 0.05, Chord(4, "m"): -0.4, Chord(2, "7"): -0.6,
    },
    "minor": {
        Chord(0, "m"): 0.4, Chord(1, ""): 0.1, Chord(1, "7"): 0.15, Chord(-1, "m"): 0.2, Chord(-4, ""): 0.1,
        Chord(-3, ""): 0.1, Chord(-2, ""): 0.05, Chord(1, "m"): -0.2, Chord(2, "dim"): -0.5,
    },
    "dorian": {
        Chord(0, "m"): 0.4, Chord(-2, ""): 0.25, Chord(-1, ""): 0.2, Chord(1, "m"): 0.05, Chord(-3, ""): 0.1,
        Chord(2, "m"): -0.2,
    },
    "mixolydian": {
        Chord(0, ""): 0.4, Chord(-2, ""): 0.25, Chord(-1, ""): 0.2, Chord(1, "m"): 0.05, Chord(3, "m"): 0.0,
        Chord(2, "m"): 0.0, Chord(1, ""): -0.3,
    },
}  # fmt: skip
"""Mode → its chords, and how readily each is taken."""
MOTIONS: Final = {0: 0.0, -1: 0.6, 1: 0.2, 2: 0.3, -2: -0.2, 3: 0.1, -3: 0.15, 4: -0.2, -4: 0.0}
"""How well a root moves by so many fifths: V-I is -1, IV-V is 2, V-IV is -2."""
HELD: Final = 0.5
"""What keeping the chord through a bar is worth."""
TONE_WORTH: Final = (1.1, 1.0, 0.9, 0.4)
FOREIGN: Final = -0.9
CADENCE: Final = 1.2
"""What the dominant before the tonic is worth in a section's last bar."""
FIT: Final = 3.0
"""How much fitting the melody counts against moving well."""


_ALIKE: Final = {
    "ionian": "major", "lydian": "major", "aeolian": "minor", "phrygian": "minor", "locrian": "minor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """What sounds under one chord: (degree, weight) of its notes; and where it stands: whether it opens a bar, opens
    or closes a section, ends the piece, and lies in a section's last bar."""

    notes: tuple[tuple[int, float], ...]
    opens_bar: bool
    opens: bool = False
    closes: bool = False
    ends: bool = False
    last_bar: bool = False


def span_length(meter: Meter) -> Fraction:
    """Quarter notes under one chord: half a bar where a bar has two even halves of two or three beats, else a bar."""
    halves = str(meter) in {"4/4", "2/2", "6/8", "12/8", "6/4"}
    return meter.bar_duration / 2 if halves else meter.bar_duration


def weighed(sounds: Iterable[Sound], start: Fraction, length: Fraction) -> tuple[tuple[int, float], ...]:
    """(degree, weight) of what sounds in a stretch of a bar: its time there, doubled for what opens the stretch."""
    found = []
    for onset, duration, degree in sounds:
        over = min(onset + duration, start + length) - max(onset, start)
        if over > 0:
            found.append((degree, float(over) * (2.0 if onset <= start else 1.0)))
    return tuple(found)


def best_chords(spans: Sequence[Span], mode: str) -> list[Chord]:
    """A chord for each span. `mode` is any of the church modes' names; those that have no chords of their own take
    major's or minor's."""
    own = _ALIKE.get(mode, mode)
    chords, motions = list(CHORDS[own]), _motions(own)
    count = range(len(chords))
    scores = [0.0] * len(chords)
    came: list[list[int]] = []
    for span in spans:
        local = [CHORDS[own][c] + _fit(c, span) + _place(c, span) for c in chords]
        worth = [[motions[i][j] + _joint(chords[i], chords[j], span) for i in count] for j in count]
        before = [max(count, key=lambda i: scores[i] + worth[j][i]) for j in count]
        scores = [scores[i] + worth[j][i] + local[j] for j, i in enumerate(before)]
        came.append(before)
    at = max(count, key=scores.__getitem__)
    path = []
    for before in reversed(came):
        path.append(chords[at])
        at = before[at]
    return path[::-1]


def _fit(chord: Chord, span: Span) -> float:
    total = sum(weight for _, weight in span.notes)
    if not total:
        return 0.0
    worth = dict(zip(chord.tones, TONE_WORTH, strict=False))
    return FIT * sum(weight * worth.get(degree, FOREIGN) for degree, weight in span.notes) / total


def _place(chord: Chord, span: Span) -> float:
    """What a chord is worth at the beginning and at the end of a section."""
    worth = 0.5 if span.opens and chord.root == 0 else 0.0
    if span.ends:
        return worth + (2.5 if chord.root == 0 else -1.0)
    if span.closes:
        worth += 0.8 if chord.root == 0 else (0.5 if chord.root == 1 else 0.0)
    return worth


@cache
def _motions(mode: str) -> tuple[tuple[float, ...], ...]:
    """What going from each chord of a mode to each is worth."""
    chords = list(CHORDS[mode])
    return tuple(tuple(MOTIONS.get(b.root - a.root, -0.4) for b in chords) for a in chords)


def _joint(before: Chord, chord: Chord, span: Span) -> float:
    """What two chords in a row are worth beside their motion: one that is kept in a bar, or a cadence."""
    if before == chord:
        return 0.0 if span.opens_bar else HELD
    if before.root == 1 and chord.root == 0 and span.last_bar:
        return CADENCE
    return 0.0
