"""procrastinate's worker, run for as long as a stop event stays unset: the only file that drives it.

Differences from its defaults: a ticket is deleted when served (the composition's row is what is kept), and
finishing one that somebody replaced meanwhile is no error; a stop cancels what runs instead of waiting for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from hartmann.storage.job_tickets import QUEUE, TASK

POOL_SIZE = 4
POLL_SECONDS = 0.5

Serve = Callable[[str, int], Awaitable[None]]

CANCEL_AGAIN_SECONDS = 5.0
"""How long a stopping worker is left alone before it is cancelled once more."""


class JobRunner:
    """Calls `serve(composition, ticket)` for every ticket, at most `concurrency` at once."""

    def __init__(
        self, url: str, serve: Serve, concurrency: int, lease_seconds: float, heartbeats_per_lease: int
    ) -> None:
        self._serve = serve
        self._options: dict[str, Any] = {
            "queues": [QUEUE],
            "concurrency": concurrency,
            "fetch_job_polling_interval": POLL_SECONDS,
            "update_heartbeat_interval": lease_seconds / heartbeats_per_lease,
            "stalled_worker_timeout": lease_seconds,
            "shutdown_graceful_timeout": 0,
            "install_signal_handlers": False,
        }
        self._app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=POOL_SIZE))
        self._app.job_manager = _Tickets(self._app.connector)
        self._app.task(name=TASK, queue=QUEUE, pass_context=True)(self._run_ticket)

    async def run(self, stop: asyncio.Event, ready: asyncio.Event | None) -> None:
        """Serve tickets until `stop` is set; returns early when procrastinate's worker gives up."""
        async with self._app.open_async():
            worker = asyncio.create_task(self._app.run_worker_async(**self._options), name="worker")
            stopping = asyncio.create_task(stop.wait())
            if ready is not None:
                ready.set()
            try:
                await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()
                while not worker.done():  # a worker that has just taken a ticket may swallow one cancellation
                    worker.cancel()
                    await asyncio.wait({worker}, timeout=CANCEL_AGAIN_SECONDS)
                results = await asyncio.gather(worker, stopping, return_exceptions=True)
            if isinstance(results[0], Exception):
                raise results[0]

    async def _run_ticket(self, context: JobContext, composition: str) -> None:
        ticket = context.job.id
        if ticket is not None:
            await self._serve(composition, ticket)


class _Tickets(JobManager):
    """Served means deleted; a ticket that is gone already has gone to another worker."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002
        await self.connector.execute_query_async(
            query="DELETE FROM procrastinate_jobs WHERE id = %(ticket)s AND worker_id = %(worker)s",
            ticket=job.id,
            worker=job.worker_id,
        )
