"""The SQL of a search: one statement, from vectors to captions and ABC.

    asked                the query's vectors, read once
    passing, narrow      under a filter: the pieces that pass, counted up to NARROW; few of them are compared exactly
    near_SIDE            the nearest by one vector, from the index or by comparing all
    placed_SIDE          the same, numbered, with what tells near-identical pieces
    SIDE_hits            without those that a better one is nearly identical to
    united, measured     where there are two sides, or the mean of two: what the rule takes of them, with the
                         similarity to each
    ranked               what is shown, in order

Everything that does not change from search to search (space, dimensions, counts) is spelled out, so that Postgres
can plan the statement once for any vector: a plan for any space could not use one space's index.

Near-identical: the same opening melody in any key (`features.melody`, a digest of its first 24 intervals; incipits
compared by intervals are how thematic catalogues find a tune: A. Kornstädt, "Themefinder", Computing in Musicology
11, 1998), or the same vector, which is the same description. On request also vectors within a cosine: how close is
too close depends on the space (the ten best of `mini/v1` lie within 0.999 of each other). A piece is left out when
any better-placed one is nearly identical to it: non-maximum suppression, the limiting case of maximal marginal
relevance (J. Carbonell and J. Goldstein, SIGIR 1998) where similarity below the threshold costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.search_rule import RECIPROCAL_RANK_CONSTANT, SearchRule

SPARE: Final = 10
"""Each side looks at so many pieces more than twice k: near-identical ones among them still leave k."""
NARROW: Final = 15_000
"""Pieces up to which a filter counts as narrow: they are compared one by one, by their ids, in about 3 µs each.
Beyond, the index is walked until enough pass: quicker, but it may miss some where those that pass lie together, away
from the query (bench_library.py prints it)."""

_ASKED = "asked AS MATERIALIZED (SELECT {vectors})"

_PASSING = """
passing AS MATERIALIZED (SELECT id FROM reference WHERE {condition} LIMIT {most}),
narrow AS MATERIALIZED (SELECT count(*) <= {narrow} AS yes FROM passing)"""

_WIDE = """
    SELECT reference, vector, {column} <#> (SELECT {side} FROM asked) AS distance
    FROM embedding WHERE space = {space}{condition}
    ORDER BY distance LIMIT {candidates}
"""

_NARROW = """
    SELECT of_piece.reference, of_piece.vector, of_piece.vector <#> (SELECT {side} FROM asked) AS distance
    FROM passing CROSS JOIN LATERAL (
        SELECT reference, vector FROM embedding WHERE reference = passing.id AND space = {space} OFFSET 0
    ) AS of_piece
    WHERE (SELECT yes FROM narrow)
    ORDER BY distance LIMIT {candidates}
"""

_SIDE = """
near_{side} AS MATERIALIZED ({near}),
placed_{side} AS MATERIALIZED (
    SELECT near.*, {melody} AS melody, row_number() OVER (ORDER BY distance, near.reference) AS place
    FROM near_{side} AS near JOIN reference AS piece ON piece.id = near.reference
),
{side}_hits AS (
    SELECT reference, distance, row_number() OVER (ORDER BY place) AS place
    FROM placed_{side} AS this
    WHERE NOT EXISTS (SELECT FROM placed_{side} AS better WHERE better.place < this.place AND ({same}))
    ORDER BY place LIMIT {hits}
)"""

_ONE_SIDE = """
ranked AS (SELECT reference, place, {image} AS image, {text} AS text FROM {side}_hits)"""

_UNITED = """
united AS ({united}),
measured AS MATERIALIZED (
    SELECT united.reference, united.score, vectors.image, vectors.text, vectors.vector
    FROM united CROSS JOIN LATERAL (
        SELECT {image} AS image, {text} AS text, (array_agg(vector ORDER BY kind))[1] AS vector
        FROM embedding WHERE reference = united.reference AND space = {space}
    ) AS vectors
),
ranked AS MATERIALIZED (
    SELECT measured.*, {melody} AS melody, row_number() OVER (ORDER BY {score} DESC, measured.reference) AS place
    FROM measured JOIN reference AS piece ON piece.id = measured.reference
)"""

_SHOWN = """
SELECT piece.id, piece.title, piece.source, piece.licence, words.caption, words.abc, this.image, this.text,
    {complete} AS complete
FROM ranked AS this
JOIN reference AS piece ON piece.id = this.reference
JOIN reference_text AS words ON words.reference = this.reference
{condition}
ORDER BY this.place LIMIT {most}"""

_DIFFERENT = "WHERE NOT EXISTS (SELECT FROM ranked AS better WHERE better.place < this.place AND ({same}))"

_MELODY = "coalesce(piece.features ->> 'melody', piece.id)"
_SAME_PIECE = "better.reference = this.reference"
_NEARLY_SAME = f"{_SAME_PIECE} OR better.melody = this.melody OR better.vector = this.vector"
_WITHIN = " OR -(better.vector <#> this.vector) >= CAST(:distinct_below AS float8)"


@dataclass(frozen=True, slots=True)
class Shape:
    """All of a search that its SQL depends on: everything but the vectors and the filter's values.

    `sides` are the vectors that are searched by: `image`, `text`, or `mean` for the weighted mean of both;
    `similarities` those that are told of each piece. `k` counts pieces for each side under the rule `united`, else in
    all.
    """

    space: str
    dimensions: int
    sides: tuple[str, ...]
    similarities: tuple[str, ...]
    rule: SearchRule
    k: int
    filter: ReferenceFilter
    exact: bool
    keep_near_identical: bool
    within_a_cosine: bool

    @property
    def vectors(self) -> tuple[str, ...]:
        """The names of all vectors that are bound."""
        return tuple(dict.fromkeys((*self.sides, *self.similarities)))

    @property
    def candidates(self) -> int:
        """How many near ones each side looks at."""
        return 2 * self.k + SPARE

    @property
    def most(self) -> int:
        """How many pieces come back at most."""
        return 2 * self.k if self.unites else self.k

    @property
    def unites(self) -> bool:
        """Whether k of each side are asked for."""
        return len(self.sides) > 1 and self.rule is SearchRule.UNITED

    @property
    def same(self) -> str:
        """What makes a piece not worth showing beside a better one."""
        same = _SAME_PIECE if self.keep_near_identical else _NEARLY_SAME
        return same + _WITHIN if self.within_a_cosine else same

    @property
    def quoted_space(self) -> str:
        """The space as an SQL literal."""
        quoted = self.space.replace("'", "''").replace(":", "\\:")
        return f"'{quoted}'"


def write_statement(shape: Shape) -> tuple[str, dict[str, Any]]:
    """The SQL and the filter's values; the vectors are bound as `real[]` under their names."""
    condition, values = shape.filter.conditions()
    narrowing = bool(condition) and not shape.exact
    parts = [_ASKED.format(vectors=", ".join(_bound(name, shape.dimensions) for name in shape.vectors))]
    if narrowing:
        parts.append(_PASSING.format(condition=condition, most=NARROW + 1, narrow=NARROW))
    parts += [_side(side, shape, condition) for side in shape.sides]
    parts.append(_one_side(shape) if len(shape.similarities) == 1 else _several(shape))
    return "WITH " + ",\n".join(parts) + _shown(shape, narrowing), values


def _bound(name: str, dimensions: int) -> str:
    return f"CAST(CAST(:{name} AS real[]) AS halfvec({dimensions})) AS {name}"


def _side(side: str, shape: Shape, condition: str) -> str:
    return _SIDE.format(
        side=side,
        near=_near(side, shape, condition),
        melody=_MELODY,
        same=shape.same,
        hits=shape.k if shape.rule is not SearchRule.RECIPROCAL_RANK else shape.candidates,
    )


def _near(side: str, shape: Shape, condition: str) -> str:
    """The index covers `vector::halfvec(d)`; the bare column has to be read through."""
    asked = {"side": side, "space": shape.quoted_space, "candidates": shape.candidates}
    if shape.exact:
        among = f" AND reference IN (SELECT id FROM reference WHERE {condition})" if condition else ""
        return _WIDE.format(column="vector", condition=among, **asked)
    column = f"(vector::halfvec({shape.dimensions}))"
    if not condition:
        return _WIDE.format(column=column, condition="", **asked)
    passes = (
        " AND NOT (SELECT yes FROM narrow)"
        f" AND (SELECT {condition} FROM reference WHERE reference.id = embedding.reference)"
    )
    return f"({_WIDE.format(column=column, condition=passes, **asked)}) UNION ALL ({_NARROW.format(**asked)})"


def _one_side(shape: Shape) -> str:
    """Its hits as they are; the nearest vector of a piece came first, so its distance is the piece's."""
    (side,) = shape.sides
    similarities = dict.fromkeys(("image", "text"), "CAST(NULL AS float8)") | {side: "-distance"}
    return _ONE_SIDE.format(side=side, **similarities)


def _several(shape: Shape) -> str:
    return _UNITED.format(
        united=_united(shape),
        image=_similarity("image"),
        text=_similarity("text"),
        space=shape.quoted_space,
        melody=_MELODY,
        score="(measured.image + measured.text) / 2" if shape.unites else "score",
    )


def _shown(shape: Shape, narrowing: bool) -> str:
    return _SHOWN.format(
        condition=_DIFFERENT.format(same=shape.same) if len(shape.sides) > 1 else "",
        most=shape.most,
        complete="(SELECT yes FROM narrow)" if narrowing else "true",
    )


def _united(shape: Shape) -> str:
    """What the rule takes of the sides: references with a score where the rule has one."""
    if len(shape.sides) == 1:
        return f"SELECT reference, -distance AS score FROM {shape.sides[0]}_hits"
    if shape.unites:
        each = " UNION ".join(f"SELECT reference FROM {side}_hits" for side in shape.sides)
        return f"SELECT reference, CAST(NULL AS float8) AS score FROM ({each}) AS hits"
    share = f"1.0 / ({RECIPROCAL_RANK_CONSTANT} + place)"
    each = " UNION ALL ".join(f"SELECT reference, {share} AS share FROM {side}_hits" for side in shape.sides)
    fused = f"SELECT reference, CAST(sum(share) AS float8) AS score FROM ({each}) AS hits GROUP BY reference"
    return f"{fused} ORDER BY score DESC, reference LIMIT {2 * shape.k}"  # a melody may come twice, not more


def _similarity(name: str) -> str:
    return f"max(-(vector <#> (SELECT {name} FROM asked)))"
