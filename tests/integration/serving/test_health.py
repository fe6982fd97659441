"""Health tells the truth: while starting, while the database is away, and while stopping."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from running_server import Running, a_picture, kinds, refusal, running_server, settings_for
from scripted_models import ScriptedWriter, scripted

from hartmann.errors import DatabaseUnavailable, ModelUnavailable, SchemaOutdated
from hartmann.serving.startup import Models, Sources
from hartmann.settings import Settings
from hartmann.storage import migrating
from hartmann.storage.embedded_postgres import EmbeddedPostgres
from hartmann.v1 import composition_pb2

pytestmark = pytest.mark.integration

COMPOSITIONS, LIBRARY, NOTATION = (
    f"hartmann.v1.{name}Service" for name in ("Composition", "Library", "Notation")
)
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health(server: Running, service: str) -> int:
    """What the server says about a service now."""
    stub = health_pb2_grpc.HealthStub(server.channel)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status


async def until_health(server: Running, service: str, status: int) -> None:
    """Wait until the server says so."""
    stub = health_pb2_grpc.HealthStub(server.channel)
    async with asyncio.timeout(60):
        async for response in stub.Watch(health_pb2.HealthCheckRequest(service=service)):
            if response.status == status:
                return


@asynccontextmanager
async def still_loading(database_url: str) -> AsyncIterator[tuple[Running, threading.Event]]:
    """A server whose models load until the event is set."""
    go_on, writer = threading.Event(), ScriptedWriter()
    sources = scripted(writer)

    def load(settings: Settings, with_vision: bool) -> Models:
        go_on.wait(60)
        return sources.load_models(settings, with_vision)

    slow = replace(sources, load_models=load)
    settings = settings_for(database_url)
    try:
        async with running_server(settings, writer, sources=slow, wait_until_ready=False) as server:
            try:
                yield server, go_on
            finally:
                go_on.set()  # before the server stops, which waits for its models
    finally:
        go_on.set()


async def test_a_ready_server_serves_everything(server: Running) -> None:
    assert [await health(server, name) for name in ("", COMPOSITIONS, LIBRARY, NOTATION)] == [SERVING] * 4


async def test_while_models_load_the_server_lives_but_does_not_compose(database_url: str) -> None:
    async with still_loading(database_url) as (server, go_on):
        assert await health(server, "") == SERVING
        assert await health(server, NOTATION) == SERVING
        assert await health(server, COMPOSITIONS) == NOT_SERVING
        assert await health(server, LIBRARY) == NOT_SERVING
        go_on.set()
        await until_health(server, COMPOSITIONS, SERVING)
        await until_health(server, LIBRARY, SERVING)


async def test_creating_while_models_load_is_unavailable_with_a_time_to_try_again(database_url: str) -> None:
    async with still_loading(database_url) as (server, _):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.create()

    refused = refusal(raised.value)
    assert refused.code is grpc.StatusCode.UNAVAILABLE
    assert len(refused.infos) == 1
    assert refused.reason in {"MODEL_UNAVAILABLE", "DATABASE_UNAVAILABLE"}
    assert refused.retry_seconds
    assert "try again" in refused.message


async def test_composing_while_models_load_waits_and_then_composes(database_url: str) -> None:
    async with still_loading(database_url) as (server, go_on):
        composing = asyncio.ensure_future(server.compose())
        await health(server, "")
        go_on.set()
        assert kinds(await composing)[-1] == "score"


async def test_a_stop_while_models_load_ends_the_server(database_url: str) -> None:
    async with still_loading(database_url) as (server, go_on):
        waiting = server.compositions.Compose(composition_pb2.ComposeRequest(picture=a_picture()))
        reading = asyncio.ensure_future(waiting.read())
        await health(server, "")
        server.stop.set()
        go_on.set()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await reading

    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_stopping_server_says_so_before_it_is_gone(server: Running) -> None:
    stub = health_pb2_grpc.HealthStub(server.channel)
    call = stub.Watch(health_pb2.HealthCheckRequest(service=COMPOSITIONS))
    before = await call.read()
    server.stop.set()
    after = await call.read()

    assert (before.status, after.status) == (SERVING, NOT_SERVING)


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """A Postgres that a test may stop."""
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    server = EmbeddedPostgres(folder / "pg").start()
    migrating.upgrade(server.url)
    yield server
    server.close()
    shutil.rmtree(folder)


async def test_a_database_that_goes_away_and_comes_back_is_noticed(own_postgres: EmbeddedPostgres) -> None:
    async with running_server(settings_for(own_postgres.url)) as server:
        own_postgres.close()
        await until_health(server, COMPOSITIONS, NOT_SERVING)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.create()
        assert await health(server, "") == SERVING
        assert await health(server, NOTATION) == SERVING

        own_postgres.start()
        await until_health(server, COMPOSITIONS, SERVING)
        events = await server.compose()

    refused = refusal(raised.value)
    assert refused.code is grpc.StatusCode.UNAVAILABLE
    assert [info.reason for info in refused.infos] == ["DATABASE_UNAVAILABLE"]
    assert refused.retry_seconds
    assert kinds(events)[-1] == "score"


async def test_a_server_on_an_old_schema_does_not_start_and_names_the_command(
    empty_database_url: str,
) -> None:
    with pytest.raises(SchemaOutdated, match="hartmann db upgrade"):
        async with running_server(settings_for(empty_database_url)):
            pass


async def test_a_server_without_its_database_does_not_start_and_says_where_it_looked() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:9"):
        async with running_server(settings_for("postgresql://nobody@127.0.0.1:9/none")):
            pass


async def test_a_server_whose_model_cannot_be_loaded_does_not_start(database_url: str) -> None:
    def load(settings: Settings, with_vision: bool) -> Models:
        raise ModelUnavailable(f"{settings.vision_model} can't be loaded")

    sources: Sources = replace(scripted(ScriptedWriter()), load_models=load)
    with pytest.raises(ModelUnavailable, match="mini can't be loaded"):
        async with running_server(settings_for(database_url), sources=sources):
            pass
