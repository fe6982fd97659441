"""The three rules, the filters and what counts as near-identical, against arithmetic in plain Python."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_library import (
    COUNT,
    DIMENSIONS,
    GENRES,
    IMAGE,
    INSTRUMENTS,
    KEYS,
    LICENCES,
    ROWS,
    SPACE,
    TEXT,
    K,
    filled,
    nearest,
    numbers,
    pieces,
)
from sqlalchemy import text

from hartmann.errors import InvalidRequest
from hartmann.library import search_statement
from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search import Query
from hartmann.library.search_rule import SearchRule
from hartmann.library.storing import driver_connection, store_vectors
from hartmann.storage import searching, vector_index, vectors
from hartmann.storage.database import Database
from hartmann.storage.tables import EmbeddingKind

pytestmark = pytest.mark.integration

PIECES = pieces()
CANDIDATES = 2 * K + search_statement.SPARE


@pytest.fixture
async def library(database: Database) -> PostgresLibrary:
    """The pieces with their vectors."""
    return await filled(database)


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("exact", [True, False])
async def test_the_weighted_mean_finds_the_greatest_weighted_mean_of_both_similarities(
    library: PostgresLibrary, weight: float, exact: bool
) -> None:
    query = Query(SPACE, IMAGE, TEXT, K, rule=SearchRule.WEIGHTED_MEAN, image_weight=weight, exact=exact)
    found = await library.search(query)
    means = weight * (ROWS @ IMAGE) + (1 - weight) * (ROWS @ TEXT)
    assert numbers(found) == [int(i) for i in np.argsort(-means)[:K]]
    for reference, number in zip(found, numbers(found), strict=True):
        assert reference.similarity_to_image == pytest.approx(float(ROWS[number] @ IMAGE), abs=1e-3)
        assert reference.similarity_to_text == pytest.approx(float(ROWS[number] @ TEXT), abs=1e-3)


@pytest.mark.parametrize("exact", [True, False])
async def test_reciprocal_rank_fusion_adds_the_reciprocals_of_sixty_and_the_rank(
    library: PostgresLibrary, exact: bool
) -> None:
    query = Query(SPACE, IMAGE, TEXT, K, rule=SearchRule.RECIPROCAL_RANK, exact=exact)
    scores: dict[int, float] = {}
    for side in (IMAGE, TEXT):
        for rank, number in enumerate(nearest(side, count=CANDIDATES), start=1):
            scores[number] = scores.get(number, 0) + 1 / (60 + rank)
    found = numbers(await library.search(query))
    assert sorted((scores[n] for n in found), reverse=True) == [scores[n] for n in found]
    assert [scores[n] for n in found] == sorted(scores.values(), reverse=True)[:K]


@pytest.mark.parametrize("rule", list(SearchRule))
async def test_with_one_side_all_rules_are_the_same(library: PostgresLibrary, rule: SearchRule) -> None:
    found = await library.search(Query(SPACE, image=IMAGE, k=K, rule=rule))
    assert numbers(found) == nearest(IMAGE)
    assert all(reference.similarity_to_text is None for reference in found)


async def test_opposites_have_no_mean(library: PostgresLibrary) -> None:
    with pytest.raises(InvalidRequest, match="their mean points nowhere"):
        await library.search(Query(SPACE, IMAGE, -IMAGE, K, rule=SearchRule.WEIGHTED_MEAN))


@pytest.mark.parametrize(("rule", "pieces"), [(SearchRule.UNITED, 6), (SearchRule.RECIPROCAL_RANK, 6)])
async def test_the_pipeline_is_given_as_many_pieces_under_every_rule(
    database: Database, library: PostgresLibrary, rule: SearchRule, pieces: int
) -> None:
    del library  # only filled
    assert len(await PostgresLibrary(database, rule).find(SPACE, IMAGE, TEXT, 3)) == pieces


FILTERS = st.builds(
    ReferenceFilter,
    genre=st.sampled_from(["", "jig", "SLIP", "waltz", "polka"]),
    key=st.sampled_from(["", "g major", "E minor", "F major"]),
    licence=st.sampled_from(["", "cc", "BY 4", "public"]),
    instrument=st.sampled_from(["", "Fiddle", "harp"]),
    instruments=st.sampled_from([(), ("Piano",), ("piano", "fiddle"), ("harp", "piano")]),
    source=st.sampled_from(["", "test", "elsewhere"]),
    slowest=st.none() | st.floats(80, 260),
    fastest=st.none() | st.floats(80, 260),
    fewest_bars=st.none() | st.integers(0, 40),
    most_bars=st.none() | st.integers(0, 40),
    id_prefix=st.sampled_from(["", "made/", "made/01", "made/1999", "m_de", "made/%"]),
)


def passes(number: int, asked: ReferenceFilter) -> bool:
    """The filter in plain Python."""
    piece = PIECES[number]
    features = piece.features
    quarters = float(features.bpm * features.beat)
    return all(
        (
            asked.genre.lower() in GENRES[number % 4],
            asked.key.lower() in ("", KEYS[number % 3].lower()),
            asked.licence.lower() in LICENCES[number % 3].lower(),
            asked.source in piece.source,
            asked.instrument.lower() in ("", INSTRUMENTS[number % 4][0]),
            {name.lower() for name in asked.instruments} <= set(INSTRUMENTS[number % 4]),
            asked.slowest is None or quarters >= asked.slowest,
            asked.fastest is None or quarters <= asked.fastest,
            asked.fewest_bars is None or features.bars >= asked.fewest_bars,
            asked.most_bars is None or features.bars <= asked.most_bars,
            piece.id.startswith(asked.id_prefix),
        )
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=FILTERS, narrow=st.sampled_from([15_000, 100, 0]), exact=st.booleans())
async def test_any_filter_leaves_the_nearest_of_those_that_pass(
    library: PostgresLibrary, asked: ReferenceFilter, narrow: int, exact: bool
) -> None:
    passing = np.array([passes(number, asked) for number in range(COUNT)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_statement, "NARROW", narrow)
        found = await library.search(Query(SPACE, text=TEXT, k=K, filter=asked, exact=exact))
    assert numbers(found) == nearest(TEXT, passing)


async def test_an_index_that_gives_up_under_a_filter_is_followed_by_exact_search(
    library: PostgresLibrary, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ReferenceFilter(id_prefix="made/19")
    monkeypatch.setattr(search_statement, "NARROW", 10)
    monkeypatch.setitem(searching.SETTINGS, "hnsw.iterative_scan", "off")
    monkeypatch.setitem(searching.SETTINGS, "hnsw.ef_search", "10")
    async with database.transaction() as connection:
        await vectors.create_index(connection, SPACE, DIMENSIONS)
    await database.searches.dispose()  # so that connections are opened with these settings
    found = await library.search(Query(SPACE, text=TEXT, k=K, filter=asked))
    async with database.transaction() as connection:
        await vector_index.drop_index(connection, SPACE)
    assert numbers(found) == nearest(TEXT, np.arange(COUNT) >= 1900)


@pytest.fixture
async def copied(library: PostgresLibrary) -> AsyncIterator[list[int]]:
    """The numbers of the nearest to TEXT; the second has the first's melody, the fourth the third's vector."""
    best = nearest(TEXT)
    melody = replace(PIECES[best[1]], melody=PIECES[best[0]].melody)
    await library.add([melody], SPACE, ROWS[best[1] : best[1] + 1])
    await library.add([PIECES[best[3]]], SPACE, ROWS[best[2] : best[2] + 1])
    yield best
    restored = [best[1], best[3]]
    await library.add([PIECES[n] for n in restored], SPACE, ROWS[restored])


@pytest.mark.parametrize("rule", list(SearchRule))
async def test_of_one_melody_or_one_description_only_the_best_comes_back(
    library: PostgresLibrary, copied: list[int], rule: SearchRule
) -> None:
    found = numbers(await library.search(Query(SPACE, IMAGE, TEXT, 2 * K, rule=rule)))
    assert {copied[1], copied[3]}.isdisjoint(found)
    assert {copied[0], copied[2]} <= set(found) or rule is not SearchRule.UNITED


async def test_near_identical_pieces_are_kept_on_request(library: PostgresLibrary, copied: list[int]) -> None:
    found = numbers(await library.search(Query(SPACE, text=TEXT, k=K, keep_near_identical=True)))
    assert {copied[1], copied[3]} <= set(found)


async def test_pieces_within_a_cosine_of_a_better_one_are_left_out_on_request(
    library: PostgresLibrary,
) -> None:
    found = numbers(await library.search(Query(SPACE, text=TEXT, k=K, distinct_below=0.5)))
    kept: list[int] = []
    order = nearest(TEXT, count=CANDIDATES)
    for place, number in enumerate(order):
        if all(ROWS[number] @ ROWS[better] < 0.5 for better in order[:place]):
            kept.append(number)
    assert 1 < len(kept) < len(order)
    assert found == kept[:K]


async def test_a_piece_that_a_picture_describes_too_is_as_near_as_the_nearer_of_both(
    database: Database, library: PostgresLibrary
) -> None:
    far = nearest(TEXT, count=COUNT)[-1]
    async with database.transaction() as connection:
        await store_vectors(connection, [f"made/{far:04}"], SPACE, TEXT[None], EmbeddingKind.IMAGE)
    found = await library.search(Query(SPACE, text=TEXT, k=K))
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM embedding WHERE kind = 'image'"))
    assert numbers(found)[0] == far
    assert found[0].similarity_to_text == pytest.approx(1, abs=1e-3)


async def test_a_search_is_one_round_trip(
    library: PostgresLibrary, database: Database, tmp_path: Path
) -> None:
    query = Query(SPACE, IMAGE, TEXT, K, filter=ReferenceFilter(genre="jig"))
    await library.search(query)  # opens the connection and prepares the statement
    async with database.searching() as connection:
        driver = await driver_connection(connection)
    with (tmp_path / "protocol").open("w") as protocol:
        driver.pgconn.trace(protocol.fileno())
        await library.search(query)
        driver.pgconn.untrace()
    lines = (tmp_path / "protocol").read_text().splitlines()
    assert [line.count("ReadyForQuery") for line in lines].count(1) == 1
    assert not [line for line in lines if "Parse" in line and "ParseComplete" not in line]


async def test_the_index_searches_with_the_settings_of_the_connection(
    library: PostgresLibrary, database: Database
) -> None:
    await library.search(Query(SPACE, text=TEXT, k=K))  # loads pgvector, which then takes the settings over
    async with database.searching() as connection:
        ef_search = await connection.execute(text("SHOW hnsw.ef_search"))
        iterative = await connection.execute(text("SHOW hnsw.iterative_scan"))
        assert (ef_search.scalar(), iterative.scalar()) == ("100", "relaxed_order")


async def test_connections_that_died_cost_a_search_nothing(
    library: PostgresLibrary, database: Database
) -> None:
    query = Query(SPACE, text=TEXT, k=K)
    await library.search(query)
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert numbers(await library.search(query)) == nearest(TEXT)


@pytest.mark.parametrize("space", ["it's/v1", "a:b/v1", "100%/v1", 'quo"ted', "back\\slash"])
async def test_a_space_may_have_any_name(library: PostgresLibrary, database: Database, space: str) -> None:
    async with database.transaction() as connection:
        await store_vectors(connection, [f"made/{n:04}" for n in range(COUNT)], space, ROWS)
        await vectors.create_index(connection, space, DIMENSIONS)
    found = await library.search(Query(space, text=TEXT, k=K, exact=True))
    near = await library.search(Query(space, text=TEXT, k=K))
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM embedding WHERE space = :space"), {"space": space})
        await vector_index.drop_index(connection, space)
    assert numbers(found) == nearest(TEXT)
    assert len(set(numbers(near)) & set(numbers(found))) >= K - 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (Query(SPACE, IMAGE, TEXT, image_weight=1.5), "image_weight"),
        (Query(SPACE, IMAGE, TEXT[:8]), "embedding"),
        (Query(SPACE, text=TEXT, distinct_below=2.0), "distinct_below"),
        (Query("no\0space", text=TEXT), "space"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_the_field(
    library: PostgresLibrary, query: Query, field: str
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await library.search(query)
    assert raised.value.field == field
