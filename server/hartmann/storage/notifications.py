"""Waking readers: one LISTEN connection per process, fanned out to any number of subscribers.

Postgres forgets notifications while nobody listens, so they are hints only: whoever waits also looks for
itself once a second (`FALLBACK_SECONDS`). LISTEN needs a direct connection; behind a transaction-pooling
proxy the fallback is all there is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum

import psycopg
import structlog

FALLBACK_SECONDS = 1.0
RECONNECT_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class Channel(StrEnum):
    """What happened to the composition that the payload names."""

    EVENT = "hartmann_event"
    CANCEL = "hartmann_cancel"


class Notifications:
    """The process's ear. It starts to listen with the first subscriber and stops with `close`."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._wakers: defaultdict[tuple[str, str], set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def subscribe(self, channel: Channel, composition: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens to the composition; clear it before you look."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen_forever(), name="notifications")
        waker, key = asyncio.Event(), (str(channel), composition)
        self._wakers[key].add(waker)
        try:
            yield waker
        finally:
            self._wakers[key].discard(waker)
            if not self._wakers[key]:
                del self._wakers[key]

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                _log.warning("listening interrupted", error=str(error).strip())
            self.listening.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        try:
            for channel in Channel:
                await connection.execute(f"LISTEN {channel}")
            self.listening.set()
            self._wake_everyone()  # what was said while nobody listened is lost
            async for notification in connection.notifies():
                for waker in self._wakers.get((notification.channel, notification.payload), ()):
                    waker.set()
        finally:
            await (
                connection.close()
            )  # `async with` would roll back first, and a second cancellation end it there

    def _wake_everyone(self) -> None:
        for wakers in self._wakers.values():
            for waker in wakers:
                waker.set()


async def wait_for(waker: asyncio.Event, seconds: float = FALLBACK_SECONDS) -> None:
    """Until the waker is set, or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waker.wait()
