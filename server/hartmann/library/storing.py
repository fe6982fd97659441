"""Storing: pieces and their vectors into the database, many at a time, any number of times.

Rows travel by COPY into temporary tables and from there by upsert, so that loading the same piece again changes
nothing and loading a changed one replaces it together with its vectors. Everything here happens in the
transaction of the connection that is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.storage import vectors
from hartmann.storage.tables import EmbeddingKind

if TYPE_CHECKING:
    from psycopg import AsyncConnection as Psycopg

    from hartmann.library.ingest.describing import Piece

_NEW_PIECES = """
CREATE TEMP TABLE IF NOT EXISTS new_piece (
    id text, title text, source text, licence text, content_hash text, genre text, mood text, key text, mode text,
    meter text, instrument text, tempo_bpm float8, bars int, notes int, valence float8, arousal float8,
    features jsonb, caption text, abc text
) ON COMMIT DELETE ROWS
"""

_CHANGED = """
DELETE FROM reference USING new_piece
WHERE reference.id = new_piece.id AND reference.content_hash <> new_piece.content_hash
"""

_COLUMNS = (
    "id, title, source, licence, content_hash, genre, mood, key, mode, meter, instrument, tempo_bpm, bars, notes, "
    "valence, arousal, features"
)

_ADD_PIECES = f"""
INSERT INTO reference ({_COLUMNS}) SELECT {_COLUMNS} FROM new_piece ON CONFLICT (id) DO NOTHING
"""

_ADD_TEXTS = """
INSERT INTO reference_text (reference, caption, abc)
SELECT id, caption, abc FROM new_piece ON CONFLICT (reference) DO NOTHING
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
    raw = await driver_connection(connection)
    await raw.execute(_NEW_PIECES)
    columns = f"{_COLUMNS}, caption, abc"
    async with raw.cursor() as cursor:
        async with cursor.copy(f"COPY new_piece ({columns}) FROM STDIN") as copy:
            for piece in pieces:
                await copy.write_row(_row(piece))
        await cursor.execute(_CHANGED)
        await cursor.execute(_ADD_PIECES)
        added = cursor.rowcount
        await cursor.execute(_ADD_TEXTS)
        await cursor.execute("DELETE FROM new_piece")
    return added


async def store_vectors(
    connection: AsyncConnection,
    ids: Iterable[str],
    space: str,
    rows: NDArray[np.float32],
    kind: EmbeddingKind = EmbeddingKind.CAPTION,
) -> None:
    """Add or replace one vector of `space` for each id; `rows` holds unit vectors, shape (ids, dimensions)."""
    raw = await driver_connection(connection)
    await vectors.register(raw)
    await raw.execute(_NEW_VECTORS)
    statement = "COPY new_vector (reference, space, kind, vector) FROM STDIN (FORMAT binary)"
    async with raw.cursor() as cursor:
        async with cursor.copy(statement) as copy:
            copy.set_types(["text", "text", "text", "halfvec"])
            for name, row in zip(ids, rows, strict=True):
                await copy.write_row((name, space, str(kind), vectors.to_half(row)))
        await cursor.execute(_ADD_VECTORS)
        await cursor.execute("DELETE FROM new_vector")


async def driver_connection(connection: AsyncConnection) -> Psycopg[Any]:
    """The psycopg connection below SQLAlchemy's, in the same transaction."""
    fairy = await connection.get_raw_connection()
    driver: Psycopg[Any] | None = fairy.driver_connection
    if driver is None:
        raise RuntimeError("expected an open connection")
    return driver


def _row(piece: Piece) -> tuple[Any, ...]:
    measured = piece.features
    quarters_per_minute = float(measured.bpm * measured.beat)
    values: tuple[Any, ...] = (
        piece.id, piece.title, piece.source, piece.licence, piece.content_hash, measured.genre,
        ", ".join(measured.moods), measured.key, measured.mode, measured.meter, measured.instrument,
        quarters_per_minute, measured.bars, measured.notes, measured.valence, measured.arousal,
        json.dumps(piece.details()), piece.caption, piece.abc,
    )  # fmt: skip
    return tuple(value.replace("\0", "") if isinstance(value, str) else value for value in values)
