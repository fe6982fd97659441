"""The composition log: numbering, idempotence, fencing, watching, cancelling, paging, deleting."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from hartmann.errors import (
    CompositionFinished,
    CompositionNotFinished,
    CompositionNotFound,
    DatabaseUnavailable,
    InvalidPageToken,
    LeaseLost,
)
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import Database, connect
from hartmann.storage.records import NewComposition, NewEvent, NewPicture, StoredEvent
from hartmann.storage.tables import State, composition, picture

pytestmark = pytest.mark.integration

ACCEPTED = NewEvent("", "accepted", "accepted", b"hello")
CANCELLED = NewEvent("", "end", "cancelled", b"gone")
SUCCEEDED = NewEvent("engrave", "score", "score", b"music")


@pytest.fixture
def log(database: Database) -> CompositionLog:
    return CompositionLog(database)


@pytest.fixture
async def other_process(database_url: str) -> AsyncIterator[CompositionLog]:
    """The same log through connections of its own, as another process has it."""
    other = connect(database_url)
    yield CompositionLog(other)
    await other.close()


def event(part: str, stage: str = "draft", body: bytes = b"") -> NewEvent:
    return NewEvent(stage, part, "text_delta", body)


def some_picture(data: bytes = b"picture") -> NewPicture:
    return NewPicture(hashlib.sha256(data).hexdigest(), data, "image/png")


async def new_composition(log: CompositionLog, **fields: object) -> str:
    new = NewComposition(**{"request": b"request", "events": (ACCEPTED,), **fields})  # type: ignore[arg-type]
    return (await log.create(new)).record.id


async def sequences(log: CompositionLog, name: str, after: int = 0) -> list[int]:
    return [row.sequence for row in await log.read(name, after)]


async def jobs_for(database: Database, name: str) -> int:
    async with database.transaction() as connection:
        query = "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'composition' = %s"
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        rows = await (await raw.execute(query, (name,))).fetchall()
    return int(rows[0][0])


async def copies(database: Database, kept: NewPicture) -> int:
    async with database.transaction() as connection:
        query = select(func.count()).where(picture.c.sha256 == kept.sha256)
        return int((await connection.execute(query)).scalar_one())


async def test_a_new_composition_has_its_row_first_event_picture_and_job(
    log: CompositionLog, database: Database
) -> None:
    name = await new_composition(log, picture=some_picture(b"sunset"))
    record = await log.get(name)
    assert (record.state, record.last_sequence, record.attempt) == (State.CREATED, 1, 0)
    assert [row.body for row in await log.read(name)] == [b"hello"]
    assert await log.picture(name) == some_picture(b"sunset")
    assert await jobs_for(database, name) == 1


async def test_the_same_request_id_is_the_same_composition(log: CompositionLog, database: Database) -> None:
    first = await log.create(NewComposition(b"a", request_id="once", events=(ACCEPTED,)))
    second = await log.create(NewComposition(b"b", request_id="once", events=(ACCEPTED,)))
    assert (first.is_new, second.is_new) == (True, False)
    assert second.record == first.record
    assert await jobs_for(database, first.record.id) == 1


async def test_a_known_request_id_with_another_picture_does_not_keep_that_picture(
    log: CompositionLog, database: Database
) -> None:
    other = some_picture(b"another")
    await log.create(NewComposition(b"a", request_id="pictured", picture=some_picture(b"one")))
    await log.create(NewComposition(b"a", request_id="pictured", picture=other))
    assert await copies(database, other) == 0


async def test_a_request_id_used_by_many_at_once_makes_one_composition(log: CompositionLog) -> None:
    new = NewComposition(b"a", request_id="race", picture=some_picture(b"race"), events=(ACCEPTED,))
    created = await asyncio.gather(*(log.create(new) for _ in range(8)))
    assert len({c.record.id for c in created}) == 1
    assert sum(c.is_new for c in created) == 1


async def test_a_composition_that_can_not_be_created_leaves_nothing_behind(
    log: CompositionLog, database: Database
) -> None:
    lonely = some_picture(b"lonely")
    with pytest.raises(Exception, match="composition_event_part"):
        await log.create(NewComposition(b"a", id="broken", picture=lonely, events=(ACCEPTED, ACCEPTED)))
    assert await copies(database, lonely) == 0
    assert await jobs_for(database, "broken") == 0


async def test_events_are_numbered_from_one_without_gaps(log: CompositionLog) -> None:
    name = await new_composition(log)
    lease = await log.take(name, "worker")
    await asyncio.gather(*(log.append(lease, event(str(i))) for i in range(20)))
    assert await sequences(log, name) == list(range(1, 22))


async def test_a_part_that_is_logged_again_keeps_its_number_and_body(log: CompositionLog) -> None:
    name = await new_composition(log)
    lease = await log.take(name, "worker")
    first = await log.append(lease, event("1", body=b"first"))
    again = await log.append(lease, event("1", body=b"second"))
    assert again == first
    assert [row.body for row in await log.read(name, after=1)] == [b"first"]


async def test_a_carry_commits_with_its_event_and_finishes_the_stage(log: CompositionLog) -> None:
    name = await new_composition(log)
    lease = await log.take(name, "worker")
    await log.append(lease, event("text", stage="caption"), carry=b"{}")
    record = await log.get(name)
    assert (record.stage, record.carry) == ("caption", b"{}")


async def test_the_next_worker_finds_the_carry_in_its_lease(log: CompositionLog) -> None:
    name = await new_composition(log)
    await log.append(await log.take(name, "one"), event("text", stage="caption"), carry=b"state")
    lease = await log.take(name, "two")
    assert (lease.record.carry, lease.record.stage, lease.attempt) == (b"state", "caption", 2)


async def test_a_worker_whose_work_went_to_another_is_fenced_out(log: CompositionLog) -> None:
    name = await new_composition(log)
    old = await log.take(name, "old")
    new = await log.take(name, "new")
    await log.append(new, event("1"))
    with pytest.raises(LeaseLost, match="no longer old's to write"):
        await log.append(old, event("2"))
    assert await sequences(log, name) == [1, 2]


async def test_nothing_follows_the_final_event(log: CompositionLog) -> None:
    name = await new_composition(log)
    lease = await log.take(name, "worker")
    await log.finish(lease, SUCCEEDED, State.SUCCEEDED)
    with pytest.raises(LeaseLost):
        await log.append(lease, event("late"))
    with pytest.raises(CompositionFinished, match="is succeeded"):
        await log.take(name, "another")
    assert (await log.read(name))[-1].final


async def test_a_failure_keeps_its_reason(log: CompositionLog) -> None:
    name = await new_composition(log)
    await log.finish(await log.take(name, "worker"), SUCCEEDED, State.FAILED, error="out of ink")
    assert (await log.get(name)).error == "out of ink"


async def test_watching_from_a_number_brings_exactly_the_rest(
    log: CompositionLog, other_process: CompositionLog
) -> None:
    name = await new_composition(log)
    lease = await log.take(name, "worker")
    for part in range(5):
        await log.append(lease, event(str(part)))
    seen: list[int] = []

    async def watch() -> None:
        async for row in other_process.watch(name, after=3):
            assert row is not None
            seen.append(row.sequence)

    watching = asyncio.create_task(watch())
    for part in range(5, 10):
        await log.append(lease, event(str(part)))
    await log.finish(lease, SUCCEEDED, State.SUCCEEDED)
    await asyncio.wait_for(watching, 10)
    assert seen == list(range(4, 13))


async def test_watching_after_the_final_event_ends_at_once(log: CompositionLog) -> None:
    name = await new_composition(log)
    last = await log.finish(await log.take(name, "worker"), SUCCEEDED, State.SUCCEEDED)
    assert [row async for row in log.watch(name, after=last)] == []


async def test_an_idle_watch_gives_heartbeats(log: CompositionLog) -> None:
    name = await new_composition(log)
    rows = log.watch(name, after=1, heartbeat_seconds=0.05)
    assert [await anext(rows), await anext(rows)] == [None, None]
    await rows.aclose()  # type: ignore[attr-defined]


async def test_a_watch_ends_with_not_found_when_the_composition_is_deleted(log: CompositionLog) -> None:
    name = await new_composition(log)
    rows = log.watch(name)
    assert isinstance(await anext(rows), StoredEvent)
    await log.delete(name, force=True)
    with pytest.raises(CompositionNotFound):
        await anext(rows)


async def test_cancelling_what_nobody_works_on_ends_it_there(log: CompositionLog) -> None:
    name = await new_composition(log)
    record = await log.cancel(name, CANCELLED)
    assert (record.state, record.last_sequence) == (State.CANCELLED, 2)
    assert [row async for row in log.watch(name, after=1)] == list(await log.read(name, after=1))
    with pytest.raises(CompositionFinished):
        await log.cancel(name, CANCELLED)


async def test_cancelling_what_a_worker_has_tells_that_worker_alone(
    log: CompositionLog, other_process: CompositionLog
) -> None:
    name = await new_composition(log)
    await log.take(name, "worker")
    told = asyncio.create_task(log.wait_for_cancel(name))
    record = await other_process.cancel(name, CANCELLED)
    assert (record.state, record.cancel_requested, record.last_sequence) == (State.RUNNING, True, 1)
    await asyncio.wait_for(told, 5)


async def test_pages_hold_every_composition_once_newest_first(log: CompositionLog) -> None:
    made = [await new_composition(log) for _ in range(7)]
    found: list[str] = []
    token = ""
    while True:
        page = await log.list(page_size=3, page_token=token)
        found += [record.id for record in page.records]
        token = page.next_token
        if not token:
            break
    assert found[:7] == made[::-1]
    assert len(found) == len(set(found))


async def test_a_page_can_be_filtered_by_state(log: CompositionLog) -> None:
    await new_composition(log)
    ended = await new_composition(log)
    await log.cancel(ended, CANCELLED)
    page = await log.list(state=State.CANCELLED)
    assert page.records[0].id == ended
    assert {record.state for record in page.records} == {State.CANCELLED}


@pytest.mark.parametrize("token", ["nonsense", "W10", "WyIiLCAieCIsICJ5Il0", "é"])
async def test_a_foreign_page_token_is_refused(log: CompositionLog, token: str) -> None:
    with pytest.raises(InvalidPageToken, match="no page token of this server"):
        await log.list(page_token=token)


async def test_a_page_token_of_another_filter_is_refused(log: CompositionLog) -> None:
    for _ in range(2):
        await new_composition(log)
    token = (await log.list(page_size=1)).next_token
    with pytest.raises(InvalidPageToken, match="belongs to another filter"):
        await log.list(state=State.RUNNING, page_token=token)


async def test_a_running_composition_is_deleted_only_by_force(log: CompositionLog) -> None:
    name = await new_composition(log)
    lease = await log.take(name, "worker")
    with pytest.raises(CompositionNotFinished, match="cancel it first"):
        await log.delete(name)
    await log.delete(name, force=True)
    with pytest.raises(CompositionNotFound):
        await log.get(name)
    with pytest.raises(LeaseLost):
        await log.append(lease, event("1"))


async def test_a_picture_is_kept_until_its_last_composition_goes(
    log: CompositionLog, database: Database
) -> None:
    shared = some_picture(b"shared")
    one = await new_composition(log, picture=shared)
    two = await new_composition(log, picture=shared)
    await log.delete(one, force=True)
    assert await log.picture(two) == shared
    await log.delete(two, force=True)
    assert await copies(database, shared) == 0


async def test_a_revision_begins_with_the_events_and_carry_it_is_given(log: CompositionLog) -> None:
    source = await new_composition(log)
    shared = (ACCEPTED, event("text", stage="caption"))
    created = await log.create(
        NewComposition(b"edit", source=source, stage="caption", carry=b"{}", events=shared)
    )
    assert (created.record.source, created.record.stage, created.record.carry) == (source, "caption", b"{}")
    assert await sequences(log, created.record.id) == [1, 2]


async def test_a_part_can_be_found_by_its_stage_and_name(log: CompositionLog) -> None:
    name = await new_composition(log)
    found = await log.find(name, "", "accepted")
    assert found is not None
    assert found.body == b"hello"
    assert await log.find(name, "draft", "accepted") is None


async def test_waiting_counts_what_no_worker_has_begun(log: CompositionLog, database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(composition.update().values(state=State.FAILED))
    await new_composition(log)
    taken = await new_composition(log)
    await log.take(taken, "worker")
    assert await log.waiting() == 1


async def test_a_database_that_is_down_is_said_to_be_unavailable() -> None:
    nowhere = connect("postgresql://someone:secret@127.0.0.1:1/hartmann")
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1.*does not answer") as raised:
        await CompositionLog(nowhere).get("x")
    assert "secret" not in raised.value.message
    await nowhere.close()
