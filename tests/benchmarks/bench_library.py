"""How fast and how exactly the library is searched, beside FAISS and exact search in the same run.

    python tests/benchmarks/bench_library.py [--pieces 10000] [--grow 3000,30000] [--clients 16] [--binary] [--url URL]

Makes a library of real captions and ABC texts of the corpus with made-up vectors of 768 dimensions (see
`synthetic_library.py`), and prints what loading and indexing cost; recall and time of searches by a text against
FAISS's `IndexFlatIP` over the same vectors in memory (which returns row numbers alone), one thread each; by picture
and text together under each rule, captions and ABC returned; under filters of several widths; with many clients at
once; and, with `--grow`, how the median grows with the library, `--binary`, what an index of single bits with
re-ranking gives. All searches are whole calls of `PostgresLibrary.search`. MidiCaps is `--pieces 168385`.

The database is an embedded one made for the occasion, or an empty one at URL. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

import faiss
import numpy as np
from binary_index import bench_binary
from synthetic_library import (
    NEIGHBOURHOODS,
    SHARES,
    SPACE,
    Distribution,
    Made,
    Vectors,
    build_index,
    load,
    make,
    name_of,
    store_real_pieces,
)

from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search import Query
from hartmann.library.search_rule import SearchRule
from hartmann.storage import vector_index
from hartmann.storage.database import Database, open_database

K = 10
WARMING = 300
QUERIES = 200
REAL_PIECES = 600
"""Of the corpus, in a small run; at a hundred thousand pieces and more the whole corpus is read."""

Search = Callable[[int], Awaitable[Sequence[str]]]


async def main(options: argparse.Namespace) -> None:
    """Load, index, search; then the larger libraries, if any."""
    with tempfile.TemporaryDirectory(prefix="h", dir="/tmp") as folder:
        async with open_database(options.url, Path(folder)) as database:
            sizes = sorted({options.pieces, *options.grow})
            await store_real_pieces(database, REAL_PIECES if sizes[-1] < 100_000 else 100_000)
            made, medians = make(sizes[-1]), {}
            for before, size in zip([0, *sizes], sizes, strict=False):
                print(f"\n{size:,} × {made.rows.shape[1]}")
                here = Made(made.rows[:size], made.genres[:size], made.neighbourhoods[:size])
                await fill(database, here, before)
                bench = Bench(database, here)
                await bench.warm_up()
                medians[size] = await bench.by_text()
                if size == options.pieces:
                    await bench.by_picture_and_text()
                    await bench.filtered()
                    await bench.many_clients(options.clients)
                    if options.binary:
                        await bench_binary(
                            database, here.rows, bench.texts, [bench.exact[i] for i in range(QUERIES)]
                        )
            if len(sizes) > 1:
                print(
                    "\ngrowth of the median, ms: " + ", ".join(f"{n:,} → {t:.2f}" for n, t in medians.items())
                )


async def fill(database: Database, made: Made, before: int) -> None:
    """Add what is new, and have the index that the program would have."""
    async with database.transaction() as connection:
        await vector_index.drop_index(connection, SPACE)
    await load(database, made, before)
    await build_index(database)


class Bench:
    """Searches of one library, with what they ought to find."""

    def __init__(self, database: Database, made: Made) -> None:
        self.library = PostgresLibrary(database)
        self.made = made
        distribution = Distribution.make()
        self.texts = distribution.draw(QUERIES, seed=-1 % 2**32)[0]
        self.images = distribution.draw(QUERIES, seed=-1 % 2**32, pictures=True)[0]
        self.exact = self.nearest(self.texts, np.arange(len(made.rows)))

    async def warm_up(self) -> None:
        """Searches for other things than those that are measured."""
        distribution = Distribution.make()
        images, texts = (distribution.draw(WARMING, seed=5, pictures=p)[0] for p in (True, False))
        for image, words in zip(images, texts, strict=True):
            await self.library.search(Query(SPACE, image, words, K))

    def nearest(self, queries: Vectors, passing: np.ndarray) -> list[list[str]]:
        """The ids of the K nearest of the pieces numbered `passing`, by arithmetic."""
        best = (
            np.argsort(-(queries @ self.made.rows[passing].T), axis=1)[:, :K] if len(passing) < 1e5 else None
        )
        if best is None:
            best = np.stack([self._best(query, passing) for query in queries])
        return [[name_of(int(passing[i])) for i in row] for row in best]

    def _best(self, query: Vectors, passing: np.ndarray) -> np.ndarray:
        cosines = (
            self.made.rows[passing] @ query if len(passing) < len(self.made.rows) else self.made.rows @ query
        )
        some = np.argpartition(-cosines, K)[:K]
        return some[np.argsort(-cosines[some])]

    async def by_text(self) -> float:
        """One side, against FAISS; returns the median in milliseconds."""
        found, times = await timed(lambda i: self.ids(Query(SPACE, text=self.texts[i], k=K)), QUERIES)
        print(
            f"by a text: recall@{K} {recall(found, self.exact):.4f}, {shown(times)}; to hold: ≥ 0.995, ≤ 3 ms"
        )
        index = faiss.IndexFlatIP(self.made.rows.shape[1])
        faiss.omp_set_num_threads(1)
        index.add(self.made.rows)

        async def flat(i: int) -> list[str]:
            return [name_of(int(n)) for n in index.search(self.texts[i : i + 1], K)[1][0]]

        _, flat_times = await timed(flat, QUERIES // 2)
        times_faster = median(flat_times) / median(times)
        print(
            f"FAISS IndexFlatIP, one thread: {shown(flat_times)}: {times_faster:.1f} times as long; to hold: ≥ 8"
        )
        return median(times)

    async def by_picture_and_text(self) -> None:
        """Both sides, under each rule."""
        every = np.arange(len(self.made.rows))
        by_image = self.nearest(self.images, every)
        united = [list({*a, *b}) for a, b in zip(by_image, self.exact, strict=True)]
        for rule in SearchRule:
            found, times = await timed(lambda i, rule=rule: self.ids(self.both(i, rule)), QUERIES)
            expected = united
            if rule is not SearchRule.UNITED:
                expected = await self._exactly(rule)
            told = f"shares {recall(found, expected):.4f} with the exact search"
            print(f"picture and text, {rule}: {shown(times)}; {told}; to hold: ≤ 8 ms")

    def both(self, i: int, rule: SearchRule, *, exact: bool = False) -> Query:
        """A search by the picture and the text of a number."""
        return Query(SPACE, self.images[i], self.texts[i], K, rule=rule, exact=exact)

    async def _exactly(self, rule: SearchRule) -> list[Sequence[str]]:
        return [await self.ids(self.both(i, rule, exact=True)) for i in range(QUERIES // 4)]

    async def filtered(self) -> None:
        """Filters of several widths, and one that passes a neighbourhood that most queries lie outside of."""
        for genre, of_thousand in SHARES.items():
            passing = np.nonzero(self.made.genres == genre)[0]
            await self._filtered(f"{of_thousand / 10:g} % pass", ReferenceFilter(genre=genre), passing)
        passing = np.nonzero(self.made.neighbourhoods == NEIGHBOURHOODS - 1)[0]
        name = f"{100 * len(passing) / len(self.made.rows):.1f} % that lie together pass"
        await self._filtered(name, ReferenceFilter(source=f"neighbourhood {NEIGHBOURHOODS - 1}"), passing)

    async def _filtered(self, name: str, asked: ReferenceFilter, passing: np.ndarray) -> None:
        queries = QUERIES // 2
        expected = self.nearest(self.texts[:queries], passing)
        found, times = await timed(
            lambda i: self.ids(Query(SPACE, text=self.texts[i], k=K, filter=asked)), queries
        )
        share = recall(found, expected)
        print(
            f"filter, {name} ({len(passing):,}): recall {share:.4f}, {shown(times)}; to hold: ≥ 0.98, ≤ 80 ms"
        )

    async def many_clients(self, clients: int) -> None:
        """So many at once, each searching by picture and text again and again."""
        times: list[float] = []
        errors: list[Exception] = []

        async def client(number: int) -> None:
            for turn in range(QUERIES // 4):
                started = time.perf_counter()
                try:
                    await self.ids(self.both((number * 7 + turn) % QUERIES, SearchRule.UNITED))
                except Exception as error:
                    errors.append(error)
                times.append(1000 * (time.perf_counter() - started))

        await asyncio.gather(
            *(client(number) for number in range(clients))
        )  # connections open, statements planned
        times.clear()
        started = time.perf_counter()
        await asyncio.gather(*(client(number) for number in range(clients)))
        rate = len(times) / (time.perf_counter() - started)
        print(
            f"{clients} clients at once: {rate:.0f} searches/s, {shown(times)}, {len(errors)} errors {errors[:1]}"
        )

    async def ids(self, query: Query) -> list[str]:
        """What a search finds."""
        return [reference.id for reference in await self.library.search(query)]


async def timed(search: Search, count: int) -> tuple[list[Sequence[str]], list[float]]:
    """Results and milliseconds of `count` searches, after five that prepare the statement."""
    for i in range(5):
        await search(i)
    results, times = [], []
    for i in range(count):
        started = time.perf_counter()
        results.append(await search(i))
        times.append(1000 * (time.perf_counter() - started))
    return results, times


def recall(found: Sequence[Sequence[str]], expected: Sequence[Sequence[str]]) -> float:
    """The mean share of what was to be found that was."""
    return float(np.mean([len({*a} & {*b}) / len(b) for a, b in zip(found, expected, strict=False)]))


def shown(times: Sequence[float]) -> str:
    """The median and the tail."""
    tail = quantiles(times, n=100)
    return f"p50 {median(times):.2f} ms, p95 {tail[94]:.2f}, p99 {tail[98]:.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    numbers = lambda text: [int(part) for part in text.split(",") if part]  # noqa: E731
    parser.add_argument("--pieces", type=int, default=10_000, help="how large the library is, such as 168385")
    parser.add_argument("--grow", type=numbers, default=[], help="other sizes, with commas between them")
    parser.add_argument("--clients", type=int, default=16, help="how many search at once")
    parser.add_argument("--binary", action="store_true", help="try an index of single bits with re-ranking")
    parser.add_argument(
        "--url", default=None, help="an empty Postgres with pgvector, instead of an embedded one"
    )
    asyncio.run(main(parser.parse_args()))
