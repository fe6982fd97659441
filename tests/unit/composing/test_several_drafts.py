"""Several first drafts side by side: all are logged, the rule picks, and a crash changes nothing."""

from __future__ import annotations

import asyncio

import pytest
from composing_doubles import TUNE, Answer, Crash, MemoryJournal, ScriptedModel, picture, reference, tools

from hartmann.composing.events import DraftKind, DraftWritten, ScoreWritten, Stage
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.notation.problems import Severity

LONG_BAR = TUNE.replace("A2F2 G4|GABc", "A2F2 G6|GABc", 1)
TWO_LONG_BARS = LONG_BAR.replace("BcBG A4", "BcBG A6")
MENDED = "voice 1, bar 2: A2F2 G4"
OTHER_TUNE = "X:1\nT:Elsewhere\nM:4/4\nL:1/8\nK:Gmaj\nG8|f8|G2f2G2f2|e8|]\n"


def model(*pieces: Answer, constrained: bool = False) -> ScriptedModel:
    """A model that writes these pieces, the last of them ever again, and mends the second bar."""
    script: dict[str, list[Answer] | Answer] = {
        "Describe": "A blue sky over orange sand.",
        "Write a piece": list(pieces),
        "problems": MENDED,
        "Say why": "The blue gave the slow tempo.",
    }
    return ScriptedModel(script, constrained=constrained)


def run(scripted: ScriptedModel, drafts: int, journal: MemoryJournal | None = None) -> MemoryJournal:
    """Compose with so many first drafts, without refinement."""
    journal = journal or MemoryJournal()
    asked = CompositionRequest(picture(), seed=7, limits=Limits(drafts=drafts, max_refinements=0))
    asyncio.run(compose(asked, tools(scripted, reference(OTHER_TUNE)), journal, journal.carry))
    return journal


def drafts(journal: MemoryJournal) -> list[DraftWritten]:
    return journal.events(DraftWritten)  # type: ignore[return-value]


def score(journal: MemoryJournal) -> ScoreWritten:
    [written] = journal.events(ScoreWritten)
    assert isinstance(written, ScoreWritten)
    return written


def test_every_first_draft_is_streamed_and_logged_under_its_number() -> None:
    journal = run(model(TUNE, LONG_BAR, TUNE), drafts=3)
    assert [(draft.number, draft.kind) for draft in drafts(journal)] == [
        (number, DraftKind.INITIAL) for number in (1, 2, 3)
    ]
    assert [journal.text(Stage.DRAFT, number) for number in (1, 2, 3)] == [TUNE, LONG_BAR, TUNE]


def test_they_are_asked_for_in_one_batch_with_a_seed_each() -> None:
    scripted = model(TUNE)
    run(scripted, drafts=4)
    pieces = [each for each in scripted.asked if "Write a piece" in each.conversation[-1].text]
    assert scripted.batches == [4]
    assert len({each.sampling.seed for each in pieces}) == 4
    assert len({each.conversation for each in pieces}) == 1


def test_under_a_grammar_the_headers_are_one_batch_and_the_bodies_another() -> None:
    scripted = model(TUNE, constrained=True)
    journal = run(scripted, drafts=3)
    assert scripted.batches == [3, 3]
    assert [draft.abc for draft in drafts(journal)] == [TUNE] * 3


def test_one_draft_is_no_batch() -> None:
    scripted = model(TUNE)
    run(scripted, drafts=1)
    assert scripted.batches == []


def test_the_draft_without_errors_goes_on_and_is_not_mended() -> None:
    journal = run(model(LONG_BAR, TUNE, TWO_LONG_BARS), drafts=3)
    assert len(drafts(journal)) == 3
    assert score(journal).abc.split("K:")[1] == TUNE.split("K:")[1]


def test_where_all_have_errors_the_one_with_the_fewest_is_mended() -> None:
    journal = run(model(LONG_BAR, TWO_LONG_BARS), drafts=2)
    *first, mended = drafts(journal)
    errors = [sum(each.severity is Severity.ERROR for each in draft.problems) for draft in first]
    assert errors == [1, 2]
    assert (mended.number, mended.kind, mended.changed_bars) == (3, DraftKind.REPAIR, ((1, 2),))
    assert mended.abc == TUNE


@pytest.mark.parametrize("dies_after", range(4, 14))
def test_a_composition_that_dies_among_its_drafts_ends_as_it_would_have(dies_after: int) -> None:
    pieces = {"first": LONG_BAR, "second": TUNE}

    def by_seed() -> ScriptedModel:
        scripted = model(TUNE)
        seeds: list[int] = []

        async def generate(request, on_text=lambda _: None, plain=scripted.generate):  # type: ignore[no-untyped-def]
            if "Write a piece" in request.conversation[-1].text and request.sampling.seed % 2:
                scripted.answers["Write a piece"] = pieces["first"]
            else:
                scripted.answers["Write a piece"] = pieces["second"]
            seeds.append(request.sampling.seed)
            return await plain(request, on_text)

        scripted.generate = generate  # type: ignore[method-assign]
        return scripted

    undisturbed = run(by_seed(), drafts=4)
    dying = MemoryJournal(dies_after=dies_after)
    with pytest.raises(Crash):
        run(by_seed(), drafts=4, journal=dying)
    resumed = run(by_seed(), drafts=4, journal=dying.resumed())
    assert drafts(resumed) == drafts(undisturbed)
    assert score(resumed).abc == score(undisturbed).abc
