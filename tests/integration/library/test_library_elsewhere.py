"""The same schema and the same statements on a Postgres that is not ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
from made_library import COUNT, DIMENSIONS, IMAGE, SPACE, TEXT, K, filled, nearest, numbers
from outside_postgres import outside_postgres
from sqlalchemy import text

from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search import Query, search_statement
from hartmann.library.search_rule import SearchRule
from hartmann.storage import migrating, vectors
from hartmann.storage.database import Database, open_database

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An outside Postgres with today's schema."""
    with outside_postgres() as found:
        assert migrating.upgrade(found).is_current
        yield found


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


@pytest.mark.parametrize("rule", list(SearchRule))
async def test_every_rule_finds_by_the_index_what_it_finds_exactly(
    library: PostgresLibrary, rule: SearchRule
) -> None:
    found, exact = [
        numbers(await library.search(Query(SPACE, IMAGE, TEXT, K, rule=rule, exact=exact)))
        for exact in (False, True)
    ]
    assert len(set(found) & set(exact)) >= len(exact) - 1


async def test_the_index_is_used_there_too(library: PostgresLibrary, elsewhere: Database) -> None:
    statement, values = search_statement(Query(SPACE, IMAGE, TEXT, K))
    async with elsewhere.searching() as connection:
        plan = "\n".join((await connection.execute(text(f"EXPLAIN {statement}"), values)).scalars())
    assert plan.count(vectors.index_name(SPACE)) == 2


async def test_filters_pass_the_same_pieces(library: PostgresLibrary) -> None:
    asked = ReferenceFilter(genre="JIG", key="g major", id_prefix="made/1")
    found = await library.search(Query(SPACE, text=TEXT, k=K, filter=asked))
    passing = np.array([i % 4 < 2 and i % 3 == 0 and 1000 <= i < 2000 for i in range(COUNT)])
    assert numbers(found) == nearest(TEXT, passing)


async def test_pages_come_in_the_same_order(library: PostgresLibrary) -> None:
    page = await library.page(after="made/0100", size=5)
    assert numbers(page) == [101, 102, 103, 104, 105]
