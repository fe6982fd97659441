"""How fast the event log and the work queue are, on an embedded Postgres made for the occasion.

    python tests/benchmarks/bench_event_log.py [SECONDS]

Prints each figure beside the one to hold (design, section 8.3). Nothing is asserted: run it on an idle machine
to compare.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from hartmann.storage import migrating
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import Database, connect
from hartmann.storage.embedded_postgres import EmbeddedPostgres
from hartmann.storage.records import Lease, NewComposition, NewEvent
from hartmann.storage.tables import State
from hartmann.storage.work_queue import run_worker

STREAMS = 16
EVENTS_PER_SECOND = 5  # of one stream: text is coalesced to this
LEASE_SECONDS = 10.0
ROUNDS = 20


class Sleeper:
    """A handler that works until it is cancelled, and notes when it began and stopped."""

    def __init__(self, log: CompositionLog) -> None:
        self.log = log
        self.began: asyncio.Queue[float] = asyncio.Queue()
        self.stopped: asyncio.Queue[float] = asyncio.Queue()

    async def compose(self, lease: Lease) -> None:
        """Until cancelled."""
        await self.log.append(lease, NewEvent("draft", lease.worker, "text_delta", b""))
        self.began.put_nowait(time.monotonic())
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.put_nowait(time.monotonic())

    async def cancelled(self, lease: Lease) -> None:
        """The end."""
        await self.log.finish(lease, NewEvent("", "end", "cancelled", b""), State.CANCELLED)

    async def gave_up(self, lease: Lease) -> None:
        """The end."""
        await self.log.finish(lease, NewEvent("", "end", "failed", b""), State.FAILED)


def show(what: str, value: float, unit: str, reference: str) -> None:
    """One line."""
    print(f"{what:<58}{value:>9.1f} {unit:<3} {reference}", flush=True)


def quantile(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def new_lease(log: CompositionLog, worker: str) -> Lease:
    """A composition of our own to write to."""
    return await log.take((await log.create(NewComposition(b""))).record.id, worker)


async def write(log: CompositionLog, lease: Lease, seconds: float, took: list[float]) -> None:
    """One stream: an event with its time of writing, five times a second."""
    for number in range(int(seconds * EVENTS_PER_SECOND)):
        await asyncio.sleep(1 / EVENTS_PER_SECOND)
        started = time.monotonic()
        body = str(time.time_ns()).encode() + b" " + b"x" * 100
        await log.append(lease, NewEvent("draft", str(number), "text_delta", body))
        took.append((time.monotonic() - started) * 1000)
    await log.finish(lease, NewEvent("", "end", "score", b"0"), State.SUCCEEDED)


async def read(url: str, names: list[str]) -> None:
    """The reading process: print how many milliseconds after its writing began each event was here."""
    database = connect(url)
    log = CompositionLog(database)

    async def watch(name: str) -> None:
        async for row in log.watch(name):
            if row is not None and row.kind == "text_delta":
                print((time.time_ns() - int(row.body.split()[0])) / 1e6)

    watching = [asyncio.create_task(watch(name)) for name in names]
    await asyncio.sleep(0)
    await database.notifications.listening.wait()
    print("ready", flush=True)
    await asyncio.gather(*watching)
    await database.close()


async def bench_streams(database: Database, seconds: float) -> None:
    """Write here, read in another process."""
    log = CompositionLog(database)
    leases = [await new_lease(log, "bench") for _ in range(STREAMS)]
    names = [lease.composition for lease in leases]
    reader = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "read", database.url, *names), stdout=asyncio.subprocess.PIPE
    )
    assert reader.stdout is not None
    await reader.stdout.readline()
    took: list[float] = []
    await asyncio.gather(*(write(log, lease, seconds, took) for lease in leases))
    seen = [float(line) for line in (await reader.communicate())[0].split()]
    show(f"write, {STREAMS} streams, p50", statistics.median(took), "ms", "")
    show("write to read in another process, p50", statistics.median(seen), "ms", "to hold: 5")
    show("write to read in another process, p95", quantile(seen, 0.95), "ms", "")


async def bench_worker(database: Database) -> None:
    """From creating to the handler, and from cancelling to its end."""
    log = CompositionLog(database)
    sleeper, stop, ready = Sleeper(log), asyncio.Event(), asyncio.Event()
    options = {"name": "bench", "lease_seconds": LEASE_SECONDS, "stop": stop, "ready": ready}
    work = asyncio.create_task(run_worker(database, sleeper, **options))  # type: ignore[arg-type]
    await ready.wait()
    picked: list[float] = []
    cancelled: list[float] = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        name = (await log.create(NewComposition(b""))).record.id
        picked.append((await sleeper.began.get() - started) * 1000)
        started = time.monotonic()
        await log.cancel(name, NewEvent("", "end", "cancelled", b""))
        cancelled.append((await sleeper.stopped.get() - started) * 1000)
        async for _row in log.watch(name):
            pass
    stop.set()
    await work
    show(
        "create to the handler's first event, p50",
        statistics.median(picked),
        "ms",
        "about 40 for the pick-up",
    )
    show("cancel to the handler stopped, worst", max(cancelled), "ms", "to hold: 100")


async def work_here(url: str, name: str) -> None:
    """The worker process that is killed."""
    database = connect(url)
    sleeper = Sleeper(CompositionLog(database))
    await run_worker(database, sleeper, name=name, lease_seconds=LEASE_SECONDS, stop=asyncio.Event())


async def bench_takeover(database: Database) -> None:
    """Kill a worker; how long until the other one has written."""
    log = CompositionLog(database)
    workers = []
    name = (await log.create(NewComposition(b""))).record.id
    for worker in ("victim", "heir"):
        workers.append(
            await asyncio.create_subprocess_exec(sys.executable, __file__, "work", database.url, worker)
        )
        if worker == "victim":
            await anext(log.watch(name))
    await asyncio.sleep(LEASE_SECONDS / 2)  # the heir is up and has nothing to do
    workers[0].send_signal(signal.SIGKILL)
    killed = time.monotonic()
    rows = log.watch(name, after=1)
    while await anext(rows) is None:
        pass
    show("takeover after kill -9", time.monotonic() - killed, "s", f"to hold: {LEASE_SECONDS + 1:.0f}")
    workers[1].send_signal(signal.SIGKILL)
    await asyncio.gather(*(worker.wait() for worker in workers))


async def bench(url: str, seconds: float) -> None:
    """All of them."""
    database = connect(url)
    await bench_streams(database, seconds)
    await bench_worker(database)
    await bench_takeover(database)
    await database.close()


def main(seconds: float) -> None:
    """Make a server, measure, and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    for which, reference in (("first", "0.7 on an idle machine"), ("second", "0.1 on an idle machine")):
        started = time.monotonic()
        with EmbeddedPostgres(folder / "pg"):
            show(f"embedded Postgres, {which} start", time.monotonic() - started, "s", reference)
    with EmbeddedPostgres(folder / "pg") as server:
        migrating.upgrade(server.url)
        asyncio.run(bench(server.url, seconds))
    shutil.rmtree(folder)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["read", url, *names]:
            asyncio.run(read(url, names))
        case ["work", url, name]:
            asyncio.run(work_here(url, name))
        case [seconds]:
            main(float(seconds))
        case _:
            main(10.0)
