"""Job tickets: rows in procrastinate's queue that say "somebody must work on this composition".

The composition's own row is the truth, a ticket only brings a worker to it. So a ticket is deleted when it has
been served, and replaced by a new one, never updated, when its worker died: an insert is what wakes waiting
workers (40 ms), and the old worker's late "finished" then finds nothing to spoil.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

QUEUE = "compose"
TASK = "compose"

_STALLED = text(
    """
    DELETE FROM procrastinate_jobs WHERE id IN (
        SELECT job.id FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.queue_name = :queue AND job.status = 'doing'
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :seconds))
        FOR UPDATE OF job SKIP LOCKED
    ) RETURNING args ->> 'composition'
    """
)


async def enqueue(connection: AsyncConnection, name: str) -> None:
    """Queue a composition in the caller's transaction; workers wake when it commits."""
    from procrastinate import App, PsycopgConnector

    raw = (await connection.get_raw_connection()).driver_connection
    job = App(connector=PsycopgConnector()).configure_task(TASK, queue=QUEUE, connection=raw)
    await job.defer_async(composition=name)


async def discard(connection: AsyncConnection, name: str) -> None:
    """Remove a composition's tickets."""
    await connection.execute(
        text("DELETE FROM procrastinate_jobs WHERE queue_name = :queue AND args ->> 'composition' = :name"),
        {"queue": QUEUE, "name": name},
    )


async def replace(connection: AsyncConnection, ticket: int, name: str) -> bool:
    """Put a fresh ticket in the place of `ticket`; False when that one has been replaced already."""
    deleted = await connection.execute(
        text("DELETE FROM procrastinate_jobs WHERE id = :ticket RETURNING id"), {"ticket": ticket}
    )
    if deleted.scalar_one_or_none() is None:
        return False
    await enqueue(connection, name)
    return True


async def take_stalled(connection: AsyncConnection, lease_seconds: float) -> tuple[str, ...]:
    """Remove the tickets of workers that have been silent for too long, and name their compositions."""
    rows = await connection.execute(_STALLED, {"queue": QUEUE, "seconds": lease_seconds})
    return tuple(str(row[0]) for row in rows)
