"""Near copies are found in any key and note values; what any two tunes share is none."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from hartmann.notation.checking import check
from hartmann.training.evaluation.near_copies import (
    CorpusRuns,
    Run,
    copied_share,
    line_of_melody,
    longest_run,
)
from hartmann.training.melodies import read_melody, transposed

HEAD = "X:1\nT:A\nM:4/4\nL:1/8\nQ:1/4=100\nK:{}\n"
SOURCE = HEAD.format("C") + "CEGc BAGF|EDCD E2G2|AcBd cAGE|FDEC D2B,2|CEGB c2AF|GEDC B,2D2|EGce dBGD|C4 C4|]"
DOUBLED = SOURCE.replace("L:1/8", "L:1/4").replace("M:4/4", "M:8/4")


def score(text: str) -> object:
    found = check(text).score
    assert found is not None
    return found


def corpus(*texts: str) -> CorpusRuns:
    melodies = [read_melody(check(text).score, most_bars=40, fewest_bars=1) for text in texts]  # type: ignore[arg-type]
    return CorpusRuns(line_of_melody(melody) for melody in melodies)


def random_line(seed: int, notes: int) -> list[tuple[int, Fraction]]:
    random = Random(seed)
    return [(random.randint(55, 83), Fraction(random.choice((1, 2, 4)), 2)) for _ in range(notes)]


def test_a_tune_of_the_corpus_is_a_near_copy_in_any_key() -> None:
    known = corpus(SOURCE)
    melody = read_melody(check(SOURCE).score, most_bars=40, fewest_bars=1)  # type: ignore[arg-type]
    for fifths in (-3, 0, 2, 5):
        line = line_of_melody(transposed(melody, fifths))
        assert known.longest(line, Fraction(4)).is_near_copy


def test_a_copy_in_other_note_values_is_found() -> None:
    assert copied_share([DOUBLED], corpus(SOURCE)) == 1.0


@pytest.mark.parametrize(("copied", "is_one"), [(11, False), (12, True), (30, True)])
def test_twelve_notes_in_a_row_are_the_least(copied: int, is_one: bool) -> None:
    source = random_line(1, 60)
    draft = [*random_line(2, 20), *source[15 : 15 + copied], *random_line(3, 20)]
    found = CorpusRuns([source]).longest(draft, Fraction(1, 4))
    assert (found.notes >= 12) is is_one
    assert not is_one or copied <= found.notes <= copied + 2


def test_a_long_run_within_two_bars_is_none() -> None:
    source = [(60 + i * i % 17, Fraction(1, 4)) for i in range(16)]
    found = CorpusRuns([source]).longest(source, Fraction(4))
    assert found == Run(16, 1.0)
    assert not found.is_near_copy


def test_the_run_that_lasts_longest_counts() -> None:
    quick = [(60 + i * i % 17, Fraction(1, 4)) for i in range(14)]
    slow = [(60 + i * i % 19, Fraction(1)) for i in range(12)]
    found = CorpusRuns([quick, slow]).longest([*quick, *slow], Fraction(4))
    assert (found.notes, found.bars) == (12, 3.0)


def test_ties_are_one_note_and_other_tunes_share_nothing() -> None:
    tied = SOURCE.replace("E2G2", "E-EG-G")
    assert longest_run(score(tied), corpus(SOURCE)).is_near_copy  # type: ignore[arg-type]
    other = HEAD.format("G") + "G2B2 d2g2|f2e2 dcBA|GABc d2D2|E2F2 G4|B2d2 gfed|c2A2 F2D2|G2B2 A2F2|G8|]"
    assert copied_share([other], corpus(SOURCE)) == 0.0
