"""References that fit: where the model's context is too small for all of them, they are shortened first, then fewer.

A model says by ModelInputTooLong that a conversation leaves too little room for its answer (`GenerationRequest.room`).
The references then go one step down a ladder that follows from them alone: all of them; all with three quarters, a
half, a quarter of their tokens; then ever fewer of those; at last none but the bars that the person brought. Where the
model says by how many tokens it is too long, steps that by its own count give back less are passed over. On the last
step any room will do, and what does not fit even then is the caller's to report.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from hartmann.composing.carry import Carry
from hartmann.composing.own_score import EXCERPT_ID
from hartmann.composing.work import EXCERPT, Conversation, Work
from hartmann.errors import ModelInputTooLong
from hartmann.library.excerpts import excerpt, for_prompt
from hartmann.library.reference import Reference

SHARES: Final = (0.75, 0.5, 0.25)
"""Of the tokens that a reference takes otherwise, caption included."""

Result = TypeVar("Result")
Shown = tuple[Reference, ...]
Attempt = Callable[[Conversation, int], Awaitable[Result]]
"""Given the conversation before a draft, and how many tokens the answer needs."""


@dataclass(frozen=True, slots=True)
class Fitted(Generic[Result]):
    """What came of an attempt, the carry with the references it was shown, and a note where these had to change."""

    result: Result
    carry: Carry
    note: str = ""


async def fitted(
    work: Work, carry: Carry, attempt: Attempt[Result], *, room: int = 1, extra: str = ""
) -> Fitted[Result]:
    """Make the attempt with as much of the references as leaves `room` tokens for the answer.

    `extra` is said to the model besides. Raises ModelInputTooLong when not even none of them fits.
    """
    whole = carry.references or ()
    shown = whole if carry.shown is None else carry.shown
    began = shown
    steps: tuple[Shown, ...] = ()
    while True:
        conversation = work.before_draft(carry, shown, extra)
        is_last = not [each for each in shown if each.id != EXCERPT_ID]
        try:
            result = await attempt(conversation, 1 if is_last else room)
        except ModelInputTooLong as error:
            steps = steps or ladder(whole, work.tools.vision.count_tokens)
            below = _below(work, carry, shown, steps, excess(error, room))
            if below is None:
                raise
            shown = below
            continue
        note = "" if shown == began else in_words(shown, whole)
        return Fitted(result, replace(carry, shown=None if shown == whole else shown), note)


def ladder(references: Sequence[Reference], count: Callable[[str], int]) -> tuple[Shown, ...]:
    """All; all ever shorter, by the model's own `count` of tokens; then ever fewer, down to what the person brought."""
    own = tuple(each for each in references if each.id == EXCERPT_ID)
    others = tuple(each for each in references if each.id != EXCERPT_ID)
    shorter = [tuple(_cut(each, share, count) for each in others) for share in SHARES]
    fewer = [shorter[-1][:number] for number in range(len(others) - 1, -1, -1)]
    return tuple(dict.fromkeys((tuple(references), *((*own, *step) for step in (*shorter, *fewer)))))


def excess(error: ModelInputTooLong, room: int) -> int:
    """By how many tokens a conversation was too long; 1 where the model does not say."""
    told = error.metadata
    if not {"promptTokens", "contextTokens"} <= told.keys():
        return 1
    return max(1, int(told["promptTokens"]) + room - int(told["contextTokens"]))


def in_words(shown: Sequence[Reference], whole: Sequence[Reference]) -> str:
    """What a person is told: which references the model was shown, and why not all."""
    is_cut = any(each.abc != before.abc for each, before in zip(shown, whole, strict=False))
    if len(shown) == len(whole):
        return "all references shortened, to fit the model's context"
    number = f"{len(shown) or 'none'} of {len(whole)} references"
    return f"shown {number}{', shortened' if is_cut else ''}, to fit the model's context"


def _cut(reference: Reference, share: float, count: Callable[[str], int]) -> Reference:
    usual = replace(reference, abc=excerpt(reference.abc, EXCERPT))
    return for_prompt(usual, round(share * (count(usual.caption) + count(usual.abc))), count)


def _below(work: Work, carry: Carry, shown: Shown, steps: Sequence[Shown], tokens: int) -> Shown | None:
    """The first step below that gives back so many tokens, else the last; None on the last."""

    def length(step: Shown) -> int:
        return work.tools.vision.count_tokens(work.before_draft(carry, step)[-1].text)

    at = steps.index(shown) if shown in steps else 0
    lower = steps[at + 1 :]
    if not lower:
        return None
    most = length(shown) - tokens
    return next((step for step in lower if length(step) <= most), lower[-1])
