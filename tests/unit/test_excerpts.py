"""An excerpt is whole phrases, within its room, and still music."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.library.excerpts import excerpt
from hartmann.notation.checking import check
from hartmann.notation.problems import Severity

HEADER = "X:1\nT:Tune\nM:4/4\nL:1/4\nK:Gmaj\n"
LINE = "GABc|dedB|cBAG|"
LONG = HEADER + "% [A]\n" + f"{LINE}D4|\n{LINE}G4:|\n% [B]\n" + f"{LINE}A4|\n{LINE}G4|\n" * 20
VOICES = HEADER + "V:1\nV:2\n[V:1] GABc|dedB|\n[V:2] G,4|D4|\n" * 1 + "[V:1] cBAG|G4|]\n[V:2] C4|G,4|]\n"


def test_a_tune_that_fits_is_not_touched() -> None:
    assert excerpt(LONG, len(LONG)) == LONG


def test_a_cut_falls_at_the_end_of_a_section_when_one_is_near() -> None:
    text = excerpt(LONG, len(HEADER) + 80)
    assert text.endswith("G4:|\n")
    assert "[B]" not in text


def test_a_cut_without_a_section_near_falls_at_the_end_of_a_line() -> None:
    text = excerpt(LONG, len(HEADER) + 200)
    assert text.rstrip().split("\n")[-1] in {f"{LINE}A4 |]", f"{LINE}G4 |]"}


def test_a_first_line_that_is_too_long_is_cut_at_a_bar_line() -> None:
    assert excerpt(HEADER + "GABc|" * 50 + "\n", len(HEADER) + 12) == HEADER + "GABc|GABc |]\n"


def test_an_opened_repeat_without_its_end_loses_its_sign() -> None:
    tune = HEADER + f"|:{LINE}D4|\n{LINE}G4:|\n"
    assert "|:" not in excerpt(tune, len(HEADER) + 30)


def test_of_several_voices_the_first_remains() -> None:
    text = excerpt(VOICES, len(VOICES) - 5)
    assert "G,4" not in text
    assert "[V:1] GABc|dedB|" in text


@pytest.mark.parametrize("room", [0, 40, 60, 90, 120, 200, 300])
def test_every_excerpt_reads_back_without_an_error(room: int) -> None:
    checked = check(excerpt(LONG, room))
    assert checked.score is not None
    assert [p.message for p in checked.problems if p.severity is Severity.ERROR] == []


@given(st.integers(80, 2000))
def test_an_excerpt_keeps_within_its_room_and_repeats_the_opening(room: int) -> None:
    text = excerpt(LONG, room)
    assert len(text) <= room + len(" |]")
    assert text.startswith(HEADER)
