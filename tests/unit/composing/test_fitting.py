"""References where the model's context is small: shortened first, then fewer, and the draft says so."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass, replace

import pytest
from composing_doubles import TUNE, MemoryJournal, ScriptedModel, picture, reference, tools
from hypothesis import given
from hypothesis import strategies as st

from hartmann.composing.events import DraftKind, DraftWritten, Explained, ScoreWritten
from hartmann.composing.fitting import excess, in_words, ladder
from hartmann.composing.own_score import EXCERPT_ID
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.composing.work import EXCERPT
from hartmann.errors import ModelInputTooLong
from hartmann.library.excerpts import excerpt
from hartmann.library.reference import Reference
from hartmann.notation.checking import check
from hartmann.vision.language_model import Generation, GenerationRequest, ModelInfo

PICTURE_TOKENS = 70
QUICK = Limits(max_refinements=0, max_repairs=0, references_per_side=2)


@dataclass
class SmallModel(ScriptedModel):
    """A model that counts: four characters are a token, the picture is 70, and its context holds `context`."""

    context: int = 4096
    tells_how_much: bool = True

    @property
    def info(self) -> ModelInfo:
        return replace(super().info, context_tokens=self.context)

    def tokens_of(self, request: GenerationRequest) -> int:
        return PICTURE_TOKENS + sum(self.count_tokens(message.text) for message in request.conversation)

    async def generate(self, request: GenerationRequest, on_text: object = None) -> Generation:
        taken = self.tokens_of(request)
        if taken + request.room > self.context:
            told = {"promptTokens": str(taken), "contextTokens": str(self.context)}
            raise ModelInputTooLong("too long", metadata=told if self.tells_how_much else {})
        return await super().generate(request, on_text or (lambda _: None))  # type: ignore[arg-type]


def long_tune(number: int) -> str:
    bars = "|".join(f"{'CDEFGAB'[(number + step) % 7]}2 E2 G2 c2" for step in range(160))
    lines = re.sub(r"((?:[^|]*\|){8})", r"\1\n", bars)
    return f"X:1\nT:Tune {number}\nM:4/4\nL:1/8\nK:C\n{lines}|]\n"


SHELF = tuple(reference(long_tune(number), f"tune-{number}") for number in range(4))
ROOM = 160 + 16 * 40
"""For a header and sixteen bars."""


def composed(model: ScriptedModel, limits: Limits = QUICK) -> MemoryJournal:
    journal = MemoryJournal()
    asyncio.run(compose(CompositionRequest(picture(), 7, limits=limits), tools(model, *SHELF), journal))
    return journal


def small(context: int, **changes: object) -> SmallModel:
    answers = {
        "Look at this picture": "A picture in blue and orange.",
        "Write a piece": TUNE,
        "was measured": TUNE,
        "Say why": "It is blue.",
    }
    return SmallModel(dict(answers), context=context, **changes)  # type: ignore[arg-type]


def tokens_before_a_draft(references_per_side: int) -> int:
    """Of the whole conversation, the picture included, where there is room enough."""
    model = small(100_000)
    composed(model, replace(QUICK, references_per_side=references_per_side))
    return model.tokens_of(next(request for request in model.asked if len(request.conversation) == 3))


WITH_ALL, WITHOUT = 2, 0


def first_draft(journal: MemoryJournal) -> DraftWritten:
    draft = journal.events(DraftWritten)[0]
    assert isinstance(draft, DraftWritten)
    return draft


def shown(model: SmallModel) -> list[str]:
    """The notation of each reference in the prompt that was answered with the piece."""
    prompt = next(r.conversation[2].text for r in model.asked if len(r.conversation) == 3)
    return re.findall(r"^Reference \d+: .*\n((?:.+\n)+)", prompt, re.MULTILINE)


def test_references_that_fit_are_shown_as_always_and_nothing_is_said() -> None:
    model = small(100_000)
    journal = composed(model)
    assert [len(abc) for abc in shown(model)] == [len(excerpt(each.abc, EXCERPT)) for each in SHELF]
    assert first_draft(journal).note == ""


def test_references_are_shortened_before_any_is_left_out() -> None:
    model = small(tokens_before_a_draft(WITHOUT) + ROOM + 1000)
    journal = composed(model)
    assert len(shown(model)) == 4
    assert all(
        len(abc) < len(excerpt(each.abc, EXCERPT)) for abc, each in zip(shown(model), SHELF, strict=True)
    )
    assert all(check(abc).score for abc in shown(model))
    assert first_draft(journal).note == "all references shortened, to fit the model's context"


def test_where_short_ones_do_not_fit_fewer_are_shown() -> None:
    model = small(tokens_before_a_draft(WITHOUT) + ROOM + 180)
    journal = composed(model)
    assert 0 < len(shown(model)) < 4
    assert re.fullmatch(
        r"shown [123] of 4 references, shortened, to fit the model's context", first_draft(journal).note
    )


def test_where_none_fits_the_piece_is_written_without_in_what_room_there_is() -> None:
    model = small(2 * tokens_before_a_draft(WITHOUT))
    journal = composed(model)
    assert shown(model) == []
    assert first_draft(journal).note == "shown none of 4 references, to fit the model's context"
    assert journal.events(ScoreWritten)


@pytest.mark.parametrize("beyond", [1000, 180])
def test_a_model_that_does_not_say_how_much_it_holds_is_shown_ever_less(beyond: int) -> None:
    model = small(tokens_before_a_draft(WITHOUT) + ROOM + beyond, tells_how_much=False)
    journal = composed(model)
    assert len(shown(model)) > 0
    assert "to fit the model's context" in first_draft(journal).note


def test_what_a_refinement_has_no_room_for_is_left_out_then() -> None:
    model = small(tokens_before_a_draft(WITH_ALL) + ROOM)
    journal = composed(model, replace(QUICK, max_refinements=1))
    draft, refined = journal.events(DraftWritten)
    assert isinstance(refined, DraftWritten)
    assert (first_draft(journal).note, draft) == ("", first_draft(journal))
    assert (refined.kind, refined.note[:10]) == (DraftKind.REFINEMENT, "all refere")
    assert journal.events(ScoreWritten)


def test_a_piece_is_not_lost_because_nothing_more_fits_behind_it() -> None:
    model = small(tokens_before_a_draft(WITHOUT) + len(TUNE) // 4 + 20)
    journal = composed(model, replace(QUICK, max_refinements=1))
    assert len(journal.events(DraftWritten)) == 1
    (explained,) = journal.events(Explained)
    assert isinstance(explained, Explained)
    assert explained.motivation == "The model's context had no room left to ask for its reasons."
    assert {span.kind for span in explained.spans} >= {"bar", "caption"}
    assert journal.events(ScoreWritten)


def test_a_conversation_that_never_fits_is_said_to_be_too_long() -> None:
    with pytest.raises((ModelInputTooLong, BaseExceptionGroup)):
        composed(small(tokens_before_a_draft(WITHOUT) - 10))


references = st.lists(
    st.builds(
        lambda number, bars, caption: Reference(
            f"test/{number}",
            "Tune",
            caption,
            "X:1\nK:C\n" + "CDEF GABc|" * (bars % 4) + "\nCDEF GABc|CDEF GABc|" * (bars // 4) + "]",
            "made",
            "CC0",
        ),
        st.integers(0, 10**6),
        st.integers(1, 60),
        st.text("abc ", max_size=80),
    ),
    max_size=5,
    unique_by=lambda each: each.id,
)


@given(references, st.booleans(), st.floats(1.0, 6.0))
def test_every_step_down_shows_less_and_the_last_only_what_was_brought(
    found: list[Reference], with_own: bool, characters_a_token: float
) -> None:
    def count(text: str) -> int:
        return math.ceil(len(text) / characters_a_token)

    own = [replace(reference(TUNE), id=EXCERPT_ID)] if with_own else []
    steps = ladder([*own, *found], count)
    sizes = [sum(len(each.abc) for each in step) for step in steps]
    assert steps[0] == (*own, *found)
    assert steps[-1] == tuple(own)
    assert sizes == sorted(sizes, reverse=True)
    assert all(step[: len(own)] == tuple(own) for step in steps)
    numbers = [len(step) for step in steps]
    assert numbers == sorted(numbers, reverse=True)


def test_the_excess_counts_the_room_for_the_answer() -> None:
    error = ModelInputTooLong("too long", metadata={"promptTokens": "1500", "contextTokens": "2048"})
    assert excess(error, 800) == 1500 + 800 - 2048
    assert excess(ModelInputTooLong("too long"), 800) == 1


def test_fewer_references_that_stay_whole_are_not_called_shortened() -> None:
    assert in_words(SHELF[:2], SHELF) == "shown 2 of 4 references, to fit the model's context"
