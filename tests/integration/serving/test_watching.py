"""Streams that drop cost nothing: watching goes on after any number, and says that it is alive."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from running_server import Running, kinds, refusal

from hartmann.v1 import composition_pb2

pytestmark = pytest.mark.integration


async def test_watching_after_n_gives_exactly_the_rest_for_every_n(server: Running) -> None:
    whole = await server.compose()
    name = await newest(server)

    for after in range(len(whole) + 1):
        assert await server.watch(name, after) == whole[after:]


async def test_a_client_that_breaks_off_in_the_middle_of_a_draft_misses_nothing(server: Running) -> None:
    server.writer.hold.clear()
    name = await server.create()
    call = server.compositions.WatchComposition(composition_pb2.WatchCompositionRequest(name=name))
    seen = []
    async for response in call:
        if response.event.WhichOneof("event") != "heartbeat":
            seen.append(response.event)
        if response.event.WhichOneof("event") == "text_delta" and response.event.text_delta.draft == 1:
            break
    call.cancel()
    server.writer.hold.set()

    rest = await server.watch(name, seen[-1].sequence)

    assert [event.sequence for event in seen + rest] == list(range(1, len(seen + rest) + 1))
    assert kinds(rest)[-1] == "score"


async def test_watchers_at_once_see_the_same_events(server: Running) -> None:
    name = await server.create()

    first, second, third = await asyncio.gather(*(server.watch(name) for _ in range(3)))

    assert first == second == third
    assert kinds(first)[-1] == "score"


async def test_an_idle_stream_sends_heartbeats_with_the_last_number(server: Running) -> None:
    server.writer.hold.clear()
    name = await server.create()
    before = 0
    async for response in server.compositions.WatchComposition(
        composition_pb2.WatchCompositionRequest(name=name)
    ):
        if response.event.WhichOneof("event") == "heartbeat":
            assert response.event.sequence == before
            break
        before = response.event.sequence
    assert before > 0


async def test_the_pieces_of_a_text_joined_are_the_text(server: Running) -> None:
    events = await server.compose()

    written = "".join(
        event.text_delta.text for event in events if event.stage == composition_pb2.STAGE_CAPTION
    )
    [caption] = [event.caption.text for event in events if event.HasField("caption")]
    assert written.strip() == caption


async def test_a_composition_that_is_unknown_is_not_found(server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.watch("compositions/0123")

    assert refusal(raised.value).code is grpc.StatusCode.NOT_FOUND
    assert refusal(raised.value).reason == "COMPOSITION_NOT_FOUND"


async def test_the_streams_end_when_the_server_stops(server: Running) -> None:
    server.writer.hold.clear()
    name = await server.create()
    await server.until(name, "caption")
    watching = asyncio.ensure_future(server.watch(name))
    await server.until(name, "text_delta")

    server.stop.set()

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await watching
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def newest(server: Running) -> str:
    """The name of the composition created last."""
    page = await server.compositions.ListCompositions(composition_pb2.ListCompositionsRequest(page_size=1))
    return page.compositions[0].name
