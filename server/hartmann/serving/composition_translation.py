"""A composition's row as clients see it, and what a new row begins with."""

from __future__ import annotations

import secrets
import time

from google.protobuf import json_format
from google.rpc import status_pb2  # type: ignore[import-untyped]

from hartmann.composing.carry import Carry
from hartmann.composing.choosing import choose
from hartmann.composing.events import Event, Stage
from hartmann.composing.headers import header_of
from hartmann.notation.checking import check
from hartmann.serving.event_translation import kind_of, to_body, to_stage, to_timestamp
from hartmann.storage.records import CompositionRecord, NewEvent
from hartmann.storage.tables import State
from hartmann.v1 import composition_pb2

_STATES = {
    State.CREATED: composition_pb2.COMPOSITION_STATE_QUEUED,
    State.RUNNING: composition_pb2.COMPOSITION_STATE_RUNNING,
    State.SUCCEEDED: composition_pb2.COMPOSITION_STATE_SUCCEEDED,
    State.FAILED: composition_pb2.COMPOSITION_STATE_FAILED,
    State.CANCELLED: composition_pb2.COMPOSITION_STATE_CANCELLED,
}


def new_id() -> str:
    """A UUID of version 7 (RFC 9562) in hex: 48 bits of milliseconds, then chance, so ids sort by their time."""
    random = secrets.randbits(74)
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | 0x7 << 76
    value |= (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return f"{value:032x}"


def to_composition(record: CompositionRecord) -> composition_pb2.Composition:
    """The stored request with the state of its row."""
    composition = stored_request(record)
    composition.name = f"compositions/{record.id}"
    composition.state = _STATES[record.state]
    composition.create_time.CopyFrom(to_timestamp(record.created_at))
    composition.update_time.CopyFrom(to_timestamp(record.updated_at))
    composition.finished_stage = to_stage(_finished_stage(record))
    composition.last_sequence = record.last_sequence
    composition.revised_from = f"compositions/{record.source}" if record.source else ""
    composition.title = _title(stored_carry(record))
    if record.state is State.FAILED and record.error:
        composition.error.CopyFrom(read_error(record.error))
    return composition


def stored_request(record: CompositionRecord) -> composition_pb2.Composition:
    """What was asked, every choice made."""
    return composition_pb2.Composition.FromString(record.request)


def stored_carry(record: CompositionRecord) -> Carry:
    """What the finished stages left."""
    return Carry.from_json(record.carry) if record.carry else Carry()


def to_state(value: int) -> State | None:
    """The state that a filter names; None for unspecified and for numbers we don't know."""
    return next((state for state, number in _STATES.items() if number == value), None)


def to_new_event(stage: Stage | None, part: str, event: Event) -> NewEvent:
    """An event of the pipeline as the log takes it."""
    return new_event(part, to_body(stage, event), stage)


def new_event(part: str, body: composition_pb2.CompositionEvent, stage: Stage | None = None) -> NewEvent:
    """A translated event as the log takes it. Events of no stage have the empty stage."""
    return NewEvent(stage.value if stage else "", part, kind_of(body), body.SerializeToString())


def write_error(status: status_pb2.Status) -> str:
    """A status as the row keeps it: JSON."""
    return json_format.MessageToJson(status, indent=None)


def read_error(text: str) -> status_pb2.Status:
    """The status that `write_error` wrote; any other text as an internal error's message."""
    try:
        return json_format.Parse(text, status_pb2.Status())
    except json_format.ParseError:
        return status_pb2.Status(code=13, message=text)


def _title(carry: Carry) -> str:
    """The title of the best draft so far, as the score will bear it; empty before the first."""
    if not carry.drafts:
        return ""
    # the header with a note behind it reads in a fraction of the time that the whole piece takes
    score = check(f"{header_of(choose(carry.drafts).abc)}C|]").score
    return score.title if score else ""


def _finished_stage(record: CompositionRecord) -> Stage | None:
    if record.state is State.SUCCEEDED:
        return Stage.ENGRAVE
    carry = stored_carry(record)
    done = {
        Stage.EXPLAIN: carry.motivation is not None,
        Stage.REFINE: carry.refined,
        Stage.DRAFT: carry.drafted,
        Stage.RETRIEVE: carry.references is not None,
        Stage.CAPTION: carry.caption is not None,
    }
    return next((stage for stage, finished in done.items() if finished), None)
