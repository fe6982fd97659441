"""Values that go in and out of the composition log. Bodies, requests and carries are opaque bytes here.

They may be large and private, so that no `repr`, and no logged traceback, shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hartmann.storage.tables import State


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture to keep. `sha256` in hex, of `data`."""

    sha256: str
    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to log: `part` is unique within `stage`; `kind` is the name of the body's type."""

    stage: str
    part: str
    kind: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewComposition:
    """What `CompositionLog.create` takes.

    The same `request_id` twice is the same composition. A revision names its `source`, brings the events and
    the `carry` that it shares with it, and the last finished `stage`. An empty `id` is filled in.
    """

    request: bytes
    picture: NewPicture | None = None
    request_id: str | None = None
    id: str = ""
    source: str | None = None
    stage: str = ""
    carry: bytes | None = None
    events: tuple[NewEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class CompositionRecord:
    """A composition's row. `stage` is the last finished one, `worker` who has it now, `error` why it failed."""

    id: str
    request: bytes = field(repr=False)
    picture: str | None
    source: str | None
    state: State
    stage: str
    carry: bytes | None = field(repr=False)
    attempt: int
    deaths: int
    worker: str | None
    error: str
    cancel_requested: bool
    last_sequence: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Created:
    """What `create` answers: `is_new` is False when the request id was known."""

    record: CompositionRecord
    is_new: bool


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row of the log. `sequence` counts from 1 without gaps; nothing follows a `final` one."""

    composition: str
    sequence: int
    stage: str
    part: str
    kind: str
    body: bytes = field(repr=False)
    final: bool
    time: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write to a composition's log, until another worker takes it. `record` is as of the taking."""

    composition: str
    attempt: int
    worker: str
    record: CompositionRecord


@dataclass(frozen=True, slots=True)
class Page:
    """A page of compositions, newest first. An empty token means that nothing follows."""

    records: tuple[CompositionRecord, ...]
    next_token: str
