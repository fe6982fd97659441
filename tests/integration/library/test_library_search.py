"""Search finds what arithmetic finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_library import (
    COUNT,
    DIMENSIONS,
    GENRES,
    IMAGE,
    ROWS,
    SPACE,
    TEXT,
    K,
    filled,
    nearest,
    numbers,
    pieces,
    unit,
)
from numpy.typing import NDArray
from sqlalchemy import text

from hartmann.errors import InvalidRequest, ReferenceNotFound, SpaceMissing
from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search import Query, search_statement
from hartmann.storage import vectors
from hartmann.storage.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
async def library(database: Database) -> PostgresLibrary:
    """The pieces with their vectors."""
    return await filled(database)


@pytest.mark.parametrize("exact", [True, False])
async def test_one_side_finds_the_nearest_in_order(library: PostgresLibrary, exact: bool) -> None:
    found = await library.search(Query(SPACE, text=TEXT, k=K, exact=exact))
    assert numbers(found) == nearest(TEXT)
    assert [reference.rank for reference in found] == list(range(1, K + 1))
    assert found[0].similarity_to_text == pytest.approx(float((ROWS @ TEXT).max()), abs=1e-3)
    assert found[0].similarity_to_image is None


async def test_both_sides_are_united_and_ranked_by_their_mean(library: PostgresLibrary) -> None:
    found = await library.find(SPACE, IMAGE, TEXT, K)
    mean = ROWS @ ((IMAGE + TEXT) / 2)
    expected = sorted({*nearest(IMAGE), *nearest(TEXT)}, key=lambda i: -mean[i])
    assert numbers(found) == expected
    for reference, number in zip(found, expected, strict=True):
        assert reference.similarity_to_image == pytest.approx(float(ROWS[number] @ IMAGE), abs=1e-3)
        assert reference.similarity_to_text == pytest.approx(float(ROWS[number] @ TEXT), abs=1e-3)


async def test_results_carry_caption_abc_source_and_licence(library: PostgresLibrary) -> None:
    found = (await library.find(SPACE, IMAGE, None, 1))[0]
    assert "K:Gmaj" in found.abc
    assert "jig in G major" in found.caption
    assert (found.source, found.licence) == ("tests", found.licence)
    assert found == replace(
        await library.get(found.id), similarity_to_image=found.similarity_to_image, rank=1
    )


@pytest.mark.parametrize(
    ("condition", "passing"),
    [
        (ReferenceFilter(genre="JIG"), np.arange(COUNT) % 4 < 2),
        (ReferenceFilter(key="e minor"), np.arange(COUNT) % 3 == 1),
        (ReferenceFilter(genre="waltz", key="D dorian"), np.arange(COUNT) % 12 == 11),
        (ReferenceFilter(id_prefix="made/000"), np.arange(COUNT) < 10),
        (ReferenceFilter(fastest=99.0), np.arange(COUNT) % 100 <= 6),
        (ReferenceFilter(meter="6/8", source="test"), np.arange(COUNT) >= 0),
    ],
)
async def test_a_filter_leaves_the_nearest_of_those_that_pass(
    library: PostgresLibrary, condition: ReferenceFilter, passing: NDArray[np.bool_]
) -> None:
    found = await library.search(Query(SPACE, text=TEXT, k=K, filter=condition))
    assert numbers(found) == nearest(TEXT, passing)


async def test_copies_of_one_tune_count_once(library: PostgresLibrary) -> None:
    best = nearest(TEXT)
    copy = replace(pieces()[best[1]], id=f"made/{best[1]:04}", melody=f"melody {best[0]}")
    original = pieces()[best[1]]
    await library.add([copy], SPACE, ROWS[best[1] : best[1] + 1])
    found = await library.search(Query(SPACE, text=TEXT, k=K))
    await library.add([original], SPACE, ROWS[best[1] : best[1] + 1])
    assert best[1] not in numbers(found)
    assert len(found) == K


async def test_an_index_finds_the_same_and_is_used(library: PostgresLibrary, database: Database) -> None:
    query = Query(SPACE, IMAGE, TEXT, K)
    statement, values = search_statement(query)
    async with database.transaction() as connection:
        await vectors.create_index(connection, SPACE, DIMENSIONS)
    async with database.autocommit() as connection:
        await connection.execute(text("ANALYZE"))
    async with database.searching() as connection:
        plan = "\n".join((await connection.execute(text(f"EXPLAIN {statement}"), values)).scalars())
    indexed = numbers(await library.search(query))
    exact = numbers(await library.search(replace(query, exact=True)))
    assert vectors.index_name(SPACE) in plan
    assert len(set(indexed) & set(exact)) >= 0.9 * len(exact)


async def test_an_unknown_space_is_named(library: PostgresLibrary) -> None:
    with pytest.raises(SpaceMissing, match="other/v9") as raised:
        await library.find("other/v9", TEXT, None, 3)
    assert raised.value.metadata == {"space": "other/v9"}


@pytest.mark.parametrize("exact", [True, False])
async def test_vectors_of_other_dimensions_are_another_space(library: PostgresLibrary, exact: bool) -> None:
    with pytest.raises(InvalidRequest, match="32 dimensions, not 33"):
        await library.search(Query(SPACE, text=unit(DIMENSIONS + 1), k=3, exact=exact))


@pytest.mark.parametrize(
    "query", [Query(SPACE), Query(SPACE, text=TEXT, k=0), Query(SPACE, text=TEXT, k=101)]
)
async def test_a_search_for_nothing_or_too_much_is_refused(library: PostgresLibrary, query: Query) -> None:
    with pytest.raises(InvalidRequest):
        await library.search(query)


async def test_loading_the_same_pieces_again_changes_nothing(library: PostgresLibrary) -> None:
    assert await library.add(pieces()[:50], SPACE, ROWS[:50]) == 0
    assert (await library.stats()).by_space == {SPACE: COUNT}


async def test_pages_go_through_all_pieces_in_order(library: PostgresLibrary) -> None:
    seen: list[str] = []
    while page := await library.page(after=seen[-1] if seen else "", size=700):
        seen += [reference.id for reference in page]
    assert seen == [f"made/{i:04}" for i in range(COUNT)]


async def test_stats_count_by_source_and_genre(library: PostgresLibrary) -> None:
    stats = await library.stats()
    assert stats.by_source == {"tests": COUNT}
    assert stats.by_genre == dict.fromkeys(GENRES, COUNT // 4)


async def test_a_removed_piece_is_gone_with_its_vectors(library: PostgresLibrary) -> None:
    assert await library.remove(["made/0003", "never/was"]) == {"made/0003"}
    with pytest.raises(ReferenceNotFound, match="made/0003"):
        await library.get("made/0003")
    assert (await library.stats()).by_space == {SPACE: COUNT - 1}
