"""How high and how low a voice goes, as ABC writes it.

ABC names the octave from middle C upwards `C D E F G A B`, the next `c … b`; each `'` is an octave up, each
`,` an octave down. Ranges are diatonic: accidentals come on top.
"""

from __future__ import annotations

from dataclasses import dataclass

_LETTERS = "CDEFGAB"
_SEMITONES = (0, 2, 4, 5, 7, 9, 11)


def abc_pitch(step: int) -> str:
    """The ABC name of a diatonic step; 0 is middle C (`C`), 7 is `c`, -7 is `C,`."""
    octave, letter = divmod(step, 7)
    if octave >= 1:
        return _LETTERS[letter].lower() + "'" * (octave - 1)
    return _LETTERS[letter] + "," * -octave


@dataclass(frozen=True, slots=True)
class PitchRange:
    """From `lowest` to `highest` MIDI note, both inclusive; the default is a fiddle's first positions, G3…B5."""

    lowest: int = 55
    highest: int = 83

    @property
    def abc(self) -> tuple[str, ...]:
        """The natural notes of the range in ABC, low to high. Raises ValueError for fewer than an octave."""
        steps = [step for step in range(-35, 42) if self.lowest <= self._midi(step) <= self.highest]
        if len(steps) < 8:
            raise ValueError(f"expected a range of at least an octave, got {self.lowest} to {self.highest}")
        return tuple(abc_pitch(step) for step in steps)

    @staticmethod
    def _midi(step: int) -> int:
        octave, letter = divmod(step, 7)
        return 60 + 12 * octave + _SEMITONES[letter]
