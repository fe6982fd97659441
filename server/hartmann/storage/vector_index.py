"""The HNSW index of a space: when there is one, how it is built, and how it is warmed.

Small spaces have none: exact search takes a few milliseconds there. Building wants the graph in memory
(`maintenance_work_mem`), beyond which it slows down many times; a parallel build shares that memory between
processes in /dev/shm, which containers often keep at 64 MB, so where that fails (Postgres calls it a full disk) the
index is built serially. A new index is read from disk page by page at first: some searches warm it.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.errors import DatabaseFull
from hartmann.storage import vectors
from hartmann.storage.database import Database

INDEX_FROM: Final = 5_000
"""Vectors of `INDEX_DIMENSIONS` from which an HNSW index is built; of shorter ones it takes as many more. Below, exact
search takes 3 ms too, and an index would cost the first start seconds to gain little (bench_library.py prints both)."""
INDEX_DIMENSIONS: Final = 768
WARMING_SEARCHES: Final = 200
"""About a second at 168,385 × 768; searches of an index that is not in memory take three times as long."""
MOST_MEMORY: Final = 1024
"""MiB that building may take; 168,385 × 768 needs about 550."""

_SIZE: Final = """
SELECT count(*) AS rows, max(vector_dims(vector)) AS dimensions FROM embedding WHERE space = :space
"""
OUT_OF_MEMORY: Final = "53200"
"""SQLSTATE."""

_log = structlog.get_logger(__name__)


async def ensure_index(
    database: Database, space: str, *, index_from: int = INDEX_FROM, most_memory: int = MOST_MEMORY
) -> bool:
    """Build the index of a space that has enough vectors for one and none yet, and warm it; says whether it is there.

    `most_memory` MiB may be taken to build it.

    Raises:
        DatabaseUnavailable: Postgres went away.
    """
    async with database.transaction() as connection:
        size = (await connection.execute(text(_SIZE), {"space": space})).one()
    if size.rows == 0 or size.rows * size.dimensions < index_from * INDEX_DIMENSIONS:
        return False
    memory = min(most_memory, build_memory(size.rows, size.dimensions))
    try:
        await _build(database, space, size.dimensions, memory, parallel=True)
    except (DBAPIError, DatabaseFull) as error:
        if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") != OUT_OF_MEMORY:
            raise
        _log.info("index is built serially", space=space, reason=str(error).splitlines()[0])
        await _build(database, space, size.dimensions, memory, parallel=False)
    await warm(database, space, size.dimensions)
    return True


async def size(connection: AsyncConnection, space: str) -> int:
    """How many vectors a space has."""
    return int((await connection.execute(text(_SIZE), {"space": space})).one().rows)


async def drop_index(connection: AsyncConnection, space: str) -> None:
    """Do without the index for now, as before loading more vectors than it holds: building it anew afterwards takes
    less than growing it a vector at a time. Until then search is exact."""
    await connection.execute(text(f"DROP INDEX IF EXISTS {vectors.index_name(space)}"))


async def warm(database: Database, space: str, dimensions: int) -> None:
    """Bring the index into memory by searching for vectors that are there."""
    quoted = space.replace("'", "''")  # spelled out: a plan for any space could not use this one's index
    near = (
        f"SELECT reference FROM embedding WHERE space = '{quoted}' ORDER BY (vector::halfvec({dimensions})) <#> "
        f"(SELECT vector::halfvec({dimensions}) FROM embedding WHERE space = '{quoted}' AND reference = :at LIMIT 1) "
        "LIMIT 10"
    )
    async with database.transaction() as connection:
        found = await connection.execute(
            text("SELECT reference FROM embedding WHERE space = :space ORDER BY random() LIMIT :searches"),
            {"space": space, "searches": WARMING_SEARCHES},
        )
        for place in found.scalars().all():
            await connection.execute(text(near), {"at": place})


def build_memory(rows: int, dimensions: int) -> int:
    """MiB for a graph of so many vectors: two bytes a number and about 900 for links and bookkeeping (m = 16)."""
    return max(64, rows * (2 * dimensions + 900) * 5 // 4 // 2**20)


async def _build(database: Database, space: str, dimensions: int, memory: int, *, parallel: bool) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(f"SET LOCAL maintenance_work_mem = '{memory}MB'"))
        if not parallel:
            await connection.execute(text("SET LOCAL max_parallel_maintenance_workers = 0"))
        await vectors.create_index(connection, space, dimensions)
