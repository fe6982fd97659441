"""Chord symbols as people write them."""

from __future__ import annotations

import pytest

from hartmann.notation.chord_symbols import KINDS, ChordSymbol, parse_chord_symbol


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("G", ChordSymbol(("G", 0), "major", "")),
        ("Am", ChordSymbol(("A", 0), "minor", "m")),
        ("F#m7", ChordSymbol(("F", 1), "minor-seventh", "m7")),
        ("Bbmaj7", ChordSymbol(("B", -1), "major-seventh", "maj7")),
        ("C/E", ChordSymbol(("C", 0), "major", "", ("E", 0))),
        ("Dm/c#", ChordSymbol(("D", 0), "minor", "m", ("C", 1))),
        ("(E7)", ChordSymbol(("E", 0), "dominant", "7")),
        ("B♭", ChordSymbol(("B", -1), "major", "")),
    ],
)
def test_chords_are_read(text: str, read: ChordSymbol) -> None:
    assert parse_chord_symbol(text) == read


@pytest.mark.parametrize("text", ["", "Fine", "slowly", "N.C.", "Gm13b5#9", "H", "D.C."])
def test_what_is_no_chord_is_none(text: str) -> None:
    assert parse_chord_symbol(text) is None


def test_every_kind_is_one_of_musicxmls() -> None:
    # kind-value of MusicXML 4.0
    standard = {
        "major", "minor", "augmented", "diminished", "dominant", "major-seventh", "minor-seventh",
        "diminished-seventh", "augmented-seventh", "half-diminished", "major-minor", "major-sixth",
        "minor-sixth", "dominant-ninth", "major-ninth", "minor-ninth", "dominant-11th", "minor-11th",
        "dominant-13th", "minor-13th", "suspended-second", "suspended-fourth", "power",
    }  # fmt: skip
    assert set(KINDS.values()) <= standard
