"""Two voices line by line: valid by construction, and the second goes with the first, whatever the model writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from composing_doubles import Crash, MemoryJournal, RandomWriter, picture, tools

from hartmann.composing.events import DraftKind, DraftWritten, ScoreWritten, Stage, Wishes
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.notation.checking import check
from hartmann.notation.harmony import CHORDS
from hartmann.notation.problems import Severity
from hartmann.notation.score import Score
from hartmann.vision.language_model import Finish, Generation, GenerationRequest, ignore_text

DUET = Wishes(ensemble="flute, cello", key="A minor", meter="4/4", bars=8)
ANSWERS = {"Describe": "A picture in blue and orange.", "Why": "It is blue.", "Say why": "It is blue."}
DEGREES = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}
A = 3
"""The tonic on the line of fifths."""


def composed(
    seed: int,
    wishes: Wishes = DUET,
    *,
    profile: str = "compact",
    drafts: int = 1,
    journal: MemoryJournal | None = None,
    writer: RandomWriter | None = None,
) -> tuple[MemoryJournal, RandomWriter]:
    writer = writer or RandomWriter(dict(ANSWERS), constrained=True, profile=profile, attends=False, voices=2)
    limits = Limits(drafts=drafts, max_repairs=0, max_refinements=0)
    journal = journal or MemoryJournal()
    asyncio.run(
        compose(CompositionRequest(picture(), seed, wishes=wishes, limits=limits), tools(writer), journal)
    )
    return journal, writer


def drafts_of(journal: MemoryJournal) -> list[DraftWritten]:
    return [event for event in journal.events(DraftWritten) if isinstance(event, DraftWritten)]


def score_of(journal: MemoryJournal) -> Score:
    (event,) = journal.events(ScoreWritten)
    assert isinstance(event, ScoreWritten)
    score = check(event.abc).score
    assert score is not None
    return score


def degrees_by_half_bar(score: Score) -> Iterator[set[int]]:
    """Of the second voice, above the tonic on the line of fifths."""
    for bar in score.voices[1].bars:
        for start in (0, 2):
            yield {
                DEGREES[pitch.step] + 7 * pitch.alter - A
                for note in bar.notes
                if note.onset < start + 2 and note.onset + note.duration > start
                for pitch in note.pitches
            }


@pytest.mark.parametrize("seed", range(2))
def test_both_voices_have_the_same_bars_without_any_error(seed: int) -> None:
    journal, _ = composed(seed, Wishes(ensemble="flute, cello", key="A minor", meter="4/4"))
    (draft,) = drafts_of(journal)
    assert [p.message for p in draft.problems if p.severity is Severity.ERROR] == []
    upper, lower = score_of(journal).voices
    assert 8 <= len(upper.bars) == len(lower.bars) <= 32
    assert {bar.duration for voice in (upper, lower) for bar in voice.bars} == {4}
    assert journal.text(Stage.DRAFT, 1) == draft.abc


@pytest.mark.parametrize("seed", range(4))
def test_what_sounds_together_in_the_second_voice_is_a_chord_of_the_key(seed: int) -> None:
    chords = [set(chord.tones) for chord in CHORDS["minor"]]
    for degrees in degrees_by_half_bar(score_of(composed(seed)[0])):
        assert any(degrees <= chord for chord in chords)


@pytest.mark.parametrize("bars", [1, 4, 11])
def test_the_bars_that_are_wished_are_written(bars: int) -> None:
    score = score_of(composed(2, Wishes(ensemble="violin, piano", bars=bars))[0])
    assert [len(voice.bars) for voice in score.voices] == [bars, bars]


def test_a_piano_under_a_melody_has_the_bass_clef_and_a_piano_with_the_melody_has_not() -> None:
    score = score_of(composed(1, Wishes(ensemble="piano, piano", bars=8))[0])
    upper, lower = score.voices
    assert (upper.clef, lower.clef) == ("", "bass")
    pitches = [pitch.midi for bar in lower.bars for note in bar.notes for pitch in note.pitches]
    assert all(41 <= pitch <= 65 for pitch in pitches)


def test_a_model_that_hears_both_voices_writes_them_under_one_grammar() -> None:
    journal, writer = composed(1, profile="full")
    bodies = [asked for asked in writer.asked if asked.grammar and "[V:2]" in asked.grammar]
    assert len(bodies) == 1
    assert not bodies[0].sampling.stop
    assert len(score_of(journal).voices) == 2


def test_several_drafts_are_written_in_turn() -> None:
    journal, writer = composed(3, drafts=2)
    assert [draft.kind for draft in drafts_of(journal)] == [DraftKind.INITIAL, DraftKind.INITIAL]
    assert len({draft.abc for draft in drafts_of(journal)}) == 2
    assert writer.batches == []


@dataclass
class Tiring(RandomWriter):
    """Writes half of its answer and no more when it is asked for the `last`th line or a later one."""

    last: int = 0
    lines: int = 0

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation:
        whole = await super().generate(request)
        self.lines += "[V:" in str(request.grammar) or bool(request.conversation[-1].text.endswith("[V:2] "))
        if request.grammar is None or self.lines < self.last:
            on_text(whole.text)
            return whole
        half = whole.text[: len(whole.text) // 2]
        on_text(half)
        return replace(whole, text=half, finish=Finish.LENGTH)


@pytest.mark.parametrize("last", [3, 4, 5, 6])
def test_a_line_that_runs_out_of_tokens_ends_the_piece_behind_the_system_before_it(last: int) -> None:
    writer = Tiring(dict(ANSWERS), constrained=True, profile="compact", attends=False, voices=2, last=last)
    journal, _ = composed(1, Wishes(ensemble="flute, cello", bars=16), writer=writer)
    (draft,) = drafts_of(journal)
    voices = score_of(journal).voices
    assert [len(voice.bars) for voice in voices] == [len(voices[0].bars)] * 2
    assert draft.abc.count("\n[V:1]") == draft.abc.count("\n[V:2]") == (last - 1) // 2
    assert draft.abc.endswith("|]")
    assert {p.code for p in draft.problems if p.severity is Severity.ERROR} == {"wish-not-met"}


@pytest.mark.parametrize("dies_after", [5, 6, 7])
def test_a_piece_whose_worker_died_is_the_piece_that_it_would_have_been(dies_after: int) -> None:
    undisturbed, _ = composed(5)
    dying = MemoryJournal(dies_after=dies_after)
    with pytest.raises(Crash):
        composed(5, journal=dying)
    resumed, _ = composed(5, journal=dying.resumed())
    assert drafts_of(resumed) == drafts_of(undisturbed)
