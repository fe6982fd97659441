"""Canonical ABC: one style, and reading it gives the same music."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc, without_places


def read(text: str) -> Score:
    score = check(text).score
    assert score is not None
    return score


def same_again(text: str) -> bool:
    """Whether the music of `text` survives being written and read."""
    score = read(text)
    return without_places(read(to_abc(score, sources=True))) == without_places(score)


def test_the_canonical_style() -> None:
    text = (
        "X:7\nT:The Sea\nC:Nobody\nM: 6/8\nL:1/8\nQ: 3/8=110\nR:jig\nZ:a hand\nK: G major\n%%MIDI program 73\n"
        "% [A]\nD|:G2A B>AG|A3 d3|GAB d2B|1A6:|2G5||\n% [B]\n(3efg {a}f2 z|[GB]6|]"
    )
    assert to_abc(read(text)) == (
        "X:1\nT:The Sea\nC:Nobody\nR:jig\nM:6/8\nL:1/8\nQ:3/8=110\nK:Gmaj\n%%MIDI program 73\n"
        "% [A]\nD|:G2A B3/2A/2G|A3 d3|GAB d2B|1 A6:|\n[2 G5||\n% [B]\n(3efg{a}f2 z|[GB]6|]\n"
    )


def test_fields_about_the_source_are_written_on_request() -> None:
    score = read("X:1\nT:A\nS:a book\nZ:a hand\nM:4/4\nL:1/4\nK:C\nCDEF|")
    assert "S:" not in to_abc(score)
    assert "S:a book\nZ:a hand\n" in to_abc(score, sources=True)


def test_voices_are_written_in_systems() -> None:
    text = 'X:1\nM:4/4\nL:1/4\nK:C\nV:1 name="Flute"\nV:2 clef=bass\nV:1\nCDEF|G4|]\nV:2\nC4|C4|]'
    assert to_abc(read(text)) == (
        'X:1\nM:4/4\nL:1/4\nK:Cmaj\nV:1 name="Flute"\nV:2 clef=bass\n[V:1] C D E F|G4|]\n[V:2] C4|C4|]\n'
    )


def test_accidentals_are_written_out_where_readers_disagree() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\n^ccCC-|CcC2|"
    assert to_abc(read(text)).split("\n")[4] == "^c c ^C C-|^C =c =C2|"


@pytest.mark.parametrize(
    "body",
    [
        "C>D E<F (3GAB c|z4|Z2|x4|",
        "|:CDEF|1GABc:|2c4||[1 C4:|[2 D4|]",
        "C|CDEF::GABc|CDE:|",
        "[K:D]FFFF|[M:3/4]FFF|[Q:1/4=90]FFF|[K:Am exp ^g]GGG|",
        "CD[K:D]FF|[r: here]G4|",
        '"Am"!p!.A"^low"B~cTd|{/ab}[c-eg-]2(c2|d4)|',
        "c4&E2G2|^F2&F2|",
        "(5CDEFG (3:2:2C2D (7CDEFGAB|",
        "CDEF|\nw:one two- three _\nw:a * b\nGABc|",
        "% [intro]\nCDEF|GABc|\nP:B\nCDEF|]",
        "=C__B,,^^f''_d,/4|",
        "CDEFG|C|h[CEG C0|",
    ],
)
def test_every_construct_survives_being_written_and_read(body: str) -> None:
    assert same_again(f"X:1\nM:4/4\nL:1/4\nK:C\n{body}\n")


PLAIN = ["C", "^F", "_B,", "=e", "c'", "G2", "A/", "z", "x2"]
JOINED = ["[CEG]", "[^C-E]2", "(3cde", "(FG)", "A-A", '"Em"e', "{g}f", "!f!c", "B>c"]
NOTES = st.sampled_from(PLAIN + JOINED)
SIGNS = st.sampled_from(
    ["|", "||", ":|", "|:", "::", "|1", ":|2", "|\n", "&", "[K:D]", "[M:3/4]", "[L:1/16]", "\n% [B]\n", " "]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(NOTES, NOTES, SIGNS), min_size=1, max_size=40),
    st.sampled_from(["C", "Gm", "F#", "none"]),
)
def test_whatever_is_read_is_written_so_that_it_reads_the_same(pieces: list[str], key: str) -> None:
    text = f"X:1\nM:4/4\nL:1/8\nK:{key}\n{' '.join(pieces)}\n"
    checked = check(text)
    if checked.score is not None:
        assert same_again(text)


def test_length_of_the_unit_is_kept() -> None:
    assert read(to_abc(read("X:1\nM:4/4\nL:1/16\nK:C\nC4D4E4F4|"))).unit == Fraction(1, 4)
