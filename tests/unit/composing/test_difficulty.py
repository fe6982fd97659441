"""What is too hard: one limit at a time, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hartmann.composing.difficulty import LIMITS, too_hard
from hartmann.composing.events import DraftKind, Wishes
from hartmann.composing.examining import Yardstick, examine
from hartmann.composing.wishes import read_wishes
from hartmann.notation.checking import check

HEAD = "X:1\nM:4/4\nL:1/8\nQ:1/4=120\nK:C\n"
EASY, MEDIUM = LIMITS["easy"], LIMITS["medium"]


def faults(body: str, difficulty: str = "easy", head: str = HEAD) -> list[str]:
    score = check(head + body).score
    assert score is not None
    return list(too_hard(score, LIMITS[difficulty]))


def test_a_scale_in_eighths_is_easy() -> None:
    assert faults("CDEF GABc|c8|]") == []


def test_an_octave_may_be_leapt_and_no_more() -> None:
    assert faults("C4 c4|]") == []
    assert faults("C4 c4|C4 d4|]") == ["there is a leap of 14 semitones in bar 2, more than 12"]
    assert faults("C4 d4|]", "medium") == []


def test_the_span_is_that_of_each_voice() -> None:
    assert faults("C2G2c2f2|f8|]") == []
    assert faults("C2G2c2g2|g8|]") == ["a voice spans 19 semitones, more than 17"]
    two = "V:1\nc8|]\nV:2\nC,,8|]\n"
    assert faults(two) == []


def test_sixteenths_are_easy_where_they_are_slow() -> None:
    sixteenths = "C/D/E/F/ G2 z4|]"
    assert faults(sixteenths) == ["a note in bar 1 lasts 0.12 seconds"]
    assert faults(sixteenths, head=HEAD.replace("120", "60")) == []
    assert faults(sixteenths, "medium") == []


def test_eighths_are_easy_where_they_are_quick() -> None:
    assert faults("CDEF GABc|]", head=HEAD.replace("120", "200")) == []


def test_a_change_of_tempo_counts_from_its_bar() -> None:
    assert faults("C8|[Q:1/4=60]C/D/E/F/ G6|]") == []
    assert faults("C8|[Q:1/4=60]C8|[Q:1/4=120]C/D/E/F/ G6|]") == ["a note in bar 3 lasts 0.12 seconds"]


@pytest.mark.parametrize(
    ("bpm", "shortest"),
    [(60, Fraction(1, 16)), (61, Fraction(1, 8)), (240, Fraction(1, 8)), (30, Fraction(1, 32))],
)
def test_the_shortest_value_offered_follows_from_the_tempo(bpm: int, shortest: Fraction) -> None:
    assert EASY.shortest(Fraction(bpm)) == shortest


def test_a_range_is_narrowed_to_its_middle() -> None:
    assert EASY.within(55, 88) == (64, 79)
    assert EASY.within(60, 70) == (60, 70)


def test_what_is_too_hard_goes_back_as_a_wish_that_is_not_met() -> None:
    asked = Yardstick(read_wishes(Wishes(difficulty="easy")))
    draft, _ = examine(HEAD + "C4 d4|]", 1, DraftKind.INITIAL, against=asked)
    [problem] = [p for p in draft.problems if p.code == "wish-not-met"]
    assert problem.message.endswith("but easy was asked for")


def test_hard_rules_nothing_out() -> None:
    asked = Yardstick(read_wishes(Wishes(difficulty="hard")))
    draft, _ = examine(HEAD + "C,/D/c'/d'/ C6|]", 1, DraftKind.INITIAL, against=asked)
    assert not [p for p in draft.problems if p.code == "wish-not-met"]
