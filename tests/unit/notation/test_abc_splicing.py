"""One bar replaced, nothing else changed; two versions compared bar by bar."""

import pytest

from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.notation.splicing import changed_bars, replace_bar

TEXT = (
    'X:1\nT:Two voices % and a remark\nM:4/4\nL:1/4\nK:C\nV:1\n"C"CDEF|!f!(GABc)|c4|]\nw:la la\nV:2\n'
    "C4 | % low\nG,2 G,2\n|C4|]\n"
)


def read(text: str) -> Score:
    score = check(text).score
    assert score is not None
    return score


def test_one_bar_is_replaced_with_all_its_marks() -> None:
    assert replace_bar(read(TEXT), 1, 1, "| G4 |") == TEXT.replace("!f!(GABc)", "G4")


def test_a_bar_on_a_line_of_its_own_is_replaced() -> None:
    assert replace_bar(read(TEXT), 2, 1, "E,4") == TEXT.replace("G,2 G,2", "E,4")


def test_a_bar_that_goes_over_a_line_end_is_replaced_once() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\nCD\nw:la la\nEF|G4|\n"
    assert replace_bar(read(text), 1, 0, "C4") == "X:1\nM:4/4\nL:1/4\nK:C\nC4\nw:la la\n|G4|\n"


def test_fields_before_a_bar_are_kept() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\n[V:1] [K:D]FFFF|[1 G4:|[2 A4|]\n"
    assert replace_bar(read(text), 1, 0, "D4") == text.replace("FFFF", "D4")
    assert replace_bar(read(text), 1, 2, "D4") == text.replace("A4", "D4")


def test_one_bar_of_a_long_rest_is_replaced() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\nZ4|C4|\n"
    assert replace_bar(read(text), 1, 1, "G4") == "X:1\nM:4/4\nL:1/4\nK:C\nZ|G4|Z|Z|C4|\n"


@pytest.mark.parametrize(("voice", "index"), [(3, 0), (1, 3), (1, -1)])
def test_a_bar_that_is_not_there_is_refused(voice: int, index: int) -> None:
    with pytest.raises(IndexError, match=f"there is no bar {index} in voice {voice}"):
        replace_bar(read(TEXT), voice, index, "C4")


def test_changed_bars_names_voice_and_bar_number() -> None:
    new = replace_bar(read(TEXT), 2, 1, "E,4")
    assert changed_bars(read(TEXT), read(new)) == ((2, 2),)
    assert changed_bars(read(TEXT), read(TEXT)) == ()


def test_an_inserted_bar_is_one_difference() -> None:
    old, new = "X:1\nM:4/4\nL:1/4\nK:C\nC4|D4|E4|", "X:1\nM:4/4\nL:1/4\nK:C\nC4|G4|D4|E4|"
    assert changed_bars(read(old), read(new)) == ((1, 2),)
    assert changed_bars(read(new), read(old)) == ((1, 2),)


def test_bars_of_a_new_voice_are_all_changed() -> None:
    old, new = "X:1\nM:4/4\nL:1/4\nK:C\nC4|", "X:1\nM:4/4\nL:1/4\nK:C\nV:1\nC4|\nV:2\nE4|"
    assert changed_bars(read(old), read(new)) == ((2, 1),)
