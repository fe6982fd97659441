"""How fast the library is filled and searched, beside plain numpy in the same run.

Run as `python tests/benchmarks/bench_library.py [--scale N]`. Fills a new embedded database with the corpus and
the mini's vectors, then times warm searches (image and text together, captions and ABC returned, one round
trip) against the exact numpy search over the same vectors held in memory, which returns row numbers alone.
`--scale N` adds N clustered synthetic vectors of 768 dimensions and an HNSW index over them.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from hartmann.library.ingest.corpus import fill_library
from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search import Query
from hartmann.library.storing import store_vectors
from hartmann.storage import vectors
from hartmann.storage.database import Database, open_database
from hartmann.vision.clip import Embedder, load_embedder

K = 10
SEARCHES = 200
SYNTHETIC = "synthetic/v1"
DIMENSIONS = 768
CLUSTERS = 400

Vectors = NDArray[np.float32]


class InThread:
    """A model's embedder, awaited."""

    def __init__(self, embedder: Embedder) -> None:
        self.space = embedder.space
        self._embedder = embedder
        self.seconds = 0.0

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        started = time.perf_counter()
        rows = await asyncio.to_thread(self._embedder.embed_texts, list(texts))
        self.seconds += time.perf_counter() - started
        return rows


async def main(scale: int) -> None:
    """Fill, search, and with a scale search that too."""
    with tempfile.TemporaryDirectory(prefix="h", dir="/tmp") as folder:
        async with open_database(None, Path(folder)) as database:
            space = await bench_filling(database)
            await bench_search(database, space, exact=True)
            await bench_search(database, space, exact=False)
            if scale:
                await add_synthetic(database, scale)
                await bench_search(database, SYNTHETIC, exact=False)
                await bench_search(database, SYNTHETIC, exact=True)


async def bench_filling(database: Database) -> str:
    """Print the rate of filling; returns the space."""
    embedder = InThread(load_embedder("mini"))
    filling = await fill_library(database, embedder)
    tunes = sum(1 for _ in all_tunes())
    print(
        f"filling: {tunes} tunes, {filling.pieces} pieces, {filling.rejected} refused in {filling.seconds:.1f} s = "
        f"{tunes / filling.seconds:.0f} tunes/s (embedding busy {embedder.seconds:.1f} s)"
    )
    again = time.perf_counter()
    await fill_library(database, embedder)
    print(f"second start: {1000 * (time.perf_counter() - again):.1f} ms")
    return embedder.space


async def bench_search(database: Database, space: str, *, exact: bool) -> None:
    """Print p50 and p95 of searches and of numpy's, and the recall against numpy."""
    rows, ids = await load_vectors(database, space)
    queries = noisy_rows(rows, SEARCHES)
    library = PostgresLibrary(database)

    async def ask(i: int) -> set[str]:
        found = await library.search(Query(space, queries[i], queries[-1 - i], K, exact=exact))
        return {reference.id for reference in found}

    async def compute(i: int) -> set[str]:
        both = rows @ np.stack([queries[i], queries[-1 - i]]).T
        return {ids[j] for side in both.T for j in np.argpartition(-side, K)[:K]}

    found, times = await timed(ask)
    expected, numpy_times = await timed(compute)
    recall = np.mean([len(a & b) / len(b) for a, b in zip(found, expected, strict=True)])
    print(
        f"search {space} ({'exact' if exact else 'as planned'}), {len(ids)} × {rows.shape[1]}, image and text: "
        f"p50 {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms; numpy {median(numpy_times):.1f} ms; "
        f"shared with numpy's (copies of a tune count once here) {recall:.3f}"
    )


async def timed(call: Callable[[int], Awaitable[set[str]]]) -> tuple[list[set[str]], list[float]]:
    """Results and milliseconds of SEARCHES // 2 calls, after ten to warm up."""
    for i in range(10):
        await call(i)
    results, times = [], []
    for i in range(SEARCHES // 2):
        started = time.perf_counter()
        results.append(await call(i))
        times.append(1000 * (time.perf_counter() - started))
    return results, times


async def load_vectors(database: Database, space: str) -> tuple[Vectors, list[str]]:
    """All vectors of a space and the ids they belong to."""
    async with database.transaction() as connection:
        statement = text(
            "SELECT reference, CAST(vector AS text) AS vector FROM embedding WHERE space = :space"
        )
        found = (await connection.execute(statement, {"space": space})).all()
    return np.stack([vectors.from_text(row.vector) for row in found]), [row.reference for row in found]


async def add_synthetic(database: Database, count: int) -> None:
    """Clustered unit vectors on copies of the first pieces' texts, and their index; prints the times."""
    random = np.random.default_rng(1)
    centres = random.standard_normal((CLUSTERS, DIMENSIONS)).astype(np.float32)
    copy_pieces = (
        "INSERT INTO reference (id, title, source, licence, content_hash) "
        "SELECT 'synthetic/' || n, 'Tune ' || n, 'synthetic', 'none', '' FROM generate_series(0, :last) AS n"
    )
    copy_texts = (
        "INSERT INTO reference_text SELECT 'synthetic/' || n, caption, abc FROM (SELECT caption, abc, "
        "row_number() OVER () - 1 AS place, count(*) OVER () AS pieces FROM reference_text) AS words "
        "JOIN generate_series(0, :last) AS n ON n % pieces = place"
    )
    started = time.perf_counter()
    async with database.transaction() as connection:
        await connection.execute(text(copy_pieces), {"last": count - 1})
        await connection.execute(text(copy_texts), {"last": count - 1})
    for start in range(0, count, 10_000):
        part = range(start, min(start + 10_000, count))
        rows = centres[random.integers(0, CLUSTERS, len(part))]
        rows = rows + 0.7 * random.standard_normal(rows.shape).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        async with database.transaction() as connection:
            await store_vectors(connection, [f"synthetic/{i}" for i in part], SYNTHETIC, rows)
    loaded = time.perf_counter()
    async with database.transaction() as connection:
        await vectors.create_index(connection, SYNTHETIC, DIMENSIONS)
    print(
        f"synthetic: {count} loaded in {loaded - started:.1f} s, indexed in {time.perf_counter() - loaded:.1f} s"
    )


def noisy_rows(rows: Vectors, count: int) -> Vectors:
    """Queries like what is there, but not the same."""
    random = np.random.default_rng(2)
    chosen = rows[random.integers(0, len(rows), count)]
    noisy = chosen + 0.5 / np.sqrt(rows.shape[1]) * random.standard_normal(chosen.shape)
    return (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=int, default=0, help="synthetic vectors to add, such as 168385")
    asyncio.run(main(parser.parse_args().scale))
