"""From a picture to a score: the whole way, top to bottom like Figure 1 of the paper.

Each stage takes the carry, does its part unless the carry shows that it is done, logs its events, and returns
a carry with its result. Given the same request and carry, a stage does the same again; so a composition that
was interrupted anywhere goes on from its last event and ends as it would have.
"""

from __future__ import annotations

from hartmann.composing.captioning import write_caption
from hartmann.composing.carry import Carry
from hartmann.composing.drafting import write_drafts
from hartmann.composing.engraving import engrave
from hartmann.composing.explaining import explain
from hartmann.composing.journal import Journal
from hartmann.composing.refining import refine_drafts
from hartmann.composing.request import CompositionRequest
from hartmann.composing.retrieving import find_references
from hartmann.composing.tools import Tools
from hartmann.composing.work import Work


async def compose(
    request: CompositionRequest, tools: Tools, journal: Journal, carry: Carry | None = None
) -> None:
    """Compose; everything there is to know about it is in the journal.

    Raises InvalidWish, SpaceMissing, ModelFailed (and ModelInputTooLong), LeaseLost, and InvalidNotation when no
    draft holds any music. Cancelling the task stops the model within one token.
    """
    work = Work.begin(request, tools, journal)
    carry = await write_caption(work, carry or Carry())
    carry = await find_references(work, carry)
    carry = await write_drafts(work, carry)
    carry = await refine_drafts(work, carry)
    carry = await explain(work, carry)
    await engrave(work, carry)
