"""Search: what is near a picture and a text, in one statement and one round trip.

Three rules say how both sides become one list (`search_rule`); the default is the paper's. Every piece that comes
back carries both similarities, whichever side found it. Vectors have length 1, so pgvector's negative inner
product `<#>` is minus the cosine (Eq. 1).

- A piece may be described by its caption, by a picture, or by both: its similarity is the greater.
- Near-identical pieces count once (`search_statement` says what that means).
- Small libraries, and those without an index for the space, are searched exactly; so are narrow filters, over the
  pieces that pass. An HNSW index answers otherwise (`storage.searching` has its settings); where it gives up
  before k pieces pass, the search is repeated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.errors import InvalidRequest, SpaceMissing
from hartmann.library.reference import Reference
from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.search_rule import SearchRule
from hartmann.library.search_statement import Shape, write_statement
from hartmann.storage.vectors import Reals

MOST_ASKED: Final = 100
WRONG_DIMENSIONS: Final = "22000"
"""SQLSTATE of pgvector's "expected 768 dimensions, not 256" and "different halfvec dimensions"."""
_OPPOSITE: Final = 1e-4
"""A mean of unit vectors that is shorter than this has no direction that 16-bit floats could hold."""

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: unit vectors of `space`, shape (dimensions,), for one side or both.

    `k` counts pieces for each side under the rule `united`, else in all. `image_weight` is the picture's part in
    the weighted mean, 0…1. `exact` leaves the index aside; `keep_near_identical` keeps copies of one tune;
    `distinct_below`, -1…1, also leaves out pieces whose vectors have that cosine with a better one's, or more.
    """

    space: str
    image: Vector | None = None
    text: Vector | None = None
    k: int = 10
    filter: ReferenceFilter = field(default_factory=ReferenceFilter)
    exact: bool = False
    rule: SearchRule = SearchRule.UNITED
    image_weight: float = 0.5
    keep_near_identical: bool = False
    distinct_below: float | None = None

    def given(self) -> dict[str, Vector]:
        """The vectors that were given, by side.

        Raises InvalidRequest for none, for two of different lengths, or for a k or a weight that can't be.
        """
        sides = {"image": self.image, "text": self.text}
        given = {side: vector for side, vector in sides.items() if vector is not None}
        if not given:
            raise InvalidRequest("a search needs a text, a picture or a vector")
        if len({vector.shape for vector in given.values()}) > 1:
            raise InvalidRequest("the vectors of picture and text differ in length", field="embedding")
        if not self.space.isprintable():
            raise InvalidRequest("the name of an embedding space has printable characters", field="space")
        if not 1 <= self.k <= MOST_ASKED:
            raise InvalidRequest(f"k must lie between 1 and {MOST_ASKED}, not at {self.k}", field="k")
        if not 0 <= self.image_weight <= 1:
            raise InvalidRequest("the picture's weight must lie between 0 and 1", field="image_weight")
        if self.distinct_below is not None and not -1 <= self.distinct_below <= 1:
            raise InvalidRequest("a cosine must lie between -1 and 1", field="distinct_below")
        return given

    def weighted_mean(self) -> Vector:
        """The unit vector whose inner products are, but for a factor, the weighted means of both similarities."""
        assert self.image is not None
        assert self.text is not None
        mean = self.image_weight * self.image + (1 - self.image_weight) * self.text
        length = float(np.linalg.norm(mean))
        if length < _OPPOSITE:
            raise InvalidRequest(
                "picture and text are opposites: their mean points nowhere; choose another rule"
            )
        return np.asarray(mean / length, np.float32)


async def search(connection: AsyncConnection, query: Query) -> tuple[Reference, ...]:
    """The pieces nearest to the query, best first; `connection` is one of `Database.searching`.

    Raises:
        SpaceMissing: the library holds no vectors of this space.
        InvalidRequest: nothing to look for, a k out of range, or vectors that are not of the space's length.
    """
    statement, values = search_statement(query)
    try:
        rows = (await connection.execute(_clause(statement), values)).all()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") == WRONG_DIMENSIONS:
            await require_space(connection, query.space, _dimensions(query))
        raise
    if len(rows) < query.k and query.filter.asks() and not query.exact and not (rows and rows[0].complete):
        return await search(connection, replace(query, exact=True))
    if not rows:
        await require_space(connection, query.space, _dimensions(query))
    return tuple(_reference(row, rank) for rank, row in enumerate(rows, start=1))


def search_statement(query: Query) -> tuple[str, dict[str, Any]]:
    """The SQL of a search and its bound values."""
    given = query.given()
    vectors = dict(given)
    sides = tuple(given)
    if len(given) == 2 and query.rule is SearchRule.WEIGHTED_MEAN:
        sides = ("mean",)
        vectors["mean"] = query.weighted_mean()
    shape = Shape(
        space=query.space,
        dimensions=_dimensions(query),
        sides=sides,
        similarities=tuple(given),
        rule=query.rule,
        k=query.k,
        filter=query.filter,
        exact=query.exact,
        keep_near_identical=query.keep_near_identical,
        within_a_cosine=query.distinct_below is not None,
    )
    statement, values = write_statement(shape)
    if query.distinct_below is not None:
        values["distinct_below"] = query.distinct_below
    return statement, values | {name: Reals(vectors[name]) for name in shape.vectors}


async def require_space(connection: AsyncConnection, space: str, dimensions: int) -> None:
    """Raise SpaceMissing unless the library holds vectors of the space, InvalidRequest if they differ in length."""
    statement = text("SELECT vector_dims(vector) FROM embedding WHERE space = :space LIMIT 1")
    held = (await connection.execute(statement, {"space": space})).scalar()
    if held is None:
        raise SpaceMissing(
            f"the library holds no vectors in the embedding space {space}; it is filled when the server starts "
            "with that embedding model, and by: hartmann library reembed",
            metadata={"space": space},
        )
    if held != dimensions:
        raise InvalidRequest(
            f"vectors of the space {space} have {held} dimensions, not {dimensions}", field="embedding"
        )


@lru_cache(maxsize=128)
def _clause(statement: str) -> TextClause:
    """The statement with its placeholders found: a millisecond for twenty, and searches differ little."""
    return text(statement)


def _dimensions(query: Query) -> int:
    return int(next(iter(query.given().values())).shape[0])


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
