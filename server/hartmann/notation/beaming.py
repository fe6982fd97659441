"""Which notes are joined by beams: those within one beat, as engravers group them by the meter.

Readers differ in what they do with a MusicXML file that has no beams: MuseScore makes its own, Verovio draws
every flag. So beams are written. The beat is a quarter in simple meters, three of the lower figure's notes in
compound ones, and the whole bar in 3/8; in 4/4 and 2/2 eighths are joined by half bars where no shorter note
stands among them; in 5/8, 7/8 and their kin twos come first and a three last. Rests divide beams, and so do
notes of a quarter and more. (After Gould, Behind Bars, 2011, p. 152–166.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import groupby

from hartmann.notation.score import Meter

FLAGS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5, "256th": 6}
"""How many beams a note value has; those that are missing have none."""


class Beam(Enum):
    """What one level of beams does at one note; hooks are short beams towards a neighbour that lacks the level."""

    BEGIN = "begin"
    CONTINUE = "continue"
    END = "end"
    FORWARD_HOOK = "forward hook"
    BACKWARD_HOOK = "backward hook"


@dataclass(frozen=True, slots=True)
class Beamable:
    """A note or rest of one layer: quarters from the start of the bar, and its flags (0: a rest, or no flag)."""

    onset: Fraction
    flags: int


def beams(notes: Sequence[Beamable], meter: Meter, shift: Fraction = Fraction(0)) -> list[tuple[Beam, ...]]:
    """For each note its beams from the eighth's level on; () where it stands alone.

    `shift` is the place in a full bar at which these notes begin: what an anacrusis lacks.
    """
    found: list[tuple[Beam, ...]] = [()] * len(notes)
    for group in _groups(notes, meter, shift):
        if len(group) > 1:
            for place, index in enumerate(group):
                flags = [notes[i].flags for i in group]
                found[index] = tuple(_beam(flags, place, level) for level in range(1, flags[place] + 1))
    return found


def _groups(notes: Sequence[Beamable], meter: Meter, shift: Fraction) -> Iterator[list[int]]:
    """Indexes of the notes that one beam joins: neighbours with flags in one beat."""
    beats = _beats(notes, meter, shift)
    for (_, flagged), members in groupby(range(len(notes)), lambda i: (beats[i], notes[i].flags > 0)):
        if flagged:
            yield list(members)


def _beats(notes: Sequence[Beamable], meter: Meter, shift: Fraction) -> list[Fraction]:
    """For each note where its beat begins, in quarters."""
    starts = [_beat(note.onset + shift, meter) for note in notes]
    if meter.symbol == "free" or (meter.numerator, meter.denominator) not in {(4, 4), (2, 2)}:
        return starts
    halves = [2 * ((note.onset + shift) // 2) for note in notes]
    divided = {half for half, note in zip(halves, notes, strict=True) if note.flags > 1}
    return [start if half in divided else Fraction(half) for start, half in zip(starts, halves, strict=True)]


def _beat(onset: Fraction, meter: Meter) -> Fraction:
    """Where the beat around this onset begins."""
    unit = Fraction(4, meter.denominator)
    if meter.is_compound:
        return onset // (3 * unit) * 3 * unit
    if meter.denominator < 8 or meter.numerator < 3:
        return Fraction(onset // 1)
    bar = onset // meter.bar_duration * meter.bar_duration if meter.bar_duration else Fraction(0)
    last_pair = (meter.numerator - 3) // 2 * 2 * unit
    return bar + min((onset - bar) // (2 * unit) * 2 * unit, last_pair)


def _beam(flags: Sequence[int], place: int, level: int) -> Beam:
    """The beam of one level at one place of a group, by which neighbours have that level too."""
    before = place > 0 and flags[place - 1] >= level
    after = place + 1 < len(flags) and flags[place + 1] >= level
    if before and after:
        return Beam.CONTINUE
    if before or after:
        return Beam.END if before else Beam.BEGIN
    return Beam.BACKWARD_HOOK if place > 0 else Beam.FORWARD_HOOK
