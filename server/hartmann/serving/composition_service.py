"""CompositionService: compositions created, watched, listed, cancelled, revised, and their results.

Nothing here composes: a request is checked, stored and queued, and the events are read from the log, which any
process can do. So a server that was killed and started again, or another one on the same database, serves the
same streams from the same numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import grpc.aio
import structlog

from hartmann.composing.events import Accepted, Stage
from hartmann.errors import (
    AttentionUnavailable,
    CompositionFinished,
    CompositionNotFinished,
    CompositionNotFound,
    InvalidRequest,
    Overloaded,
    Unavailable,
)
from hartmann.notation.mxl import compressed
from hartmann.serving import event_translation
from hartmann.serving.composition_translation import (
    new_event,
    new_id,
    to_composition,
    to_new_event,
    to_state,
)
from hartmann.serving.notation_service import MEDIA_TYPES, unknown_format
from hartmann.serving.readiness import Part, Readiness
from hartmann.serving.request_validation import (
    Asked,
    Creation,
    read_creation,
    read_name,
    read_page_size,
    read_request_id,
)
from hartmann.serving.revision import Shelf, read_revision
from hartmann.serving.streams import until_closing
from hartmann.settings import Settings
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.records import CompositionRecord, NewComposition, NewEvent
from hartmann.storage.tables import State
from hartmann.v1 import composition_pb2, composition_pb2_grpc, notation_pb2, tensor_pb2

log = structlog.get_logger(__name__)

CANCEL_SECONDS = 5.0
"""How long a cancelling call waits for the worker's last event; a worker takes about 0.1 s."""
CHUNK = 1024 * 1024
"""Bytes of a tensor or a picture in one message."""
SUFFIXES = {
    notation_pb2.SCORE_FORMAT_MUSICXML: "musicxml",
    notation_pb2.SCORE_FORMAT_MIDI: "mid",
    notation_pb2.SCORE_FORMAT_ABC: "abc",
    notation_pb2.SCORE_FORMAT_MXL: "mxl",
}

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Event = composition_pb2.CompositionEvent


@dataclass(frozen=True, slots=True)
class Backing:
    """What the service stands on once the server is ready. The names go into `accepted` events."""

    shelf: Shelf
    vision_model: str
    embedding_space: str
    program_version: str


class CompositionService(composition_pb2_grpc.CompositionServiceServicer):
    """The service. `backing` is set when database and models are there; `readiness` says when."""

    def __init__(self, settings: Settings, readiness: Readiness) -> None:
        self.log: CompositionLog | None = None
        self.backing: Backing | None = None
        self._settings = settings
        self._readiness = readiness
        self._cancelling: set[asyncio.Task[None]] = set()

    async def CreateComposition(  # noqa: N802
        self, request: composition_pb2.CreateCompositionRequest, context: Context
    ) -> composition_pb2.CreateCompositionResponse:
        """Check, store, queue."""
        del context
        asked = await read_creation(request, self._settings)
        self._readiness.require(*Part)
        record = await self._create(asked)
        return composition_pb2.CreateCompositionResponse(composition=to_composition(record))

    async def Compose(  # noqa: N802
        self, request: composition_pb2.ComposeRequest, context: Context
    ) -> AsyncIterator[composition_pb2.ComposeResponse]:
        """Create, then watch from the start. Waits for the server to be ready."""
        del context
        record = await self._create(await self._asked_when_ready(request))
        name = f"compositions/{record.id}"
        try:
            async with contextlib.aclosing(self._watch(record.id, 0)) as events:
                async for event in events:
                    yield composition_pb2.ComposeResponse(event=event, name=name)
        except (asyncio.CancelledError, GeneratorExit):
            if request.cancel_on_disconnect:
                self._cancel_later(record.id)
            raise

    async def WatchComposition(  # noqa: N802
        self, request: composition_pb2.WatchCompositionRequest, context: Context
    ) -> AsyncIterator[composition_pb2.WatchCompositionResponse]:
        """Everything after a number, then what comes."""
        del context
        composition = read_name(request.name)
        if request.after_sequence < 0:
            raise InvalidRequest("events are numbered from 1; 0 asks for all", field="after_sequence")
        async with contextlib.aclosing(self._watch(composition, request.after_sequence)) as events:
            async for event in events:
                yield composition_pb2.WatchCompositionResponse(event=event)

    async def GetComposition(  # noqa: N802
        self, request: composition_pb2.GetCompositionRequest, context: Context
    ) -> composition_pb2.GetCompositionResponse:
        """One composition's state."""
        del context
        record = await self._open_log().get(read_name(request.name))
        return composition_pb2.GetCompositionResponse(composition=to_composition(record))

    async def ListCompositions(  # noqa: N802
        self, request: composition_pb2.ListCompositionsRequest, context: Context
    ) -> composition_pb2.ListCompositionsResponse:
        """A page, newest first."""
        del context
        state = to_state(request.state)
        if request.state and state is None:
            raise InvalidRequest(f"there is no state {request.state}", field="state")
        size = read_page_size(request.page_size)
        page = await self._open_log().list(state=state, page_size=size, page_token=request.page_token)
        return composition_pb2.ListCompositionsResponse(
            compositions=map(to_composition, page.records), next_page_token=page.next_token
        )

    async def CancelComposition(  # noqa: N802
        self, request: composition_pb2.CancelCompositionRequest, context: Context
    ) -> composition_pb2.CancelCompositionResponse:
        """Stop a composition, and wait a little for its end."""
        del context
        record = await self._cancel(read_name(request.name))
        return composition_pb2.CancelCompositionResponse(composition=to_composition(record))

    async def DeleteComposition(  # noqa: N802
        self, request: composition_pb2.DeleteCompositionRequest, context: Context
    ) -> composition_pb2.DeleteCompositionResponse:
        """Remove a composition; one that is running is stopped by its worker, which finds it gone."""
        del context
        await self._open_log().delete(read_name(request.name), force=True)
        return composition_pb2.DeleteCompositionResponse()

    async def ReviseComposition(  # noqa: N802
        self, request: composition_pb2.ReviseCompositionRequest, context: Context
    ) -> composition_pb2.ReviseCompositionResponse:
        """Begin a new composition from another's work."""
        del context
        request_id = read_request_id(request.request_id)
        log, backing = self._open_log(), self._ready_backing()
        source = await log.get(read_name(request.name))
        revision = await read_revision(request, source, backing.shelf, self._settings)
        events = revision.events()
        if revision.from_stage is Stage.ENGRAVE:
            events += await _explanation_of(log, source.id)
        new = NewComposition(
            request=revision.stored.SerializeToString(),
            picture=await log.picture(source.id),
            request_id=request_id,
            source=source.id,
            carry=revision.carry.to_json(),
        )
        record = await self._store(new, revision.stored.seed, events)
        return composition_pb2.ReviseCompositionResponse(composition=to_composition(record))

    async def GetScore(  # noqa: N802
        self, request: composition_pb2.GetScoreRequest, context: Context
    ) -> composition_pb2.GetScoreResponse:
        """The score as a file."""
        del context
        if request.format not in MEDIA_TYPES:
            raise unknown_format()
        score = await self._score(read_name(request.name))
        contents = {
            notation_pb2.SCORE_FORMAT_MUSICXML: score.musicxml,
            notation_pb2.SCORE_FORMAT_MIDI: score.midi,
            notation_pb2.SCORE_FORMAT_ABC: score.abc.encode(),
            notation_pb2.SCORE_FORMAT_MXL: compressed(score.musicxml),
        }
        return composition_pb2.GetScoreResponse(
            content=contents[request.format],
            media_type=MEDIA_TYPES[request.format],
            file_name=f"{file_stem(score.title)}.{SUFFIXES[request.format]}",
        )

    async def GetPicture(  # noqa: N802
        self, request: composition_pb2.GetPictureRequest, context: Context
    ) -> AsyncIterator[composition_pb2.GetPictureResponse]:
        """The picture's file, a mebibyte a message."""
        del context
        name = read_name(request.name)
        picture = await self._open_log().picture(name)
        if picture is None:
            raise CompositionNotFound(f"compositions/{name} has no picture")
        media_type = picture.media_type
        for start in range(0, len(picture.data), CHUNK):
            content = picture.data[start : start + CHUNK]
            yield composition_pb2.GetPictureResponse(content=content, media_type=media_type)
            media_type = ""

    async def GetAttention(  # noqa: N802
        self, request: composition_pb2.GetAttentionRequest, context: Context
    ) -> AsyncIterator[composition_pb2.GetAttentionResponse]:
        """The attention tensor, a mebibyte a message."""
        del context
        tensor = await self._attention(read_name(request.name))
        head = tensor_pb2.Tensor(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        for start in range(0, max(len(tensor.contents), 1), CHUNK):
            head.contents = tensor.contents[start : start + CHUNK]
            yield composition_pb2.GetAttentionResponse(tensor=head)
            head = tensor_pb2.Tensor()

    async def close(self) -> None:
        """Finish the cancellations that clients left behind."""
        await asyncio.gather(*self._cancelling, return_exceptions=True)

    def _open_log(self) -> CompositionLog:
        self._readiness.require(Part.DATABASE)
        assert self.log is not None, "the database is said to be ready before the log is set"
        return self.log

    def _ready_backing(self) -> Backing:
        self._readiness.require(*Part)
        assert self.backing is not None, "the models are said to be ready before the backing is set"
        return self.backing

    async def _asked_when_ready(self, request: Creation) -> Asked:
        asked = await read_creation(request, self._settings)
        await self._readiness.wait_for(*Part)
        return asked

    async def _create(self, asked: Asked) -> CompositionRecord:
        new = NewComposition(
            request=asked.stored.SerializeToString(), picture=asked.picture, request_id=asked.request_id
        )
        return await self._store(new, asked.stored.seed, ())

    async def _store(self, new: NewComposition, seed: int, shared: tuple[NewEvent, ...]) -> CompositionRecord:
        """Keep and queue a composition whose log begins with `accepted` and the shared events."""
        log, backing = self._open_log(), self._ready_backing()
        waiting = await log.waiting()
        if waiting >= self._settings.max_waiting_compositions:
            raise Overloaded(f"{waiting} compositions are waiting already; try again later", retry_seconds=30)
        accepted = Accepted(
            seed, backing.vision_model, backing.embedding_space, backing.program_version, waiting
        )
        events = (to_new_event(None, "accepted", accepted), *shared)
        created = await log.create(replace(new, id=new_id(), events=events))
        return created.record

    async def _watch(self, composition: str, after: int) -> AsyncGenerator[Event, None]:
        """Events after a number, with heartbeats; the last one seen numbers those."""
        seconds = self._settings.watch_heartbeat_seconds
        rows = self._open_log().watch(composition, after, heartbeat_seconds=seconds)
        async with contextlib.aclosing(until_closing(rows, self._readiness.closing)) as stream:
            async for row in stream:
                if row is None:
                    yield event_translation.heartbeat(after, datetime.now(UTC))
                    continue
                after = row.sequence
                yield event_translation.numbered(row.body, row.sequence, row.time)

    def _cancel_later(self, composition: str) -> None:
        """Cancel for a client that is gone: in a task of its own, since the call's is being cancelled."""

        async def cancel() -> None:
            try:
                await self._open_log().cancel(composition, cancelled_event())
            except CompositionFinished:
                pass  # it ended meanwhile, which is as good
            except Unavailable as error:
                log.warning("not_cancelled", composition=composition, reason=error.reason)

        task = asyncio.create_task(cancel(), name=f"cancel {composition}")
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    async def _cancel(self, composition: str) -> CompositionRecord:
        log = self._open_log()
        try:
            record = await log.cancel(composition, cancelled_event())
        except CompositionFinished:
            record = await log.get(composition)
            if record.state is not State.CANCELLED:
                raise
        if not record.state.is_final:
            await self._wait_for_end(record)
        return await log.get(composition)

    async def _wait_for_end(self, record: CompositionRecord) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                async for _ in self._watch(record.id, record.last_sequence):
                    pass

    async def _score(self, composition: str) -> composition_pb2.Score:
        log = self._open_log()
        record = await log.get(composition)
        if record.state is not State.SUCCEEDED:
            raise CompositionNotFinished(f"compositions/{composition} has no score: it is {record.state}")
        last = (await log.read(composition, record.last_sequence - 1))[-1]
        return Event.FromString(last.body).score

    async def _attention(self, composition: str) -> tensor_pb2.Tensor:
        log = self._open_log()
        row = await log.find(composition, Stage.EXPLAIN, "explanation")
        if row is None:
            record = await log.get(composition)
            raise CompositionNotFinished(
                f"compositions/{composition} has not been explained: it is {record.state}"
            )
        explanation = Event.FromString(row.body).explanation
        if not explanation.HasField("attention"):
            raise AttentionUnavailable("the model that composed this records no attention")
        return explanation.attention


def cancelled_event() -> NewEvent:
    """The last event of a composition that was cancelled."""
    return new_event("cancelled", event_translation.cancelled())


def file_stem(title: str) -> str:
    """A title as a file's name: letters, digits, spaces and dashes, at most 80 characters."""
    cleaned = re.sub(r"[^\w\s-]", "", title).strip()
    return re.sub(r"\s+", " ", cleaned)[:80] or "score"


async def _explanation_of(log: CompositionLog, composition: str) -> tuple[NewEvent, ...]:
    row = await log.find(composition, Stage.EXPLAIN, "explanation")
    return () if row is None else (NewEvent(row.stage, row.part, row.kind, row.body),)
