"""The chords that suit a voice, as tones that ABC can write beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.notation.checking import check
from hartmann.notation.harmonization import Tones, chord_tones
from hartmann.notation.score import Score
from hartmann.vision.header_grammar import keys

TRIADS = ({0, 4, 7}, {0, 3, 7}, {0, 3, 6}, {0, 4, 7, 10})
"""Semitones above the root: major, minor, diminished, and the dominant seventh."""
LETTERS = "CDEFGABcdefgab"


def read(body: str, key: str = "C", meter: str = "4/4") -> Score:
    score = check(f"X:1\nT:Tune\nM:{meter}\nL:1/8\nK:{key}\n{body}\n").score
    assert score is not None
    return score


def harmonies(body: str, key: str = "C", meter: str = "4/4") -> list[tuple[Tones, ...]]:
    score = read(body, key, meter)
    return chord_tones(score.voices[0], score.key, score.meter)


def test_broken_chords_are_heard_as_what_they_are() -> None:
    found = harmonies("C2EG c2Gc|F2Ac f2cA|G2Bd g2dB|c8|]")
    assert [bar[0][:3] for bar in found] == [
        ("C", "E", "G"),
        ("F", "A", "C"),
        ("G", "B", "D"),
        ("C", "E", "G"),
    ]
    assert all(first[:3] == second[:3] for first, second in found)


@pytest.mark.parametrize(("meter", "chords"), [("4/4", 2), ("6/8", 2), ("3/4", 1), ("2/4", 1), ("9/8", 1)])
def test_a_bar_of_two_even_halves_has_two_chords(meter: str, chords: int) -> None:
    over, under = map(int, meter.split("/"))
    assert [len(bar) for bar in harmonies(f"c{8 * over // under}|]", meter=meter)] == [chords]


def test_the_leading_note_of_minor_carries_its_sharp() -> None:
    found = harmonies("A2ce a2ec|d2fa d'2af|e2^gb e'2b^g|A8|]", "Amin")
    assert found[2][0][:3] == ("E", "^G", "B")
    assert found[3][0] == ("A", "C", "E")


def test_both_forms_of_a_letter_in_one_bar_carry_their_accidentals() -> None:
    found = harmonies("A2ce a2ec|c2eg e2^gb|A8|]", "Amin")
    assert found[1][0] == ("C", "E", "=G")
    assert "^G" in found[1][1]


def test_a_bar_of_rests_is_harmonized_too() -> None:
    assert [len(bar) for bar in harmonies("z8|C2E2G2c2|]")] == [2, 2]


def test_a_key_without_a_tonic_is_refused() -> None:
    score = read("CDEF GABc|]", "none")
    with pytest.raises(ValueError, match="expected a key with a tonic"):
        chord_tones(score.voices[0], score.key, score.meter)


@given(
    st.sampled_from(keys(("maj", "min", "dor", "mix", "phr", "lyd"))),
    st.lists(st.text(st.sampled_from(LETTERS), min_size=8, max_size=8), min_size=1, max_size=6),
)
def test_in_every_key_the_tones_as_written_sound_as_chords(key: str, bars: list[str]) -> None:
    found = harmonies("|".join(bars) + "|]", key)
    assert len(found) == len(bars)
    for bar in found:
        said = read("".join(tone for tones in bar for tone in tones) + "|]", key).voices[0].bars[0].notes
        sounds = iter([note.pitches[0].midi for note in said])
        for tones in bar:
            root, *others = [next(sounds) for _ in tones]
            assert {(pitch - root) % 12 for pitch in (root, *others)} in TRIADS
