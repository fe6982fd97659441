"""A server on a real socket and a real database, in the test's own event loop, with what a test does to it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from PIL import Image
from scripted_models import ScriptedWriter, scripted

from hartmann.serving.server import serve
from hartmann.serving.startup import Sources
from hartmann.settings import Settings
from hartmann.v1 import (
    composition_pb2,
    composition_pb2_grpc,
    library_pb2_grpc,
    notation_pb2_grpc,
)

Event = composition_pb2.CompositionEvent
TERMINAL = {"score", "failed", "cancelled"}


@dataclass
class Running:
    """The server, its scripted model, and stubs that talk to it over the socket."""

    address: str
    writer: ScriptedWriter
    channel: grpc.aio.Channel
    stop: asyncio.Event

    @property
    def compositions(self) -> composition_pb2_grpc.CompositionServiceAsyncStub:
        return composition_pb2_grpc.CompositionServiceStub(self.channel)

    @property
    def library(self) -> library_pb2_grpc.LibraryServiceAsyncStub:
        return library_pb2_grpc.LibraryServiceStub(self.channel)

    @property
    def notation(self) -> notation_pb2_grpc.NotationServiceAsyncStub:
        return notation_pb2_grpc.NotationServiceStub(self.channel)

    async def compose(self, **fields: object) -> list[Event]:
        """Every event of a composition, to its end, without heartbeats."""
        request = composition_pb2.ComposeRequest(**{"picture": a_picture(), "seed": 7, **fields})
        return without_heartbeats([r.event async for r in self.compositions.Compose(request)])

    async def create(self, **fields: object) -> str:
        """The name of a new composition."""
        request = composition_pb2.CreateCompositionRequest(**{"picture": a_picture(), "seed": 7, **fields})
        return (await self.compositions.CreateComposition(request)).composition.name

    async def watch(self, name: str, after: int = 0) -> list[Event]:
        """The events after a number, to the end, without heartbeats."""
        request = composition_pb2.WatchCompositionRequest(name=name, after_sequence=after)
        return without_heartbeats([r.event async for r in self.compositions.WatchComposition(request)])

    async def until(self, name: str, kind: str) -> Event:
        """The first event of a kind."""
        request = composition_pb2.WatchCompositionRequest(name=name)
        call = self.compositions.WatchComposition(request)
        async for response in call:
            if response.event.WhichOneof("event") == kind:
                call.cancel()
                return response.event
        raise AssertionError(f"the stream ended without {kind}")


@asynccontextmanager
async def running_server(
    settings: Settings,
    writer: ScriptedWriter | None = None,
    *,
    sources: Sources | None = None,
    with_worker: bool = True,
    wait_until_ready: bool = True,
) -> AsyncIterator[Running]:
    """A server until the end of the block; a failure of the server fails the test."""
    writer, stop = writer or ScriptedWriter(), asyncio.Event()
    opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    ready = asyncio.Event()
    task = asyncio.create_task(
        serve(
            settings,
            with_worker=with_worker,
            on_listening=opened.set_result,
            on_ready=lambda _: ready.set(),
            stop=stop,
            sources=sources or scripted(writer),
        )
    )
    readying = asyncio.create_task(ready.wait() if wait_until_ready else asyncio.sleep(0))
    await asyncio.wait({task, opened}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({task, readying}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        readying.cancel()
        task.result()
    try:
        async with grpc.aio.insecure_channel(opened.result()) as channel:
            yield Running(opened.result(), writer, channel, stop)
    finally:
        stop.set()
        writer.hold.set()
        await task


def settings_for(database_url: str, **changes: object) -> Settings:
    """Settings of a server on a free port of this machine."""
    return Settings(**{"database_url": database_url, "listen": "127.0.0.1:0", **changes})  # type: ignore[arg-type]


def a_picture(colour: tuple[int, int, int] = (120, 160, 200), size: tuple[int, int] = (60, 40)) -> bytes:
    """A PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def without_heartbeats(events: list[Event]) -> list[Event]:
    """The events of the log: how many heartbeats come between them depends on the machine."""
    return [event for event in events if event.WhichOneof("event") != "heartbeat"]


def kinds(events: list[Event]) -> list[str]:
    """What happened, in order."""
    return [event.WhichOneof("event") for event in events]


@dataclass(frozen=True)
class Refusal:
    """A failed call, taken apart."""

    code: grpc.StatusCode
    message: str
    infos: list[error_details_pb2.ErrorInfo]
    fields: list[str]
    retry_seconds: float | None

    @property
    def reason(self) -> str:
        return self.infos[0].reason if self.infos else ""


def refusal(error: grpc.aio.AioRpcError) -> Refusal:
    """What a failed call says, from its `google.rpc.Status`."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    status = status_pb2.Status.FromString(packed)
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    return take_apart(status, error.code())


def take_apart(status: status_pb2.Status, code: grpc.StatusCode) -> Refusal:
    """The details of a status by their kinds."""
    infos, fields, retry = [], [], None
    for detail in status.details:
        info, bad, wait = (
            error_details_pb2.ErrorInfo(),
            error_details_pb2.BadRequest(),
            error_details_pb2.RetryInfo(),
        )
        if detail.Unpack(info):
            infos.append(info)
        elif detail.Unpack(bad):
            fields += [violation.field for violation in bad.field_violations]
        elif detail.Unpack(wait):
            retry = wait.retry_delay.ToMilliseconds() / 1000
    return Refusal(code, status.message, infos, fields, retry)
