"""Symbol lines, macros, lines that go on, blocks of text, and overlays."""

import pytest

from hartmann.notation.checking import Checked, check
from hartmann.notation.score import Note


def checked(body: str, header: str = "") -> Checked:
    return check(f"X:1\nM:4/4\nL:1/4\n{header}K:C\n{body}\n")


def notes(body: str, header: str = "") -> list[Note]:
    score = checked(body, header).score
    assert score is not None
    return [note for bar in score.voices[0].bars for note in bar.notes]


def pitches(body: str, header: str = "") -> list[int]:
    return [p.midi for note in notes(body, header) for p in note.pitches]


def test_a_symbol_line_gives_decorations_chords_and_words_to_the_notes() -> None:
    a, b, rest, c, d = notes('CD z E|F4|\ns:!f! "Am" "^slow" | +trill+')
    assert (a.decorations, b.chord_symbol, c.annotations, d.decorations) == (
        ("f",),
        "Am",
        ("^slow",),
        ("trill",),
    )
    assert rest.decorations == ()


def test_a_symbol_line_skips_notes_and_bars() -> None:
    found = notes("CDEF|GABc|\ns:* !f! | !p!")
    assert [n.decorations for n in found] == [(), ("f",), (), (), ("p",), (), (), ()]


@pytest.mark.parametrize("line", ["s:!f! !f! !f! !f! !f!", "s:fortissimo", "s:!f"])
def test_a_symbol_that_has_no_note_is_reported(line: str) -> None:
    assert [p.code for p in checked(f"CDEF|\n{line}").problems] == ["symbol_line"]


def test_a_static_macro_is_written_out() -> None:
    assert pitches("C~GF2|", header="m: ~G = G/A/\n") == [60, 67, 69, 65]


def test_a_transposing_macro_follows_its_note_over_octaves() -> None:
    assert pitches("~C,2~b2|", header="m: ~n2 = n/o/m\n") == [48, 50, 47, 83, 84, 81]


def test_a_macro_leaves_words_and_decorations_as_they_are() -> None:
    first, second = notes("~C2 D2|", header='m: ~n2 = !trill!"^on"n2\n')
    assert (first.decorations, first.annotations, first.duration) == (("trill",), ("^on",), 2)
    assert second.decorations == ()


def test_problems_in_a_macro_point_to_its_call() -> None:
    found = checked("CDE~F|GABc|", header="m: ~F = F2\n")
    (problem,) = found.problems
    assert (problem.code, problem.line, problem.column) == ("bar_too_long", 6, 1)
    assert found.score is not None
    last = found.score.voices[0].bars[0].notes[-1]
    assert found.text[last.place.start :].startswith("~F")


def test_a_macro_that_defines_nothing_is_reported() -> None:
    assert [p.code for p in checked("CDEF|", header="m: nothing\n").problems] == ["bad_macro"]


def test_lyrics_go_on_in_a_line_of_their_own() -> None:
    assert [n.lyrics for n in notes("CDEF|\nw:one two\n+:three four")] == [
        ("one",),
        ("two",),
        ("three",),
        ("four",),
    ]


def test_lyrics_stand_under_all_lines_that_a_backslash_joins() -> None:
    assert [n.lyrics for n in notes("CD\\\nEF|\nw:a b c d")] == [("a",), ("b",), ("c",), ("d",)]
    assert [n.lyrics for n in notes("CDEF|\\\nw:a b c d\nGABc|\nw:e f g h")] == [(s,) for s in "abcdefgh"]


def test_blocks_of_text_are_passed_over() -> None:
    assert pitches("CDEF|\n%%begintext\nABAC|\n%%MIDI transpose 5\n%%endtext\nGABc|") == [
        60, 62, 64, 65, 67, 69, 71, 72,
    ]  # fmt: skip


def test_an_overlay_that_is_too_short_is_reported_with_its_bar() -> None:
    found = checked("CDEF|CDEF & c2|GABc|")
    (problem,) = found.problems
    assert (problem.code, problem.voice, problem.bar, problem.column) == ("overlay_too_short", 1, 2, 13)
    assert problem.message == "the overlay after `&` lasts 2/4, the bar 4/4; the rest is silence"


def test_music_under_an_overlay_that_is_too_short_is_reported() -> None:
    (problem,) = checked("CDEF|CD & c4|GABc|").problems
    assert problem.message == "what the overlay lies over lasts 2/4, the bar 4/4; the rest is silence"


def test_whole_overlays_are_fine() -> None:
    assert checked("CDEF & c4 & [eg]4|GABc|").problems == ()


def test_overlays_of_several_bars_are_errors() -> None:
    assert {p.code for p in checked("(&CDEF|GABc&c4|c4&)|").errors} == {"overlay"}


def test_a_tuplet_that_an_overlay_cuts_is_reported() -> None:
    assert "bad_tuplet" in {p.code for p in checked("C2(3DE & c4|").errors}


@pytest.mark.parametrize("body", ["|:|:CDEF:|", "CDEF:| :|", ":|CDEF|"])
def test_repeat_signs_without_music_between_them_are_reported(body: str) -> None:
    assert "empty_repeat" in {p.code for p in checked(body).problems}


def test_an_invisible_bar_line_ends_its_bar_and_nothing_else() -> None:
    score = checked("|:CDEF[|]GABc:|").score
    assert score is not None
    assert [bar.barline for bar in score.voices[0].bars] == ["[|]", "|"]
    assert score.sections == ()
