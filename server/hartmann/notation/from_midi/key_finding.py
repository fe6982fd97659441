"""The key of a piece, from how long each pitch class sounds.

Temperley's profiles, how often each scale degree sounds in the pieces of Kostka and Payne's textbook (Music and
Probability, 2007, chapter 6), are correlated with the piece's own profile in all 24 keys: the method of Krumhansl
and Schmuckler. Krumhansl and Kessler's ratings by listeners did worse: they found 90 % of the key signatures of 1,000
accompanied folk tunes, these 96 %. A signature that the file states is believed where nearly as much of the music
lies in its scale as in that of the key that was found: most programs write C major into files that nobody
gave a key.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hartmann.notation.score import Key

_MAJOR = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
_MINOR = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)
_SCALE = (0, 2, 4, 5, 7, 9, 11)

_BELIEVED = 0.02
"""The share of sounding time that the stated key may leave out more than the found one."""

_NAMES = {
    -7: "Cb", -6: "Gb", -5: "Db", -4: "Ab", -3: "Eb", -2: "Bb", -1: "F", 0: "C", 1: "G", 2: "D", 3: "A",
    4: "E", 5: "B", 6: "F#", 7: "C#", 8: "G#", 9: "D#", 10: "A#",
}  # fmt: skip
"""Tonics of the major keys by sharps; those of minor keys lie three further on."""


def make_key(fifths: int, minor: bool) -> Key:
    """The key with so many sharps (negative: flats), −7…7.

    >>> make_key(-3, minor=True).name
    'C minor'
    """
    return Key(_NAMES[fifths + 3 * minor], "minor" if minor else "major", fifths)


def pitch_class_weights(pitches: NDArray[np.int64], durations: NDArray[np.int64]) -> NDArray[np.float64]:
    """How long each of the 12 pitch classes sounds, as shares of all; zeros for no notes."""
    weights = np.bincount(pitches % 12, durations, minlength=12).astype(np.float64)
    return weights / (weights.sum() or 1.0)


def find_key(weights: NDArray[np.float64], stated: tuple[int, bool] | None = None) -> Key:
    """The key of music with these pitch class weights. `stated` is (sharps, minor) as the file has it.

    Of the two modes of a stated signature the likelier is taken unless the file says minor.
    """
    scores = _profiles() @ weights
    best = int(np.argmax(scores))
    fifths, minor = _signature(best)
    if stated is not None and _inside(weights, stated[0]) + _BELIEVED >= _inside(weights, fifths):
        return _mode_of(stated, scores)
    return make_key(fifths, minor)


def _mode_of(stated: tuple[int, bool], scores: NDArray[np.float64]) -> Key:
    fifths, minor = stated
    tonic = 7 * fifths % 12
    return make_key(fifths, minor or bool(scores[12 + (tonic + 9) % 12] > scores[tonic]))


@lru_cache(maxsize=1)
def _profiles() -> NDArray[np.float64]:
    """Shape (24, 12): the profile of each major key from C, then of each minor key, of mean 0 and length 1."""
    rows = [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)]
    centred = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))


def _signature(index: int) -> tuple[int, bool]:
    """(sharps, minor) of a row of `_profiles`; of two ways to write a key the one with fewer accidentals."""
    minor, tonic = index >= 12, index % 12
    major_tonic = (tonic + 3) % 12 if minor else tonic
    return (7 * major_tonic + 6) % 12 - 6, minor


def _inside(weights: NDArray[np.float64], fifths: int) -> float:
    """The share of the music that lies in the scale of a signature."""
    return float(sum(weights[(step + 7 * fifths) % 12] for step in _SCALE))
