"""The events of a composition as NDJSON that outlives the server.

One line an event, in protobuf's JSON mapping, with the log's own numbers; heartbeats too, so that a reader knows
that somebody is there. When the server goes away, a line says so, and another one when it is back; then the stream
goes on after the last number it sent, so that every event comes exactly once and in order. It ends after the
terminal event, when the composition is gone, when its lease has run out, or when the bridge stops.

    {"sequence": "12", "time": "…", "stage": "STAGE_DRAFT", "textDelta": {"draft": 1, "text": "GABc"}}
    {"bridge": {"server": "away", "message": "No server answers at …"}}
    {"bridge": {"server": "back"}}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable
from typing import Any, Protocol

from google.protobuf.json_format import MessageToDict

from hartmann.client import TERMINAL
from hartmann.errors import HartmannError
from hartmann.remote_errors import is_transient
from hartmann.v1 import composition_pb2 as pb
from hartmann_bridge.translation import has_ended

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
REPEAT_SECONDS = 10.0
"""While the server is away, a line says so this often: it also finds out whether anybody still reads."""


class EventSource(Protocol):
    """What a stream needs of the server; the `Bridge` is one."""

    async def get(self, name: str) -> pb.Composition:
        """Where a composition stands."""

    def events(self, name: str, after: int) -> AsyncGenerator[pb.CompositionEvent]:
        """Its events after a number."""


async def event_lines(
    source: EventSource, name: str, after: int, *, tensors: bool = False
) -> AsyncGenerator[bytes]:
    """The lines, each with its end, up to the terminal event; never raises for an absent server."""
    stream = _Stream(source, name, after, tensors)
    async with contextlib.aclosing(stream.lines()) as lines:
        async for line in lines:
            yield line


async def until(lines: AsyncGenerator[bytes], *ends: Awaitable[object]) -> AsyncGenerator[bytes]:
    """The lines as long as none of `ends` has come."""
    ending = [asyncio.ensure_future(end) for end in ends]
    following: asyncio.Future[bytes] | None = None
    try:
        while True:
            following = asyncio.ensure_future(anext(lines))
            await asyncio.wait({following, *ending}, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                return
            try:
                line = following.result()
            except StopAsyncIteration:
                return
            yield line
    finally:
        waiting = [task for task in (*ending, following) if task is not None and not task.done()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await lines.aclose()


def to_line(event: pb.CompositionEvent, *, tensors: bool) -> bytes:
    """An event as one line of JSON; without `tensors`, the numbers inside tensors are left out."""
    if not tensors and event.WhichOneof("event") == "explanation":
        event = without_tensor_contents(event)
    fields: dict[str, Any] = {"sequence": "0", **MessageToDict(event)}
    return _line(fields)


def without_tensor_contents(event: pb.CompositionEvent) -> pb.CompositionEvent:
    """A copy whose tensors have names, types and shapes alone."""
    lighter = pb.CompositionEvent()
    lighter.CopyFrom(event)
    lighter.explanation.attention.ClearField("contents")
    if not event.explanation.HasField("attention"):
        lighter.explanation.ClearField("attention")
    for span in lighter.explanation.spans:
        if span.HasField("heat"):
            span.heat.ClearField("contents")
    return lighter


class _Stream:
    """One reader's place in the log."""

    def __init__(self, source: EventSource, name: str, after: int, tensors: bool) -> None:
        self._source, self._name, self._after, self._tensors = source, name, after, tensors
        self._ended = False
        self._away_said = 0.0
        """When it was last said that the server is away, by the loop's clock; 0 while it is there."""
        self._pause = FIRST_PAUSE_SECONDS

    async def lines(self) -> AsyncGenerator[bytes]:
        while not self._ended:
            try:
                composition = await self._source.get(self._name)
                for line in self._back():
                    yield line
                async with contextlib.aclosing(self._lines_of_one_watch()) as lines:
                    async for line in lines:
                        yield line
                self._ended = self._ended or has_ended(composition)
            except HartmannError as error:
                for line in self._trouble(error):
                    yield line
            if not self._ended:
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    async def _lines_of_one_watch(self) -> AsyncGenerator[bytes]:
        async with contextlib.aclosing(self._source.events(self._name, self._after)) as events:
            async for event in events:
                self._pause = FIRST_PAUSE_SECONDS
                kind = event.WhichOneof("event")
                if kind != "heartbeat" and event.sequence <= self._after:
                    continue
                self._after = max(self._after, event.sequence)
                self._ended = kind in TERMINAL
                yield to_line(event, tensors=self._tensors)

    def _back(self) -> list[bytes]:
        """What is to be said when the server answers."""
        was_away, self._away_said = self._away_said, 0.0
        return [_line({"bridge": {"server": "back"}})] if was_away else []

    def _trouble(self, error: HartmannError) -> list[bytes]:
        """What is to be said when it does not, or refuses."""
        if not is_transient(error):
            self._ended = True
            return [_line({"bridge": {"error": {"reason": error.reason, "message": error.message}}})]
        now = asyncio.get_running_loop().time()
        if self._away_said and now - self._away_said < REPEAT_SECONDS:
            return []
        self._away_said = now
        return [_line({"bridge": {"server": "away", "message": error.message}})]


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"
