"""Reading in parallel: batches of files described by processes of their own, in order, a few ahead.

The processes are spawned (forking a process that holds threads, connections and models is not safe) and import
nothing heavier than the notation chapter. They leave Ctrl-C to their parent, and end when it ends, even by
SIGKILL: each watches its parent from a thread.

Files come from strangers. One that makes our reading raise is refused with what it raised; one that kills the
process that reads it takes the pool with it, so the batch is read again file by file until the culprit is found.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from hartmann.library.ingest.describing import Piece, Reject
from hartmann.library.ingest.unread import Unread
from hartmann.library.ingest.walking import Batch

AHEAD = 3
"""Batches under way for each process, so that none waits while the parent embeds and stores."""

Results = list[Piece | Reject]


async def describe_batches(
    batches: Iterator[Batch], processes: int
) -> AsyncGenerator[tuple[Batch, Results], None]:
    """Each batch and what became of its unread files, in the order given."""
    pool = _Pool(processes)
    waiting: deque[tuple[Batch, Future[Results] | None]] = deque()
    try:
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            waiting.append((batch, pool.submit(tuple(batch.unread.values()))))
            if len(waiting) >= processes * AHEAD:
                yield await pool.result(*waiting.popleft())
        while waiting:
            yield await pool.result(*waiting.popleft())
    finally:
        pool.close()


def describe_all(files: Sequence[Unread]) -> Results:
    """Describe each file, whatever it holds."""
    return [_describe(file) for file in files]


def _describe(file: Unread) -> Piece | Reject:
    try:
        return file.describe()
    except Exception as error:  # one strange file of 168,385 must not end the filling
        return Reject(file.name, f"reading it failed: {type(error).__name__}: {error}"[:500])


class _Pool:
    """The processes; those that a file has killed are replaced."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, files: Sequence[Unread]) -> Future[Results] | None:
        """Have the files read; None when there are none."""
        if not files:
            return None
        for _ in range(2):
            try:
                return self._running().submit(describe_all, files)
            except BrokenProcessPool:
                self._executor = None
        raise RuntimeError("processes for reading can't be started")

    async def result(self, batch: Batch, future: Future[Results] | None) -> tuple[Batch, Results]:
        """What became of a batch."""
        if future is None:
            return batch, []
        try:
            return batch, await asyncio.wrap_future(future)
        except BrokenProcessPool:
            return batch, await _one_by_one(tuple(batch.unread.values()))

    def close(self) -> None:
        """Let go of the processes; what they are at is not awaited."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _running(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = _executor(self._processes)
        return self._executor


async def _one_by_one(files: Sequence[Unread]) -> Results:
    """Describe files in a process of their own, a new one after each that kills it."""
    executor, results = _executor(1), Results()
    try:
        for file in files:
            try:
                results += await asyncio.wrap_future(executor.submit(describe_all, [file]))
            except BrokenProcessPool:
                results.append(Reject(file.name, "it kills the process that reads it"))
                executor = _executor(1)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
    return results


def _executor(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_settle_in)


def _settle_in() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
