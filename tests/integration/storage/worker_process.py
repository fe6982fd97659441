"""A worker in a process of its own, for tests that kill it.

    python worker_process.py DATABASE_URL NAME LEASE_SECONDS

It writes as many text events as the composition's request says (`40`), one every 10 ms, the way a model writes
tokens, with its name as their body. SIGTERM stops it cleanly. It prints `ready` when it takes work.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import connect
from hartmann.storage.records import Lease, NewEvent
from hartmann.storage.tables import State
from hartmann.storage.work_queue import run_worker

TOKEN_SECONDS = 0.01


class Writer:
    """Writes numbered events into the log."""

    def __init__(self, log: CompositionLog) -> None:
        self._log = log

    async def compose(self, lease: Lease) -> None:
        """One event for every number, and the end."""
        for number in range(int(lease.record.request)):
            await self._log.append(lease, NewEvent("draft", str(number), "text_delta", lease.worker.encode()))
            await asyncio.sleep(TOKEN_SECONDS)
        await self._log.finish(lease, NewEvent("", "end", "score", b"score"), State.SUCCEEDED)

    async def cancelled(self, lease: Lease) -> None:
        """The end, cancelled."""
        await self._log.finish(lease, NewEvent("", "end", "cancelled", b""), State.CANCELLED)

    async def gave_up(self, lease: Lease) -> None:
        """The end, failed."""
        await self._log.finish(lease, NewEvent("", "end", "failed", b""), State.FAILED, error="gave up")


async def main(url: str, name: str, lease_seconds: float) -> None:
    """Work until SIGTERM."""
    stop, ready = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = connect(url)
    work = asyncio.create_task(
        run_worker(
            database,
            Writer(CompositionLog(database)),
            name=name,
            concurrency=2,
            lease_seconds=lease_seconds,
            stop=stop,
            ready=ready,
        )
    )
    await ready.wait()
    print("ready", flush=True)
    await work
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
