"""An index of single bits with re-ranking: what it costs and what it finds.

`binary_quantize` keeps the sign of each number, less the mean: CLIP's vectors all lie in one direction, and signs
about zero would hardly differ. 768 dimensions take 96 bytes instead of 1,536. The nearest by Hamming distance are
candidates; their vectors as stored decide.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import text
from synthetic_library import DIMENSIONS, SPACE, Vectors

from hartmann.storage.database import Database
from hartmann.storage.vectors import Reals

K = 10
NAME = "embedding_bits"
MOST_EF = 1000

_CREATE = f"""
CREATE INDEX {NAME} ON embedding
USING hnsw ((binary_quantize(vector::halfvec({DIMENSIONS}) - {{mean}})::bit({DIMENSIONS})) bit_hamming_ops)
WITH (m = 16, ef_construction = 128) WHERE space = '{SPACE}'
"""

_SEARCH = f"""
WITH asked AS MATERIALIZED (SELECT CAST(CAST(:asked AS real[]) AS halfvec({DIMENSIONS})) AS vector),
near AS MATERIALIZED (
    SELECT reference, vector FROM embedding WHERE space = '{SPACE}'
    ORDER BY binary_quantize(vector::halfvec({DIMENSIONS}) - {{mean}})::bit({DIMENSIONS})
        <~> (SELECT binary_quantize(vector - {{mean}})::bit({DIMENSIONS}) FROM asked)
    LIMIT {{candidates}}
)
SELECT reference FROM near ORDER BY vector <#> (SELECT vector FROM asked) LIMIT {K}
"""


async def bench_binary(
    database: Database, rows: Vectors, queries: Vectors, expected: Sequence[Sequence[str]]
) -> None:
    """Print size, time to build, and recall and time for several numbers of candidates."""
    mean = _literal(rows[:20_000].mean(axis=0))
    started = time.perf_counter()
    async with database.transaction() as connection:
        await connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        await connection.exec_driver_sql(_CREATE.format(mean=mean))
    seconds = time.perf_counter() - started
    async with database.autocommit() as connection:
        size = await connection.execute(text(f"SELECT pg_relation_size('{NAME}') / 2 ^ 20"))
        print(f"index of bits: {size.scalar_one():,.0f} MiB, built in {seconds:.1f} s")
    for candidates in (40, 100, 200, 400, 800):
        statement = _SEARCH.format(mean=mean, candidates=candidates)
        found, times = await _ask(database, statement, queries, candidates)
        share = np.mean([len({*a} & {*b}) / K for a, b in zip(found, expected, strict=True)])
        print(
            f"bits, {candidates} candidates re-ranked: recall@{K} {share:.4f}, p50 {median(times):.2f} ms (ids alone)"
        )
    async with database.transaction() as connection:
        await connection.execute(text(f"DROP INDEX {NAME}"))


async def _ask(
    database: Database, statement: str, queries: Vectors, candidates: int
) -> tuple[list[list[Any]], list[float]]:
    found, times = [], []
    async with database.searching() as connection:
        await connection.execute(text(f"SET hnsw.ef_search = {min(MOST_EF, max(100, candidates))}"))
        for turn in range(2):  # the first warms
            found, times = [], []
            for query in queries[: len(queries) if turn else 30]:
                started = time.perf_counter()
                rows = await connection.execute(text(statement), {"asked": Reals(query)})
                found.append([row.reference for row in rows])
                times.append(1000 * (time.perf_counter() - started))
        await connection.execute(text("SET hnsw.ef_search = 100"))
    return found, times


def _literal(vector: Vectors) -> str:
    numbers = ",".join(f"{number:.5g}" for number in vector)
    return f"CAST('[{numbers}]' AS halfvec({DIMENSIONS}))"
