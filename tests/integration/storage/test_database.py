"""Opening the database, by URL or embedded, and outliving its troubles; vectors in and out."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import numpy as np
import psycopg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.errors import DatabaseUnavailable
from hartmann.storage import postmaster, vectors
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import Database, connect, open_database
from hartmann.storage.embedded_postgres import EmbeddedPostgres
from hartmann.storage.notifications import Channel
from hartmann.storage.records import NewComposition, NewEvent
from hartmann.storage.tables import EmbeddingKind, embedding, reference

pytestmark = pytest.mark.integration

SPACE = "test-space/v1"
LISTENERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    yield made
    postmaster.stop(made / "postgres" / "data")
    shutil.rmtree(made)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "mysql is no Postgres"),
        ("no url", "can't be read"),
        ("sqlite://", "sqlite is no Postgres"),
    ],
)
def test_what_is_no_postgres_url_is_refused(url: str, said: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=said):
        connect(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_a_url_may_be_spelled_in_three_ways(database_url: str, scheme: str) -> None:
    database = connect(database_url.replace("postgresql", scheme, 1))
    async with database.transaction() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    assert database.url == database_url
    await database.close()


async def test_a_database_is_opened_by_its_url(database_url: str) -> None:
    async with open_database(database_url, Path("/nowhere")) as database:
        assert await CompositionLog(database).waiting() == 0


@pytest.mark.parametrize("way", [Database.transaction, Database.autocommit, Database.searching])
async def test_a_connection_in_use_when_the_database_closes_is_closed_when_given_back(
    database_url: str, way: Callable[[Database], AbstractAsyncContextManager[AsyncConnection]]
) -> None:
    database = connect(database_url)
    async with way(database) as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        await database.close()
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    assert driver is not None
    assert driver.closed


async def test_listening_ends_with_its_connection_though_its_end_is_cancelled_twice(
    database_url: str,
) -> None:
    database = connect(database_url)
    with database.notifications.subscribe(Channel.EVENT, "any"):
        await asyncio.wait_for(database.notifications.listening.wait(), 10)
    ending = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)
    await database.close()
    await asyncio.to_thread(wait_until_nobody_listens, database_url)


def wait_until_nobody_listens(database_url: str) -> None:
    """Wait until Postgres knows no connection that listens in this database."""
    deadline = time.monotonic() + 60
    with psycopg.connect(database_url, autocommit=True) as connection:
        while connection.execute(LISTENERS).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.01)


async def test_the_embedded_database_comes_with_its_schema_and_outlives_a_killed_postmaster(
    data_dir: Path,
) -> None:
    async with open_database(None, data_dir) as database:
        log = CompositionLog(database)
        first = NewEvent("", "accepted", "accepted", b"kept")
        name = (await log.create(NewComposition(b"", events=(first,)))).record.id
        data = data_dir / "postgres" / "data"
        pid = postmaster.pid_of(data)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(wait_for_another, data, pid)
        assert [row.body for row in await log.read(name)] == [b"kept"]
    assert not postmaster.is_alive(data)


def wait_for_another(data: Path, pid: int) -> None:
    """Wait until a postmaster with another pid runs and answers."""
    deadline = time.monotonic() + 60
    while postmaster.pid_of(data) == pid or not postmaster.is_alive(data):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    EmbeddedPostgres(data.parent).start().close()


async def test_listening_goes_on_after_its_connection_was_cut(database: Database) -> None:
    log = CompositionLog(database)
    name = (await log.create(NewComposition(b""))).record.id
    lease = await log.take(name, "worker")
    rows = log.watch(name, heartbeat_seconds=0.01)
    assert await anext(rows) is None
    await asyncio.wait_for(database.notifications.listening.wait(), 10)
    async with database.transaction() as connection:
        await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        )
    await log.append(lease, NewEvent("draft", "1", "text_delta", b"heard"))
    async with asyncio.timeout(20):
        while (row := await anext(rows)) is None:
            pass
    assert row.body == b"heard"
    await rows.aclose()  # type: ignore[attr-defined]


async def test_vectors_come_back_as_they_went_in_within_sixteen_bits(database: Database) -> None:
    vector = unit(np.random.default_rng(1).normal(size=48))
    async with database.transaction() as connection:
        await keep(connection, "one", vector)
        query = select(embedding.c.vector).where(embedding.c.reference == "one")
        found = (await connection.execute(query)).scalar_one()
    assert (found.dtype, found.shape) == (np.float32, (48,))
    np.testing.assert_allclose(found, vector, atol=5e-4)


async def test_the_index_of_a_space_is_used_and_finds_the_nearest(database: Database) -> None:
    numbers = np.random.default_rng(2)
    rows = {f"near{i}": unit(numbers.normal(size=16)) for i in range(50)}
    wanted = unit(numbers.normal(size=16))
    nearest = sorted(rows, key=lambda name: -float(rows[name] @ wanted))[:3]
    async with database.transaction() as connection:
        for name, vector in rows.items():
            await keep(connection, name, vector, SPACE)
        await vectors.create_index(connection, SPACE, 16)
        await vectors.create_index(connection, SPACE, 16)
        await connection.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"))
        order = vectors.distance(embedding.c.vector, wanted)
        query = (
            select(embedding.c.reference, (-order).label("cosine"))
            .where(embedding.c.space == text(f"'{SPACE}'"))
            .order_by(order)
            .limit(3)
        )
        found = (await connection.execute(query)).all()
        compiled = query.compile(connection.sync_connection, compile_kwargs={"literal_binds": True})
        plan = "\n".join((await connection.execute(text(f"EXPLAIN {compiled}"))).scalars())
    assert [row.reference for row in found] == nearest
    np.testing.assert_allclose(found[0].cosine, rows[nearest[0]] @ wanted, atol=2e-3)
    assert vectors.index_name(SPACE) in plan


def test_a_matrix_is_no_vector() -> None:
    with pytest.raises(ValueError, match=r"^expected ndim to be 1$"):
        vectors.to_text(np.zeros((2, 2), np.float32))


def unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


async def keep(connection: object, name: str, vector: np.ndarray, space: str = "other") -> None:
    """A reference with its embedding."""
    fields = {"title": name, "source": "test", "licence": "none", "content_hash": name}
    await connection.execute(insert(reference).values(id=name, **fields))  # type: ignore[attr-defined]
    await connection.execute(  # type: ignore[attr-defined]
        insert(embedding).values(reference=name, space=space, kind=EmbeddingKind.CAPTION, vector=vector)
    )
