"""Embedding: giving every piece of the library its vectors in one space.

Captions and pictures are separate vectors of the same space (section 8.1 of the design). Pieces are taken in the
order of their ids, a batch a transaction, and those that have their vectors are passed by: so an interruption
costs the batch under way, and embedding again where all is done costs one query.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from io import BytesIO
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import Row, text

from hartmann.library.storing import store_vectors
from hartmann.storage.database import Database
from hartmann.storage.tables import EmbeddingKind

BATCH_CAPTIONS: Final = 256
BATCH_PICTURES: Final = 16

_LACKING: Final = """
FROM reference JOIN {table} AS described ON described.reference = reference.id
WHERE reference.id > :after AND NOT EXISTS (
    SELECT FROM embedding
    WHERE embedding.reference = reference.id AND embedding.space = :space AND embedding.kind = '{kind}')
"""
_COUNT: Final = "SELECT count(*) {lacking}"
_PAGE: Final = (
    "SELECT reference.id, described.{column} AS described {lacking} ORDER BY reference.id LIMIT :size"
)

OnProgress = Callable[[int, int, int], None]
"""Called with (done, total, rejected) files; while embedding with captions or pictures, and 0 rejected."""


class CaptionEmbedder(Protocol):
    """Turns captions into unit vectors of one space: float32, shape (n, dimensions)."""

    @property
    def space(self) -> str: ...

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@runtime_checkable
class PictureEmbedder(Protocol):
    """Turns pictures into unit vectors of the same space."""

    async def embed_pictures(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]: ...


async def embed_missing(database: Database, embedder: CaptionEmbedder, report: OnProgress) -> int:
    """Embed every caption that has no vector in the embedder's space, and, if it knows pictures, every picture.

    Returns how many vectors that made.
    """
    made = await _embed(
        database, embedder.space, EmbeddingKind.CAPTION, BATCH_CAPTIONS, embedder.embed_texts, report
    )
    if not isinstance(embedder, PictureEmbedder):
        return made
    see = embedder.embed_pictures

    async def embed_pictures(files: Sequence[bytes]) -> NDArray[np.float32]:
        return await see([Image.open(BytesIO(file)).convert("RGB") for file in files])

    return made + await _embed(
        database, embedder.space, EmbeddingKind.IMAGE, BATCH_PICTURES, embed_pictures, report
    )


async def _embed(
    database: Database,
    space: str,
    kind: EmbeddingKind,
    size: int,
    embed: Callable[[Sequence[Any]], Awaitable[NDArray[np.float32]]],
    report: OnProgress,
) -> int:
    """Embed what lacks a vector of this kind, page by page."""
    done, after = 0, ""
    total = await _count(database, space, kind)
    while done < total and (rows := await _page(database, space, kind, after, size)):
        embedded = await embed([row.described for row in rows])
        async with database.transaction() as connection:
            await store_vectors(connection, [row.id for row in rows], space, embedded, kind)
        done, after = done + len(rows), rows[-1].id
        report(done, max(done, total), 0)
    return done


async def _count(database: Database, space: str, kind: EmbeddingKind) -> int:
    statement = _COUNT.format(lacking=_lacking(kind))
    async with database.transaction() as connection:
        found = await connection.execute(text(statement), {"space": space, "after": ""})
        return int(found.scalar_one())


async def _page(
    database: Database, space: str, kind: EmbeddingKind, after: str, size: int
) -> Sequence[Row[Any]]:
    column = "caption" if kind is EmbeddingKind.CAPTION else "data"
    statement = _PAGE.format(column=column, lacking=_lacking(kind))
    async with database.transaction() as connection:
        values = {"space": space, "after": after, "size": size}
        return (await connection.execute(text(statement), values)).all()


def _lacking(kind: EmbeddingKind) -> str:
    table = "reference_text" if kind is EmbeddingKind.CAPTION else "reference_picture"
    return _LACKING.format(table=table, kind=kind)
