"""A library as large as one likes: real captions and ABC texts of the corpus, varied, with made-up vectors.

The vectors stand in for CLIP's embeddings of captions: clusters of very different sizes (kinds of music) in a space
of few latent dimensions (those of text embeddings are some tens), lifted to 768 with noise, a direction common to
all, unit length. Queries come from the same distribution and are not in the library; those for pictures lie near
their texts' and are moved by a constant (CLIP's modality gap: V. W. Liang et al., "Mind the gap", 2022).

Genres stand for filters that pass a known share of pieces, independent of the vectors; `source` follows the clusters,
so that a filter by it passes a part of the space that lies together.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from hartmann.library.ingest.describing import Piece, describe
from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.library.storing import driver_connection, store_pieces
from hartmann.storage import vector_index, vectors
from hartmann.storage.database import Database

SPACE: Final = "synthetic/v1"
DIMENSIONS: Final = 768
CLUSTERS: Final = 2000
LATENT: Final = 48
PART: Final = 20_000
MOST_MEMORY: Final = 4096
"""MiB for building an index: what a million vectors need."""
NEIGHBOURHOODS: Final = 12
SHARES: Final = {"half": 500, "eighth": 80, "fiftieth": 20, "rare": 2}
"""Genre → pieces of every thousand; the others are `other`."""

Vectors = NDArray[np.float32]

_COPIES = """
INSERT INTO reference (id, title, source, licence, content_hash, genre, mood, key, mode, meter, instrument, tempo_bpm,
    bars, notes, valence, arousal, features)
SELECT 'synthetic/' || lpad(CAST(n AS text), 7, '0'), title, 'neighbourhood ' || neighbourhood, licence,
    md5(CAST(n AS text)), made_genre, mood, key, mode, meter, instrument, tempo_bpm, bars, notes, valence, arousal,
    features || jsonb_build_object('melody', md5(CAST(n AS text)))
FROM made JOIN real_piece ON real_piece.place = n % {total}
ON CONFLICT DO NOTHING
"""

_COPIED_TEXTS = """
INSERT INTO reference_text (reference, caption, abc)
SELECT 'synthetic/' || lpad(CAST(n AS text), 7, '0'), caption || ' Number ' || n || '.', abc || '% ' || n || chr(10)
FROM made JOIN real_piece ON real_piece.place = n % {total}
ON CONFLICT DO NOTHING
"""

_REAL = """
CREATE TEMP TABLE real_piece ON COMMIT DROP AS
SELECT reference.*, caption, abc, row_number() OVER (ORDER BY id) - 1 AS place
FROM reference JOIN reference_text ON reference = id WHERE id LIKE 'music21/%'
"""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Where vectors come from; the same for every size of library."""

    lift: Vectors
    centres: Vectors
    weights: NDArray[np.float64]
    gap: Vectors

    @staticmethod
    def make() -> Distribution:
        """Always the same one."""
        random = np.random.default_rng(0)
        lift = random.standard_normal((LATENT, DIMENSIONS)).astype(np.float32) / np.sqrt(LATENT)
        centres = random.standard_normal((CLUSTERS, LATENT)).astype(np.float32)
        weights = random.gamma(0.7, size=CLUSTERS)
        gap = 0.4 * random.standard_normal(DIMENSIONS).astype(np.float32)
        return Distribution(lift.astype(np.float32), centres, weights / weights.sum(), gap)

    def draw(self, count: int, seed: int, *, pictures: bool = False) -> tuple[Vectors, NDArray[np.int64]]:
        """Unit vectors, shape (count, 768), and the cluster of each."""
        random = np.random.default_rng(seed)
        cluster = random.choice(CLUSTERS, count, p=self.weights)
        latent = self.centres[cluster] + 0.5 * random.standard_normal((count, LATENT), np.float32)
        if pictures:  # of the same things as the texts of this seed, seen otherwise
            latent += 0.5 * random.standard_normal((count, LATENT), np.float32)
        rows = latent @ self.lift + 0.15 * random.standard_normal((count, DIMENSIONS), np.float32) + 0.6
        rows = rows + self.gap if pictures else rows
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows.astype(np.float32), cluster


@dataclass(frozen=True, slots=True)
class Made:
    """What is in the library: vectors as stored (rounded to 16 bits), and by which filters each passes."""

    rows: Vectors
    genres: NDArray[np.str_]
    neighbourhoods: NDArray[np.int64]


def make(count: int) -> Made:
    """`count` vectors with genres and neighbourhoods."""
    distribution = Distribution.make()
    rows = np.empty((count, DIMENSIONS), np.float32)
    clusters = np.empty(count, np.int64)
    for start in range(0, count, PART):
        part = slice(start, min(count, start + PART))
        drawn, clusters[part] = distribution.draw(part.stop - start, seed=1 + start)
        rows[part] = drawn.astype(np.float16)
    place = np.random.default_rng(3).permutation(count) % 1000
    bounds = np.cumsum(list(SHARES.values()))
    names = np.array([*SHARES, "other"])
    return Made(rows, names[np.searchsorted(bounds, place, side="right")], clusters % NEIGHBOURHOODS)


async def store_real_pieces(database: Database, count: int) -> int:
    """Store the corpus's first tunes as pieces without vectors; returns how many."""
    described = map(describe, islice(all_tunes(), count))
    pieces = [piece for piece in described if isinstance(piece, Piece)]
    async with database.transaction() as connection:
        return await store_pieces(connection, pieces)


async def load(database: Database, made: Made, start: int = 0) -> None:
    """Store what was made from number `start` on: pieces and texts by SQL from the real ones, vectors by COPY."""
    numbers = range(start, len(made.rows))
    began = time.perf_counter()
    async with database.transaction() as connection:
        raw = await driver_connection(connection)
        await raw.execute("CREATE TEMP TABLE made (n int, made_genre text, neighbourhood int) ON COMMIT DROP")
        async with raw.cursor() as cursor, cursor.copy("COPY made FROM STDIN") as copy:
            for n in numbers:
                await copy.write_row((n, str(made.genres[n]), int(made.neighbourhoods[n])))
        total = (await raw.execute(_REAL)).rowcount
        await raw.execute("ANALYZE made, real_piece")
        for statement in (_COPIES, _COPIED_TEXTS):
            await raw.execute(statement.format(total=total))
    texts = time.perf_counter()
    async with database.transaction() as connection:
        raw = await driver_connection(connection)
        async with raw.cursor() as cursor:
            statement = "COPY embedding (reference, space, kind, vector) FROM STDIN (FORMAT binary)"
            async with cursor.copy(statement) as copy:
                names = (name_of(n) for n in numbers)
                for part in vectors.copy_file(names, SPACE, "caption", made.rows[start:]):
                    await copy.write(part)
    done = time.perf_counter()
    rate = len(numbers) / (done - texts)
    print(
        f"loaded {len(numbers):,}: texts {texts - began:.1f} s, vectors {done - texts:.1f} s ({rate:,.0f} rows/s)"
    )


async def build_index(database: Database) -> None:
    """Build and warm the index that the program would have, and say how long that took and how large it is."""
    began = time.perf_counter()
    has_one = await vector_index.ensure_index(database, SPACE, most_memory=MOST_MEMORY)
    built = time.perf_counter()
    async with database.autocommit() as connection:
        await connection.execute(text("VACUUM ANALYZE reference, reference_text, embedding"))
        if not has_one:
            print("too few for an index: compared one by one")
            return
        size = await connection.execute(
            text("SELECT pg_relation_size(:index) / 2 ^ 20, pg_total_relation_size('embedding') / 2 ^ 20"),
            {"index": vectors.index_name(SPACE)},
        )
        index, table = size.one()
    print(
        f"indexed in {built - began:.1f} s ({index:,.0f} MiB; with its table {table:,.0f} MiB); "
        f"vacuumed in {time.perf_counter() - built:.1f} s"
    )


def name_of(number: int) -> str:
    """The id of a made piece."""
    return f"synthetic/{number:07}"
