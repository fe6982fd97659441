"""The second stage: kindred pieces from the library, by the picture and by its description (Eq. 1).

Bars of the person's own score, where there are any, stand before all that is found.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hartmann.composing.carry import Carry
from hartmann.composing.events import ReferencesFound, Stage
from hartmann.composing.own_score import as_reference
from hartmann.composing.work import Work


async def find_references(work: Work, carry: Carry) -> Carry:
    """Search the library, unless that is done. The person's own words join the description."""
    if carry.references is not None:
        return carry
    await work.start(Stage.RETRIEVE, carry)
    k = work.request.limits.references_per_side
    if k == 0:
        return await _found(work, carry, ReferencesFound((), "no references were asked for"))
    embedder = work.tools.embedder
    text = " ".join(filter(None, (carry.caption, work.wishes.mood, work.request.prompt)))
    images, texts = await asyncio.gather(
        embedder.embed_pictures([work.request.picture.image]), embedder.embed_texts([text])
    )
    references = await work.tools.library.find(embedder.space, images[0], texts[0], k)
    return await _found(work, carry, ReferencesFound(references))


async def _found(work: Work, carry: Carry, event: ReferencesFound) -> Carry:
    own = work.request.excerpt
    if own is not None:
        others = (replace(each, rank=number) for number, each in enumerate(event.references, 2))
        event = replace(event, references=(as_reference(own), *others))
    after = replace(carry, references=event.references, references_note=event.note)
    return await work.record(Stage.RETRIEVE, "references", event, after)
