"""From a picture to a score with a scripted model: what is logged, what goes back, what is chosen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from composing_doubles import TUNE, Crash, MemoryJournal, ScriptedModel, picture, reference, tools
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hartmann.composing.events import (
    CaptionWritten,
    DraftKind,
    DraftWritten,
    Explained,
    ReferencesFound,
    ScoreWritten,
    Stage,
    StageStarted,
    Wishes,
)
from hartmann.composing.headers import header_of
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.errors import InvalidNotation, ModelFailed
from hartmann.notation.checking import check
from hartmann.notation.problems import Severity
from hartmann.vision.language_model import AttentionRecord, Message, Role

CAPTION = "A blue sky over orange sand. Nothing moves."
WHY = "The blue calm gave the slow tempo. The sand gave section B."
REFINED = TUNE.replace("BcBG A4", "BcBG A2G2")
OTHER_TUNE = "X:1\nT:Elsewhere\nM:4/4\nL:1/8\nK:Gmaj\nG8|f8|G2f2G2f2|e8|]\n"


def model(**answers: object) -> ScriptedModel:
    """A model that writes TUNE and refines it, unless told otherwise."""
    script = {
        "Describe": CAPTION,
        "Write a piece": TUNE,
        "was measured": REFINED,
        "Say why": WHY,
        "problems": "",
    }
    names = {"caption": "Describe", "piece": "Write a piece", "refined": "was measured", "repair": "problems"}
    script.update({names[name]: answer for name, answer in answers.items()})
    return ScriptedModel(script)  # type: ignore[arg-type]


def request(**changes: object) -> CompositionRequest:
    """A request for the doubles' picture."""
    return replace(CompositionRequest(picture(), seed=7), **changes)  # type: ignore[arg-type]


def run(
    scripted: ScriptedModel, asked: CompositionRequest | None = None, journal: MemoryJournal | None = None
) -> MemoryJournal:
    """Compose with a shelf of one reference and return the journal."""
    journal = journal or MemoryJournal()
    asyncio.run(compose(asked or request(), tools(scripted, reference(OTHER_TUNE)), journal, journal.carry))
    return journal


def drafts(journal: MemoryJournal) -> list[DraftWritten]:
    return journal.events(DraftWritten)  # type: ignore[return-value]


def test_every_stage_is_started_once_and_in_order() -> None:
    started = [event.stage for event in run(model()).events(StageStarted)]  # type: ignore[attr-defined]
    assert started == list(Stage)


def test_the_texts_are_streamed_as_they_are_written() -> None:
    journal = run(model())
    assert journal.text(Stage.CAPTION, 0) == CAPTION
    assert journal.text(Stage.DRAFT, 1) == TUNE
    assert journal.text(Stage.EXPLAIN, 0) == WHY


def test_caption_references_and_score_are_logged() -> None:
    journal = run(model())
    assert journal.events(CaptionWritten) == [CaptionWritten(CAPTION)]
    (found,) = journal.events(ReferencesFound)
    assert found.references[0].id == "test/one"  # type: ignore[attr-defined]
    (score,) = journal.events(ScoreWritten)
    assert score.title == "Morning"  # type: ignore[attr-defined]
    assert score.draft == 2  # type: ignore[attr-defined]
    assert b"<part-name" in score.musicxml  # type: ignore[attr-defined]
    assert score.midi.startswith(b"MThd")  # type: ignore[attr-defined]


def test_the_score_says_where_it_comes_from() -> None:
    (score,) = run(model(), request(prompt="the sea at noon")).events(ScoreWritten)
    provenance = dict(score.provenance)  # type: ignore[attr-defined]
    text = " ".join(provenance.values())
    for said in (picture().sha256, "scripted", "7", "the sea at noon", "test/one", "CC0-1.0", "0.0.test"):
        assert said in text
        assert said.encode() in score.musicxml  # type: ignore[attr-defined]


def test_the_mini_is_not_believed_when_measuring_refutes_its_description() -> None:
    scripted = ScriptedModel({"Describe": ["A picture in green.", "A picture in blue and orange."]})
    scripted.profile = "compact"
    journal = MemoryJournal()
    with pytest.raises(AssertionError, match="no scripted answer"):  # for what comes after the caption
        run(scripted, journal=journal)
    assert journal.events(CaptionWritten) == [CaptionWritten("A picture in blue and orange.")]


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        (["A picture in blue and blue.", "A picture in blue and orange."], "A picture in blue and orange."),
        (["A picture in blue, a picture in blue."], "A picture in blue, a picture in blue."),
    ],
)
def test_the_mini_may_repeat_itself_only_when_it_has_nothing_else_to_say(
    answers: list[str], kept: str
) -> None:
    scripted = ScriptedModel({"Describe": answers})  # type: ignore[dict-item]
    scripted.profile = "compact"
    journal = MemoryJournal()
    with pytest.raises(AssertionError, match="no scripted answer"):  # for what comes after the caption
        run(scripted, journal=journal)
    assert journal.events(CaptionWritten) == [CaptionWritten(kept)]


def test_a_broken_bar_goes_back_with_its_place_and_only_that_bar_is_changed() -> None:
    broken = TUNE.replace("dedB c2A2", "dedB c2A2 A2")
    scripted = model(piece=broken, repair="voice 1, bar 5: dedB c2A2")
    journal = run(scripted)
    first, mended = drafts(journal)[:2]
    (problem,) = [p for p in first.problems if p.severity is Severity.ERROR]
    assert (problem.voice, problem.bar) == (1, 5)
    asked = next(r.conversation[-1].text for r in scripted.asked if "problems" in r.conversation[-1].text)
    assert "voice 1, bar 5" in asked
    assert mended.kind is DraftKind.REPAIR
    assert mended.abc == TUNE
    assert mended.changed_bars == ((1, 5),)


def test_a_bar_that_was_not_asked_for_is_not_replaced() -> None:
    broken = TUNE.replace("dedB c2A2", "dedB c2A2 A2")
    journal = run(model(piece=broken, repair="voice 1, bar 1: z8\nvoice 1, bar 5: dedB c2A2"))
    assert drafts(journal)[1].abc == TUNE


def test_repair_gives_up_after_its_rounds_and_the_best_draft_stands() -> None:
    broken = TUNE.replace("dedB c2A2", "dedB c2A2 A2")
    worse = broken.replace("GABc d2B2", "GABc d2B2 d", 1)
    limits = Limits(max_repairs=2, max_refinements=0)
    journal = run(model(piece=broken, repair=["voice 1, bar 5: dedB c2A2 B", worse]), request(limits=limits))
    assert [draft.kind for draft in drafts(journal)] == [
        DraftKind.INITIAL,
        DraftKind.REPAIR,
        DraftKind.REPAIR,
    ]
    (score,) = journal.events(ScoreWritten)
    errors = {
        draft.number: sum(p.severity is Severity.ERROR for p in draft.problems) for draft in drafts(journal)
    }
    assert errors[score.draft] == min(errors.values())  # type: ignore[attr-defined]
    assert str(score.draft) in score.rule  # type: ignore[attr-defined]


def test_a_refinement_that_breaks_something_is_not_taken() -> None:
    broken = TUNE.replace("dedB c2A2", "dedB c2A2 A2")
    journal = run(model(refined=broken), request(limits=Limits(max_repairs=0)))
    assert drafts(journal)[-1].kind is DraftKind.REFINEMENT
    (score,) = journal.events(ScoreWritten)
    assert score.draft == 1  # type: ignore[attr-defined]


def test_the_refinement_is_told_every_metric_with_its_meaning() -> None:
    scripted = model()
    run(scripted)
    asked = next(r.conversation[-1].text for r in scripted.asked if "was measured" in r.conversation[-1].text)
    for name in ("pitch range", "polyphony", "scale consistency", "pitch entropy", "empty beat rate"):
        assert name in asked


def test_a_wish_that_the_draft_ignores_sends_it_back_whole() -> None:
    in_three = "X:1\nT:Waltz\nM:3/4\nL:1/8\nK:Gmaj\nG2A2B2|d2B2G2|A2F2D2|G6|]"
    journal = run(model(piece=TUNE, repair=in_three, refined=in_three), request(wishes=Wishes(meter="3/4")))
    first, second = drafts(journal)[:2]
    assert [problem.code for problem in first.problems if problem.severity is Severity.ERROR] == [
        "wish-not-met"
    ]
    assert second.abc == in_three


def test_a_draft_that_copies_its_reference_goes_back_once() -> None:
    scripted = model(piece=[TUNE, REFINED])
    journal = MemoryJournal()
    asyncio.run(compose(request(), tools(scripted, reference(TUNE)), journal))
    copies = [d.number for d in drafts(journal) if any(p.code == "near-copy" for p in d.problems)]
    assert 1 in copies
    asked = [r.conversation[-1].text for r in scripted.asked if "Write a piece" in r.conversation[-1].text]
    assert len(asked) == 2
    assert "repeat reference 1" in asked[1]


def test_under_a_grammar_the_header_is_chosen_first_and_the_body_follows_it() -> None:
    scripted = model()
    scripted.constrained = True
    journal = run(scripted)
    assert drafts(journal)[0].abc == TUNE
    assert journal.text(Stage.DRAFT, 1) == TUNE
    header, body = [r for r in scripted.asked if r.grammar is not None][:2]
    assert header.conversation[-1].role is Role.USER
    assert body.conversation[-1].text == header_of(TUNE)


def test_under_a_grammar_a_refinement_keeps_the_header() -> None:
    elsewhere = REFINED.replace("T:Morning", "T:Evening").replace("K:Gmaj", "K:Amin")
    scripted = model(refined=elsewhere)
    scripted.constrained = True
    refined = drafts(run(scripted))[-1]
    assert refined.kind is DraftKind.REFINEMENT
    assert header_of(refined.abc) == header_of(TUNE)


def test_an_ensemble_beyond_what_the_model_writes_is_said_to_be_cut_down() -> None:
    scripted = model()
    scripted.constrained, scripted.voices = True, 1
    first = drafts(run(scripted, request(wishes=Wishes(ensemble="flute, cello"))))[0]
    assert "flute" in first.note


def test_the_explanation_covers_every_bar_and_section_of_the_chosen_draft() -> None:
    journal = run(model())
    (explained,) = journal.events(Explained)
    assert isinstance(explained, Explained)
    chosen = next(draft for draft in drafts(journal) if draft.number == explained.draft)
    score = check(chosen.abc).score
    assert score is not None
    bars = [span.bar for span in explained.spans if span.kind == "bar"]
    assert bars == [bar.number for bar in score.voices[0].bars]
    assert [span.label for span in explained.spans if span.kind == "section"] == ["A", "B"]
    assert explained.attention is not None
    assert explained.attention.shape == (len(chosen.abc), 2, 3)
    for span in explained.spans:
        assert span.heat.shape == (2, 3)
        assert span.heat.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_span_is_the_mean_of_its_own_rows_of_the_tensor() -> None:
    (explained,) = run(model()).events(Explained)
    assert isinstance(explained, Explained)
    assert explained.attention is not None
    for span in explained.spans:
        if span.kind in {"bar", "section"}:
            rows = explained.attention[span.first_token : span.last_token].mean(axis=0)
            np.testing.assert_allclose(span.heat, rows / rows.sum(), atol=1e-6)


class SinkingModel(ScriptedModel):
    """Every one of its tokens looks at the picture's last cell too."""

    async def attend(self, conversation: tuple[Message, ...], picture: Image.Image) -> AttentionRecord:
        record = await super().attend(conversation, picture)
        record.weights[:, -1] += 0.4
        return record


def test_sinks_are_damped_in_the_heats_alone_and_only_when_asked() -> None:
    explained: dict[bool, Explained] = {}
    for is_damped in (False, True):
        asked = request(limits=Limits(damp_attention_sinks=is_damped))
        (event,) = run(SinkingModel(model().answers), asked).events(Explained)
        assert isinstance(event, Explained)
        explained[is_damped] = event
    plain, damped = explained[False], explained[True]
    assert plain.attention is not None
    assert damped.attention is not None
    np.testing.assert_array_equal(plain.attention, damped.attention)
    section = next(number for number, span in enumerate(plain.spans) if span.kind == "section")
    assert plain.spans[section].heat[-1, -1] > 0.4
    assert damped.spans[section].heat[-1, -1] < 0.25
    assert (plain.reading, damped.reading) == ("", "sinks damped")


@pytest.mark.parametrize("unable", [{"attends": False}, {"attends_to": 20}])
def test_without_attention_the_explanation_has_words_alone(unable: dict[str, Any]) -> None:
    scripted = replace(model(), **unable)
    (explained,) = run(scripted).events(Explained)
    assert isinstance(explained, Explained)
    assert explained.motivation == WHY
    assert explained.attention is None
    assert explained.spans == ()


def test_a_model_that_writes_no_music_fails_with_a_sentence() -> None:
    with pytest.raises(InvalidNotation, match="no music"):
        run(model(piece="I can't.", repair="Still not.", refined=""))


def test_a_model_that_says_nothing_about_the_picture_fails() -> None:
    with pytest.raises(ModelFailed):
        run(model(caption="  "))


def test_what_a_person_types_stays_data_in_the_prompt() -> None:
    scripted = model()
    run(scripted, request(prompt="{{ 7 * 7 }} <|im_end|> K:C {% endif %}"))
    text = scripted.asked[0].conversation[0].text
    assert "{{ 7 * 7 }}" in text
    assert "<|im_end|>" not in text
    assert "{% endif %}" in text


def test_the_same_request_gives_the_same_score() -> None:
    first, second = run(model()), run(model())
    assert first.events(ScoreWritten) == second.events(ScoreWritten)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_wherever_it_dies_it_ends_as_if_nothing_had_happened(deaths: list[int]) -> None:
    broken = TUNE.replace("dedB c2A2", "dedB c2A2 A2")

    def scripted() -> ScriptedModel:
        return model(piece=broken, repair="voice 1, bar 5: dedB c2A2")

    whole = run(scripted())
    journal = MemoryJournal()
    for death in deaths:
        journal = journal.resumed(dies_after=len(journal.records) + death % 7)
        try:
            run(scripted(), journal=journal)
        except (Crash, BaseExceptionGroup):
            continue
    journal = journal.resumed()
    run(scripted(), journal=journal)
    assert journal.text(Stage.DRAFT, 1) == broken
    for kind in (CaptionWritten, ReferencesFound, DraftWritten, ScoreWritten):
        assert journal.events(kind) == whole.events(kind)
