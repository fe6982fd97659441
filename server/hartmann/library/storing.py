"""Storing: pieces and their vectors into the database, many at a time, any number of times.

Rows travel by binary COPY into temporary tables and from there by upsert, so that loading the same piece again
changes nothing and loading a changed one replaces it together with its vectors. Everything here happens in the
transaction of the connection that is given: all of it is stored, or nothing.

Texts come from strangers' files: what Postgres can't hold (NUL, halves of surrogate pairs) is taken out.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.storage import vectors
from hartmann.storage.tables import EmbeddingKind

if TYPE_CHECKING:
    from psycopg import AsyncConnection as Psycopg
    from psycopg import AsyncCopy, AsyncCursor

    from hartmann.library.ingest.describing import Piece

_PIECE_TYPES = {
    "id": "text", "title": "text", "source": "text", "licence": "text", "content_hash": "text", "genre": "text",
    "mood": "text", "key": "text", "mode": "text", "meter": "text", "instrument": "text", "tempo_bpm": "float8",
    "bars": "int4", "notes": "int4", "valence": "float8", "arousal": "float8", "features": "jsonb",
    "caption": "text", "abc": "text",
}  # fmt: skip

_NEW_PIECES = f"""
CREATE TEMP TABLE IF NOT EXISTS new_piece (
    {", ".join(f"{column} {type}" for column, type in _PIECE_TYPES.items())}
) ON COMMIT DELETE ROWS
"""

_CHANGED = """
DELETE FROM reference USING new_piece
WHERE reference.id = new_piece.id AND reference.content_hash <> new_piece.content_hash
"""

_COLUMNS = ", ".join(column for column in _PIECE_TYPES if column not in ("caption", "abc"))

_ADD_PIECES = f"""
INSERT INTO reference ({_COLUMNS}) SELECT {_COLUMNS} FROM new_piece ON CONFLICT (id) DO NOTHING
"""

_ADD_TEXTS = """
INSERT INTO reference_text (reference, caption, abc)
SELECT id, caption, abc FROM new_piece ON CONFLICT (reference) DO NOTHING
"""

_NEW_PICTURES = """
CREATE TEMP TABLE IF NOT EXISTS new_picture (reference text, data bytea) ON COMMIT DELETE ROWS
"""

_ADD_PICTURES = """
INSERT INTO reference_picture (reference, data) SELECT reference, data FROM new_picture
ON CONFLICT (reference) DO UPDATE SET data = excluded.data
"""

_NEW_VECTORS = """
CREATE TEMP TABLE IF NOT EXISTS new_vector (reference text, space text, kind text, vector halfvec)
ON COMMIT DELETE ROWS
"""

_ADD_VECTORS = """
INSERT INTO embedding (reference, space, kind, vector) SELECT reference, space, kind, vector FROM new_vector
ON CONFLICT (reference, space, kind) DO UPDATE SET vector = excluded.vector
"""


async def store_pieces(connection: AsyncConnection, pieces: Sequence[Piece]) -> int:
    """Add the pieces; one that changed since is replaced and loses its vectors. Returns how many are new or changed.

    The ids must differ from each other.
    """
    async with copied(connection, _NEW_PIECES, "new_piece", _PIECE_TYPES, map(_row, pieces)) as cursor:
        await cursor.execute(_CHANGED)
        await cursor.execute(_ADD_PIECES)
        added = cursor.rowcount
        await cursor.execute(_ADD_TEXTS)
    pictures = [(piece.id, piece.picture) for piece in pieces if piece.picture]
    if pictures:
        types = {"reference": "text", "data": "bytea"}
        async with copied(connection, _NEW_PICTURES, "new_picture", types, pictures) as cursor:
            await cursor.execute(_ADD_PICTURES)
    return added


async def store_vectors(
    connection: AsyncConnection,
    ids: Iterable[str],
    space: str,
    rows: NDArray[np.float32],
    kind: EmbeddingKind = EmbeddingKind.CAPTION,
) -> None:
    """Add or replace one vector of `space` for each id; `rows` holds unit vectors, shape (ids, dimensions)."""
    columns = ("reference", "space", "kind", "vector")
    content = vectors.copy_file(map(storable, ids), space, str(kind), rows)

    async def write(copy: AsyncCopy) -> None:
        for part in content:
            await copy.write(part)

    async with _filled(connection, _NEW_VECTORS, "new_vector", columns, write) as cursor:
        await cursor.execute(_ADD_VECTORS)


@asynccontextmanager
async def copied(
    connection: AsyncConnection,
    create: str,
    table: str,
    types: dict[str, str],
    rows: Iterable[Sequence[Any]],
) -> AsyncIterator[AsyncCursor[Any]]:
    """A cursor, with the rows in the temporary table that `create` makes; the table is emptied at the end.

    `types` are the table's columns, in the rows' order, with the types that they travel as.
    """

    async def write(copy: AsyncCopy) -> None:
        copy.set_types(list(types.values()))
        for row in rows:
            await copy.write_row(tuple(map(storable, row)))

    async with _filled(connection, create, table, types, write) as cursor:
        yield cursor


@asynccontextmanager
async def _filled(
    connection: AsyncConnection,
    create: str,
    table: str,
    columns: Iterable[str],
    write: Callable[[AsyncCopy], Awaitable[None]],
) -> AsyncIterator[AsyncCursor[Any]]:
    """A cursor, with what `write` copied in the temporary table that `create` makes; emptied at the end."""
    raw = await driver_connection(connection)
    await raw.execute(create)
    async with raw.cursor() as cursor:
        async with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)") as copy:
            await write(copy)
        yield cursor
        await cursor.execute(f"DELETE FROM {table}")


def storable(value: Any) -> Any:
    """The value with every text in it as Postgres can hold it; numbers that JSON can't name become None."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


async def driver_connection(connection: AsyncConnection) -> Psycopg[Any]:
    """The psycopg connection below SQLAlchemy's, in the same transaction."""
    fairy = await connection.get_raw_connection()
    driver: Psycopg[Any] | None = fairy.driver_connection
    if driver is None:
        raise RuntimeError("expected an open connection")
    return driver


def _row(piece: Piece) -> tuple[Any, ...]:
    """The values of `_PIECE_TYPES`."""
    measured = piece.features
    return (
        piece.id, piece.title, piece.source, piece.licence, piece.content_hash, measured.genre,
        ", ".join(measured.moods), measured.key, measured.mode, measured.meter, measured.instrument,
        float(measured.bpm * measured.beat), measured.bars, measured.notes, measured.valence, measured.arousal,
        piece.details(), piece.caption, piece.abc,
    )  # fmt: skip
