"""Composing from bars of one's own score, with a scripted model: what it is shown, what is logged, what counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fractions import Fraction

import pytest
from composing_doubles import TUNE, Crash, MemoryJournal, ScriptedModel, picture, reference, tools

from hartmann.composing.events import DraftWritten, ReferencesFound, ScoreWritten, Stage, Wishes
from hartmann.composing.excerpting import Selection, read_excerpt
from hartmann.composing.headers import header_of
from hartmann.composing.own_score import Excerpt, ExcerptUse, as_draft, ending, filled, lead_in
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.composing.revising import Edits, revise
from hartmann.errors import ModelInputTooLong
from hartmann.notation.checking import check
from hartmann.vision.language_model import Generation, GenerationRequest, Role

CONTINUE, VARY = ExcerptUse.CONTINUE, ExcerptUse.VARY
MINE = """X:1
T:Harbour
M:4/4
L:1/8
Q:1/4=100
K:G
V:1
%%MIDI program 40
V:2
%%MIDI program 42
[V:1] "G"!f!G2 [Bd]2 {c}B2 A2|(3GAB c2 d4|e2 d2 c2 B2|
w:la la la
[V:2] G,8|G,8|C,8|
"""
OTHER = "X:1\nT:Elsewhere\nM:4/4\nL:1/8\nK:Gmaj\nG8|f8|G2f2G2f2|e8|]\n"
SHORT = Limits(max_refinements=0, max_repairs=0)


def own(use: ExcerptUse, abc: str = MINE) -> Excerpt:
    return read_excerpt(abc.encode(), Selection(use))


def model(profile: str = "full", *, constrained: bool = False) -> ScriptedModel:
    answers = {
        "Describe the picture": "A picture in blue and orange.",
        "Describe": "A blue sky.",
        "Write a piece": TUNE,
        "Refine.": TUNE,
        "was measured": TUNE,
        "Compose.": TUNE,
        "Say why": "It is blue.",
        "Why?": "It is blue.",
    }
    return ScriptedModel(dict(answers), constrained=constrained, profile=profile)


def run(scripted: ScriptedModel, use: ExcerptUse, **changes: object) -> MemoryJournal:
    asked = CompositionRequest(picture(), 7, excerpt=own(use), limits=SHORT)
    journal = MemoryJournal()
    asked = replace(asked, **changes)  # type: ignore[arg-type]
    asyncio.run(compose(asked, tools(scripted, reference(OTHER)), journal))
    return journal


def the_prompt(scripted: ScriptedModel) -> str:
    return next(r.conversation[2].text for r in scripted.asked if len(r.conversation) > 2)


def test_the_excerpt_is_the_reference_of_first_rank() -> None:
    (found,) = run(model(), CONTINUE).events(ReferencesFound)
    assert isinstance(found, ReferencesFound)
    assert [(r.id, r.rank) for r in found.references] == [("excerpt", 1), ("test/one", 2)]
    assert (found.references[0].title, found.references[0].source) == ("Harbour", "your own score")
    assert "G major" in found.references[0].caption


def test_without_other_references_the_excerpt_is_still_shown() -> None:
    (found,) = run(model(), VARY, limits=replace(SHORT, references_per_side=0)).events(ReferencesFound)
    assert [each.id for each in found.references] == ["excerpt"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("use", "says"), [(CONTINUE, "Continue them"), (VARY, "Write a variation on them")])
def test_a_large_model_is_told_what_to_do_with_the_bars(use: ExcerptUse, says: str) -> None:
    scripted = model()
    run(scripted, use)
    prompt = the_prompt(scripted)
    assert says in prompt
    assert "[V:2] G,8" in prompt
    assert prompt.count("Reference 1:") == 1
    assert "key: G major" in prompt
    assert "instruments: violin, cello" in prompt


def test_wishes_go_before_what_the_excerpt_says() -> None:
    wishes = filled(Wishes(key="E minor", bars=9), own(VARY))
    assert (wishes.key, wishes.meter, wishes.bars) == ("E minor", "4/4", 9)
    assert filled(Wishes(), None) == Wishes()


def test_the_score_says_that_bars_were_continued() -> None:
    (score,) = run(model(), CONTINUE).events(ScoreWritten)
    assert isinstance(score, ScoreWritten)
    first = dict(score.provenance)["hartmann-reference-1"]
    assert first == 'excerpt (source: your own score "Harbour", bars 1 to 3, continued)'
    assert [overlap.reference_id for overlap in score.originality] == ["excerpt", "test/one"]


@pytest.mark.parametrize(("use", "sent_back"), [(CONTINUE, True), (VARY, False)])
def test_a_copy_of_the_bars_goes_back_unless_likeness_is_wanted(use: ExcerptUse, sent_back: bool) -> None:
    scripted = model()
    journal = MemoryJournal()
    asked = CompositionRequest(picture(), 7, excerpt=own(use, TUNE), limits=SHORT)
    asyncio.run(compose(asked, tools(scripted), journal))
    drafts = [event for event in journal.events(DraftWritten) if isinstance(event, DraftWritten)]
    copies = [any(problem.code == "near-copy" for problem in draft.problems) for draft in drafts]
    assert copies == ([True, True] if sent_back else [False])


def test_a_model_under_a_grammar_writes_behind_the_bars_and_the_piece_begins_anew() -> None:
    scripted = model("compact", constrained=True)
    journal = run(scripted, CONTINUE)
    body = next(r for r in scripted.asked if r.grammar and r.conversation[-1].role is Role.ASSISTANT)
    before = body.conversation[-1].text.removeprefix(header_of(TUNE))
    assert before == "% [A]\nG2 d2 B2 A2|(3GAB c2 d4|e2 d2 c2 B2||\n"
    (draft,) = journal.events(DraftWritten)
    assert before not in draft.abc  # type: ignore[attr-defined]


def test_the_mini_is_shown_one_voice_of_the_excerpt_in_the_words_it_knows() -> None:
    scripted = model("compact", constrained=True)
    run(scripted, CONTINUE)
    first, second = the_prompt(scripted).splitlines()[:2]
    assert first.startswith("Like: A")
    assert second == "G2 d2 B2 A2|(3GAB c2 d4"


def test_bars_that_change_key_are_heard_from_the_change_on() -> None:
    changing = MINE.replace('[V:1] "G"!f!G2', "[V:1] G2").replace("|e2 d2", "|[K:D]e2 d2")
    assert lead_in(own(CONTINUE, changing), Fraction(1, 8)) == "% [A]\ne2 d2 c2 B2||\n"


def test_a_theme_is_a_draft_in_the_shape_that_the_mini_writes() -> None:
    text = as_draft(own(VARY), Fraction(1, 8))
    assert text.endswith("% [A]\nG2 d2 B2 A2|(3GAB c2 d4|e2 d2 c2 B2|]")
    assert check(text).problems == ()


def test_the_ending_is_whole_bars_that_fit() -> None:
    abc = own(CONTINUE).abc
    short = ending(abc, len(abc) - 5)
    assert len(short) <= len(abc) - 5
    assert "e2 d2 c2 B2" in short
    assert ending(abc, len(abc)) == abc
    assert "e2 d2 c2 B2" in ending(abc, 1)


class Narrow(ScriptedModel):
    """A model whose context holds no library reference."""

    async def generate(self, request: GenerationRequest, on_text: object = None) -> Generation:
        if any("Reference 1:" in message.text for message in request.conversation):
            raise ModelInputTooLong("too long")
        return await super().generate(request, on_text or (lambda _: None))  # type: ignore[arg-type]


def test_where_room_is_short_the_excerpt_is_the_last_to_go() -> None:
    scripted = Narrow(model().answers)
    asked = CompositionRequest(picture(), 7, excerpt=own(VARY), limits=SHORT)
    journal = MemoryJournal()
    asyncio.run(compose(asked, tools(scripted, reference(OTHER)), journal))
    (draft,) = journal.events(DraftWritten)
    assert "shown 1 of 2 references, to fit the model's context" in draft.note  # type: ignore[attr-defined]
    assert "Harbour" in the_prompt(scripted)


def test_interrupted_anywhere_it_ends_as_if_nothing_had_happened() -> None:
    whole = run(model(), VARY)
    for death in range(1, len(whole.records), 4):
        journal = MemoryJournal(dies_after=death)
        asked = CompositionRequest(picture(), 7, excerpt=own(VARY), limits=SHORT)
        with pytest.raises((Crash, BaseExceptionGroup)):
            asyncio.run(compose(asked, tools(model(), reference(OTHER)), journal))
        journal = journal.resumed()
        asyncio.run(compose(asked, tools(model(), reference(OTHER)), journal, journal.carry))
        assert journal.events(ScoreWritten) == whole.events(ScoreWritten)


def test_other_references_chosen_by_hand_leave_the_excerpt_first() -> None:
    carry = run(model(), CONTINUE).carry
    assert carry is not None
    revised = revise(carry, Stage.DRAFT, Edits(references=(reference(OTHER, "two"),)))
    assert [(r.id, r.rank) for r in revised.references or ()] == [("excerpt", 1), ("test/two", 2)]
    assert len(revise(carry, Stage.DRAFT, Edits(references=())).references or ()) == 1
