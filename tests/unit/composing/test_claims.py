"""What a motivation may say about the piece, and what is done when it says something false."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from composing_doubles import TUNE, MemoryJournal, ScriptedModel, picture, reference, tools

from hartmann.composing.claims import corrected, false_claims
from hartmann.composing.events import Explained, ScoreWritten, Stage
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.notation.checking import check
from hartmann.notation.score import Score


@pytest.fixture(scope="module")
def score() -> Score:
    """G major, 4/4, section A in bars 1-4 and B in bars 5-8, for flute."""
    found = check(TUNE.replace("K:Gmaj", "K:Gmaj\n%%MIDI program 73")).score
    assert found is not None
    return found


@pytest.mark.parametrize(
    "sentence",
    [
        "The blue above made it G major, in 4/4.",
        "Section A, bars 1-4, stays level; section B answers.",
        "Bars 3 to 6 are the hill, and bar 8 its end.",
        "The flute suits this light.",
        "The picture is calm and the sky is wide.",
        "Section B falls like the hill.",
    ],
)
def test_what_is_true_or_cannot_be_judged_is_let_through(sentence: str, score: Score) -> None:
    assert false_claims(sentence, score) == ()


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("The dark led me to G minor.", "G minor"),
        ("It is in E-flat major.", "E-flat major"),
        ("A waltz in 3/4.", "3/4"),
        ("Section C falls.", "Section C"),
        ("Section A, bars 1-6, stays level.", "bars 1-6"),
        ("Section B rises towards the light.", "rises"),
        ("Bars 7 to 12 fall.", "Bars 7 to 12"),
        ("The violin suits this light.", "violin"),
    ],
)
def test_what_the_score_refutes_is_found(sentence: str, claim: str, score: Score) -> None:
    assert claim in [sentence[found.start : found.end] for found in false_claims(sentence, score)]


@pytest.mark.parametrize(
    ("sentence", "truth"),
    [
        ("The dark led me to G minor, in 3/4.", "The dark led me to G major, in 4/4."),
        ("Section A, bars 1-6, stays level.", "Section A, bars 1-4, stays level."),
        ("Section B rises towards the light.", "Section B falls towards the light."),
        ("The violin suits this light.", "The flute suits this light."),
        ("Section C, in D minor, falls.", ""),
        ("All is well.", "All is well."),
    ],
)
def test_false_claims_are_corrected_where_the_score_knows_better(
    sentence: str, truth: str, score: Score
) -> None:
    assert corrected(sentence, score) == truth
    assert false_claims(truth, score) == ()


def motivation_of(answer: Callable[[str], str] | list[str]) -> tuple[str, MemoryJournal, ScriptedModel]:
    script = {"Describe": "Blue.", "Write a piece": TUNE, "Say why": answer}
    model = ScriptedModel(script)  # type: ignore[arg-type]
    journal = MemoryJournal()
    request = CompositionRequest(picture(), seed=1, limits=Limits(max_refinements=0))
    asyncio.run(compose(request, tools(model, reference("X:1\nK:C\nC4|]")), journal))
    (explained,) = journal.events(Explained)
    assert isinstance(explained, Explained)
    return explained.motivation, journal, model


def test_a_false_sentence_is_asked_for_again() -> None:
    answers = ["It is in C minor.", "It is in G major, as the sky is wide."]
    motivation, journal, _ = motivation_of(answers)
    assert motivation == "It is in G major, as the sky is wide."
    assert journal.text(Stage.EXPLAIN, 0) == motivation


def test_a_sentence_that_stays_false_is_corrected() -> None:
    motivation, _, _ = motivation_of(lambda _: "It is in C minor.")
    assert motivation == "It is in G major."


def test_a_sentence_about_nothing_that_is_there_is_left_out() -> None:
    motivation, journal, _ = motivation_of(lambda _: "Section Q falls.")
    assert motivation == ""
    assert journal.events(ScoreWritten)


def test_the_same_false_sentence_is_asked_for_with_other_seeds() -> None:
    _, _, model = motivation_of(lambda _: "It is in C minor.")
    seeds = [r.sampling.seed for r in model.asked if "Say why" in r.conversation[-1].text]
    assert len(seeds) > 1
    assert len(set(seeds)) == len(seeds)
