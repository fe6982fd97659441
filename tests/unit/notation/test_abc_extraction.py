"""Finding the tune in what models write around it."""

import pytest

from hartmann.notation.checking import check

TUNE = "X:1\nT:Evening\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|]"


@pytest.mark.parametrize(
    "text",
    [
        f"```abc\n{TUNE}\n```",
        f"Here is a piece in the mood of the picture:\n\n```\n{TUNE}\n```\nI hope you like it.",
        f"<think>\nMaybe K:G? X:1\n</think>\n{TUNE}",
        f"Sure! This is the tune.\n\n{TUNE}\n\nThe rising scale paints the evening sky.",
        TUNE.replace("\n", "\r\n"),
        f"~~~\n{TUNE}\n~~~",
        f"```abc\nX:1\nK:D\nDDDD|\n```\nA better version:\n```abc\n{TUNE}\n```",
    ],
)
def test_the_tune_is_cut_out_of_its_surroundings(text: str) -> None:
    checked = check(text)
    assert checked.text.rstrip("\n") == TUNE
    assert checked.ok


def test_what_was_left_out_is_said() -> None:
    codes = {p.code for p in check(f"Here it comes, my friend:\n{TUNE}").problems}
    assert codes == {"text_around_music"}
    assert check(TUNE).problems == ()


def test_typographic_characters_are_read_as_plain_ones() -> None:
    checked = check("X:1\nT:“Quoted” – ♯1\nM：4/4\nL:1/4\nK:B♭\n“F♯m”C♯D♭｜♮EF G2‖")
    assert checked.score is not None
    assert checked.score.title == "“Quoted” – ♯1"
    assert checked.score.key.fifths == -2
    first, second = checked.score.voices[0].bars
    assert [p.midi for n in first.notes for p in n.pitches] == [61, 61]
    assert [p.midi for n in second.notes for p in n.pitches] == [64, 65, 67]
    assert first.notes[0].chord_symbol == "F#m"
    assert second.barline == "||"


def test_a_line_that_goes_on_behind_a_backslash_is_music() -> None:
    checked = check("X:1\nM:4/4\nL:1/8\nK:G\n(uiBc) \\\n| d8|]\n")
    assert checked.score is not None
    assert [len(bar.notes) for bar in checked.score.voices[0].bars] == [2, 1]


def test_prose_between_lines_of_music_is_an_error() -> None:
    checked = check(TUNE.replace("|]", "|\nnow the melody rises slowly\nCDEF|]"))
    assert [(p.code, p.line) for p in checked.errors] == [("prose", 7)]


def test_music_alone_is_read() -> None:
    checked = check("CDEF|GABc|]")
    assert checked.ok
    assert checked.text == "CDEF|GABc|]"


def test_decorated_notes_are_no_words() -> None:
    checked = check("X:1\nM:4/4\nL:1/4\nK:C\nuCvD TETF|HMGPTA Te Tfed|")
    assert checked.score is not None
    assert "prose" not in {p.code for p in checked.problems}
