"""The same schema and the same statements on a Postgres that is not ours, on its replica, and on partitions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest
from made_library import COUNT, DIMENSIONS, IMAGE, SPACE, TEXT, K, filled, nearest, numbers
from outside_postgres import create_database, outside_postgres
from sqlalchemy import text

from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search import Query, search_statement
from hartmann.library.search_rule import SearchRule
from hartmann.storage import migrating, vectors
from hartmann.storage.database import Database, open_database

pytestmark = pytest.mark.integration

PARTITIONS = f"""
ALTER TABLE embedding RENAME TO embedding_whole;
CREATE TABLE embedding (LIKE embedding_whole INCLUDING STORAGE INCLUDING CONSTRAINTS) PARTITION BY LIST (space);
CREATE TABLE embedding_noise PARTITION OF embedding FOR VALUES IN ('{SPACE}');
CREATE TABLE embedding_others PARTITION OF embedding DEFAULT;
INSERT INTO embedding SELECT * FROM embedding_whole;
DROP TABLE embedding_whole;
ALTER TABLE embedding ADD PRIMARY KEY (reference, space, kind);
ALTER TABLE embedding ADD FOREIGN KEY (reference) REFERENCES reference (id) ON DELETE CASCADE;
"""
"""As docs/library.md says it."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an outside Postgres."""
    with outside_postgres() as found:
        yield found


@pytest.fixture(scope="module")
def url(server: str) -> str:
    """The URL of a database there with today's schema."""
    created = create_database(server, "library")
    assert migrating.upgrade(created).is_current
    return created


@pytest.fixture
async def elsewhere(url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """The database there, opened as a server opens it."""
    async with open_database(url, tmp_path) as database:
        yield database


@pytest.fixture
async def library(elsewhere: Database) -> PostgresLibrary:
    """The pieces with their vectors and an index, there."""
    library = await filled(elsewhere)
    async with elsewhere.transaction() as connection:
        await vectors.create_index(connection, SPACE, DIMENSIONS)
    return library


@pytest.fixture
async def full_url(library: PostgresLibrary, elsewhere: Database, url: str) -> str:
    """The URL of the database when it is filled and nobody is connected to it."""
    del library
    await elsewhere.close()
    return url


async def test_the_index_is_used_there_too(library: PostgresLibrary, elsewhere: Database) -> None:
    del library  # only filled
    assert (await plan(elsewhere, Query(SPACE, IMAGE, TEXT, K))).count(vectors.index_name(SPACE)) == 2


@pytest.mark.parametrize("rule", list(SearchRule))
async def test_every_rule_finds_by_the_index_what_it_finds_exactly(
    library: PostgresLibrary, rule: SearchRule
) -> None:
    found, exact = [
        numbers(await library.search(Query(SPACE, IMAGE, TEXT, K, rule=rule, exact=exact)))
        for exact in (False, True)
    ]
    assert len(set(found) & set(exact)) >= len(exact) - 1


async def test_filters_pass_the_same_pieces(library: PostgresLibrary) -> None:
    asked = ReferenceFilter(genre="JIG", key="g major", id_prefix="made/1")
    found = await library.search(Query(SPACE, text=TEXT, k=K, filter=asked))
    passing = np.array([i % 4 < 2 and i % 3 == 0 and 1000 <= i < 2000 for i in range(COUNT)])
    assert numbers(found) == nearest(TEXT, passing)


async def test_pages_come_in_the_same_order(library: PostgresLibrary) -> None:
    page = await library.page(after="made/0100", size=5)
    assert numbers(page) == [101, 102, 103, 104, 105]


async def test_searches_go_to_a_replica_that_takes_no_writes(
    full_url: str, server: str, tmp_path: Path
) -> None:
    first = create_database(server, "first", "library")
    replica = create_database(server, "replica", "library")
    with psycopg.connect(replica, autocommit=True) as connection:
        connection.execute("ALTER DATABASE replica SET default_transaction_read_only = on")
    best = nearest(TEXT)
    async with open_database(first, tmp_path, replica) as database:
        library = PostgresLibrary(database)
        await library.remove([f"made/{best[0]:04}"])
        found = await library.search(Query(SPACE, text=TEXT, k=K))
        stats = await library.stats()
    assert stats.pieces == COUNT - 1
    assert numbers(found) == best


async def test_the_same_statements_search_a_table_partitioned_by_space(
    full_url: str, server: str, tmp_path: Path
) -> None:
    parted = create_database(server, "parted", "library")
    with psycopg.connect(parted) as connection:
        connection.execute(PARTITIONS)
    async with open_database(parted, tmp_path) as database:
        async with database.transaction() as connection:
            await vectors.create_index(connection, SPACE, DIMENSIONS)
            await connection.execute(text("ANALYZE"))
        library = PostgresLibrary(database)
        found = await library.search(Query(SPACE, IMAGE, TEXT, K))
        exact = await library.search(Query(SPACE, IMAGE, TEXT, K, exact=True))
        indexed = await plan(database, Query(SPACE, text=TEXT, k=K))
        assert (await library.stats()).indexed == (SPACE,)
    assert "on embedding_noise" in indexed
    assert "<#>" in indexed.partition("Order By:")[2]
    assert len(set(numbers(found)) & set(numbers(exact))) >= len(exact) - 1


async def plan(database: Database, query: Query) -> str:
    """How Postgres would answer."""
    statement, values = search_statement(query)
    async with database.searching() as connection:
        return "\n".join((await connection.execute(text(f"EXPLAIN {statement}"), values)).scalars())
