"""Workers: what they take, what they hand back, and what happens to the log when they die."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hartmann.errors import CompositionFinished
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import Database
from hartmann.storage.records import Lease, NewComposition, NewEvent, StoredEvent
from hartmann.storage.tables import State
from hartmann.storage.work_queue import MAX_DEATHS, run_worker

pytestmark = pytest.mark.integration

WORKER = Path(__file__).parent / "worker_process.py"
LEASE_SECONDS = 2.0
LONG_LEASE_SECONDS = 60.0
LONG = 300  # events: several seconds of work
CANCELLED = NewEvent("", "end", "cancelled", b"")


@pytest.fixture
def log(database: Database) -> CompositionLog:
    return CompositionLog(database)


class Worker:
    """A worker process."""

    def __init__(self, url: str, name: str, lease_seconds: float) -> None:
        self._command = (sys.executable, str(WORKER), url, name, str(lease_seconds))
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Worker:
        self.process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        assert await self.process.stdout.readline() == b"ready\n"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.send(signal.SIGKILL)
        await self.ended()

    def send(self, what: signal.Signals) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(what)

    async def ended(self) -> int:
        assert self.process is not None
        await self.process.communicate()
        return self.process.returncode or 0


class Recorder:
    """A handler whose work is what the test says."""

    def __init__(self, log: CompositionLog) -> None:
        self.log = log
        self.composed: list[str] = []
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.stopped = asyncio.Event()

    async def compose(self, lease: Lease) -> None:
        self.composed.append(lease.composition)
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        await self.log.finish(lease, NewEvent("", "end", "score", b""), State.SUCCEEDED)

    async def cancelled(self, lease: Lease) -> None:
        await self.log.finish(lease, CANCELLED, State.CANCELLED)

    async def gave_up(self, lease: Lease) -> None:
        await self.log.finish(lease, NewEvent("", "end", "failed", b""), State.FAILED, error="gave up")


@contextlib.asynccontextmanager
async def working(
    database: Database, handler: Recorder, concurrency: int = 1, lease_seconds: float = LONG_LEASE_SECONDS
) -> AsyncIterator[asyncio.Event]:
    """A worker in this process; yields the event that stops it."""
    stop = asyncio.Event()
    work = asyncio.create_task(
        run_worker(
            database, handler, name="here", concurrency=concurrency, lease_seconds=lease_seconds, stop=stop
        )
    )
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(work, 20)


async def queue(log: CompositionLog, events: int = 1) -> str:
    accepted = NewEvent("", "accepted", "accepted", b"")
    return (await log.create(NewComposition(str(events).encode(), events=(accepted,)))).record.id


async def watch_to_the_end(log: CompositionLog, name: str) -> list[StoredEvent]:
    return [row async for row in log.watch(name) if row is not None]


async def until_logged(log: CompositionLog, name: str, sequence: int) -> StoredEvent:
    """Wait for an event by its number."""
    async for row in log.watch(name, after=sequence - 1):
        if row is not None:
            return row
    raise AssertionError(f"{name} ended before event {sequence}")


async def until_grown(log: CompositionLog, names: list[str], events: int) -> None:
    """Wait until so many events have been added to the logs together."""

    grown = asyncio.Semaphore(0)

    async def count(name: str, after: int) -> None:
        async for row in log.watch(name, after):
            if row is not None:
                grown.release()

    last = [(name, (await log.get(name)).last_sequence) for name in names]
    counting = [asyncio.create_task(count(name, sequence)) for name, sequence in last]
    for _ in range(events):
        await grown.acquire()
    for task in counting:
        task.cancel()
    await asyncio.gather(*counting, return_exceptions=True)


def assert_exact(rows: list[StoredEvent], events: int) -> None:
    """Every number once, every part once, in order, ended once."""
    assert [row.sequence for row in rows] == list(range(1, events + 3))
    assert [row.part for row in rows] == ["accepted", *map(str, range(events)), "end"]
    assert [row.final for row in rows] == [False] * (events + 1) + [True]


async def test_a_queued_composition_is_composed(database: Database, log: CompositionLog) -> None:
    handler = Recorder(log)
    handler.may_end.set()
    async with working(database, handler):
        name = await queue(log)
        rows = await asyncio.wait_for(watch_to_the_end(log, name), 20)
    assert handler.composed == [name]
    assert [row.kind for row in rows] == ["accepted", "score"]
    assert (await log.get(name)).worker is None


async def test_a_worker_composes_as_many_at_once_as_it_may(database: Database, log: CompositionLog) -> None:
    handler = Recorder(log)
    async with working(database, handler, concurrency=2):
        first, second = await queue(log), await queue(log)
        for name in (first, second):
            while (await log.get(name)).state is not State.RUNNING:
                await asyncio.wait_for(handler.began.wait(), 20)
        handler.may_end.set()
        await asyncio.gather(watch_to_the_end(log, first), watch_to_the_end(log, second))
    assert sorted(handler.composed) == sorted([first, second])


async def test_cancelling_stops_the_handler_and_ends_the_log(database: Database, log: CompositionLog) -> None:
    handler = Recorder(log)
    async with working(database, handler):
        name = await queue(log)
        await asyncio.wait_for(handler.began.wait(), 20)
        await log.cancel(name, CANCELLED)
        rows = await asyncio.wait_for(watch_to_the_end(log, name), 20)
    assert handler.stopped.is_set()
    assert [row.kind for row in rows] == ["accepted", "cancelled"]
    assert (await log.get(name)).state is State.CANCELLED


async def test_deleting_by_force_stops_the_handler(database: Database, log: CompositionLog) -> None:
    handler = Recorder(log)
    async with working(database, handler):
        name = await queue(log)
        await asyncio.wait_for(handler.began.wait(), 20)
        await log.delete(name, force=True)
        await asyncio.wait_for(handler.stopped.wait(), 20)


async def test_a_clean_stop_hands_the_work_to_another_worker_at_once(
    database: Database, log: CompositionLog
) -> None:
    first, second = Recorder(log), Recorder(log)
    second.may_end.set()
    async with working(database, first) as stop_first:
        name = await queue(log)
        await asyncio.wait_for(first.began.wait(), 20)
        async with working(database, second):
            stop_first.set()
            await asyncio.wait_for(watch_to_the_end(log, name), LONG_LEASE_SECONDS / 2)
    record = await log.get(name)
    assert (first.composed, second.composed) == ([name], [name])
    assert (record.state, record.deaths) == (State.SUCCEEDED, 0)


async def test_work_that_fails_again_and_again_is_given_up(database: Database, log: CompositionLog) -> None:
    class Breaking(Recorder):
        async def compose(self, lease: Lease) -> None:
            self.composed.append(lease.composition)
            raise RuntimeError("poison")

    handler = Breaking(log)
    with capture_logs() as logged:
        async with working(database, handler):
            name = await queue(log)
            rows = await asyncio.wait_for(watch_to_the_end(log, name), 120)
    assert handler.composed == [name] * MAX_DEATHS
    assert [entry["event"] for entry in logged].count("handler failed") == MAX_DEATHS
    assert [row.kind for row in rows] == ["accepted", "failed"]
    assert (await log.get(name)).error == "gave up"


async def test_a_finished_stage_forgives_the_deaths_before_it(
    database: Database, log: CompositionLog
) -> None:
    class Stumbling(Recorder):
        async def compose(self, lease: Lease) -> None:
            self.composed.append(lease.composition)
            if len(self.composed) == 3 * (MAX_DEATHS - 1):
                self.may_end.set()
                return await super().compose(lease)
            if len(self.composed) % (MAX_DEATHS - 1) == 0:
                stage = f"stage {len(self.composed)}"
                await self.log.append(lease, NewEvent(stage, "text", "caption", b""), carry=b"{}")
            raise RuntimeError("stumbled")

    with capture_logs():
        async with working(database, Stumbling(log)):
            name = await queue(log)
            rows = await asyncio.wait_for(watch_to_the_end(log, name), 120)
    assert [row.kind for row in rows] == ["accepted", "caption", "caption", "score"]


async def test_another_worker_takes_over_from_one_killed_with_kill_9(
    database_url: str, log: CompositionLog
) -> None:
    async with Worker(database_url, "victim", LEASE_SECONDS) as victim:
        name = await queue(log, LONG)
        await until_logged(log, name, 2)
        async with Worker(database_url, "heir", LEASE_SECONDS):
            victim.send(signal.SIGKILL)
            await victim.ended()
            last = (await log.get(name)).last_sequence
            first_of_heir = await asyncio.wait_for(until_logged(log, name, last + 1), 60)
            rows = await asyncio.wait_for(watch_to_the_end(log, name), 120)
    assert first_of_heir.body == b"heir"
    assert_exact(rows, LONG)


async def test_a_worker_that_was_frozen_is_fenced_out_and_works_on_afterwards(
    database_url: str, log: CompositionLog
) -> None:
    async with Worker(database_url, "frozen", LEASE_SECONDS) as frozen:
        name = await queue(log, LONG)
        await until_logged(log, name, 20)
        frozen.send(signal.SIGSTOP)
        async with Worker(database_url, "heir", LEASE_SECONDS) as heir:
            rows = await asyncio.wait_for(watch_to_the_end(log, name), 120)
            heir.send(signal.SIGTERM)
            assert await heir.ended() == 0
        frozen.send(signal.SIGCONT)
        after = await asyncio.wait_for(watch_to_the_end(log, await queue(log, 3)), 120)
    assert_exact(rows, LONG)
    assert await watch_to_the_end(log, name) == rows
    assert_exact(after, 3)


async def test_a_worker_stopped_with_sigterm_hands_back_at_once(
    database_url: str, log: CompositionLog
) -> None:
    async with Worker(database_url, "leaver", LONG_LEASE_SECONDS) as leaver:
        name = await queue(log, LONG)
        await until_logged(log, name, 2)
        async with Worker(database_url, "heir", LONG_LEASE_SECONDS):
            leaver.send(signal.SIGTERM)
            assert await leaver.ended() == 0
            rows = await asyncio.wait_for(watch_to_the_end(log, name), LONG_LEASE_SECONDS / 2)
    assert_exact(rows, LONG)
    assert (await log.get(name)).attempt == 2


async def test_logs_stay_exact_while_workers_are_killed_at_random(
    database_url: str, log: CompositionLog
) -> None:
    chance = random.Random(1)
    names = [await queue(log, 50) for _ in range(6)]
    ends = [asyncio.create_task(watch_to_the_end(log, name)) for name in names]
    async with contextlib.AsyncExitStack() as workers:
        for number in range(4):
            worker = await workers.enter_async_context(Worker(database_url, f"w{number}", LEASE_SECONDS))
            await asyncio.wait_for(until_grown(log, names, chance.randint(5, 40)), 60)
            worker.send(signal.SIGKILL)
        await workers.enter_async_context(Worker(database_url, "last", LEASE_SECONDS))
        for rows in await asyncio.wait_for(asyncio.gather(*ends), 120):
            assert_exact(rows, 50)


async def test_a_worker_leaves_what_has_ended_alone(database: Database, log: CompositionLog) -> None:
    handler = Recorder(log)
    handler.may_end.set()
    ended = await queue(log)
    await log.cancel(ended, CANCELLED)
    async with working(database, handler):
        name = await queue(log)
        await asyncio.wait_for(watch_to_the_end(log, name), 20)
    assert handler.composed == [name]
    with pytest.raises(CompositionFinished):
        await log.take(ended, "anybody")
