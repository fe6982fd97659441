"""What a draft shares with a reference: runs and n-grams, whatever the key and the note values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_building import score, voice

from hartmann.notation.originality import Originality, SharedRun, overlap
from hartmann.notation.score import Score

TUNE = ["C4:1 D4:1 E4:1/2 F4:1/2 G4:1", "A4:1 G4:1/2 F4:1/2 E4:2", "D4:1 B3:1 C4:2"]


def test_a_piece_shares_all_of_its_notes_with_itself() -> None:
    assert overlap(score(TUNE), score(TUNE)) == SharedRun(12, 1.0, 1, 3, 1)


def test_transposing_hides_nothing() -> None:
    higher = ["E4:1 F#4:1 G#4:1/2 A4:1/2 B4:1", "C#5:1 B4:1/2 A4:1/2 G#4:2", "F#4:1 D#4:1 E4:2"]
    assert overlap(score(higher), score(TUNE)).longest_run == 12


def test_other_note_values_hide_nothing() -> None:
    doubled = ["C4:2 D4:2 E4:1 F4:1 G4:2", "A4:2 G4:1 F4:1 E4:4", "D4:2 B3:2 C4:4"]
    assert overlap(score(doubled), score(TUNE)).longest_run == 12


def test_another_rhythm_is_another_tune() -> None:
    even = ["C4:1 D4:1 E4:1 F4:1", "G4:1 A4:1 G4:1 F4:1"]
    assert overlap(score(even), score(["C4:1 D4:2 E4:1 F4:2", "G4:1 A4:2 G4:1 F4:2"])).longest_run == 0


def test_a_run_is_found_with_the_bars_of_the_draft_where_it_lies() -> None:
    draft = ["G4:1 G4:1 G4:3", *TUNE[1:], "G4:3 F4:1/4"]
    shared = overlap(score(draft), score(TUNE))
    assert (shared.longest_run, shared.first_bar, shared.last_bar) == (7, 2, 3)


def test_bars_are_counted_from_an_anacrusis_as_engravers_do() -> None:
    draft = voice(["G4:1", *TUNE], first_number=0)
    assert overlap(score(draft), score(TUNE)).first_bar == 1


def test_tied_notes_are_one_note_of_the_run() -> None:
    tied = ["C4:1/2~ C4:1/2 D4:1 E4:1/2 F4:1/2 G4:1", *TUNE[1:]]
    assert overlap(score(tied), score(TUNE)).longest_run == 12


def test_the_highest_note_of_a_chord_is_the_line() -> None:
    chords = ["[C4 E3]:1 D4:1 [E4 C4 G3]:1/2 F4:1/2 G4:1", *TUNE[1:]]
    assert overlap(score(chords), score(TUNE)).longest_run == 12


def test_a_copy_in_the_second_voice_is_found() -> None:
    shared = overlap(score(["C5:4", "C5:4", "C5:4"], TUNE), score(TUNE))
    assert (shared.longest_run, shared.voice) == (12, 2)


def test_percussion_has_no_line() -> None:
    assert overlap(score(voice(TUNE, percussion=True)), score(TUNE)) == SharedRun(0, 0.0)


@pytest.mark.parametrize("silent", [[], ["z:4"], ["C4:4"]], ids=["empty", "a rest", "one note"])
def test_pieces_without_a_step_share_nothing(silent: list[str]) -> None:
    assert overlap(score(silent), score(TUNE)) == SharedRun(0, 0.0)
    assert overlap(score(TUNE), score(silent)) == SharedRun(0, 0.0)


def test_ngram_overlap_is_the_share_of_the_drafts_ngrams() -> None:
    # The draft has 11 steps in its first half and 12 more: 19 n-grams of 5 steps; those that lie in the
    # shared half are 11 - 5 + 1 = 7.
    draft = [*TUNE, "C6:1/4 D6:1/2 C6:3 A6:1/8 F6:3", "C6:1/4 D6:1/2 C6:3 A6:1/8 F6:3", "C7:1 C5:3"]
    assert overlap(score(draft), score(TUNE)).ngram_overlap == pytest.approx(7 / 19)


def _tune(pitches: Sequence[int]) -> Score:
    steps = "CDEFGAB"
    return score([f"{steps[p % 7]}{3 + p // 7}:1" for p in pitches])


def _longest_by_trying_all(first: Sequence[tuple[int, ...]], second: Sequence[tuple[int, ...]]) -> int:
    best = 0
    for i in range(len(first)):
        for j in range(len(second)):
            k = 0
            while i + k < len(first) and j + k < len(second) and first[i + k] == second[j + k]:
                k += 1
            best = max(best, k)
    return best


def _intervals(of: Score) -> list[tuple[int, ...]]:
    pitches = [note.pitches[0].midi for bar in of.voices[0].bars for note in bar.notes]
    return [(b - a,) for a, b in itertools.pairwise(pitches)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=24), st.lists(st.integers(0, 4), max_size=24))
def test_the_automaton_finds_what_trying_every_pair_finds(first: list[int], second: list[int]) -> None:
    draft, reference = _tune(first), _tune(second)
    longest = _longest_by_trying_all(_intervals(draft), _intervals(reference))
    assert overlap(draft, reference).longest_run == (longest + 1 if longest else 0)


def test_an_indexed_draft_answers_for_many_references() -> None:
    index = Originality(score(TUNE))
    runs = [index.overlap(reference).longest_run for reference in (score(TUNE), score(TUNE[1:]))]
    assert runs == [12, 7]
