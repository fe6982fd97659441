"""Streaming: text as the model writes it becomes at most five events a second.

What an earlier run of the same stage has logged is not logged again: the stage is seeded, so it writes the
same text, and characters up to that mark are passed over. The event that ends the stage carries the whole
text and is what counts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from hartmann.composing.events import Stage, TextDelta
from hartmann.composing.journal import Journal

SECONDS_BETWEEN_DELTAS = 0.2
"""Five events a second at most (section 4 of the design)."""

Result = TypeVar("Result")
Writer = Callable[[str], None]


class _TextLog:
    def __init__(self, journal: Journal, stage: Stage, draft: int) -> None:
        self._journal, self._stage, self._draft = journal, stage, draft
        self._logged = journal.characters_logged(stage, draft)
        self._text = ""
        self._grown = asyncio.Event()
        self._finished = asyncio.Event()

    def write(self, text: str) -> None:
        self._text += text
        if len(self._text) > self._logged:
            self._grown.set()

    def finish(self) -> None:
        """Nothing more will be written."""
        self._finished.set()
        self._grown.set()

    async def log_until_finished(self) -> None:
        while not self._finished.is_set():
            await self._grown.wait()
            self._grown.clear()
            await self._log_rest()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SECONDS_BETWEEN_DELTAS):
                    await self._finished.wait()
        await self._log_rest()

    async def _log_rest(self) -> None:
        start, end = self._logged, len(self._text)
        if end <= start:
            return
        delta = TextDelta(self._stage, self._draft, start, self._text[start:end])
        self._logged = end
        await self._journal.record(self._stage, f"text/{self._draft}/{start}", delta)


async def stream_text(
    journal: Journal, stage: Stage, draft: int, produce: Callable[[Writer], Awaitable[Result]]
) -> Result:
    """Await `produce(write)`, logging what it writes under (stage, draft); 0 is a stage's own text.

    When the log refuses (LeaseLost, a lost database), the producer is cancelled and the refusal raised.
    """
    return await stream_texts(journal, stage, (draft,), lambda writers: produce(writers[0]))


async def stream_texts(
    journal: Journal,
    stage: Stage,
    drafts: Sequence[int],
    produce: Callable[[Sequence[Writer]], Awaitable[Result]],
) -> Result:
    """The same for several texts that are written at once, each under its own number."""
    logs = [_TextLog(journal, stage, draft) for draft in drafts]
    producer = asyncio.ensure_future(produce([log.write for log in logs]))
    loggers = [asyncio.ensure_future(log.log_until_finished()) for log in logs]
    try:
        await asyncio.wait({producer, *loggers}, return_when=asyncio.FIRST_COMPLETED)
        for logger in loggers:
            if logger.done():
                logger.result()
        result = await producer
        for log in logs:
            log.finish()
        for logger in loggers:
            await logger  # never cancelled in the middle of a write: that would leave a hole in the log
    finally:
        for task in (producer, *loggers):
            task.cancel()
        await asyncio.gather(producer, *loggers, return_exceptions=True)
    return result
