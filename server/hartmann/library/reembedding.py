"""Re-embedding: another CLIP model takes over, without a moment in which the library can't be searched.

Vectors of the new space are made beside those of the old one, which stays whole and searchable for servers that use
it; what is interrupted goes on where it stopped. When every caption and picture has its vector, the new space is
indexed and noted as complete in the ledger, so that a server with the new model starts at once. Only then, and only
if asked, do the old vectors go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from hartmann.library.ingest.embedding import CaptionEmbedder, OnProgress, embed_missing
from hartmann.library.ingest.filling import tidy
from hartmann.storage import vector_index
from hartmann.storage.database import Database
from hartmann.storage.tables import IngestState

_COMPLETE = """
UPDATE library_ingest SET detail = detail || jsonb_build_object(
    'spaces', (coalesce(detail -> 'spaces', '[]') - CAST(:space AS text)) || to_jsonb(CAST(:space AS text)))
WHERE state = :complete
"""
_FORGET = """
UPDATE library_ingest SET detail = detail || jsonb_build_object('spaces', to_jsonb(ARRAY[CAST(:space AS text)]))
WHERE state = :complete
"""


@dataclass(frozen=True, slots=True)
class Reembedding:
    """What was done: vectors made in `space`, and the spaces whose vectors were removed, each with how many."""

    space: str
    made: int
    removed: dict[str, int]


async def reembed(
    database: Database,
    embedder: CaptionEmbedder,
    on_progress: OnProgress | None = None,
    *,
    remove_others: bool = False,
    index_from: int = vector_index.INDEX_FROM,
    on_complete: Callable[[], None] = lambda: None,
) -> Reembedding:
    """Give every piece its vectors in the embedder's space, index it, note it as complete; then, if asked, remove
    the vectors of all other spaces.

    `on_complete` is called when the new space is complete, before anything is removed.
    """
    made = await embed_missing(database, embedder, on_progress or _silent)
    await vector_index.ensure_index(database, embedder.space, index_from=index_from)
    values = {"space": embedder.space, "complete": IngestState.COMPLETE}
    async with database.transaction() as connection:
        await connection.execute(text(_COMPLETE), values)
    on_complete()
    removed = await _remove_others(database, embedder.space) if remove_others else {}
    if made or removed:
        await tidy(database)
    return Reembedding(embedder.space, made, removed)


async def _remove_others(database: Database, space: str) -> dict[str, int]:
    """Remove the vectors and indexes of all other spaces, at once."""
    async with database.transaction() as connection:
        rows = await connection.execute(
            text(
                "WITH gone AS (DELETE FROM embedding WHERE space <> :space RETURNING space) "
                "SELECT space, count(*) AS vectors FROM gone GROUP BY space"
            ),
            {"space": space},
        )
        removed = {row.space: int(row.vectors) for row in rows}
        for other in removed:
            await vector_index.drop_index(connection, other)
        values = {"space": space, "complete": IngestState.COMPLETE}
        await connection.execute(text(_FORGET), values)
    return removed


def _silent(done: int, total: int, rejected: int) -> None:
    """Report to nobody."""
