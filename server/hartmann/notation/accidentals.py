"""Which accidentals are printed: the ones that the key and the bar so far do not imply.

Conventions of modern engraving: an accidental holds to the end of its bar at its own octave only; a note
tied over the bar line needs none. (ABC binds every octave; the parser has resolved that into pitches.)
"""

from __future__ import annotations

from hartmann.notation.score import Key, Pitch
from hartmann.notation.tune_fields import signature


class PrintedAccidentals:
    """What is in force in one bar of one voice; ask for each pitch in the order of the notes."""

    def __init__(self, key: Key) -> None:
        self._signature = signature(key)
        self._in_bar: dict[tuple[str, int], int] = {}

    def needed(self, pitch: Pitch) -> bool:
        """True when `pitch` must print its accidental here (a natural included)."""
        place = (pitch.step, pitch.octave)
        in_force = self._in_bar.get(place, self._signature.get(pitch.step, 0))
        self._in_bar[place] = pitch.alter
        return pitch.alter != in_force
