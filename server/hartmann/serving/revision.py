"""Revisions: from a `ReviseCompositionRequest` and the composition it names to a new row.

What is shared goes over as the carry and as the events that led to it; the picture is shared by its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hartmann.composing.carry import Carry
from hartmann.composing.events import Stage
from hartmann.composing.own_score import EXCERPT_ID
from hartmann.composing.revising import Edits, revise
from hartmann.composing.wishes import read_wishes
from hartmann.errors import InvalidNotation, InvalidRequest
from hartmann.library.reference import Reference
from hartmann.serving.composition_translation import stored_carry, stored_request, to_new_event
from hartmann.serving.event_translation import from_stage, from_wishes
from hartmann.serving.request_validation import draw_seed, read_text
from hartmann.settings import Settings
from hartmann.storage.records import CompositionRecord, NewEvent
from hartmann.v1 import composition_pb2


class Shelf(Protocol):
    """Where references are fetched by id."""

    async def get(self, reference_id: str) -> Reference:
        """The piece. Raises ReferenceNotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision's row begins with."""

    stored: composition_pb2.Composition
    from_stage: Stage
    carry: Carry

    def events(self) -> tuple[NewEvent, ...]:
        """The events of the shared stages."""
        return tuple(to_new_event(stage, part, event) for stage, part, event in self.carry.events())


async def read_revision(
    message: composition_pb2.ReviseCompositionRequest,
    record: CompositionRecord,
    shelf: Shelf,
    settings: Settings,
) -> Revision:
    """Check a revision against the composition it begins from. Raises InvalidRequest or one of its kinds,
    ReferenceNotFound for a reference that is not there."""
    stage = from_stage(message.from_stage)
    if stage is None:
        raise InvalidRequest("say from which stage on the work is to be done anew", field="from_stage")
    stored = _changed(message, stored_request(record), settings)
    carry = stored_carry(record)
    edits = await _edits(message.edits, carry, shelf, settings, has_excerpt=stored.HasField("excerpt"))
    return Revision(stored, stage, revise(carry, stage, edits))


def _changed(
    message: composition_pb2.ReviseCompositionRequest, stored: composition_pb2.Composition, settings: Settings
) -> composition_pb2.Composition:
    read_text(message.instruction, "instruction", settings)
    stored.instruction = "\n".join(filter(None, (stored.instruction, message.instruction)))
    if message.HasField("wishes"):
        read_wishes(from_wishes(message.wishes))
        stored.wishes.CopyFrom(message.wishes)
    if message.redraw_seed and message.HasField("seed"):
        raise InvalidRequest("give a seed or have one drawn, not both", field="redraw_seed")
    if message.redraw_seed:
        stored.seed = draw_seed()
    elif message.HasField("seed"):
        stored.seed = message.seed
    return stored


async def _edits(
    message: composition_pb2.CompositionEdits,
    carry: Carry,
    shelf: Shelf,
    settings: Settings,
    *,
    has_excerpt: bool,
) -> Edits:
    if message.abc and message.bars:
        raise InvalidRequest("edit the whole ABC or single bars, not both", field="edits.bars")
    others = (each for each in message.reference_ids if not (has_excerpt and each == EXCERPT_ID))
    references = tuple([await shelf.get(reference_id) for reference_id in others])
    return Edits(
        caption=read_text(message.caption, "edits.caption", settings) or None,
        references=references if message.reference_ids else None,
        abc=_with_bars(carry, message) if message.bars else message.abc or None,
    )


def _with_bars(carry: Carry, message: composition_pb2.CompositionEdits) -> str:
    """The latest draft with single bars written anew."""
    from hartmann.notation.checking import check
    from hartmann.notation.splicing import replace_bar

    abc = carry.drafts[-1].abc if carry.drafts else ""
    for number, bar in enumerate(message.bars):
        field = f"edits.bars[{number}]"
        score = check(abc).score
        if score is None:
            raise InvalidNotation("there is no draft yet whose bars could be replaced", field=field)
        voice = next((voice for voice in score.voices if voice.number == bar.voice), None)
        if voice is None or not 0 <= bar.bar_index < len(voice.bars):
            raise InvalidRequest(f"the draft has no bar {bar.bar_index} in a voice {bar.voice}", field=field)
        abc = replace_bar(score, bar.voice, bar.bar_index, bar.abc)
    return abc
