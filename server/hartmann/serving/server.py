"""The server: one gRPC port with three services, health and reflection, and by default a worker.

The port opens at once and health tells the truth from then on; what is not ready answers UNAVAILABLE with a
sentence. Stopping goes the other way: NOT_SERVING, streams end, work is handed back, models and database close.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from hartmann import logs
from hartmann.notation.limits import limits_from
from hartmann.serving.composition_service import Backing, CompositionService
from hartmann.serving.error_interceptor import ErrorInterceptor
from hartmann.serving.library_service import LibraryService, Shelves
from hartmann.serving.listening import KeyInterceptor, bind, check_access, read_address
from hartmann.serving.notation_service import NotationService
from hartmann.serving.readiness import NEEDS, Part, Readiness
from hartmann.serving.startup import (
    REAL,
    Engine,
    OnProgress,
    Sources,
    ignore_progress,
    open_engine,
    program_version,
    run_unless_stopped,
)
from hartmann.serving.worker import run_composer
from hartmann.settings import MEBIBYTE, Settings
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import Database
from hartmann.v1 import composition_pb2_grpc, library_pb2_grpc, notation_pb2_grpc

GRACE_SECONDS = 3.0
"""How long calls under way may take to finish when the server stops. Streams end at once."""
ROOM_ABOVE_PICTURE = 44 * MEBIBYTE
"""Messages may be this much larger than the largest picture, so that it is we who refuse a picture that is too
large, with a sentence, and not gRPC."""

log = structlog.get_logger(__name__)


def channel_options(settings: Settings) -> list[tuple[str, int]]:
    """gRPC's options: large messages, clients that ping every 10 s (even when idle), one owner of the port."""
    return [
        ("grpc.max_receive_message_length", settings.max_picture_bytes + ROOM_ABOVE_PICTURE),
        ("grpc.max_send_message_length", -1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.so_reuseport", 0),
    ]


@dataclass
class Front:
    """The open port and its services."""

    address: str
    readiness: Readiness
    compositions: CompositionService
    library: LibraryService

    def database_opened(self, database: Database) -> None:
        """From now on compositions can be read."""
        self.compositions.log = CompositionLog(database)

    async def attach(self, engine: Engine, settings: Settings) -> None:
        """From now on models can be used."""
        vision, embedder = engine.models.vision, engine.models.embedder
        name = (
            settings.vision_model if vision is None else f"{vision.info.name} {vision.info.revision}".strip()
        )
        self.compositions.backing = Backing(engine.library, name, embedder.space, program_version())
        self.library.shelves = Shelves(engine.library, embedder)
        await self.readiness.ready(Part.MODELS)


async def serve(
    settings: Settings,
    *,
    with_worker: bool = True,
    on_listening: Callable[[str], None] = lambda _: None,
    on_progress: OnProgress = ignore_progress,
    on_ready: Callable[[str], None] = lambda _: None,
    stop: asyncio.Event,
    sources: Sources = REAL,
) -> None:
    """Serve until `stop` is set. `on_listening` gets HOST:PORT when the port is open, `on_ready` when all is ready.

    Raises:
        Conflict: the address is taken, or open to others without TLS and keys.
        DatabaseUnavailable, SchemaOutdated, ModelUnavailable, MissingExtra: it can't be started.
    """
    logs.configure(settings)
    async with open_front(settings) as front:
        on_listening(front.address)
        log.info("listening", address=front.address)

        async def run() -> None:
            await _serve_until(stop, settings, front, with_worker, sources, on_progress, on_ready)

        await run_unless_stopped(run, stop, front.readiness.started)


@asynccontextmanager
async def open_front(settings: Settings) -> AsyncIterator[Front]:
    """Open the port; closed at the end, calls under way given a little time."""
    address = read_address(settings.listen)
    check_access(address, settings)
    readiness = Readiness()
    interceptors: list[grpc.aio.ServerInterceptor] = [ErrorInterceptor()]
    if settings.api_keys:
        keys = tuple(key.get_secret_value() for key in settings.api_keys)
        interceptors.insert(0, KeyInterceptor(keys))
    server = grpc.aio.server(interceptors=interceptors, options=channel_options(settings))
    compositions, library = CompositionService(settings, readiness), LibraryService(settings, readiness)
    notation = NotationService(settings.max_score_bytes, limits_from(settings))
    _register(server, readiness, compositions, library, notation)
    bound = bind(server, address, settings)
    await server.start()
    await readiness.open()
    try:
        yield Front(str(bound), readiness, compositions, library)
    finally:
        await readiness.close()
        await server.stop(GRACE_SECONDS)
        await compositions.close()


async def _serve_until(
    stop: asyncio.Event,
    settings: Settings,
    front: Front,
    with_worker: bool,
    sources: Sources,
    on_progress: OnProgress,
    on_ready: Callable[[str], None],
) -> None:
    async with open_engine(
        settings,
        front.readiness,
        with_vision=with_worker,
        sources=sources,
        on_progress=on_progress,
        on_database=front.database_opened,
    ) as engine:
        await front.attach(engine, settings)
        await sources.fill_library(engine, on_progress)
        await front.readiness.ready(Part.LIBRARY)
        front.readiness.started.set()
        on_ready(front.address)
        log.info("ready", address=front.address, worker=with_worker)
        closing = asyncio.create_task(_close_when(stop, front.readiness))
        if with_worker:
            await run_composer(engine.database, engine.tools, settings, stop)
        await closing


async def _close_when(stop: asyncio.Event, readiness: Readiness) -> None:
    await stop.wait()
    log.info("stopping")
    await readiness.close()


def _register(
    server: grpc.aio.Server,
    readiness: Readiness,
    compositions: CompositionService,
    library: LibraryService,
    notation: NotationService,
) -> None:
    composition_pb2_grpc.add_CompositionServiceServicer_to_server(compositions, server)
    library_pb2_grpc.add_LibraryServiceServicer_to_server(library, server)
    notation_pb2_grpc.add_NotationServiceServicer_to_server(notation, server)
    health_pb2_grpc.add_HealthServicer_to_server(readiness.health, server)
    names = (*NEEDS, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
