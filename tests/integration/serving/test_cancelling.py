"""Cancelling and deleting: the model stops within one token, the log says so, and nothing else happens."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from running_server import Running, a_picture, kinds, refusal

from hartmann.v1 import composition_pb2

pytestmark = pytest.mark.integration

CANCELLED = composition_pb2.COMPOSITION_STATE_CANCELLED


async def drafting(server: Running) -> str:
    """A composition whose model is held in the middle of a draft."""
    server.writer.hold.clear()
    name = await server.create()
    await server.writer.in_a_piece.wait()
    return name


async def cancel(server: Running, name: str) -> composition_pb2.Composition:
    request = composition_pb2.CancelCompositionRequest(name=name)
    return (await server.compositions.CancelComposition(request)).composition


async def test_cancelling_in_the_middle_of_a_draft_stops_the_model_and_ends_the_stream(
    server: Running,
) -> None:
    name = await drafting(server)
    watching = asyncio.ensure_future(server.watch(name))
    words = server.writer.words_written

    cancelled = await cancel(server, name)
    server.writer.hold.set()

    assert cancelled.state == CANCELLED
    assert kinds(await watching)[-1] == "cancelled"
    assert server.writer.words_written <= words + 1


async def test_cancelling_twice_is_fine(server: Running) -> None:
    name = await drafting(server)

    first, second = await cancel(server, name), await cancel(server, name)

    assert first.state == second.state == CANCELLED
    assert first.last_sequence == second.last_sequence


async def test_a_composition_that_has_a_score_cannot_be_cancelled(server: Running) -> None:
    name = await server.create()
    await server.watch(name)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await cancel(server, name)

    assert refusal(raised.value).code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal(raised.value).reason == "COMPOSITION_FINISHED"


async def test_the_worker_goes_on_with_the_next_composition(server: Running) -> None:
    await cancel(server, await drafting(server))
    server.writer.hold.set()

    assert kinds(await server.compose())[-1] == "score"


async def test_a_client_that_asked_for_it_cancels_by_leaving(server: Running) -> None:
    server.writer.hold.clear()
    request = composition_pb2.ComposeRequest(picture=a_picture(), cancel_on_disconnect=True)
    call = server.compositions.Compose(request)
    first = await call.read()
    assert isinstance(first, composition_pb2.ComposeResponse)

    call.cancel()

    assert kinds(await server.watch(first.name))[-1] == "cancelled"


async def test_a_client_that_leaves_otherwise_finds_its_score_later(server: Running) -> None:
    call = server.compositions.Compose(composition_pb2.ComposeRequest(picture=a_picture()))
    first = await call.read()
    assert isinstance(first, composition_pb2.ComposeResponse)

    call.cancel()

    assert kinds(await server.watch(first.name))[-1] == "score"


async def test_deleting_a_running_composition_stops_the_model_and_ends_its_watchers(server: Running) -> None:
    name = await drafting(server)
    watching = asyncio.ensure_future(server.watch(name))
    await server.until(name, "caption")
    words = server.writer.words_written

    await server.compositions.DeleteComposition(composition_pb2.DeleteCompositionRequest(name=name))

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await watching
    assert refusal(raised.value).reason == "COMPOSITION_NOT_FOUND"
    server.writer.hold.set()
    assert kinds(await server.compose())[-1] == "score"
    assert server.writer.pieces_begun <= 4, "the deleted composition went on"
    assert server.writer.words_written > words


async def test_the_same_request_id_gives_the_same_composition(server: Running) -> None:
    first = await server.create(request_id="the one")
    second = await server.create(request_id="the one")

    assert first == second
    assert kinds(await server.watch(first)).count("accepted") == 1


async def test_a_model_that_breaks_ends_the_composition_with_the_status_of_a_failed_call(
    server: Running,
) -> None:
    from running_server import take_apart

    from hartmann.errors import ModelFailed

    server.writer.fault = ModelFailed("the model ran out of memory; use a smaller one")
    events = await server.compose()

    status = events[-1].failed
    assert kinds(events)[-1] == "failed"
    assert status.message == "the model ran out of memory; use a smaller one"
    assert [info.reason for info in take_apart(status, grpc.StatusCode.INTERNAL).infos] == ["MODEL_FAILED"]
    failed = (
        await server.compositions.ListCompositions(
            composition_pb2.ListCompositionsRequest(state=composition_pb2.COMPOSITION_STATE_FAILED)
        )
    ).compositions[0]
    assert failed.error == status


async def test_a_fault_nobody_foresaw_ends_the_composition_without_its_traceback(server: Running) -> None:
    server.writer.fault = ZeroDivisionError("secret")

    events = await server.compose()

    assert kinds(events)[-1] == "failed"
    assert "error id" in events[-1].failed.message
    assert "secret" not in str(events[-1])
