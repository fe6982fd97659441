"""The fourth stage: refinement by metrics (phase 2 of the paper).

The eight values, each with what high and low suit, go back to the model with its best draft; it refines on its
own judgement. A model that can be constrained keeps title, key, meter, tempo and instrument, and refines the
notes. Whether the refinement is taken is not its judgement but the rule's (`choosing.py`).
"""

from __future__ import annotations

from dataclasses import replace

from hartmann.composing.carry import Carry
from hartmann.composing.choosing import choose
from hartmann.composing.drafting import add_draft, next_number, repair
from hartmann.composing.events import DraftKind, DraftWritten, Stage
from hartmann.composing.fitting import fitted
from hartmann.composing.headers import header_of
from hartmann.composing.prompts import metric_lines
from hartmann.composing.work import Conversation, Work, answered
from hartmann.composing.writing import room_for_piece, write_piece
from hartmann.errors import ModelInputTooLong

__all__ = ["metric_lines", "refine_drafts"]


async def refine_drafts(work: Work, carry: Carry) -> Carry:
    """Refine the best draft `max_refinements` times, unless that is done or the model's context has no room for it."""
    if carry.refined:
        return carry
    await work.start(Stage.REFINE, carry)
    while _refinements(carry) < work.request.limits.max_refinements:
        best = choose(carry.drafts)
        if best.metrics is None:
            break
        try:
            carry = await _refined(work, carry, best)
        except ModelInputTooLong:  # the draft that could not be shown again stands
            break
    return replace(carry, refined=True)


async def _refined(work: Work, carry: Carry, best: DraftWritten) -> Carry:
    assert best.metrics is not None
    asked = work.prompts.refine(caption=carry.caption or "", metrics=list(metric_lines(best.metrics)))
    header, number = header_of(best.abc), next_number(carry)

    async def attempt(conversation: Conversation, room: int) -> str:
        talk = answered(conversation, best.abc, asked)
        return await write_piece(work, talk, Stage.REFINE, number, header=header, room=room)

    written = await fitted(work, carry, attempt, room=room_for_piece(work))
    carry = await add_draft(
        work,
        written.carry,
        Stage.REFINE,
        DraftKind.REFINEMENT,
        written.result,
        before=best.abc,
        note=written.note,
    )
    return await repair(work, carry, Stage.REFINE)


def _refinements(carry: Carry) -> int:
    return sum(draft.kind is DraftKind.REFINEMENT for draft in carry.drafts)
