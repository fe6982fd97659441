"""The library over the wire: search by words, picture and vector; pages; imports; counts."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from running_server import Running, a_picture, refusal, running_server, settings_for
from scripted_models import SPACE, ScriptedEmbedder

from hartmann.serving.library_import import BATCH
from hartmann.v1 import library_pb2, tensor_pb2

pytestmark = pytest.mark.integration

TUNE = "X:1\nT:Imported\nM:4/4\nL:1/4\nK:D\nDEFG|A2A2|BAGF|E4|DEFG|A2A2|GFED|D4|]\n"
THE_FOUR = library_pb2.ReferenceFilter(id_prefix="test/")


async def search(server: Running, **fields: object) -> list[library_pb2.Reference]:
    request = library_pb2.SearchReferencesRequest(**fields)  # type: ignore[arg-type]
    return list((await server.library.SearchReferences(request)).references)


async def test_words_find_the_piece_whose_caption_says_them(server: Running) -> None:
    found = await search(server, text="a sad tune", k=1)

    assert [(piece.caption, piece.rank) for piece in found] == [("a sad tune", 1)]
    assert found[0].similarity_to_text == pytest.approx(1, abs=1e-3)
    assert not found[0].HasField("similarity_to_image")


async def test_a_picture_and_words_give_both_similarities(server: Running) -> None:
    found = await search(server, text="a calm tune", picture=a_picture(), k=2)

    assert 2 <= len(found) <= 4
    assert all(
        piece.HasField("similarity_to_image") and piece.HasField("similarity_to_text") for piece in found
    )


async def test_a_vector_is_searched_like_the_words_it_came_from(server: Running) -> None:
    vector = (await ScriptedEmbedder().embed_texts(["a lively tune"]))[0] * 5
    tensor = tensor_pb2.Tensor(
        datatype=tensor_pb2.TENSOR_DATATYPE_FP32, shape=vector.shape, contents=vector.tobytes()
    )

    by_vector = await search(server, embedding=tensor, space=SPACE, k=1)

    assert [piece.caption for piece in by_vector] == ["a lively tune"]


async def test_a_filter_leaves_others_out(server: Running) -> None:
    chosen = library_pb2.ReferenceFilter(id_prefix="test/2")

    assert [piece.id for piece in await search(server, text="a calm tune", filter=chosen)] == ["test/2"]


async def test_a_space_nobody_embedded_in_is_missing(server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await search(server, text="calm", space="other/v1")

    assert refusal(raised.value).code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal(raised.value).reason == "SPACE_MISSING"


async def test_a_search_for_nothing_is_refused(server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await search(server)

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_pages_go_through_all_pieces_once(server: Running) -> None:
    seen: list[str] = []
    token = ""
    while True:
        request = library_pb2.ListReferencesRequest(
            page_size=3, page_token=token, filter=library_pb2.ReferenceFilter(id_prefix="test/")
        )
        page = await server.library.ListReferences(request)
        seen += [piece.id for piece in page.references]
        token = page.next_page_token
        if not token:
            break

    assert seen == ["test/0", "test/1", "test/2", "test/3"]


def imports(*pieces: library_pb2.Reference) -> Iterator[library_pb2.ImportReferencesRequest]:
    """What a client streams."""
    return (library_pb2.ImportReferencesRequest(reference=piece) for piece in pieces)


async def test_an_import_adds_what_is_music_and_says_what_is_not(server: Running) -> None:
    pieces = (
        library_pb2.Reference(id="mine/1", abc=TUNE, source="me", licence="CC0", caption="my own tune"),
        library_pb2.Reference(id="mine/2", abc="no music", source="me", licence="CC0"),
        library_pb2.Reference(id="", abc=TUNE),
    )

    first = await server.library.ImportReferences(imports(*pieces))
    again = await server.library.ImportReferences(imports(*pieces))

    assert (first.imported_count, first.skipped_count) == (1, 0)
    assert [refused.id for refused in first.refused] == ["mine/2", ""]
    assert (again.imported_count, again.skipped_count) == (0, 1)
    stored = await server.library.GetReference(library_pb2.GetReferenceRequest(id="mine/1"))
    assert (stored.reference.title, stored.reference.caption) == ("Imported", "my own tune")


async def test_every_piece_of_an_import_is_answered_for_in_its_order(server: Running) -> None:
    tune = library_pb2.Reference(id="each/1", abc=TUNE, caption="first words")
    changed = library_pb2.Reference(id="each/1", abc=TUNE, caption="other words")
    broken = library_pb2.Reference(id="each/2", abc="X:1\nK:C\n")
    many = [
        library_pb2.Reference(id=f"each/many/{n}", abc=TUNE, caption=f"tune {n}") for n in range(BATCH + 3)
    ]

    answer = await server.library.ImportReferences(imports(tune, broken, tune, changed, *many))

    outcomes = [library_pb2.ImportOutcome.Name(result.outcome)[15:] for result in answer.results]
    assert [result.id for result in answer.results[:5]] == [
        "each/1",
        "each/2",
        "each/1",
        "each/1",
        "each/many/0",
    ]
    assert outcomes[:4] == ["IMPORTED", "REFUSED", "UNCHANGED", "IMPORTED"]
    assert outcomes[4:] == ["IMPORTED"] * len(many)
    assert answer.results[1].message
    assert not answer.results[0].message


async def test_removed_pieces_are_gone_and_missing_ones_are_named(server: Running) -> None:
    await server.library.ImportReferences(imports(library_pb2.Reference(id="brief/1", abc=TUNE)))

    request = library_pb2.RemoveReferencesRequest(ids=["brief/1", "brief/1", "never/was"])
    answer = await server.library.RemoveReferences(request)

    assert (answer.removed_count, list(answer.missing_ids)) == (1, ["never/was"])
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.library.GetReference(library_pb2.GetReferenceRequest(id="brief/1"))
    assert refusal(raised.value).reason == "REFERENCE_NOT_FOUND"


@pytest.mark.parametrize("ids", [[], ["x"] * 1001])
async def test_a_removal_names_one_to_a_thousand_pieces(server: Running, ids: list[str]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.library.RemoveReferences(library_pb2.RemoveReferencesRequest(ids=ids))

    assert refusal(raised.value).fields == ["ids"]


@pytest.mark.parametrize(
    ("rule", "most"),
    [
        (library_pb2.SEARCH_RULE_UNSPECIFIED, 4),
        (library_pb2.SEARCH_RULE_UNITED, 4),
        (library_pb2.SEARCH_RULE_WEIGHTED_MEAN, 2),
        (library_pb2.SEARCH_RULE_RECIPROCAL_RANK, 2),
    ],
)
async def test_a_rule_decides_how_many_come_back_and_is_told(server: Running, rule: int, most: int) -> None:
    request = library_pb2.SearchReferencesRequest(text="a calm tune", picture=a_picture(), k=2, rule=rule)
    answer = await server.library.SearchReferences(request)

    assert answer.rule == (rule or library_pb2.SEARCH_RULE_UNITED)
    assert 2 <= len(answer.references) <= most
    assert [piece.rank for piece in answer.references] == list(range(1, len(answer.references) + 1))
    assert all(piece.HasField("similarity_to_image") for piece in answer.references)
    assert all(piece.HasField("similarity_to_text") for piece in answer.references)


async def test_the_picture_weighs_what_the_request_says(server: Running) -> None:
    async def by(**fields: object) -> list[str]:
        return [piece.id for piece in await search(server, k=3, filter=THE_FOUR, **fields)]

    both = {"text": "a calm tune", "picture": a_picture(), "rule": library_pb2.SEARCH_RULE_WEIGHTED_MEAN}
    assert await by(**both, image_weight=0.0) == await by(text="a calm tune")
    assert await by(**both, image_weight=1.0) == await by(picture=a_picture())


async def test_the_server_may_be_set_to_another_rule(database_url: str) -> None:
    settings = settings_for(database_url, search_rule="weighted_mean")
    async with running_server(settings) as server:
        request = library_pb2.SearchReferencesRequest(text="a calm tune", picture=a_picture(), k=2)
        answer = await server.library.SearchReferences(request)

    assert answer.rule == library_pb2.SEARCH_RULE_WEIGHTED_MEAN


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"text": "calm", "rule": 99}, "rule"),
        ({"text": "calm", "k": 101}, "k"),
        ({"text": "calm", "picture": a_picture(), "image_weight": 2.0}, "image_weight"),
        ({"text": "calm", "distinct_below": 3.0}, "distinct_below"),
        ({"text": "calm", "filter": library_pb2.ReferenceFilter(genre="\0")}, "filter.genre"),
        (
            {"text": "calm", "filter": library_pb2.ReferenceFilter(instruments=["a", "\n"])},
            "filter.instruments",
        ),
    ],
)
async def test_what_cannot_be_searched_is_refused_with_its_field(
    server: Running, fields: dict[str, object], named: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await search(server, **fields)

    assert refusal(raised.value).code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(raised.value).fields == [named]


async def test_a_vector_of_another_length_than_the_space_has_is_refused(server: Running) -> None:
    vector = np.ones(9, np.float32)
    tensor = tensor_pb2.Tensor(
        datatype=tensor_pb2.TENSOR_DATATYPE_FP32, shape=vector.shape, contents=vector.tobytes()
    )
    with pytest.raises(grpc.aio.AioRpcError, match=f"vectors of the space {SPACE} have 8 dimensions, not 9"):
        await search(server, embedding=tensor)


async def test_the_counts_say_what_is_there(server: Running) -> None:
    stats = await server.library.GetLibraryStats(library_pb2.GetLibraryStatsRequest())

    assert stats.references_by_source["test tunes"] == 4
    assert stats.embeddings_by_space[SPACE] == stats.reference_count
    assert sum(stats.references_by_genre.values()) == stats.reference_count
    (space,) = stats.spaces
    assert (space.space, space.dimensions, space.indexed) == (SPACE, 8, False)
    assert space.vector_count == stats.reference_count
