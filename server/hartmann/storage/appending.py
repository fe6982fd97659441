"""Adding one event to a log, in one statement: one round trip while the row is locked.

It locks the composition if the lease still holds, looks whether the part is there already, adds the event under
the next number, moves the composition on, and tells the readers. All of it or nothing: a lost lease adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import LargeBinary, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.errors import LeaseLost
from hartmann.storage.notifications import Channel
from hartmann.storage.records import Lease, NewEvent
from hartmann.storage.tables import State

_APPEND = text(
    """
    WITH held AS (
        SELECT id, last_sequence FROM composition
        WHERE id = :composition AND attempt = :attempt AND state IN ('created', 'running')
        FOR UPDATE
    ), known AS (
        SELECT sequence FROM composition_event
        WHERE composition = :composition AND stage = :stage AND part = :part
    ), added AS (
        INSERT INTO composition_event (composition, sequence, stage, part, kind, body, final)
        SELECT id, last_sequence + 1, :stage, :part, :kind, :body, :state IS NOT NULL
        FROM held WHERE NOT EXISTS (SELECT FROM known)
        RETURNING sequence
    ), moved AS (
        UPDATE composition SET
            last_sequence = added.sequence,
            updated_at = clock_timestamp(),
            carry = coalesce(:carry, carry),
            stage = CASE WHEN :carry IS NULL THEN stage ELSE :stage END,
            deaths = CASE WHEN :carry IS NULL THEN deaths ELSE 0 END,
            state = coalesce(:state, state),
            worker = CASE WHEN :state IS NULL THEN worker END,
            error = :error
        FROM added WHERE id = :composition
        RETURNING pg_notify(:channel, :composition)
    )
    SELECT coalesce((SELECT sequence FROM added), (SELECT sequence FROM known)) AS sequence,
           EXISTS (SELECT FROM held) AS is_held,
           (SELECT count(*) FROM moved) AS moved
    """
).bindparams(
    *(bindparam(name, type_=Text()) for name in ("composition", "stage", "part", "kind", "state", "error")),
    *(bindparam(name, type_=LargeBinary()) for name in ("body", "carry")),
)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What else an event changes: a carry finishes its stage, a final state the composition."""

    carry: bytes | None = None
    final_state: State | None = None
    error: str = ""


async def append(connection: AsyncConnection, lease: Lease, event: NewEvent, also: Consequences) -> int:
    """Add the event and answer its number; a part that is there already keeps its number.

    Raises:
        LeaseLost: another worker took the composition, or it is finished or deleted.
    """
    rows = await connection.execute(
        _APPEND,
        {
            "composition": lease.composition,
            "attempt": lease.attempt,
            "stage": event.stage,
            "part": event.part,
            "kind": event.kind,
            "body": event.body,
            "carry": also.carry,
            "state": also.final_state,
            "error": also.error,
            "channel": str(Channel.EVENT),
        },
    )
    row = rows.one()
    if not row.is_held:
        raise LeaseLost(f"compositions/{lease.composition} is no longer {lease.worker}'s to write")
    return int(row.sequence)
