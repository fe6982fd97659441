"""Names for pitches: is 61 a C♯ or a D♭?

Meredith's ps13s1 (The ps13 pitch spelling algorithm, Journal of New Music Research 35:2, 2006; 99.4 % of the notes
of 216 movements right): around each note, the pitch classes that sound count as votes for themselves as
tonics, and the letter is taken that the note has in the chromatic scales of most of them. Where Meredith
anchors the letters in the first note, they are anchored in the key here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartmann.notation.score import STEP_SEMITONES, Key, Pitch

BEFORE, BEHIND = 10, 42
"""Notes that count, before and from the note on: Meredith's best values for ps13s1."""

_LETTERS = "CDEFGAB"
_CHROMATIC = np.array([0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6])
"""Letters above the tonic of the harmonic chromatic scale, by semitones above it."""


def spell(pitches: NDArray[np.int64], key: Key) -> list[Pitch]:
    """The spelled pitches of all notes of a piece, given by onset (MIDI numbers, all voices together)."""
    if not len(pitches):
        return []
    classes = pitches % 12
    seen = np.vstack([np.zeros(12, np.int64), np.cumsum(np.eye(12, dtype=np.int64)[classes], axis=0)])
    places = np.arange(len(classes))
    votes = seen[np.minimum(places + BEHIND, len(classes))] - seen[np.maximum(places - BEFORE, 0)]
    letters = np.argmax(_letter_strengths(votes, classes, key), axis=1)
    rows = zip(pitches.tolist(), letters.tolist(), strict=True)
    return [_named(pitch, letter, key) for pitch, letter in rows]


def spell_drums(pitches: NDArray[np.int64]) -> list[Pitch]:
    """Percussion by its note numbers, with sharps: 36 is C,, and 42 is F♯,,."""
    names = ((*_plain_name(pitch, 0), pitch) for pitch in pitches.tolist())
    return [Pitch(step, alter, (pitch - alter) // 12 - 1) for step, alter, pitch in names]


def _letter_strengths(votes: NDArray[np.int64], classes: NDArray[np.int64], key: Key) -> NDArray[np.int64]:
    """Shape (notes, 7): how many of the pitch classes around each note vote for each letter."""
    tonic, tonic_letter = _tonic(key)
    letter_of_tonic = (tonic_letter + _CHROMATIC[(np.arange(12) - tonic) % 12]) % 7
    strengths = np.zeros((len(classes), 7), np.int64)
    places = np.arange(len(classes))
    for voter in range(12):
        letters = (letter_of_tonic[voter] + _CHROMATIC[(classes - voter) % 12]) % 7
        strengths[places, letters] += votes[:, voter]
    return strengths


def _tonic(key: Key) -> tuple[int, int]:
    """(pitch class, letter number from C) of the tonic."""
    letter = key.tonic[0]
    alter = key.tonic.count("#") - key.tonic[1:].count("b")
    return (STEP_SEMITONES[letter] + alter) % 12, _LETTERS.index(letter)


def _named(pitch: int, letter: int, key: Key) -> Pitch:
    step = _LETTERS[letter]
    alter = (pitch - STEP_SEMITONES[step] + 6) % 12 - 6
    if abs(alter) > 2:
        step, alter = _plain_name(pitch, key.fifths)
    return Pitch(step, alter, (pitch - alter) // 12 - 1)


def _plain_name(pitch: int, fifths: int) -> tuple[str, int]:
    """The name with the fewest accidentals, of the kind that the key has."""
    ways = [(step, (pitch - semitones + 6) % 12 - 6) for step, semitones in STEP_SEMITONES.items()]
    return min(ways, key=lambda way: (abs(way[1]), way[1] * (1 if fifths >= 0 else -1) < 0))
