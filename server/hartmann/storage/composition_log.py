"""The composition log: what every composition asked, where it stands, and everything that happened in it.

Rules that keep a log exact while workers die (measured with kill -9, SIGSTOP and a killed postmaster):
taking a composition raises its `attempt`, and every write locks the row and checks the attempt, so that a
worker whose work went to another is fenced out; (stage, part) is unique, so a stage that runs again repeats
nothing; a stage's event and its carry commit together. Readers select what follows a number and wait for a
notification: any number of them, in any process, each at its own pace.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import RowMapping, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.errors import CompositionFinished, CompositionNotFinished, CompositionNotFound
from hartmann.storage import appending, job_tickets, page_tokens
from hartmann.storage.appending import Consequences
from hartmann.storage.database import Database
from hartmann.storage.notifications import FALLBACK_SECONDS, Channel, wait_for
from hartmann.storage.records import (
    CompositionRecord,
    Created,
    Lease,
    NewComposition,
    NewEvent,
    NewPicture,
    Page,
    StoredEvent,
)
from hartmann.storage.tables import FINAL_STATES, State, composition, composition_event, picture

READ_LIMIT = 500
RECORD_COLUMNS = tuple(column for column in composition.c if column.name != "request_id")


class CompositionLog:
    """The log over a database. Safe for use by many tasks at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, new: NewComposition) -> Created:
        """Keep a request and queue it: row, picture, first events and the worker's job in one transaction.

        A request id (or an id) that is known answers the composition it made, and changes nothing.
        """
        name = new.id or uuid.uuid4().hex
        async with self._database.transaction() as connection:
            if new.picture is not None:
                await _keep_picture(connection, new.picture)
            is_new = await _insert_composition(connection, name, new)
            if is_new:
                await job_tickets.enqueue(connection, name)
                record = await _record(connection, name)
            else:
                record = await _made_before(connection, name, new.request_id)
        if not is_new and new.picture is not None and new.picture.sha256 != record.picture:
            await self._drop_unused_picture(new.picture.sha256)
        return Created(record, is_new)

    async def take(self, name: str, worker: str) -> Lease:
        """Make `worker` the one who may write, and fence out whoever had it before.

        Raises:
            CompositionNotFound: there is none of that name.
            CompositionFinished: nothing is left to do.
        """
        async with self._database.transaction() as connection:
            taken = await connection.execute(
                update(composition)
                .where(composition.c.id == name, composition.c.state.not_in(FINAL_STATES))
                .values(
                    attempt=composition.c.attempt + 1, worker=worker, state=State.RUNNING, updated_at=_now()
                )
                .returning(*RECORD_COLUMNS)
            )
            row = taken.mappings().one_or_none()
            if row is None:
                record = await _record(connection, name)
                raise CompositionFinished(f"compositions/{name} is {record.state}")
        return Lease(name, row["attempt"], worker, _to_record(row))

    async def append(
        self,
        lease: Lease,
        event: NewEvent,
        *,
        carry: bytes | None = None,
        final_state: State | None = None,
        error: str = "",
    ) -> int:
        """Log an event and answer its number; one whose (stage, part) is there already keeps its number.

        With `carry` the event's stage counts as finished, and both commit together. With `final_state` the
        event is the last one.

        Raises:
            LeaseLost: another worker took the composition, or it is finished or deleted.
        """
        also = Consequences(carry, final_state, error)
        async with self._database.autocommit() as connection:
            return await appending.append(connection, lease, event, also)

    async def finish(self, lease: Lease, event: NewEvent, state: State, *, error: str = "") -> int:
        """Log the last event. `state` is one of the final three; raises as `append` does."""
        if not state.is_final:
            raise ValueError(f"{state} is no final state")
        return await self.append(lease, event, final_state=state, error=error)

    async def read(self, name: str, after: int = 0, limit: int = READ_LIMIT) -> tuple[StoredEvent, ...]:
        """The events with a number greater than `after`, in order, at most `limit`.

        Raises:
            CompositionNotFound: there is none of that name.
        """
        events, _ = await self._read(name, after, limit)
        return events

    async def watch(
        self, name: str, after: int = 0, *, heartbeat_seconds: float = 10.0
    ) -> AsyncIterator[StoredEvent | None]:
        """Everything after `after`, then whatever comes, up to the final event; None when idle for a while.

        Raises:
            CompositionNotFound: there is none of that name, or it was deleted meanwhile.
        """
        last_said = time.monotonic()
        with self._database.notifications.subscribe(Channel.EVENT, name) as waker:
            while True:
                waker.clear()
                events, is_finished = await self._read(name, after, READ_LIMIT)
                for event in events:
                    yield event
                if events:
                    after, last_said = events[-1].sequence, time.monotonic()
                if is_finished:
                    return
                if time.monotonic() - last_said >= heartbeat_seconds:
                    yield None
                    last_said = time.monotonic()
                if len(events) < READ_LIMIT:
                    await wait_for(waker, min(FALLBACK_SECONDS, heartbeat_seconds))

    async def get(self, name: str) -> CompositionRecord:
        """The composition's row.

        Raises:
            CompositionNotFound: there is none of that name.
        """
        async with self._database.autocommit() as connection:
            return await _record(connection, name)

    async def picture(self, name: str) -> NewPicture | None:
        """The picture that the composition is about, if it has one."""
        async with self._database.autocommit() as connection:
            await _record(connection, name)
            rows = await connection.execute(
                select(picture.c.sha256, picture.c.data, picture.c.media_type)
                .join(composition, composition.c.picture == picture.c.sha256)
                .where(composition.c.id == name)
            )
            row = rows.mappings().one_or_none()
        return None if row is None else NewPicture(**row)

    async def find(self, name: str, stage: str, part: str) -> StoredEvent | None:
        """The event of that stage and part, if it was logged."""
        async with self._database.autocommit() as connection:
            rows = await connection.execute(
                select(composition_event).where(
                    composition_event.c.composition == name,
                    composition_event.c.stage == stage,
                    composition_event.c.part == part,
                )
            )
            row = rows.mappings().one_or_none()
        return None if row is None else StoredEvent(**row)

    async def list(self, *, state: State | None = None, page_size: int = 50, page_token: str = "") -> Page:
        """A page of compositions, newest first, all of them or those in one state.

        Raises:
            InvalidPageToken: the token is not one that this method gave out for the same filter.
        """
        query = select(*RECORD_COLUMNS).order_by(composition.c.created_at.desc(), composition.c.id.desc())
        if state is not None:
            query = query.where(composition.c.state == state)
        if page_token:
            place = page_tokens.read(page_token, state)
            query = query.where(tuple_(composition.c.created_at, composition.c.id) < tuple_(*place))
        async with self._database.autocommit() as connection:
            rows = (await connection.execute(query.limit(page_size + 1))).mappings().all()
        records = tuple(_to_record(row) for row in rows[:page_size])
        follows = len(rows) > page_size
        return Page(records, page_tokens.write(records[-1], state) if follows else "")

    async def waiting(self) -> int:
        """How many compositions no worker has begun yet."""
        async with self._database.autocommit() as connection:
            query = select(func.count()).where(composition.c.state == State.CREATED)
            return int((await connection.execute(query)).scalar_one())

    async def cancel(self, name: str, event: NewEvent) -> CompositionRecord:
        """Ask for the end of a composition: its worker is told at once; without one it ends here.

        `event` is the final event that is written if no worker has it.

        Raises:
            CompositionNotFound: there is none of that name.
            CompositionFinished: it has ended already.
        """
        async with self._database.transaction() as connection:
            record = await _record(connection, name, lock=True)
            if record.state.is_final:
                raise CompositionFinished(f"compositions/{name} is {record.state}")
            changes: dict[str, Any] = {"cancel_requested": True}
            if record.worker is None:
                await _insert_event(connection, name, record.last_sequence + 1, event, final=True)
                changes |= {"state": State.CANCELLED, "last_sequence": record.last_sequence + 1}
                await notify(connection, Channel.EVENT, name)
            await connection.execute(
                update(composition).where(composition.c.id == name).values(updated_at=_now(), **changes)
            )
            await notify(connection, Channel.CANCEL, name)
            return await _record(connection, name)

    async def wait_for_cancel(self, name: str) -> None:
        """Return once somebody asked for the composition's end, or deleted it."""
        with self._database.notifications.subscribe(Channel.CANCEL, name) as waker:
            while True:
                waker.clear()
                try:
                    if (await self.get(name)).cancel_requested:
                        return
                except CompositionNotFound:
                    return
                await wait_for(waker)

    async def delete(self, name: str, *, force: bool = False) -> None:
        """Remove a composition, its log, and its picture if no other has it.

        Raises:
            CompositionNotFound: there is none of that name.
            CompositionNotFinished: it is still running, and `force` was not said.
        """
        async with self._database.transaction() as connection:
            record = await _record(connection, name, lock=True)
            if not (record.state.is_final or force):
                raise CompositionNotFinished(f"compositions/{name} is {record.state}; cancel it first")
            await connection.execute(composition.delete().where(composition.c.id == name))
            await job_tickets.discard(connection, name)
            await notify(connection, Channel.CANCEL, name)
            await notify(connection, Channel.EVENT, name)
        if record.picture is not None:
            await self._drop_unused_picture(record.picture)

    async def release(self, lease: Lease) -> None:
        """Give a composition back unfinished: nobody has it until somebody takes it."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(composition)
                .where(composition.c.id == lease.composition, composition.c.attempt == lease.attempt)
                .values(worker=None)
            )

    async def _read(self, name: str, after: int, limit: int) -> tuple[tuple[StoredEvent, ...], bool]:
        """Events, and whether nothing can follow them."""
        async with self._database.autocommit() as connection:
            rows = await connection.execute(
                select(composition_event)
                .where(composition_event.c.composition == name, composition_event.c.sequence > after)
                .order_by(composition_event.c.sequence)
                .limit(limit)
            )
            events = tuple(StoredEvent(**row) for row in rows.mappings())
            if events:
                return events, events[-1].final
            record = await _record(connection, name)
        return (), record.state.is_final and record.last_sequence <= after

    async def _drop_unused_picture(self, sha256: str) -> None:
        users = select(composition.c.id).where(composition.c.picture == sha256)
        try:
            async with self._database.transaction() as connection:
                await connection.execute(picture.delete().where(picture.c.sha256 == sha256, ~users.exists()))
        except IntegrityError:
            return  # a composition that came in between uses it


async def notify(connection: AsyncConnection, channel: Channel, name: str) -> None:
    """Tell the subscribers in every process, when the transaction commits."""
    await connection.execute(select(func.pg_notify(str(channel), name)))


async def _keep_picture(connection: AsyncConnection, new: NewPicture) -> None:
    """Insert it, or lock the row that is there, so that nobody removes it before this transaction uses it."""
    statement = postgresql.insert(picture).values(sha256=new.sha256, data=new.data, media_type=new.media_type)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[picture.c.sha256], set_={"media_type": statement.excluded.media_type}
        )
    )


async def _insert_composition(connection: AsyncConnection, name: str, new: NewComposition) -> bool:
    """The row with its first events; False when the id or the request id is known."""
    inserted = await connection.execute(
        postgresql.insert(composition)
        .values(
            id=name,
            request_id=new.request_id,
            request=new.request,
            picture=None if new.picture is None else new.picture.sha256,
            source=new.source,
            stage=new.stage,
            carry=new.carry,
            last_sequence=len(new.events),
        )
        .on_conflict_do_nothing()
        .returning(composition.c.id)
    )
    if inserted.scalar_one_or_none() is None:
        return False
    for sequence, event in enumerate(new.events, 1):
        await _insert_event(connection, name, sequence, event, final=False)
    return True


async def _insert_event(
    connection: AsyncConnection, name: str, sequence: int, event: NewEvent, *, final: bool
) -> None:
    await connection.execute(
        insert(composition_event).values(
            composition=name,
            sequence=sequence,
            stage=event.stage,
            part=event.part,
            kind=event.kind,
            body=event.body,
            final=final,
        )
    )


async def _made_before(connection: AsyncConnection, name: str, request_id: str | None) -> CompositionRecord:
    same = or_(composition.c.request_id == request_id, composition.c.id == name)
    rows = await connection.execute(select(*RECORD_COLUMNS).where(same))
    return _to_record(rows.mappings().one())


async def _record(connection: AsyncConnection, name: str, *, lock: bool = False) -> CompositionRecord:
    query = select(*RECORD_COLUMNS).where(composition.c.id == name)
    rows = await connection.execute(query.with_for_update() if lock else query)
    row = rows.mappings().one_or_none()
    if row is None:
        raise CompositionNotFound(f"there is no compositions/{name}")
    return _to_record(row)


def _to_record(row: RowMapping) -> CompositionRecord:
    return CompositionRecord(**{**row, "state": State(row["state"])})


def _now() -> Any:
    return func.clock_timestamp()
