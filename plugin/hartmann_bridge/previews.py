"""Drafts engraved for looking at, as SVG and PNG, by a worker process that may crash or hang.

One worker is kept running, since starting one takes longer (0.3 s) than engraving (0.05 s). Whoever exceeds the
time limit is ended, and the next preview gets a new worker. What was engraved is kept in memory by the draft's text.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import structlog

from hartmann_bridge.engraving_worker import LENGTH
from hartmann_bridge.refusals import Refused

log = structlog.get_logger(__name__)

TIME_LIMIT_SECONDS = 15.0
KEPT = 64
WORKER = (sys.executable, "-m", "hartmann_bridge.engraving_worker")


@dataclass(frozen=True, slots=True)
class Preview:
    """One draft, engraved."""

    svg: bytes
    png: bytes


class Engraver:
    """The worker and what it has made. `close` ends it."""

    def __init__(
        self, command: tuple[str, ...] = WORKER, time_limit_seconds: float = TIME_LIMIT_SECONDS
    ) -> None:
        self._command = command
        self._limit = time_limit_seconds
        self._turn = asyncio.Lock()
        self._worker: asyncio.subprocess.Process | None = None
        self._kept: OrderedDict[bytes, Preview] = OrderedDict()

    async def preview(self, abc: str, to_musicxml: Callable[[str], Awaitable[bytes]]) -> Preview:
        """The draft's picture; `to_musicxml` is the server's. Raises Refused when it can't be engraved."""
        key = hashlib.sha256(abc.encode()).digest()
        async with self._turn:
            if key not in self._kept:
                self._kept[key] = await self._engrave(await to_musicxml(abc))
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    async def close(self) -> None:
        """Ends the worker."""
        async with self._turn:
            await self._end()

    async def _engrave(self, musicxml: bytes) -> Preview:
        """A worker that died while it waited for work is replaced; one that dies of this work is not."""
        waited = self._worker is not None
        try:
            async with asyncio.timeout(self._limit):
                preview = await self._asked(musicxml)
        except TimeoutError as error:
            log.warning("engraving_took_too_long", seconds=self._limit)
            await self._end()
            raise _failed("engraving it took too long") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            status = await self._end()
            if waited:
                return await self._engrave(musicxml)
            log.warning("engraving_worker_died", status=status)
            raise _failed("the engraver could not cope with it") from error
        except BaseException:
            await self._end()  # an answer may be half read
            raise
        if not preview.svg:
            raise _failed("there is nothing to see in it")
        return preview

    async def _asked(self, musicxml: bytes) -> Preview:
        worker = await self._started()
        source, target = worker.stdout, worker.stdin
        if source is None or target is None:
            raise ConnectionError("the worker was started without pipes")
        target.write(LENGTH.pack(len(musicxml)) + musicxml)
        await target.drain()
        return Preview(await _block(source), await _block(source))

    async def _started(self) -> asyncio.subprocess.Process:
        if self._worker is None or self._worker.returncode is not None:
            pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
            self._worker = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, stderr=nothing
            )
        return self._worker

    async def _end(self) -> int | None:
        """Ends the worker and returns its status."""
        worker, self._worker = self._worker, None
        if worker is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        return await worker.wait()


async def _block(source: asyncio.StreamReader) -> bytes:
    head = await source.readexactly(LENGTH.size)
    return await source.readexactly(LENGTH.unpack(head)[0])


def _failed(why: str) -> Refused:
    return Refused(
        HTTPStatus.UNPROCESSABLE_ENTITY, "PREVIEW_FAILED", f"the draft can't be shown as notes: {why}"
    )
