"""Filling: whatever a source holds comes into the library, once, whole, whatever interrupts it.

Files are read by processes of their own; beside them captions are embedded and batches stored, each in one
transaction together with what the ledger says of its files. So an interruption at any point, SIGKILL included,
costs the batches under way and nothing else: the next filling passes by what the ledger knows. A full disk fails
the batch's transaction and leaves nothing half loaded.

One process fills from a source at a time, by a Postgres advisory lock; another that comes along follows the
progress and goes on when the first is done (or takes over when it died: the lock falls with its connection).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.library.ingest import ledger
from hartmann.library.ingest.describing import Piece
from hartmann.library.ingest.embedding import CaptionEmbedder, OnProgress, embed_missing
from hartmann.library.ingest.reading_pool import Results, describe_batches
from hartmann.library.ingest.unread import Source
from hartmann.library.ingest.walking import BATCH_FILES, Batch, Walk
from hartmann.library.storing import store_pieces, store_vectors
from hartmann.storage import vector_index
from hartmann.storage.database import Database

_LOCK: Final = 0x48415254
"""With a source's hash: the advisory lock of whoever fills from it."""
_FOLLOW_SECONDS: Final = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Filling:
    """What a filling did.

    `pieces` are new or changed, `unchanged` were read before, `rejected` counts every file without a piece (also
    those refused before), `embedded_anew` vectors made for pieces that had none in this space. All zero when a
    source with a fingerprint was complete already.
    """

    pieces: int = 0
    unchanged: int = 0
    rejected: int = 0
    embedded_anew: int = 0
    seconds: float = 0.0


@dataclass
class _Tally:
    """Counts as they grow."""

    total: int
    walked: int = 0
    pieces: int = 0
    unchanged: int = 0
    rejected: int = 0


async def fill(
    database: Database,
    source: Source,
    embedder: CaptionEmbedder,
    on_progress: OnProgress | None = None,
    *,
    processes: int = 0,
    batch_files: int = BATCH_FILES,
    index_from: int = vector_index.INDEX_FROM,
    look_again: bool = False,
) -> Filling:
    """Bring in everything that the source holds and the library lacks; give every piece its vectors; index.

    `processes` read files, 0 means one for each core. `look_again` walks also over a source whose fingerprint says that
    all of it has been read, as when pieces were removed since.

    Raises:
        DatabaseUnavailable: Postgres went away, or its disk is full.
    """
    started = monotonic()
    report = on_progress or _silent
    async with _only_one(database, source.name, report):
        tally = _Tally(source.total)
        if look_again or not await _is_read(database, source):
            await _read_in(database, source, embedder, report, tally, processes or cores(), batch_files)
        embedded = await embed_missing(database, embedder, report)
        await vector_index.ensure_index(database, embedder.space, index_from=index_from)
        async with database.transaction() as connection:
            await ledger.complete(connection, source.name, embedder.space)
        if tally.pieces or embedded:
            await tidy(database)
    filling = Filling(tally.pieces, tally.unchanged, tally.rejected, embedded, monotonic() - started)
    _log.info("library filled", source=source.name, pieces=filling.pieces, rejected=filling.rejected)
    return filling


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def tidy(database: Database) -> None:
    """Let Postgres learn what the library's tables hold now, and reuse what was deleted."""
    async with database.autocommit() as connection:
        await connection.execute(
            text("VACUUM ANALYZE reference, reference_text, reference_picture, embedding, library_file")
        )


async def _is_read(database: Database, source: Source) -> bool:
    async with database.transaction() as connection:
        return (await ledger.read(connection, source.name)).is_read(source.fingerprint)


async def _read_in(
    database: Database,
    source: Source,
    embedder: CaptionEmbedder,
    report: OnProgress,
    tally: _Tally,
    processes: int,
    batch_files: int,
) -> None:
    """Walk over the source and store what is new in it."""
    async with database.transaction() as connection:
        known = await ledger.known_files(connection, source.name)
        await ledger.begin(connection, source.name, source.fingerprint, source.total)
        if source.total - len(known) > await vector_index.size(connection, embedder.space):
            await vector_index.drop_index(connection, embedder.space)
    walk = Walk(known, batch_files)
    report(0, tally.total, 0)
    async with aclosing(describe_batches(walk.batches(source.files()), processes)) as described:
        async for batch, results in described:
            await _store(database, source.name, embedder, batch, results, tally)
            report(tally.walked, max(tally.total, tally.walked), tally.rejected)
    await _end_walk(database, source.name, walk)


async def _store(
    database: Database,
    source: str,
    embedder: CaptionEmbedder,
    batch: Batch,
    results: Results,
    tally: _Tally,
) -> None:
    """One batch: its pieces, their vectors and what became of its files, or nothing of it."""
    pieces = [result for result in results if isinstance(result, Piece)]
    files = _records(batch, results)
    refused = len(files) - len(pieces) + batch.known_refused
    embedded = await embedder.embed_texts([piece.caption for piece in pieces]) if pieces else None
    async with database.transaction() as connection:
        if embedded is not None:
            tally.pieces += await store_pieces(connection, pieces)
            await store_vectors(connection, [piece.id for piece in pieces], embedder.space, embedded)
        await ledger.record(connection, source, files, batch.walked, refused)
    tally.walked += batch.walked
    tally.unchanged += batch.known - batch.known_refused
    tally.rejected += refused


def _records(batch: Batch, results: Results) -> Sequence[ledger.FileRecord]:
    """What became of the batch's files, those refused unread included."""
    read = [
        ledger.FileRecord(name, file.digest, reference=result.id)
        if isinstance(result, Piece)
        else ledger.FileRecord(name, file.digest, reason=result.reason)
        for (name, file), result in zip(batch.unread.items(), results, strict=True)
    ]
    return [*read, *(ledger.FileRecord(reject.id, reason=reject.reason) for reject in batch.refused)]


async def _end_walk(database: Database, source: str, walk: Walk) -> None:
    """Strike refusals of files that are gone: mended, renamed or taken away."""
    gone = [name for name, known in walk.unseen.items() if known.refused]
    if gone:
        async with database.transaction() as connection:
            await ledger.forget_refusals(connection, source, gone)


@asynccontextmanager
async def _only_one(database: Database, source: str, report: OnProgress) -> AsyncIterator[None]:
    """Hold the lock of a source; until it is free, report how far its holder has come."""
    values = {"lock": _LOCK, "source": source}
    async with database.autocommit() as connection:
        while not await _got(connection, "SELECT pg_try_advisory_lock(:lock, hashtext(:source))", values):
            book = await ledger.read(connection, source)
            report(book.done, book.total, book.rejected)
            await asyncio.sleep(_FOLLOW_SECONDS)
        try:
            yield
        finally:
            await _got(connection, "SELECT pg_advisory_unlock(:lock, hashtext(:source))", values)


async def _got(connection: AsyncConnection, statement: str, values: dict[str, object]) -> bool:
    return bool((await connection.execute(text(statement), values)).scalar_one())


def _silent(done: int, total: int, rejected: int) -> None:
    """Report to nobody."""
