"""Bars out of a score: what was in force before them holds, and signs without their other half are gone."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hartmann.notation.bar_range import bars_between, full_bars, state_at_end
from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc

TUNE = """X:1
T:Ways
P:AB
M:4/4
L:1/4
Q:1/4=100
K:G
V:1 name="Flute"
V:2 name="Cello" clef=bass
P:A
[V:1] G|:GABc|(dcBA|G4)-|[M:3/4][K:Em]G3|[Q:1/4=60]EFG-|G3:|
[V:2] z|:G,4|D,4|G,4|[M:3/4][K:Em]G,3|E,3|E,3:|
"""


def read(abc: str) -> Score:
    score = check(abc).score
    assert score is not None
    return score


def pitches(score: Score) -> list[list[int]]:
    return [
        [pitch.midi for bar in voice.bars for note in bar.notes for pitch in note.pitches]
        for voice in score.voices
    ]


def test_the_bars_keep_their_notes_in_every_voice() -> None:
    cut = bars_between(read(TUNE), 3, 5)
    assert pitches(cut) == [[74, 72, 71, 69, 67, 67], [50, 55, 55]]


def test_what_was_in_force_is_stated_in_the_first_bar() -> None:
    last = read(to_abc(bars_between(read(TUNE), 6, 7)))
    assert (last.key.name, str(last.meter)) == ("E minor", "3/4")
    assert last.tempo is not None
    assert last.tempo.quarters_per_minute == 60


def test_before_a_change_the_old_state_holds() -> None:
    first = bars_between(read(TUNE), 1, 4)
    assert (first.key.name, str(first.meter)) == ("G major", "4/4")
    assert first.tempo is not None
    assert first.tempo.quarters_per_minute == 100


def test_the_state_at_the_end_is_that_of_the_last_bar() -> None:
    key, meter, tempo = state_at_end(read(TUNE))
    assert (key.name, str(meter)) == ("E minor", "3/4")
    assert tempo is not None
    assert tempo.bpm == Fraction(60)


@pytest.mark.parametrize(
    ("first", "last"), [(first, last) for first in range(1, 8) for last in range(max(first, 2), 8)]
)
def test_any_bars_are_a_tune_without_problems(first: int, last: int) -> None:
    checked = check(to_abc(bars_between(read(TUNE), first, last)))
    assert [problem.message for problem in checked.problems] == []


def test_voices_can_be_chosen() -> None:
    cut = bars_between(read(TUNE), 1, 3, voices=(2,))
    assert [voice.name for voice in cut.voices] == ["Cello"]


def test_no_bars_are_refused() -> None:
    with pytest.raises(ValueError, match="bars 9 to 12"):
        bars_between(read(TUNE), 9, 12)


def test_an_anacrusis_and_the_bar_that_completes_it_are_one() -> None:
    assert full_bars(read("X:1\nM:3/4\nL:1/4\nK:C\nG|c2d|e3|c2|]\n")) == 3
