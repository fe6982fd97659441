"""Hard cases of ABC, each note by note: by abc2midi, or by the text of ABC 2.1 where abc2midi departs from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from abc2midi_judge import NoteHeard, heard, play, same
from hard_cases import CASES, Case

from hartmann.notation.checking import check
from hartmann.notation.midi import to_midi
from hartmann.notation.writing import to_abc

pytestmark = [pytest.mark.integration, pytest.mark.abc2midi]


def ours(text: str) -> list[NoteHeard]:
    score = check(text).score
    assert score is not None
    return heard(to_midi(score))


def by_the_standard(notes: str) -> list[NoteHeard]:
    """The notes of a case's `onset+duration:pitch` text."""
    read = []
    for word in notes.split():
        time, _, pitch = word.partition(":")
        onset, _, duration = time.partition("+")
        read.append((float(onset), float(onset) + float(duration), int(pitch)))
    return sorted(read, key=lambda n: (round(n[0] * 16), n[2], n[1]))


def test_there_are_more_hard_cases_than_anybody_reads_at_once() -> None:
    assert len(CASES) >= 105
    assert len({case.name for case in CASES}) == len(CASES)
    assert sum(bool(case.notes) for case in CASES) <= len(CASES) // 10


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hard_case_is_played_note_by_note(case: Case, tmp_path: Path) -> None:
    wanted = by_the_standard(case.notes) if case.notes else heard(play(case.text, tmp_path))
    assert wanted
    assert same(ours(case.text), wanted), f"{ours(case.text)} is not {wanted}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hard_case_sounds_the_same_once_written_anew(case: Case) -> None:
    score = check(case.text).score
    assert score is not None
    assert ours(to_abc(score)) == ours(case.text)


def test_where_abc2midi_is_not_followed_it_really_departs(tmp_path: Path) -> None:
    for case in CASES:
        if case.notes:
            assert case.why
            assert not same(heard(play(case.text, tmp_path)), by_the_standard(case.notes)), case.name
