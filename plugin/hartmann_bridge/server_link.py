"""The bridge's connection to the server: gRPC on the bridge's own event loop, errors translated.

`hartmann.client` blocks, and a thread for each open stream would be one more thing to stop; so the bridge uses
`grpc.aio` with the same channel options. The channel connects by itself, and again when the server comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hartmann.client import channel_options
from hartmann.errors import HartmannError, ServerUnavailable
from hartmann.remote_errors import error_from_call
from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import composition_pb2_grpc, notation_pb2, notation_pb2_grpc

Answer = TypeVar("Answer")

ASK_SECONDS = 30.0
"""How long a call that answers once may take: twenty megabytes of picture go through it."""
HEALTH_SECONDS = 2.0
COMPOSITION_SERVICE = "hartmann.v1.CompositionService"


class ServerState(StrEnum):
    """Whether compositions can be asked for now."""

    READY = "ready"
    STARTING = "starting"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """The state and a sentence: what is missing, and the command that starts it."""

    state: ServerState
    message: str


class ServerLink:
    """The calls that the bridge makes. Made inside a running event loop; `close` it there too."""

    def __init__(self, address: str, api_key: str = "") -> None:
        self.address = address
        host = address.removeprefix("https://").removeprefix("http://")
        options = channel_options(host)
        self._channel = (
            grpc.aio.secure_channel(host, grpc.ssl_channel_credentials(), options)
            if address.startswith("https://")
            else grpc.aio.insecure_channel(host, options)
        )
        self._metadata = (("authorization", f"Bearer {api_key}"),) if api_key else ()
        self._compositions: composition_pb2_grpc.CompositionServiceAsyncStub
        self._compositions = composition_pb2_grpc.CompositionServiceStub(self._channel)
        self._notation: notation_pb2_grpc.NotationServiceAsyncStub
        self._notation = notation_pb2_grpc.NotationServiceStub(self._channel)
        self._health: Any = health_pb2_grpc.HealthStub(self._channel)

    @property
    def away(self) -> str:
        """The sentence for a server that does not answer."""
        return f"No server answers at {self.address}. Start one in a terminal: hartmann up"

    async def close(self) -> None:
        """Ends open calls and the connection."""
        await self._channel.close()

    async def health(self) -> ServerHealth:
        """Whether the server is there and ready. Never raises."""
        request = health_pb2.HealthCheckRequest(service=COMPOSITION_SERVICE)
        try:
            answer = await self._health.Check(request, timeout=HEALTH_SECONDS, metadata=self._metadata)
        except grpc.aio.AioRpcError:
            return ServerHealth(ServerState.AWAY, self.away)
        if answer.status == health_pb2.HealthCheckResponse.SERVING:
            return ServerHealth(ServerState.READY, f"The server at {self.address} is ready.")
        return ServerHealth(
            ServerState.STARTING,
            f"The server at {self.address} is starting; the first start fills its library, "
            "which takes some minutes.",
        )

    async def create(self, request: pb.CreateCompositionRequest) -> pb.Composition:
        """A new composition, queued."""
        return (await self._ask(self._compositions.CreateComposition, request)).composition

    async def revise(self, request: pb.ReviseCompositionRequest) -> pb.Composition:
        """A new composition from the work of another."""
        return (await self._ask(self._compositions.ReviseComposition, request)).composition

    async def get(self, name: str) -> pb.Composition:
        """Where a composition stands."""
        request = pb.GetCompositionRequest(name=name)
        return (await self._ask(self._compositions.GetComposition, request)).composition

    async def list(self, request: pb.ListCompositionsRequest) -> pb.ListCompositionsResponse:
        """A page of compositions."""
        return await self._ask(self._compositions.ListCompositions, request)

    async def cancel(self, name: str) -> pb.Composition:
        """Stops a composition."""
        request = pb.CancelCompositionRequest(name=name)
        return (await self._ask(self._compositions.CancelComposition, request)).composition

    async def delete(self, name: str) -> None:
        """Removes a composition with its events."""
        await self._ask(self._compositions.DeleteComposition, pb.DeleteCompositionRequest(name=name))

    async def score(self, name: str, score_format: notation_pb2.ScoreFormat.ValueType) -> pb.GetScoreResponse:
        """The finished score as a file."""
        return await self._ask(
            self._compositions.GetScore, pb.GetScoreRequest(name=name, format=score_format)
        )

    async def picture(self, name: str) -> bytes:
        """The picture's file, as it was sent."""
        call = self._compositions.GetPicture(pb.GetPictureRequest(name=name), metadata=self._metadata)
        return b"".join([piece.content async for piece in self._translated(call)])

    async def engrave(self, abc: str) -> bytes:
        """ABC as MusicXML."""
        request = notation_pb2.ConvertAbcRequest(abc=abc, format=notation_pb2.SCORE_FORMAT_MUSICXML)
        return (await self._ask(self._notation.ConvertAbc, request)).content

    async def events(self, name: str, after: int) -> AsyncGenerator[pb.CompositionEvent]:
        """Everything after a number, then what comes, heartbeats included; ends when the server ends the stream."""
        request = pb.WatchCompositionRequest(name=name, after_sequence=after)
        call = self._compositions.WatchComposition(request, metadata=self._metadata)
        async with contextlib.aclosing(self._translated(call)) as responses:
            async for response in responses:
                yield response.event

    async def _ask(self, method: Callable[..., Awaitable[Answer]], request: object) -> Answer:
        try:
            return await method(request, timeout=ASK_SECONDS, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            raise self._translate(error) from error

    async def _translated(self, call: Any) -> AsyncGenerator[Any]:
        """The messages of a stream; leaving early cancels the call."""
        try:
            async for message in call:
                yield message
        except grpc.aio.AioRpcError as error:
            raise self._translate(error) from error
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            raise ServerUnavailable(self.away) from error  # our own channel was closed for another one
        finally:
            call.cancel()

    def _translate(self, error: grpc.aio.AioRpcError) -> HartmannError:
        translated = error_from_call(error, self.address)
        if isinstance(translated, ServerUnavailable):
            return ServerUnavailable(self.away)
        return translated


def _is_cancelled() -> bool:
    """Whether somebody cancels the running task; gRPC says CancelledError for calls of a closed channel too."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
