"""The library in Postgres, as the rest of the program sees it: find, get, page through, count, add, remove.

`PostgresLibrary` is the pipeline's `ReferenceLibrary`. Every method takes a connection of its own; a search is
one statement and one round trip.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.errors import DatabaseUnavailable, ReferenceNotFound
from hartmann.library import storing
from hartmann.library.reference import Reference
from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.search import Query, search
from hartmann.library.search_rule import SearchRule
from hartmann.storage import vector_index
from hartmann.storage.database import Database
from hartmann.storage.tables import EmbeddingKind, IngestState
from hartmann.storage.vectors import index_name

if TYPE_CHECKING:
    from hartmann.library.ingest.describing import Piece

_ONE = """
SELECT id, title, source, licence, caption, abc
FROM reference JOIN reference_text ON reference_text.reference = reference.id
"""

_COUNTS = """
SELECT 'source' AS what, source AS name, count(*) AS pieces FROM reference GROUP BY source
UNION ALL SELECT 'genre', genre, count(*) FROM reference GROUP BY genre
UNION ALL SELECT 'space', space, count(*) FROM embedding GROUP BY space
UNION ALL SELECT 'dimensions', space, dimensions FROM (
    SELECT DISTINCT ON (space) space, vector_dims(vector) AS dimensions FROM embedding
) AS one_each
UNION ALL SELECT 'index', relname, 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = CAST('embedding' AS regclass) AND indisvalid
UNION ALL SELECT 'complete', source, 1 FROM library_ingest WHERE state = :complete
"""

_UNCHANGED = """
SELECT id, content_hash FROM reference WHERE id = ANY(:ids)
AND EXISTS (SELECT FROM embedding WHERE reference = id AND space = :space AND kind = :kind)
"""


@dataclass(frozen=True, slots=True)
class LibraryStats:
    """How much the library holds.

    `dimensions` is the length of each space's vectors, `indexed` names the spaces that have an index, `complete`
    the sources that have been read in to their end.
    """

    pieces: int
    by_source: dict[str, int]
    by_genre: dict[str, int]
    by_space: dict[str, int]
    dimensions: dict[str, int]
    indexed: tuple[str, ...]
    complete: tuple[str, ...]


class PostgresLibrary:
    """The captioned pieces in a database."""

    def __init__(
        self, database: Database, rule: SearchRule = SearchRule.UNITED, image_weight: float = 0.5
    ) -> None:
        """`rule` and `image_weight` are what `find` follows."""
        self._database = database
        self._rule, self._image_weight = rule, image_weight

    async def find(
        self, space: str, image: NDArray[np.float32] | None, text: NDArray[np.float32] | None, k: int
    ) -> tuple[Reference, ...]:
        """The k nearest to the image and the k nearest to the text, united, best first; at most 2 k.

        A library of another rule gives as many pieces in all. `image` and `text` are unit vectors of shape
        (dimensions,). Raises SpaceMissing when the library has no vectors in that space.
        """
        in_all = 2 * k if image is not None and text is not None else k
        asked = k if self._rule is SearchRule.UNITED else in_all
        query = Query(space, image, text, asked, rule=self._rule, image_weight=self._image_weight)
        return await self.search(query)

    async def search(self, query: Query) -> tuple[Reference, ...]:
        """What `library.search.search` finds. Raises SpaceMissing and InvalidRequest as it does."""
        try:
            return await self._search(query)
        except DatabaseUnavailable:
            return await self._search(query)  # the connection was dead; the next one is new

    async def _search(self, query: Query) -> tuple[Reference, ...]:
        async with self._database.searching() as connection:
            return await search(connection, query)

    async def get(self, id: str) -> Reference:
        """One piece. Raises ReferenceNotFound."""
        async with self._connection() as connection:
            row = (await connection.execute(text(f"{_ONE} WHERE id = :id"), {"id": id})).first()
        if row is None:
            raise ReferenceNotFound(
                f"the library holds no piece called {id}; `hartmann library search` shows ids",
                metadata={"id": id},
            )
        return _reference(row)

    async def page(
        self, *, after: str = "", size: int = 50, filter: ReferenceFilter | None = None
    ) -> tuple[Reference, ...]:
        """The first `size` pieces whose ids follow `after`, in the order of ids (by code point)."""
        condition, values = (filter or ReferenceFilter()).conditions()
        statement = (
            f'{_ONE} WHERE id COLLATE "C" > :after {f"AND {condition}" if condition else ""} '
            'ORDER BY id COLLATE "C" LIMIT :size'
        )
        async with self._connection() as connection:
            rows = await connection.execute(text(statement), {"after": after, "size": size, **values})
        return tuple(_reference(row) for row in rows)

    async def stats(self) -> LibraryStats:
        """Counts by source, genre and embedding space."""
        kinds = ("source", "genre", "space", "dimensions", "index", "complete")
        counts: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
        async with self._connection() as connection:
            for row in await connection.execute(text(_COUNTS), {"complete": IngestState.COMPLETE}):
                counts[row.what][row.name] = int(row.pieces)
        return LibraryStats(
            pieces=sum(counts["source"].values()),
            by_source=counts["source"],
            by_genre=counts["genre"],
            by_space=counts["space"],
            dimensions=counts["dimensions"],
            indexed=tuple(space for space in counts["space"] if index_name(space) in counts["index"]),
            complete=tuple(sorted(counts["complete"])),
        )

    async def add(self, pieces: Sequence[Piece], space: str, vectors: NDArray[np.float32]) -> int:
        """Add pieces with the vectors of their captions, shape (pieces, dimensions); returns how many are new or
        changed. All or none."""
        async with self._connection() as connection:
            added = await storing.store_pieces(connection, pieces)
            await storing.store_vectors(connection, [piece.id for piece in pieces], space, vectors)
        return added

    async def unchanged(self, pieces: Sequence[Piece], space: str) -> frozenset[str]:
        """The ids of those pieces that the library holds just so, with their captions' vectors in this space."""
        values = {"ids": [piece.id for piece in pieces], "space": space, "kind": EmbeddingKind.CAPTION}
        async with self._connection() as connection:
            held = {row.id: row.content_hash for row in await connection.execute(text(_UNCHANGED), values)}
        return frozenset(piece.id for piece in pieces if held.get(piece.id) == piece.content_hash)

    async def remove(self, ids: Sequence[str]) -> frozenset[str]:
        """Remove pieces with their texts and vectors; returns the ids of those that were there."""
        statement = text("DELETE FROM reference WHERE id = ANY(:ids) RETURNING id")
        async with self._connection() as connection:
            return frozenset((await connection.execute(statement, {"ids": list(ids)})).scalars())

    async def ensure_index(self, space: str) -> bool:
        """Build and warm the index of a space that has grown large enough for one; says whether it has one."""
        return await vector_index.ensure_index(self._database, space)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with self._database.transaction() as connection:
            yield connection


def _reference(row: Row[Any]) -> Reference:
    return Reference(row.id, row.title, row.caption, row.abc, row.source, row.licence)
