"""Search: the paper's rule in one statement.

The k pieces nearest to the picture and the k nearest to the text, by cosine (Eq. 1), are united; every piece
that comes back carries both similarities, whichever side found it, and they are ranked by the mean of those
asked for. Vectors have length 1, so pgvector's negative inner product `<#>` is minus the cosine.

- A piece may be described by its caption, by a picture, or by both: its similarity is the greater.
- Copies of one tune (`features.melody`: the same opening in any key) count once. To leave room for that, each
  side looks at the nearest `SPARE` times k before it drops copies.
- Small libraries, and those without an index for the space, are searched exactly; an HNSW index answers
  otherwise, with `ef_search` 100 (recall@10 0.9985 at 168,385 × 768) and iterative scans under filters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.errors import InvalidRequest, SpaceMissing
from hartmann.library.reference import Reference
from hartmann.library.reference_filter import ReferenceFilter
from hartmann.storage import vectors

SPARE: Final = 4
EF_SEARCH: Final = 100
MOST_ASKED: Final = 100
WRONG_DIMENSIONS: Final = "22000"
"""SQLSTATE of pgvector's "expected 768 dimensions, not 256" and "different halfvec dimensions"."""

Vector = NDArray[np.float32]

_SIDE = """
near_{side} AS (
    SELECT reference, {column} <#> CAST(:{side} AS halfvec({dimensions})) AS distance
    FROM embedding
    WHERE space = :space{filter}
    ORDER BY distance
    LIMIT :spare
), {side}_hits AS (
    SELECT reference FROM (
        SELECT DISTINCT ON (coalesce(piece.features ->> 'melody', piece.id)) near.reference, near.distance
        FROM near_{side} AS near JOIN reference AS piece ON piece.id = near.reference
        ORDER BY coalesce(piece.features ->> 'melody', piece.id), near.distance, near.reference
    ) AS different
    ORDER BY distance, reference
    LIMIT :k
)"""

_SEARCH = """
WITH {sides}, united AS ({union}), measured AS (
    SELECT united.reference, {similarities}
    FROM united JOIN embedding ON embedding.reference = united.reference AND embedding.space = :space
    GROUP BY united.reference
), different AS (
    SELECT DISTINCT ON (coalesce(piece.features ->> 'melody', piece.id))
        piece.id, piece.title, piece.source, piece.licence, words.caption, words.abc, measured.image, measured.text,
        {rank} AS score
    FROM measured
    JOIN reference AS piece ON piece.id = measured.reference
    JOIN reference_text AS words ON words.reference = measured.reference
    ORDER BY coalesce(piece.features ->> 'melody', piece.id), {rank} DESC, piece.id
)
SELECT id, title, source, licence, caption, abc, image, text FROM different ORDER BY score DESC, id
"""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: unit vectors of `space`, shape (dimensions,), for one side or both; `k` for each side.

    `exact` leaves the index aside.
    """

    space: str
    image: Vector | None = None
    text: Vector | None = None
    k: int = 10
    filter: ReferenceFilter = field(default_factory=ReferenceFilter)
    exact: bool = False

    def sides(self) -> dict[str, Vector]:
        """The vectors that were given, by side. Raises InvalidRequest for none, or for a k that can't be."""
        given = {
            side: vector
            for side, vector in (("image", self.image), ("text", self.text))
            if vector is not None
        }
        if not given:
            raise InvalidRequest("a search needs a text, a picture or a vector")
        if not 1 <= self.k <= MOST_ASKED:
            raise InvalidRequest(f"k must lie between 1 and {MOST_ASKED}, not at {self.k}", field="k")
        return given


async def search(connection: AsyncConnection, query: Query) -> tuple[Reference, ...]:
    """The pieces nearest to the query, best first, at most 2 k.

    Raises:
        SpaceMissing: the library holds no vectors of this space, or of other dimensions.
        InvalidRequest: nothing to look for, or a k out of range.
    """
    statement, values = search_statement(query)
    if not query.exact:
        await _prepare_index(connection)
    try:
        rows = (await connection.execute(text(statement), values)).all()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") == WRONG_DIMENSIONS:
            raise _missing(query.space, "of these dimensions") from error
        raise
    if not rows:
        await require_space(connection, query.space)
    return tuple(_reference(row, rank) for rank, row in enumerate(rows, start=1))


def search_statement(query: Query) -> tuple[str, dict[str, Any]]:
    """The SQL of a search and its bound values."""
    sides = query.sides()
    condition, values = query.filter.conditions()
    narrowed = f" AND reference IN (SELECT id FROM reference WHERE {condition})" if condition else ""
    values |= {"space": query.space, "k": query.k, "spare": query.k * SPARE}
    values |= {side: vectors.to_text(vector) for side, vector in sides.items()}
    return (
        _SEARCH.format(
            sides=",".join(_side(side, vector, narrowed, query.exact) for side, vector in sides.items()),
            union=" UNION ".join(f"SELECT reference FROM {side}_hits" for side in sides),
            similarities=", ".join(_similarity(side, sides) for side in ("image", "text")),
            rank=f"({' + '.join(f'measured.{side}' for side in sides)}) / {len(sides)}",
        ),
        values,
    )


async def require_space(connection: AsyncConnection, space: str) -> None:
    """Raise SpaceMissing unless the library holds vectors of the space."""
    found = await connection.execute(
        text("SELECT 1 FROM embedding WHERE space = :space LIMIT 1"), {"space": space}
    )
    if found.first() is None:
        raise _missing(space, "")


def _missing(space: str, detail: str) -> SpaceMissing:
    return SpaceMissing(
        f"the library holds no vectors {detail + ' ' if detail else ''}in the embedding space {space}; "
        "it is filled when the server starts with that embedding model",
        metadata={"space": space},
    )


def _side(side: str, vector: Vector, narrowed: str, exact: bool) -> str:
    """The nearest of one side. The index covers `vector::halfvec(d)`; the bare column has to be read through."""
    dimensions = int(vector.shape[0])
    column = "vector" if exact else f"(vector::halfvec({dimensions}))"
    return _SIDE.format(side=side, column=column, dimensions=dimensions, filter=narrowed)


def _similarity(side: str, asked: dict[str, Vector]) -> str:
    if side not in asked:
        return f"CAST(NULL AS float8) AS {side}"
    return f"max(-(vector <#> CAST(:{side} AS halfvec({asked[side].shape[0]})))) AS {side}"


async def _prepare_index(connection: AsyncConnection) -> None:
    """Search settings for this transaction; they cost nothing where no index is used."""
    await connection.execute(
        text(
            "SELECT set_config('hnsw.ef_search', :ef, true), "
            "set_config('hnsw.iterative_scan', 'relaxed_order', true)"
        ),
        {"ef": str(EF_SEARCH)},
    )


def _reference(row: Row[Any], rank: int) -> Reference:
    return Reference(
        id=row.id,
        title=row.title,
        caption=row.caption,
        abc=row.abc,
        source=row.source,
        licence=row.licence,
        similarity_to_image=None if row.image is None else float(row.image),
        similarity_to_text=None if row.text is None else float(row.text),
        rank=rank,
    )
