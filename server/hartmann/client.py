"""A small client of the server, for the command line and for other programs.

    with Client("127.0.0.1:50061") as client:
        composing = client.compose(Path("holiday.jpg").read_bytes(), prompt="a sad waltz")
        for event in composing:
            print(event.sequence, event.WhichOneof("event"))
        print(client.score(composing.name, ScoreFormat.SCORE_FORMAT_ABC).decode())

It blocks, needs no torch, and raises the errors of `hartmann.errors`. A composition goes on at the server
whether or not anybody watches; `Composing` reconnects after the last event it saw when the stream breaks, so
every event arrives exactly once and in order.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import grpc

from hartmann.errors import CompositionFinished, HartmannError
from hartmann.remote_errors import error_from_call, is_transient
from hartmann.v1 import composition_pb2 as composition
from hartmann.v1 import composition_pb2_grpc, library_pb2, library_pb2_grpc
from hartmann.v1.notation_pb2 import ScoreFormat

__all__ = ["Client", "Composing", "ScoreFormat"]

Answer = TypeVar("Answer")
Stream = Iterator[composition.ComposeResponse] | Iterator[composition.WatchCompositionResponse]

LARGEST_MESSAGE = 256 * 1024 * 1024
"""Bytes. The attention of a long draft over a fine grid passes gRPC's 4 MiB."""

PATIENCE_SECONDS = 30.0
"""How long a broken stream is tried again without a single new event."""

TERMINAL = frozenset({"score", "failed", "cancelled"})
"""Kinds of event after which nothing comes."""


class Client:
    """A connection to one server; a context manager.

    `address` is HOST:PORT, or https://HOST:PORT for TLS. `api_key` is sent as a bearer token;
    `root_certificates` is PEM, for a certificate that no public authority signed. `patience_seconds`: see
    `PATIENCE_SECONDS`. Nothing is sent before the first call.
    """

    def __init__(
        self,
        address: str,
        *,
        api_key: str = "",
        root_certificates: bytes | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.address = address.removeprefix("https://").removeprefix("http://")
        self.patience_seconds = patience_seconds
        options = channel_options(self.address)
        if address.startswith("https://") or root_certificates is not None:
            credentials = grpc.ssl_channel_credentials(root_certificates)
            self._channel = grpc.secure_channel(self.address, credentials, options)
        else:
            self._channel = grpc.insecure_channel(self.address, options)
        self.metadata = (("authorization", f"Bearer {api_key}"),) if api_key else ()
        self.compositions = composition_pb2_grpc.CompositionServiceStub(self._channel)
        self.library = library_pb2_grpc.LibraryServiceStub(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; open streams end."""
        self._channel.close()

    def compose(
        self,
        picture: bytes,
        *,
        prompt: str = "",
        wishes: composition.Wishes | None = None,
        seed: int | None = None,
        request_id: str = "",
        cancel_on_disconnect: bool = False,
    ) -> Composing:
        """Asks for a composition; iterate over what comes back. Nothing is sent before the first event is taken."""
        request = composition.ComposeRequest(
            request_id=request_id or str(uuid.uuid4()),
            picture=picture,
            prompt=prompt,
            wishes=wishes,
            seed=seed,
            cancel_on_disconnect=cancel_on_disconnect,
        )
        return Composing(self, request=request)

    def compose_file(self, picture: Path, *, prompt: str = "") -> Composing:
        """The shortest way: `compose` for a file with nothing but a prompt."""
        return self.compose(picture.read_bytes(), prompt=prompt)

    def watch(self, name: str, after_sequence: int = 0) -> Composing:
        """The events of a composition after a number, up to its end."""
        return Composing(self, name=name, after_sequence=after_sequence)

    def cancel(self, name: str) -> composition.Composition:
        """Stops a composition. Raises CompositionFinished when it has ended otherwise."""
        request = composition.CancelCompositionRequest(name=name)
        return self._ask(self.compositions.CancelComposition, request).composition

    def delete(self, name: str) -> None:
        """Removes a composition and its events."""
        self._ask(self.compositions.DeleteComposition, composition.DeleteCompositionRequest(name=name))

    def get(self, name: str) -> composition.Composition:
        """Where a composition stands."""
        return self._ask(
            self.compositions.GetComposition, composition.GetCompositionRequest(name=name)
        ).composition

    def list(self, limit: int = 50) -> tuple[composition.Composition, ...]:
        """The newest compositions, at most `limit` (all pages that it takes)."""
        found: list[composition.Composition] = []
        token = ""
        while len(found) < limit:
            request = composition.ListCompositionsRequest(
                page_size=min(limit - len(found), 1000), page_token=token
            )
            page = self._ask(self.compositions.ListCompositions, request)
            found.extend(page.compositions)
            token = page.next_page_token
            if not token:
                break
        return tuple(found)

    def score(self, name: str, score_format: ScoreFormat.ValueType) -> bytes:
        """The finished score as a file's bytes."""
        request = composition.GetScoreRequest(name=name, format=score_format)
        return self._ask(self.compositions.GetScore, request).content

    def search(self, text: str, k: int = 5) -> tuple[library_pb2.Reference, ...]:
        """The pieces of the library whose captions are nearest to a text, best first."""
        return self.search_by(library_pb2.SearchReferencesRequest(text=text, k=k))

    def search_by(self, request: library_pb2.SearchReferencesRequest) -> tuple[library_pb2.Reference, ...]:
        """The pieces nearest to a text, a picture or a vector, under a rule and a filter, best first."""
        return tuple(self._ask(self.library.SearchReferences, request).references)

    def library_stats(self) -> library_pb2.GetLibraryStatsResponse:
        """How much the library holds."""
        return self._ask(self.library.GetLibraryStats, library_pb2.GetLibraryStatsRequest())

    def _ask(self, method: Callable[..., Answer], request: object) -> Answer:
        """One call that answers once; its error translated."""
        try:
            return method(request, metadata=self.metadata)
        except grpc.RpcError as error:
            raise error_from_call(error, self.address) from error


class Composing:
    """One composition as it happens: an iterator of its events, heartbeats left out, ending after the terminal one.

    `name` is known after the first event, `last_sequence` is the number of the latest. A stream that breaks is
    opened again after `last_sequence`; when no new event comes for the client's patience, or the server refuses,
    iteration raises the error. `cancel` may be called from another thread.
    """

    def __init__(
        self,
        client: Client,
        *,
        request: composition.ComposeRequest | None = None,
        name: str = "",
        after_sequence: int = 0,
    ) -> None:
        self.name = name
        self.last_sequence = after_sequence
        self.request_id = request.request_id if request else ""
        self._client = client
        self._request = request
        self._finished = False
        self._named = threading.Event()
        self._stream: Stream | None = None
        self._given_up: HartmannError | None = None
        if name:
            self._named.set()

    def __iter__(self) -> Iterator[composition.CompositionEvent]:
        """The events, reconnecting as long as patience lasts."""
        patience = _Patience(self._client.patience_seconds)
        while not self._finished:
            try:
                for event in self._events_of_one_stream(patience):
                    patience.restart()
                    yield event
            except grpc.RpcError as call_error:
                if self._finished:
                    return
                if self._given_up is not None:
                    raise self._given_up from call_error
                error = error_from_call(call_error, self._client.address)
                if not is_transient(error) or not self._met_the_server:
                    raise error from call_error
                patience.wait_or_raise(error)

    def cancel(self) -> None:
        """Stops the composition; the iteration then ends with its `cancelled` event.

        Waits for the composition's name if the server has not told it yet. A composition that ended meanwhile is
        left as it is.
        """
        self._named.wait()
        patience = _Patience(self._client.patience_seconds)
        while True:
            try:
                self._client.cancel(self.name)
            except CompositionFinished:
                return
            except HartmannError as error:
                if not is_transient(error):
                    raise
                patience.wait_or_raise(error)
            else:
                return

    def give_up(self, error: HartmannError) -> None:
        """Makes the iteration raise `error`, from another thread."""
        self._given_up = error
        if isinstance(self._stream, grpc.Call):
            self._stream.cancel()

    @property
    def _met_the_server(self) -> bool:
        """Whether the server ever answered: a first call that finds nobody fails at once."""
        return self.last_sequence > 0 or self._named.is_set()

    def _events_of_one_stream(self, patience: _Patience) -> Iterator[composition.CompositionEvent]:
        """New events until the server ends the stream: leaving it open would look like a lost client."""
        self._stream = self._open()
        for response in self._stream:
            if isinstance(response, composition.ComposeResponse):
                self.name = response.name
                self._named.set()
            event = response.event
            kind = event.WhichOneof("event")
            if kind == "heartbeat":
                patience.restart()
            elif event.sequence > self.last_sequence:
                self.last_sequence = event.sequence
                self._finished = kind in TERMINAL
                yield event

    def _open(self) -> Stream:
        """`Compose` until the composition has a name (the request id makes that safe), then `WatchComposition`."""
        stubs, metadata = self._client.compositions, self._client.metadata
        if self._request is not None and not self.name:
            return stubs.Compose(self._request, metadata=metadata)
        request = composition.WatchCompositionRequest(name=self.name, after_sequence=self.last_sequence)
        return stubs.WatchComposition(request, metadata=metadata)


class _Patience:
    """Waits between tries, longer each time, until too long went by without a sign of life."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.restart()

    def restart(self) -> None:
        self._until = time.monotonic() + self._seconds
        self._pause = 0.05

    def wait_or_raise(self, error: HartmannError) -> None:
        if time.monotonic() + self._pause > self._until:
            raise error
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, 2.0)


def channel_options(address: str) -> tuple[tuple[str, int], ...]:
    """Large messages, quick reconnects, pings that notice a dead line; no proxy between us and loopback."""
    options: tuple[tuple[str, int], ...] = (
        ("grpc.max_receive_message_length", LARGEST_MESSAGE),
        ("grpc.max_send_message_length", LARGEST_MESSAGE),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
    )
    host = address.rpartition(":")[0]
    return (
        (*options, ("grpc.enable_http_proxy", 0)) if host in ("127.0.0.1", "localhost", "[::1]") else options
    )
