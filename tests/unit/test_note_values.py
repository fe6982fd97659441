"""How lengths are written with heads, flags, dots and ties."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from score_building import bar

from hartmann.notation.accidentals import PrintedAccidentals
from hartmann.notation.note_values import SHORTEST, spell, tuplet_unit
from hartmann.notation.score import Key, Pitch, Tuplet


@pytest.mark.parametrize(
    ("quarters", "written"),
    [
        (Fraction(1), [("quarter", 0)]),
        (Fraction(3, 2), [("quarter", 1)]),
        (Fraction(7, 2), [("half", 2)]),
        (Fraction(5, 2), [("half", 0), ("eighth", 0)]),
        (Fraction(9, 2), [("whole", 0), ("eighth", 0)]),
        (Fraction(1, 8), [("32nd", 0)]),
        (Fraction(8), [("breve", 0)]),
        (Fraction(0), []),
    ],
)
def test_lengths_are_written_with_as_few_notes_as_can_be(
    quarters: Fraction, written: list[tuple[str, int]]
) -> None:
    assert [(value.type, value.dots) for value in spell(quarters).values] == written


def test_a_third_of_a_quarter_is_an_eighth_of_a_triplet() -> None:
    spelling = spell(Fraction(1, 3))
    assert ([v.type for v in spelling.values], spelling.actual, spelling.normal) == (["eighth"], 3, 2)


@given(st.integers(1, 4000), st.sampled_from([1, 2, 4, 8, 16, 32, 64]), st.sampled_from([1, 3, 5, 7]))
def test_the_values_of_a_spelling_last_as_long_as_what_they_spell(above: int, below: int, odd: int) -> None:
    length = Fraction(above, below * odd)
    spelling = spell(length)
    written = sum((value.length for value in spelling.values), Fraction(0))
    assert abs(written * spelling.normal / spelling.actual - length) < SHORTEST


def test_a_triplet_counts_its_shortest_value() -> None:
    notes = bar("C4:1 D4:1/2").notes
    triplet = [
        type(n)(n.onset, n.duration, n.written, n.pitches, n.place, tuplet=Tuplet(3, 2)) for n in notes
    ]
    unit = tuplet_unit(triplet)
    assert unit is not None
    assert unit.type == "eighth"


def test_accidentals_hold_to_the_end_of_the_bar_at_their_own_octave() -> None:
    printed = PrintedAccidentals(Key("G", "major", 1))
    pitches = [Pitch("F", 1, 4), Pitch("F", 0, 4), Pitch("F", 0, 4), Pitch("F", 0, 5), Pitch("F", 1, 4)]
    assert [printed.needed(pitch) for pitch in pitches] == [False, True, False, True, True]
