"""The library's first content: music21's tunes, read in once.

`fill_library` reads every tune, describes it, embeds its caption and stores it, batch by batch: reading in
processes of their own, embedding beside it, each batch in one transaction together with its number in the
ledger. So an interruption at any point costs the batches under way and nothing else, and a library that is
complete is recognised by one row. Where an earlier filling used another embedding space, the captions are
embedded again in the new one; vectors of the old space stay.

One process fills at a time, by a Postgres advisory lock; another that comes along follows the progress and
goes on when the library is complete (or takes over when the first one died: the lock falls with its
connection).
"""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.library.ingest import ledger
from hartmann.library.ingest.describing import Piece, Reject
from hartmann.library.ingest.music21_tunes import Tune, all_tunes
from hartmann.library.ingest.reading_pool import Batch, describe_batches
from hartmann.library.storing import store_pieces, store_vectors
from hartmann.storage import vectors
from hartmann.storage.database import Database

SOURCE: Final = "music21"
REVISION: Final = 1
"""Raise it when features or captions change: libraries then read the corpus again."""

BATCH_TUNES: Final = 128
INDEX_FROM: Final = 20_000
"""Vectors of a space from which an HNSW index is built. Below, exact search takes a few milliseconds too, and an
index would cost the first start seconds to gain little (bench_library.py prints both)."""

_LOCK: Final = 0x4841525421
"""The advisory lock of whoever fills the library."""
_FOLLOW_SECONDS: Final = 0.5

_MISSING_VECTORS = """
SELECT reference.id, reference_text.caption
FROM reference JOIN reference_text ON reference_text.reference = reference.id
WHERE NOT EXISTS (
    SELECT FROM embedding
    WHERE embedding.reference = reference.id AND embedding.space = :space AND embedding.kind = 'caption')
"""

OnProgress = Callable[[int, int, int], None]
"""Called with (done, total, rejected) tunes; while embedding anew with captions, and 0 rejected."""

_log = structlog.get_logger(__name__)


class CaptionEmbedder(Protocol):
    """Turns captions into unit vectors of one space: float32, shape (n, dimensions)."""

    @property
    def space(self) -> str: ...

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Filling:
    """What a filling did: pieces stored and tunes refused by this process, captions embedded anew, seconds.

    All zero when the library was complete already.
    """

    pieces: int = 0
    rejected: int = 0
    embedded_anew: int = 0
    seconds: float = 0.0


async def fill_library(
    database: Database,
    embedder: CaptionEmbedder,
    on_progress: OnProgress | None = None,
    *,
    tunes: Callable[[], Iterable[Tune]] = all_tunes,
    processes: int = 2,
    batch_tunes: int = BATCH_TUNES,
) -> Filling:
    """Bring the library to completeness, or see at once that it is complete.

    Raises:
        DatabaseUnavailable: Postgres went away.
        MissingExtra: music21 is not installed.
    """
    if await is_complete(database, embedder.space):
        return Filling()
    started = monotonic()
    report = on_progress or _silent
    async with _only_one(database, report):
        pieces = rejected = 0
        if not await _is_read(database):
            pieces, rejected = await _read_in(
                database, embedder, report, _batches(tunes(), batch_tunes), processes
            )
        embedded = await embed_missing(database, embedder, report)
        await _finish(database, embedder.space)
    filling = Filling(pieces, rejected, embedded, monotonic() - started)
    _log.info("library filled", pieces=pieces, rejected=rejected, embedded=embedded, seconds=filling.seconds)
    return filling


async def is_complete(database: Database, space: str) -> bool:
    """Whether every tune is stored and embedded in this space: one query."""
    async with database.transaction() as connection:
        return (await ledger.read(connection, SOURCE)).is_complete(fingerprint(), space)


async def embed_missing(database: Database, embedder: CaptionEmbedder, report: OnProgress) -> int:
    """Embed the captions of all pieces that have no vector in the embedder's space; returns how many."""
    async with database.transaction() as connection:
        rows = (await connection.execute(text(_MISSING_VECTORS), {"space": embedder.space})).all()
    for start in range(0, len(rows), BATCH_TUNES):
        part = rows[start : start + BATCH_TUNES]
        embedded = await embedder.embed_texts([row.caption for row in part])
        async with database.transaction() as connection:
            await store_vectors(connection, [row.id for row in part], embedder.space, embedded)
        report(start + len(part), len(rows), 0)
    return len(rows)


def fingerprint() -> str:
    """What is read and how: the installed music21 and the revision of our reading."""
    return f"music21 {importlib.metadata.version('music21')}, reading {REVISION}"


async def _read_in(
    database: Database,
    embedder: CaptionEmbedder,
    report: OnProgress,
    batches: Sequence[Batch],
    processes: int,
) -> tuple[int, int]:
    """Store every batch that the ledger does not have; returns pieces stored and tunes refused."""
    book = await _open_ledger(database, sum(len(tunes) for _, tunes in batches))
    sizes = {number: len(tunes) for number, tunes in batches}
    done, rejected, pieces, refused = book.done, book.rejected, 0, 0
    report(done, book.total, rejected)
    left = [batch for batch in batches if batch[0] not in book.batches]
    async with aclosing(describe_batches(left, processes)) as described:
        async for number, results in described:
            stored, why_not = await _store(database, embedder, number, results)
            pieces, refused = pieces + stored, refused + len(why_not)
            done += sizes[number]
            report(done, book.total, rejected + refused)
    return pieces, refused


async def _open_ledger(database: Database, total: int) -> ledger.Ledger:
    """The ledger to go on with: the one that is there when it fits, else a new one."""
    async with database.transaction() as connection:
        book = await ledger.read(connection, SOURCE)
        if book.fingerprint != fingerprint() or book.total != total:
            await ledger.begin(connection, SOURCE, fingerprint(), total)
            book = await ledger.read(connection, SOURCE)
    return book


async def _store(
    database: Database, embedder: CaptionEmbedder, number: int, results: Sequence[Piece | Reject]
) -> tuple[int, dict[str, str]]:
    """One batch: its pieces, their vectors and its line in the ledger, or nothing of it."""
    pieces = [result for result in results if isinstance(result, Piece)]
    why_not = {result.id: result.reason for result in results if isinstance(result, Reject)}
    embedded = await embedder.embed_texts([piece.caption for piece in pieces]) if pieces else None
    async with database.transaction() as connection:
        if embedded is not None:
            await store_pieces(connection, pieces)
            await store_vectors(connection, [piece.id for piece in pieces], embedder.space, embedded)
        await ledger.record(connection, SOURCE, number, len(results), why_not)
    return len(pieces), why_not


async def _finish(database: Database, space: str) -> None:
    """Build the index where it pays, then say that this space is complete."""
    async with database.transaction() as connection:
        counted = await connection.execute(
            text(
                "SELECT count(*) AS rows, max(vector_dims(vector)) AS dimensions FROM embedding WHERE space = :space"
            ),
            {"space": space},
        )
        row = counted.one()
        if row.rows >= INDEX_FROM:
            await vectors.create_index(connection, space, row.dimensions)
        await ledger.complete(connection, SOURCE, space)
    async with _lone_connection(database) as connection:
        await connection.execute(text("VACUUM ANALYZE reference, reference_text, embedding"))


async def _is_read(database: Database) -> bool:
    async with database.transaction() as connection:
        return (await ledger.read(connection, SOURCE)).is_read(fingerprint())


@asynccontextmanager
async def _only_one(database: Database, report: OnProgress) -> AsyncIterator[None]:
    """Hold the lock of filling; until it is free, report how far its holder has come."""
    async with _lone_connection(database) as connection:
        while not (await connection.execute(text(f"SELECT pg_try_advisory_lock({_LOCK})"))).scalar_one():
            book = await ledger.read(connection, SOURCE)
            report(book.done, book.total, book.rejected)
            await asyncio.sleep(_FOLLOW_SECONDS)
        try:
            yield
        finally:
            await connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))


@asynccontextmanager
async def _lone_connection(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection outside of transactions, as session locks and VACUUM need it."""
    async with database.engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


def _batches(tunes: Iterable[Tune], size: int) -> list[Batch]:
    every = list(tunes)
    return [(number, every[start : start + size]) for number, start in enumerate(range(0, len(every), size))]


def _silent(done: int, total: int, rejected: int) -> None:
    """Report to nobody."""
