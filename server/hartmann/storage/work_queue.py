"""The worker: takes compositions from the queue, keeps their lease alive, and hands back what it can't finish.

procrastinate does the queueing (pick-up by NOTIFY in about 40 ms, heartbeats, concurrency) in the caller's
event loop; nothing that runs there may block it, or the heartbeats stop and the work goes to another worker.
The rules on top of it are ours:

- a worker that has been silent for `lease_seconds` is dead: any live worker queues its work again;
- work whose workers died `MAX_DEATHS` times without finishing a stage is given up (`Handler.gave_up`);
- somebody who cancels is heard within 0.1 s: the handler's task is cancelled, then `Handler.cancelled` ends
  the log;
- a worker that is asked to stop cancels its handlers and queues their work again at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import update

from hartmann.errors import CompositionFinished, CompositionNotFound, DatabaseUnavailable, LeaseLost
from hartmann.storage import job_tickets
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import Database
from hartmann.storage.records import Lease
from hartmann.storage.tables import FINAL_STATES, composition

MAX_DEATHS = 5
RESTART_SECONDS = 1.0
HEARTBEATS_PER_LEASE = 5
POLL_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Handler(Protocol):
    """What a worker does with a composition. Each method ends the log with a final event, or is run again."""

    async def compose(self, lease: Lease) -> None:
        """Do the work from where `lease.record` stands. Cancelled when the work is cancelled or handed back:
        let `CancelledError` through, once everything has stopped, and write nothing final then."""

    async def cancelled(self, lease: Lease) -> None:
        """Somebody cancelled it: write the final event."""

    async def gave_up(self, lease: Lease) -> None:
        """Worker after worker died on it: write the final event."""


async def run_worker(
    database: Database,
    handler: Handler,
    *,
    name: str,
    concurrency: int = 1,
    lease_seconds: float = 10.0,
    stop: asyncio.Event,
    ready: asyncio.Event | None = None,
) -> None:
    """Work until `stop` is set, then hand back what is not finished.

    `name` says in `composition.worker` who has it; `ready` is set when it begins. Troubles with the
    database are logged and outlived: the worker starts again when it answers.
    """
    worker = _Worker(database, handler, name, concurrency, lease_seconds)
    reaper = asyncio.create_task(worker.reap_forever(), name="reaper")
    try:
        while not stop.is_set():
            await worker.run_once(stop, ready)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RESTART_SECONDS):
                    await stop.wait()
    finally:
        reaper.cancel()
        await asyncio.gather(reaper, return_exceptions=True)


@dataclass
class _Worker:
    database: Database
    handler: Handler
    name: str
    concurrency: int
    lease_seconds: float
    log: CompositionLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = CompositionLog(self.database)

    async def run_once(self, stop: asyncio.Event, ready: asyncio.Event | None) -> None:
        """One life of procrastinate's worker: until `stop`, or until the database fails it."""
        from hartmann.storage.job_runner import JobRunner

        runner = JobRunner(
            self.database.url, self.serve, self.concurrency, self.lease_seconds, HEARTBEATS_PER_LEASE
        )
        try:
            await runner.run(stop, ready)
        except Exception as error:
            _log.warning("worker interrupted", worker=self.name, error=str(error).strip())

    async def serve(self, name: str, ticket: int) -> None:
        """Serve one ticket: work on the composition, and queue it again unless its log has ended."""
        try:
            lease = await self.log.take(name, self.name)
        except (CompositionFinished, CompositionNotFound):
            return
        try:
            await self._work(lease)
        except LeaseLost:
            _log.info("lease lost", composition=name, worker=self.name, attempt=lease.attempt)
            return
        except asyncio.CancelledError:
            await asyncio.shield(self._hand_back(lease, ticket, died=False))
            raise
        except Exception:
            _log.exception("handler failed", composition=name, worker=self.name)
        await self._hand_back(lease, ticket, died=True)

    async def _work(self, lease: Lease) -> None:
        if lease.record.cancel_requested:
            await self.handler.cancelled(lease)
        elif lease.record.deaths >= MAX_DEATHS:
            await self.handler.gave_up(lease)
        elif not await self._compose_unless_cancelled(lease):
            await self.handler.cancelled(lease)

    async def _compose_unless_cancelled(self, lease: Lease) -> bool:
        """True when the handler came to its end, False when somebody cancelled and it has stopped."""
        work = asyncio.create_task(self.handler.compose(lease), name=f"compose {lease.composition}")
        cancel = asyncio.create_task(self.log.wait_for_cancel(lease.composition))
        try:
            await asyncio.wait({work, cancel}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and cancel.exception() is not None:
                await asyncio.wait({work})  # cancelling needs the database too: let the work find out
            if work.done():
                work.result()
                return True
        finally:
            cancel.cancel()
            work.cancel()
            await asyncio.gather(work, cancel, return_exceptions=True)
        return False

    async def _hand_back(self, lease: Lease, ticket: int, *, died: bool) -> None:
        """Queue it again, if it is unfinished and still ours."""
        unfinished = (
            update(composition)
            .where(
                composition.c.id == lease.composition,
                composition.c.attempt == lease.attempt,
                composition.c.state.not_in(FINAL_STATES),
            )
            .values(worker=None, deaths=composition.c.deaths + int(died))
            .returning(composition.c.id)
        )
        try:
            async with self.database.transaction() as connection:
                if (await connection.execute(unfinished)).scalar_one_or_none() is not None:
                    await job_tickets.replace(connection, ticket, lease.composition)
        except DatabaseUnavailable as error:
            _log.warning("not handed back", composition=lease.composition, error=error.message)

    async def reap_forever(self) -> None:
        """Queue again what dead workers left, until cancelled."""
        period = min(POLL_SECONDS, self.lease_seconds / HEARTBEATS_PER_LEASE / 2)
        while True:
            await asyncio.sleep(period)
            try:
                await self._reap()
            except Exception as error:
                _log.warning("reaper interrupted", worker=self.name, error=str(error).strip())

    async def _reap(self) -> None:
        async with self.database.transaction() as connection:
            for name in await job_tickets.take_stalled(connection, self.lease_seconds):
                left = await connection.execute(
                    update(composition)
                    .where(composition.c.id == name, composition.c.state.not_in(FINAL_STATES))
                    .values(worker=None, attempt=composition.c.attempt + 1, deaths=composition.c.deaths + 1)
                    .returning(composition.c.deaths)
                )
                deaths = left.scalar_one_or_none()
                if deaths is not None:
                    _log.warning("worker died", composition=name, deaths=deaths)
                    await job_tickets.enqueue(connection, name)
