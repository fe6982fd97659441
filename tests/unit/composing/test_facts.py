"""Facts of a score: what prompts state and claims are held against."""

from __future__ import annotations

import pytest

from hartmann.composing.facts import Facts, Stretch, facts_of, tempo_word
from hartmann.composing.prompts import Prompts
from hartmann.notation.checking import check
from hartmann.notation.score import Score

HEAD = (
    'X:1\nT:T\nM:6/8\nL:1/8\nQ:3/8=110\nK:Edor\nV:1 name="Flute"\n%%MIDI program 73\nV:2\n%%MIDI program 42\n'
)
BODY = (
    "% [A]\n[V:1] EFG ABc|def gab||\n[V:2] E,6|E,6||\n"
    "% [B]\n[V:1] bag fed|cBA GFE|\n[V:2] E,6|E,6|\n[V:1] EEE EEE|]\n[V:2] E,6|]"
)


def score_of(abc: str) -> Score:
    score = check(abc).score
    assert score is not None
    return score


def test_facts_are_key_meter_tempo_instruments_and_sections() -> None:
    assert facts_of(score_of(HEAD + BODY)) == Facts(
        key="E dorian",
        meter="6/8",
        tempo="fast, 110",
        instruments=("flute", "cello"),
        sections=(Stretch("A", 1, 2, "rises"), Stretch("B", 3, 5, "falls")),
    )


@pytest.mark.parametrize(
    ("notes", "way"),
    [
        ("C2 C2|c2 c2|C2 C2|", "arches"),
        ("c2 c2|C2 C2|c2 c2|", "dips"),
        ("C2 D2|C2 D2|C2 D2|", "stays level"),
        ("C2 D2|G2 A2|c2 d2|", "rises"),
        ("c2 d2|G2 A2|C2 D2|", "falls"),
    ],
)
def test_way_of_a_section_is_that_of_its_thirds(notes: str, way: str) -> None:
    (section,) = facts_of(score_of(f"X:1\nM:2/4\nL:1/8\nK:C\n% [A]\n{notes.rstrip('|')}|]")).sections
    assert section == Stretch("A", 1, 3, way)


def test_pickup_before_the_first_bar_belongs_to_it() -> None:
    (section,) = facts_of(score_of("X:1\nM:2/4\nL:1/8\nK:C\n% [A]\nG|c2 G2|E2 C|]")).sections
    assert (section.first, section.last) == (1, 2)


def test_what_a_score_does_not_say_is_left_out() -> None:
    facts = facts_of(score_of("X:1\nM:none\nL:1/8\nK:none\nCDEF|]"))
    assert (facts.key, facts.meter, facts.tempo, facts.instruments, facts.sections) == ("", "", "", (), ())
    assert Prompts("compact").motivation("T", facts) == "Why?"


@pytest.mark.parametrize(
    ("beats", "word"), [(40, "very slow"), (60, "slow"), (90, "moderate"), (120, "fast"), (160, "very fast")]
)
def test_tempo_words(beats: float, word: str) -> None:
    assert tempo_word(beats) == word


def test_prompts_state_the_facts_in_both_profiles() -> None:
    facts = facts_of(score_of(HEAD + BODY))
    assert Prompts("compact").motivation("T", facts) == (
        "Written: E dorian, 6/8, fast, 110, flute and cello; A 1-2 rises; B 3-5 falls.\nWhy?"
    )
    full = Prompts("full").motivation("T", facts)
    assert "- key: E dorian\n" in full
    assert "- section B: bars 3-5; its melody falls" in full
