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
from hartmann.composing.headers import header_of
from hartmann.composing.prompts import metric_lines
from hartmann.composing.work import Work, answered
from hartmann.composing.writing import write_piece

__all__ = ["metric_lines", "refine_drafts"]


async def refine_drafts(work: Work, carry: Carry) -> Carry:
    """Refine the best draft `max_refinements` times, unless that is done."""
    if carry.refined:
        return carry
    await work.start(Stage.REFINE, carry)
    while _refinements(carry) < work.request.limits.max_refinements:
        best = choose(carry.drafts)
        if best.metrics is None:
            break
        carry = await _refined(work, carry, best)
    return replace(carry, refined=True)


async def _refined(work: Work, carry: Carry, best: DraftWritten) -> Carry:
    assert best.metrics is not None
    asked = work.prompts.refine(caption=carry.caption or "", metrics=list(metric_lines(best.metrics)))
    conversation = answered(work.before_draft(carry), best.abc, asked)
    header = header_of(best.abc)
    text = await write_piece(work, conversation, Stage.REFINE, next_number(carry), header=header)
    carry = await add_draft(work, carry, Stage.REFINE, DraftKind.REFINEMENT, text, before=best.abc)
    return await repair(work, carry, Stage.REFINE)


def _refinements(carry: Carry) -> int:
    return sum(draft.kind is DraftKind.REFINEMENT for draft in carry.drafts)
