"""Beams as engravers group them, by the meter."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hartmann.notation.beaming import Beam, Beamable, beams
from hartmann.notation.score import Meter

_FLAGS = {"8": 1, "16": 2, "32": 3, "q": 0, "z": 0}
_LENGTHS = {
    "8": Fraction(1, 2),
    "16": Fraction(1, 4),
    "32": Fraction(1, 8),
    "q": Fraction(1),
    "z": Fraction(1, 2),
}


def drawn(text: str, meter: Meter, shift: Fraction = Fraction(0)) -> str:
    """The notes of `8 8. 16 q z` with those that are beamed in brackets; `.` dots, z is an eighth's rest."""
    onset, notes = Fraction(0), []
    for word in text.split():
        value = word.rstrip(".")
        notes.append(Beamable(onset, _FLAGS[value]))
        onset += _LENGTHS[value] * (Fraction(3, 2) if word.endswith(".") else 1)
    shown = []
    for word, found in zip(text.split(), beams(notes, meter, shift), strict=True):
        first = found[0] if found else None
        shown.append(("[" if first is Beam.BEGIN else "") + word + ("]" if first is Beam.END else ""))
    return " ".join(shown)


@pytest.mark.parametrize(
    ("meter", "notes", "expected"),
    [
        ((4, 4), "8 8 8 8 8 8 8 8", "[8 8 8 8] [8 8 8 8]"),
        ((4, 4), "8 16 16 8 8 8 8 8 8", "[8 16 16] [8 8] [8 8 8 8]"),
        ((4, 4), "q 8 8 q q", "q [8 8] q q"),
        ((2, 4), "8 8 8 8", "[8 8] [8 8]"),
        ((3, 4), "8 8 8 8 8 8", "[8 8] [8 8] [8 8]"),
        ((6, 8), "8 8 8 8 8 8", "[8 8 8] [8 8 8]"),
        ((6, 8), "q 8 8. 16 8", "q 8 [8. 16 8]"),
        ((9, 8), "8 8 8 q 8 8 8 8", "[8 8 8] q 8 [8 8 8]"),
        ((3, 8), "8 16 16 8", "[8 16 16 8]"),
        ((5, 8), "8 8 8 8 8", "[8 8] [8 8 8]"),
        ((7, 8), "8 8 8 8 8 8 8", "[8 8] [8 8] [8 8 8]"),
        ((4, 4), "8 z 8 8 q q", "8 z [8 8] q q"),
    ],
)
def test_notes_are_joined_within_a_beat(meter: tuple[int, int], notes: str, expected: str) -> None:
    assert drawn(notes, Meter(*meter)) == expected


def test_an_anacrusis_is_grouped_by_its_place_in_a_full_bar() -> None:
    assert drawn("8 8 8", Meter(4, 4), shift=Fraction(5, 2)) == "[8 8 8]"
    assert drawn("8 8 8", Meter(2, 4), shift=Fraction(1, 2)) == "8 [8 8]"


def test_shorter_notes_have_more_beams_and_lone_ones_hooks() -> None:
    dotted = [Beamable(Fraction(0), 1), Beamable(Fraction(3, 4), 2)]
    assert beams(dotted, Meter(2, 4)) == [(Beam.BEGIN,), (Beam.END, Beam.BACKWARD_HOOK)]
    snap = [Beamable(Fraction(0), 2), Beamable(Fraction(1, 4), 1)]
    assert beams(snap, Meter(2, 4)) == [(Beam.BEGIN, Beam.FORWARD_HOOK), (Beam.END,)]


def test_free_meter_is_grouped_by_quarters() -> None:
    assert drawn("8 8 8 8", Meter(4, 4, "free")) == "[8 8] [8 8]"
