"""Variations under a grammar: the first note of every bar is the theme's, whatever the model writes besides."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache

import pytest
from composing_doubles import MemoryJournal, RandomWriter, picture, tools

from hartmann.composing.events import DraftKind, DraftWritten, ScoreWritten, Wishes
from hartmann.composing.excerpting import Selection, read_excerpt
from hartmann.composing.own_score import ExcerptUse
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.notation.checking import check
from hartmann.notation.problems import Severity
from hartmann.notation.score import Score

THEME = """X:1
T:Harbour Waltz
M:3/4
L:1/8
Q:1/4=120
K:D
%%MIDI program 73
A2|[Ad]3e f2|z2d2^A2|^A6-|A2 FG|]
"""


NOTHING = Wishes()


@cache
def varied(
    seed: int, wishes: Wishes = NOTHING, theme: str = THEME, refined: bool = False
) -> tuple[MemoryJournal, RandomWriter]:
    """A variation, perhaps refined."""
    answers = {"Describe": "A picture in blue and orange.", "Why?": "It is blue."}
    writer = RandomWriter(dict(answers), constrained=True, profile="compact", attends=False)
    asked = CompositionRequest(
        picture(), seed, wishes=wishes, limits=Limits(max_repairs=0, max_refinements=refined)
    )
    own = read_excerpt(theme.encode(), Selection(ExcerptUse.VARY))
    journal = MemoryJournal()
    asyncio.run(compose(replace(asked, excerpt=own), tools(writer), journal))
    return journal, writer


def drafts(journal: MemoryJournal) -> list[Score]:
    scores = [check(event.abc).score for event in journal.events(DraftWritten)]  # type: ignore[attr-defined]
    return [score for score in scores if score]


def downbeats(score: Score) -> list[int]:
    """The highest pitch of each bar's first onset, 0 for a rest."""
    firsts = (bar.notes[0].pitches for bar in score.voices[0].bars)
    return [max((pitch.midi for pitch in pitches), default=0) for pitches in firsts]


@pytest.mark.parametrize("seed", range(2))
def test_every_bar_begins_with_the_themes_note_in_draft_and_refinement(seed: int) -> None:
    theme = check(THEME).score
    assert theme is not None
    found = drafts(varied(seed, refined=True)[0])
    assert len(found) == 2
    for score in found:
        assert downbeats(score) == downbeats(theme)
        assert [bar.duration for bar in score.voices[0].bars] == [b.duration for b in theme.voices[0].bars]


def test_variations_are_without_errors_and_differ_by_seed() -> None:
    texts = set()
    for seed in range(2):
        for event in varied(seed, refined=True)[0].events(DraftWritten):
            assert isinstance(event, DraftWritten)
            assert [p.message for p in event.problems if p.severity is Severity.ERROR] == []
            texts.add(event.abc)
    assert len(texts) == 4


def test_in_another_key_the_degrees_stay() -> None:
    (score,) = drafts(varied(1, Wishes(key="E minor"))[0])
    pitches = [bar.notes[0].pitches[0] for bar in score.voices[0].bars if bar.notes[0].pitches]
    assert [(pitch.step, pitch.alter) for pitch in pitches] == [("B", 0), ("E", 0), ("B", 1), ("B", 1)]


def test_an_octave_brings_the_theme_into_the_instruments_range() -> None:
    score = drafts(varied(1, Wishes(ensemble="cello"))[0])[0]
    assert {pitch % 12 for pitch in downbeats(score)} == {
        pitch % 12 for pitch in downbeats(drafts(varied(1)[0])[0])
    }
    assert max(downbeats(score)) <= 70


def test_an_easy_variation_has_no_short_notes() -> None:
    for score in drafts(varied(2, Wishes(difficulty="easy"))[0]):
        assert min(note.duration for bar in score.voices[0].bars for note in bar.notes) >= 0.5


def test_the_variation_is_named_after_its_theme() -> None:
    (score,) = varied(0, refined=True)[0].events(ScoreWritten)
    assert score.title == "Variation on Harbour Waltz"  # type: ignore[attr-defined]


def test_the_theme_is_shown_as_a_draft_to_refine() -> None:
    journal, writer = varied(0, refined=True)
    first = writer.asked[1].conversation
    assert "d3 e f2" in first[-2].text
    assert first[-1].text.endswith("Refine.")
    assert [event.kind for event in journal.events(DraftWritten)] == [  # type: ignore[attr-defined]
        DraftKind.INITIAL,
        DraftKind.REFINEMENT,
    ]


@pytest.mark.parametrize("wishes", [Wishes(meter="6/8", bars=2), Wishes(bars=3)])
def test_in_another_meter_or_length_the_bars_are_free(wishes: Wishes) -> None:
    journal, writer = varied(0, wishes)
    assert len(writer.asked) == 4  # description, header, one body, motivation
    (draft,) = journal.events(DraftWritten)
    assert [p for p in draft.problems if p.code == "wish-not-met"] == []  # type: ignore[attr-defined]


def test_a_theme_that_changes_meter_is_varied_freely() -> None:
    changing = THEME.replace("^A6-|", "[M:2/4]^A4|[M:3/4]")
    assert len(varied(0, theme=changing)[1].asked) == 4
