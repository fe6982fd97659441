"""The library is filled once, whole, whatever interrupts it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
from sample_tunes import BROKEN, sample_tunes
from sqlalchemy import text
from word_embedder import DIMENSIONS, WordEmbedder

from hartmann.library.ingest import ledger
from hartmann.library.ingest.corpus import SOURCE, fill_library, is_complete
from hartmann.library.repository import PostgresLibrary
from hartmann.storage.database import Database, connect

pytestmark = pytest.mark.integration

CHILD = Path(__file__).with_name("filling_child.py")


@pytest.fixture(autouse=True)
async def _empty_library(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("TRUNCATE reference, library_ingest, library_file CASCADE"))


@pytest.fixture
async def other_database(database_url: str) -> AsyncIterator[Database]:
    """The same database, as another process would open it."""
    opened = connect(database_url)
    yield opened
    await opened.close()


def no_tunes() -> NoReturn:
    raise AssertionError("the corpus was read again")


async def fill(database: Database, embedder: WordEmbedder | None = None) -> None:
    await fill_library(database, embedder or WordEmbedder(), tunes=sample_tunes, batch_tunes=16, processes=1)


async def contents(database: Database) -> list[tuple[str, str, str, str]]:
    """Every piece with its texts and the digest of its vector, in the order of ids."""
    statement = """
        SELECT id, content_hash, md5(caption || abc), md5(CAST(vector AS text)) FROM reference
        JOIN reference_text ON reference_text.reference = id JOIN embedding ON embedding.reference = id ORDER BY id
    """
    async with database.transaction() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def refusals(database: Database) -> dict[str, str]:
    """Every refused file and the reason."""
    async with database.transaction() as connection:
        return {refused.name: refused.reason async for refused in ledger.refused(connection, SOURCE)}


async def test_every_tune_is_stored_or_refused_with_its_reason(database: Database) -> None:
    filling = await fill_library(database, WordEmbedder(), tunes=sample_tunes, batch_tunes=16, processes=1)
    assert filling.pieces + filling.rejected == len(sample_tunes())
    refused = await refusals(database)
    assert refused.keys() >= {tune.id for tune in BROKEN}
    assert all(refused.values())
    assert len(await contents(database)) == filling.pieces


async def test_progress_ends_with_all_tunes_done(database: Database) -> None:
    seen: list[tuple[int, int, int]] = []
    filling = await fill_library(
        database,
        WordEmbedder(),
        lambda *progress: seen.append(progress),
        tunes=sample_tunes,
        batch_tunes=16,
        processes=1,
    )
    total = len(sample_tunes())
    assert seen[0] == (0, total, 0)
    assert seen[-1] == (total, total, filling.rejected)
    assert [done for done, *_ in seen] == sorted(done for done, *_ in seen)


async def test_a_complete_library_is_not_read_again(database: Database) -> None:
    await fill(database)
    filling = await fill_library(database, WordEmbedder(), tunes=no_tunes)
    assert (filling.pieces, filling.embedded_anew) == (0, 0)


async def test_what_was_removed_comes_back_only_when_asked_for(database: Database) -> None:
    await fill(database)
    before = await contents(database)
    await PostgresLibrary(database).remove([before[0][0], before[1][0]])
    await fill_library(database, WordEmbedder(), tunes=no_tunes)
    after_a_start = await contents(database)
    filling = await fill_library(
        database, WordEmbedder(), tunes=sample_tunes, batch_tunes=16, processes=1, look_again=True
    )
    assert after_a_start == before[2:]
    assert filling.pieces == 2
    assert await contents(database) == before


async def test_a_new_embedding_space_embeds_again_without_reading_again(database: Database) -> None:
    await fill(database)
    newer = WordEmbedder("words/v2")
    filling = await fill_library(database, newer, tunes=no_tunes)
    stats = await PostgresLibrary(database).stats()
    assert filling.embedded_anew == stats.pieces == stats.by_space["words/v1"] == stats.by_space["words/v2"]
    assert await is_complete(database, "words/v1")
    assert await is_complete(database, "words/v2")


async def test_two_at_once_share_the_work_of_one(database: Database, other_database: Database) -> None:
    embedders = WordEmbedder(), WordEmbedder()
    await asyncio.gather(fill(database, embedders[0]), fill(other_database, embedders[1]))
    pieces = len(await contents(database))
    assert sorted(embedder.embedded for embedder in embedders) == [0, pieces]


@pytest.mark.parametrize("where", ["embedding", "recording"])
async def test_filling_killed_twice_ends_as_if_it_had_never_been_interrupted(
    database: Database, database_url: str, where: str
) -> None:
    await fill(database)
    undisturbed = await contents(database)
    async with database.transaction() as connection:
        await connection.execute(text("TRUNCATE reference, library_ingest, library_file CASCADE"))

    for batch in ("3", "5"):
        await asyncio.to_thread(kill_itself_while_filling, database_url, where, batch)
        assert not await is_complete(database, "words/v1")
    async with database.transaction() as connection:
        before = await ledger.read(connection, SOURCE)
    last = WordEmbedder()
    await fill(database, last)

    assert await contents(database) == undisturbed
    assert 0 < before.done < before.total
    assert last.embedded < len(undisturbed)


def kill_itself_while_filling(url: str, where: str, batch: str) -> None:
    """Run the child to its death; its own processes end with it."""
    died = subprocess.run(
        [sys.executable, str(CHILD), url, where, batch], capture_output=True, text=True, timeout=120
    )
    assert died.returncode == -9, died.stderr
    orphans = [psutil.Process(int(pid)) for pid in died.stdout.split() if psutil.pid_exists(int(pid))]
    _, alive = psutil.wait_procs(orphans, timeout=20)
    assert not alive


async def test_vectors_have_the_embedders_dimensions(database: Database) -> None:
    await fill(database)
    async with database.transaction() as connection:
        found = await connection.execute(text("SELECT DISTINCT vector_dims(vector) FROM embedding"))
        assert found.scalars().all() == [DIMENSIONS]
