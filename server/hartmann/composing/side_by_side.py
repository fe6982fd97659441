"""Several first drafts of one conversation, sampled side by side: first all headers, then the body under each.

Every draft has its number, its own seeds and its own stream of text, and is the one that it would be alone; a model
that writes batches takes less time for all of them than one after the other. Which draft goes on is not decided here
but by the rule (`choosing.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from hartmann.composing.events import Stage
from hartmann.composing.streaming import Writer, stream_texts
from hartmann.composing.work import Conversation, Work
from hartmann.composing.writing import (
    body_request,
    free_request,
    header_request,
    is_constrained,
    takes_turns,
    whole_text,
    write_piece,
)


async def write_pieces(
    work: Work, conversation: Conversation, stage: Stage, drafts: Sequence[int], *, room: int = 1
) -> list[str]:
    """The texts of the drafts with these numbers; see `write_piece`."""
    if len(drafts) == 1 or takes_turns(work):
        return [await write_piece(work, conversation, stage, draft, room=room) for draft in drafts]

    async def produce(writers: Sequence[Writer]) -> list[str]:
        if is_constrained(work):
            return await _constrained(work, conversation, stage, drafts, writers, room)
        requests = [free_request(work, conversation, stage, draft, room) for draft in drafts]
        return [each.text for each in await work.generate_batch(requests, writers)]

    return await stream_texts(work.journal, stage, drafts, produce)


async def _constrained(
    work: Work,
    conversation: Conversation,
    stage: Stage,
    drafts: Sequence[int],
    writers: Sequence[Writer],
    room: int,
) -> list[str]:
    asked = [header_request(work, conversation, stage, draft, room) for draft in drafts]
    headers = [each.text for each in await work.generate_batch(asked, writers)]
    asked = [
        body_request(work, conversation, stage, draft, header)
        for draft, header in zip(drafts, headers, strict=True)
    ]
    bodies = await work.generate_batch(asked, writers)
    return [whole_text(header, body) for header, body in zip(headers, bodies, strict=True)]
