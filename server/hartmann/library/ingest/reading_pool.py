"""Reading in parallel: batches of tunes described by processes of their own, in order, a few ahead.

The processes are spawned (forking a process that holds threads, connections and models is not safe) and import
nothing heavier than the notation chapter. They leave Ctrl-C to their parent, and end when it ends, even by
SIGKILL: each watches its parent from a thread.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor

from hartmann.library.ingest.describing import Piece, Reject, describe
from hartmann.library.ingest.music21_tunes import Tune

Batch = tuple[int, Sequence[Tune]]
"""A batch's number and its tunes."""

AHEAD = 3
"""Batches under way for each process, so that none waits while the parent embeds and stores."""


async def describe_batches(
    batches: Iterable[Batch], processes: int
) -> AsyncGenerator[tuple[int, list[Piece | Reject]], None]:
    """Each batch's number and what became of its tunes, in the order given."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_settle_in)
    waiting: deque[tuple[int, Future[list[Piece | Reject]]]] = deque()
    try:
        for number, tunes in batches:
            waiting.append((number, pool.submit(describe_all, tunes)))
            if len(waiting) >= processes * AHEAD:
                yield await _result(*waiting.popleft())
        while waiting:
            yield await _result(*waiting.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def describe_all(tunes: Sequence[Tune]) -> list[Piece | Reject]:
    """Describe each tune."""
    return [describe(tune) for tune in tunes]


async def _result(number: int, future: Future[list[Piece | Reject]]) -> tuple[int, list[Piece | Reject]]:
    return number, await asyncio.wrap_future(future)


def _settle_in() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
