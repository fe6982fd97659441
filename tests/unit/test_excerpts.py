"""An excerpt is whole phrases, within its room, and still music."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.library.excerpts import excerpt, for_prompt
from hartmann.library.reference import Reference
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


def test_of_several_voices_the_first_gets_the_room() -> None:
    text = excerpt(VOICES, len(VOICES) - 5)
    assert "G,4" not in text
    assert "[V:1] GABc|dedB|" in text


QUARTET = (
    HEADER
    + "V:1\nV:2\nV:3\n%%MIDI program 42\n"
    + "".join(
        f"% [{name}]\n[V:1] GABc|dedB|\nw: la la\n[V:2] {'G8|' * 12}\n[V:3] G,4|D4|\n" for name in "ABCDEF"
    )
)


def test_voices_that_fit_whole_join_the_first_over_the_same_bars() -> None:
    text = excerpt(QUARTET, 400)
    lines = text.splitlines()
    assert [line[:5] for line in lines if line.startswith("[V:")] == ["[V:1]", "[V:3]"] * 6
    assert lines[5:8] == ["V:1", "V:3", "%%MIDI program 42"]
    assert lines[-2:] == ["[V:1] GABc|dedB |]", "[V:3] G,4|D4 |]"]


@given(st.integers(150, 900))
def test_excerpts_of_several_voices_read_back_with_voices_of_one_length(room: int) -> None:
    tune = QUARTET.replace("G8|" * 12, "G4|G4|")
    checked = check(excerpt(tune, room))
    assert checked.score is not None
    assert checked.errors == ()
    assert len({len(voice.bars) for voice in checked.score.voices}) == 1


REFERENCE = Reference("id", "Tune", "A jig in G major.", LONG, "a book", "free")


def test_a_reference_for_a_prompt_keeps_caption_source_and_licence() -> None:
    short = for_prompt(REFERENCE, 100)
    assert (short.caption, short.source, short.licence) == ("A jig in G major.", "a book", "free")
    assert LONG.startswith(short.abc.rstrip("|] \n"))


@given(st.integers(90, 800))
def test_a_reference_for_a_prompt_keeps_within_its_tokens_as_the_model_counts_them(tokens: int) -> None:
    short = for_prompt(REFERENCE, tokens, count_tokens=len)
    assert len(short.caption) + len(short.abc) <= tokens
    assert check(short.abc).errors == ()


def test_a_reference_that_fits_its_tokens_is_not_touched() -> None:
    assert for_prompt(REFERENCE, 5000) == REFERENCE


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
