"""Faults are reported with their voice, bar, line and column, and nothing else is."""

import pytest

from hartmann.notation.checking import Checked, check
from hartmann.notation.problems import Problem, Severity
from hartmann.notation.rendering import render

HEADER = "X:1\nM:4/4\nL:1/4\nK:C\n"


def errors(text: str) -> list[tuple[str, int, int]]:
    """(code, voice, bar) of every error in `text`."""
    return [(p.code, p.voice, p.bar) for p in check(text).errors]


def only(checked: Checked, code: str) -> Problem:
    (problem,) = [p for p in checked.problems if p.code == code]
    return problem


def test_bar_that_is_too_long_is_reported_with_voice_and_bar_number() -> None:
    problem = only(check(HEADER + "CDEF|\nGABcd|CDEF|"), "bar_too_long")
    assert (problem.voice, problem.bar, problem.line, problem.column) == (1, 2, 6, 1)
    assert problem.message == "the bar lasts 5/4 but the meter is 4/4: `GABcd`"


def test_bar_that_is_too_short_is_reported_with_voice_and_bar_number() -> None:
    text = HEADER + "V:1\nCDEF|GABc|\nV:2\nC4|D2E|\n"
    assert errors(text) == [("bar_too_short", 2, 2)]


def test_voices_of_different_length_are_reported_at_the_end_of_the_shorter() -> None:
    problem = only(check(HEADER + "V:1\nCDEF|GABc|\nV:2\nC4|\n"), "voices_differ")
    assert (problem.voice, problem.bar) == (2, 1)
    assert problem.message == "voice 2 ends after 1 bar, but voice 1 has 2 bars"


def test_unclosed_chord_is_reported_and_read_as_a_chord() -> None:
    checked = check(HEADER + "CDEF|[CEG z3|\n")
    assert errors(HEADER + "CDEF|[CEG z3|\n") == [("unclosed_chord", 1, 2)]
    assert checked.score is not None
    assert len(checked.score.voices[0].bars[1].notes[0].pitches) == 3


def test_bad_character_is_reported_where_it_stands() -> None:
    problem = only(check(HEADER + "CDEF|Gh3c|"), "bad_character")
    assert (problem.bar, problem.line, problem.column) == (2, 5, 7)


def test_letter_that_could_be_a_decoration_is_left_out_with_a_warning() -> None:
    checked = check(HEADER + "CDEF|GkABc|")
    assert only(checked, "bad_character").severity is Severity.WARNING
    assert checked.ok


def test_unclosed_repeat_is_reported_where_it_opens() -> None:
    assert errors(HEADER + "CDEF|:GABc|CDEF|]") == [("unclosed_repeat", 1, 2)]
    assert errors(HEADER + "|:CDEF|:GABc:|") == [("unclosed_repeat", 1, 1)]


@pytest.mark.parametrize("key", ["Q", "G#", "C sharp", "Cblues", "H"])
def test_bad_key_is_reported(key: str) -> None:
    assert [code for code, _, _ in errors(f"X:1\nM:4/4\nL:1/4\nK:{key}\nCDEF|")] == ["bad_key"]


@pytest.mark.parametrize("meter", ["4/5", "four", "0/4", "4"])
def test_bad_meter_is_reported_and_bars_are_then_not_judged(meter: str) -> None:
    assert errors(f"X:1\nM:{meter}\nL:1/4\nK:C\nCDEFG|CD|C|") == [("bad_meter", 0, -1)]


def test_bad_key_and_meter_inside_the_tune_are_reported_with_their_bar() -> None:
    assert errors(HEADER + "CDEF|[K:X]GABc|") == [("bad_key", 1, 2)]
    assert errors(HEADER + "CDEF|[M:9/7]GABc|") == [("bad_meter", 1, 2)]


def test_notes_on_a_voice_line_are_read_and_reported() -> None:
    checked = check(HEADER + "V:1\nCDEF|\nV:2 C4|\n")
    problem = only(checked, "notes_on_voice_line")
    assert (problem.voice, problem.bar, problem.line, problem.column) == (2, 1, 7, 5)
    assert checked.ok


@pytest.mark.parametrize("bad", ["C1.5", "C/0", "C0", "C2/3/4", "C9999999"])
def test_bad_length_is_reported_once(bad: str) -> None:
    assert errors(HEADER + f"CDEF|{bad}DE|") == [("bad_length", 1, 2)]


def test_decimal_length_comes_with_the_fraction_to_write() -> None:
    assert only(check(HEADER + "C1.5DEF/|"), "bad_length").fix == "C3/2"


def test_sharp_behind_its_note_is_mended_in_place_and_reported() -> None:
    checked = check(HEADER + "C#D F#'2|")
    assert checked.text == (HEADER + "^CD ^F'2|")
    assert checked.ok
    assert [p.fix for p in checked.problems if p.code == "sharp_sign"] == ["^C", "^F"]
    assert checked.score is not None
    assert [p.midi for n in checked.score.voices[0].bars[0].notes for p in n.pitches] == [61, 62, 78]


def test_empty_line_inside_the_tune_is_reported_and_read_over() -> None:
    checked = check(HEADER + "CDEF|\n\nGABc|\n")
    assert only(checked, "empty_line").line == 6
    assert checked.score is not None
    assert len(checked.score.voices[0].bars) == 2


def test_a_second_tune_is_reported_and_left() -> None:
    checked = check(HEADER + "CDEF|\n\nX:2\nK:D\nDDDD|\n")
    assert only(checked, "several_tunes").severity is Severity.WARNING
    assert checked.score is not None
    assert len(checked.score.voices[0].bars) == 1


def test_missing_fields_are_reported_and_assumed() -> None:
    checked = check("CDEF|GABc|")
    assert {p.code for p in checked.problems} == {"missing_x", "missing_m", "missing_l", "missing_k"}
    assert checked.ok


def test_text_without_music_is_reported_as_such() -> None:
    for text in ("", "\n\n", "I'm sorry, I cannot compose that.", "X:1\nT:Only a title\nK:C\n"):
        checked = check(text)
        assert checked.score is None
        assert "no_music" in {p.code for p in checked.errors}


@pytest.mark.parametrize(
    "body",
    [
        "C|CDEF|GAB|]",  # the last bar lacks what the pickup has
        "C|CDEF|GAB:|C|CDEF|GAB:|",  # each part with its own pickup
        "CDEF|GA:|Bc|CDEF|",  # a bar broken by a repeat sign
        "CDEF|G2||AB|CDEF|]",  # a bar broken by a double bar
        "C|CDEF|1GAB:|2GABc||",  # first ending back to the pickup
        "C|:DEFG|A2 [1 B:|[2 B2||",  # both endings share the beginning of their bar
    ],
)
def test_partial_bars_that_complete_each_other_are_no_errors(body: str) -> None:
    assert errors(HEADER + body) == []


def test_a_short_bar_in_the_middle_is_an_error_even_with_a_pickup() -> None:
    assert errors(HEADER + "C|CDEF|GAB|CDEF|GAB|]") == [("bar_too_short", 1, 2)]


def test_voices_must_share_their_pickup() -> None:
    assert errors(HEADER + "V:1\nC|CDEF|GAB|\nV:2\nC2|C4|D3|\n")[0] == ("voices_differ", 2, 0)


def test_free_and_barless_music_is_not_judged() -> None:
    assert errors("X:1\nM:none\nL:1/4\nK:C\nCDEFG|C|CDE|") == []
    assert errors("X:1\nM:C\nL:1/4\n%%MIDI nobarlines\nK:C\nCDEFGABcdef\n") == []


def test_problems_beyond_the_limit_are_counted() -> None:
    checked = check(HEADER + "CDEF|" + "é" * 500)
    assert checked.problems[0].code == "more_problems"
    assert checked.problems[0].message == "300 more problems were found and are not listed"


def test_rendering_shows_the_line_with_a_caret_under_the_place() -> None:
    checked = check(HEADER + "CDEF|GABcd|")
    assert render(checked.problems, checked.text) == (
        "error: the bar lasts 5/4 but the meter is 4/4: `GABcd` [bar_too_long]\n"
        "  --> line 5, column 6, voice 1, bar 2\n"
        "  5 | CDEF|GABcd|\n"
        "    |      ^"
    )


def test_rendering_of_a_long_line_shows_the_stretch_around_the_place() -> None:
    checked = check(HEADER + "CDEF|" * 60 + "CDEFG|" + "CDEF|" * 60)
    shown = render(checked.problems, checked.text).split("\n")
    assert max(map(len, shown)) < 110
    assert shown[2][shown[3].index("^") :].startswith("CDEFG|")
