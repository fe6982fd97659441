"""The client against a real gRPC server over a socket, one that drops streams on purpose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from hartmann.client import Client
from hartmann.errors import CompositionFinished, InvalidPicture, ServerUnavailable
from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import composition_pb2_grpc

pytestmark = pytest.mark.integration

NAME = "compositions/1"
LAST = 6


def event(number: int) -> pb.CompositionEvent:
    """Accepted, captions, and a score as the sixth."""
    if number == LAST:
        return pb.CompositionEvent(sequence=number, score=pb.Score(title="Done"))
    return pb.CompositionEvent(sequence=number, caption=pb.Caption(text=str(number)))


def refuse(context: grpc.ServicerContext, code: grpc.StatusCode, reason: str) -> None:
    """Ends the call as our server does."""
    detail = Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="hartmann"))
    status = status_pb2.Status(code=code.value[0], message=reason.lower(), details=[detail])
    context.abort_with_status(rpc_status.to_status(status))


class DroppingService(composition_pb2_grpc.CompositionServiceServicer):
    """Sends `pieces[i]` events in its i-th stream and then drops it; all that is left once pieces run out."""

    def __init__(self, *pieces: int) -> None:
        self.pieces = list(pieces)
        self.calls: list[tuple[str, int]] = []
        self.request_ids: list[str] = []
        self.cancelled = threading.Event()
        self.waiting = threading.Event()
        self.refusal: tuple[grpc.StatusCode, str] | None = None

    def Compose(  # noqa: N802
        self, request: pb.ComposeRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ComposeResponse]:
        self.calls.append(("Compose", 0))
        self.request_ids.append(request.request_id)
        if self.refusal:
            refuse(context, *self.refusal)
        for sent in self._events(0, context):
            yield pb.ComposeResponse(event=sent, name=NAME)

    def WatchComposition(  # noqa: N802
        self, request: pb.WatchCompositionRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchCompositionResponse]:
        self.calls.append(("WatchComposition", request.after_sequence))
        for sent in self._events(request.after_sequence, context):
            yield pb.WatchCompositionResponse(event=sent)

    def CancelComposition(  # noqa: N802
        self, request: pb.CancelCompositionRequest, context: grpc.ServicerContext
    ) -> pb.CancelCompositionResponse:
        if request.name != NAME:
            refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "COMPOSITION_FINISHED")
        self.cancelled.set()
        return pb.CancelCompositionResponse()

    def _events(self, after: int, context: grpc.ServicerContext) -> Iterator[pb.CompositionEvent]:
        count = self.pieces.pop(0) if self.pieces else LAST
        for number in range(after + 1, min(after + count, LAST) + 1):
            if count < 0:
                break
            yield pb.CompositionEvent(sequence=number - 1, heartbeat=pb.Heartbeat())
            yield event(number)
        if count == 1:
            self.waiting.set()
            assert self.cancelled.wait(120)
            yield pb.CompositionEvent(sequence=after + 2, cancelled=pb.Cancelled())
        elif after + count < LAST:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the line dropped")


@pytest.fixture
def service() -> DroppingService:
    return DroppingService()


@pytest.fixture
def client(service: DroppingService) -> Iterator[Client]:
    server = grpc.server(futures.ThreadPoolExecutor(8))
    composition_pb2_grpc.add_CompositionServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Client(f"127.0.0.1:{port}", patience_seconds=3) as opened:
        yield opened
    server.stop(None).wait()


def numbers(events: Iterator[pb.CompositionEvent]) -> list[int]:
    return [happened.sequence for happened in events]


def test_every_event_arrives_once_and_in_order(client: Client) -> None:
    assert numbers(iter(client.compose(b"picture"))) == [1, 2, 3, 4, 5, 6]


def test_dropped_stream_is_watched_again_after_the_last_event(
    client: Client, service: DroppingService
) -> None:
    service.pieces = [2, 3]
    assert numbers(iter(client.compose(b"picture"))) == [1, 2, 3, 4, 5, 6]
    assert service.calls == [("Compose", 0), ("WatchComposition", 2), ("WatchComposition", 5)]


def test_watching_begins_after_the_number_given(client: Client, service: DroppingService) -> None:
    assert numbers(iter(client.watch(NAME, after_sequence=4))) == [5, 6]
    assert service.calls == [("WatchComposition", 4)]


def test_name_is_known_after_the_first_event(client: Client) -> None:
    composing = client.compose(b"picture")
    next(iter(composing))
    assert composing.name == NAME


def test_stream_that_brings_nothing_new_is_given_up(client: Client, service: DroppingService) -> None:
    service.pieces = [2] + [-1] * 100
    composing = client.compose(b"picture")
    with pytest.raises(ServerUnavailable, match="the line dropped"):
        list(composing)
    assert composing.last_sequence == 2


def test_cancelling_ends_the_stream_with_the_cancelled_event(
    client: Client, service: DroppingService
) -> None:
    service.pieces = [1]
    composing = client.compose(b"picture")
    seen = []

    def watch() -> None:
        seen.extend(composing)

    watching = threading.Thread(target=watch)
    watching.start()
    assert service.waiting.wait(120)
    composing.cancel()
    watching.join(120)
    assert [happened.WhichOneof("event") for happened in seen] == ["caption", "cancelled"]


def test_refusal_is_raised_as_the_servers_error(client: Client, service: DroppingService) -> None:
    service.refusal = (grpc.StatusCode.INVALID_ARGUMENT, "PICTURE_INVALID")
    with pytest.raises(InvalidPicture, match="picture_invalid"):
        list(client.compose(b"no picture"))
    assert len(service.calls) == 1


def test_cancelling_a_finished_composition_is_refused(client: Client) -> None:
    with pytest.raises(CompositionFinished):
        client.cancel("compositions/finished")


def test_each_composition_has_a_request_id_of_its_own(client: Client, service: DroppingService) -> None:
    for _ in range(2):
        list(client.compose(b"picture"))
    assert len(set(service.request_ids)) == 2
    assert all(service.request_ids)


def test_first_call_that_finds_nobody_fails_at_once() -> None:
    with Client("127.0.0.1:1") as nobody, pytest.raises(ServerUnavailable, match="hartmann serve"):
        list(nobody.compose(b"picture"))
