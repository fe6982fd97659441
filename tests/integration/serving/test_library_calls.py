"""The library over the wire: search by words, picture and vector; pages; imports; counts."""

from __future__ import annotations

import grpc
import pytest
from running_server import Running, a_picture, refusal
from scripted_models import SPACE, ScriptedEmbedder

from hartmann.v1 import library_pb2, tensor_pb2

pytestmark = pytest.mark.integration

TUNE = "X:1\nT:Imported\nM:4/4\nL:1/4\nK:D\nDEFG|A2A2|BAGF|E4|DEFG|A2A2|GFED|D4|]\n"


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


async def test_an_import_adds_what_is_music_and_says_what_is_not(server: Running) -> None:
    def requests() -> list[library_pb2.ImportReferencesRequest]:
        pieces = (
            library_pb2.Reference(id="mine/1", abc=TUNE, source="me", licence="CC0", caption="my own tune"),
            library_pb2.Reference(id="mine/2", abc="no music", source="me", licence="CC0"),
            library_pb2.Reference(id="", abc=TUNE),
        )
        return [library_pb2.ImportReferencesRequest(reference=piece) for piece in pieces]

    first = await server.library.ImportReferences(iter(requests()))
    again = await server.library.ImportReferences(iter(requests()))

    assert (first.imported_count, first.skipped_count) == (1, 0)
    assert [refused.id for refused in first.refused] == ["mine/2", ""]
    assert (again.imported_count, again.skipped_count) == (0, 1)
    stored = await server.library.GetReference(library_pb2.GetReferenceRequest(id="mine/1"))
    assert (stored.reference.title, stored.reference.caption) == ("Imported", "my own tune")


async def test_the_counts_say_what_is_there(server: Running) -> None:
    stats = await server.library.GetLibraryStats(library_pb2.GetLibraryStatsRequest())

    assert stats.references_by_source["test tunes"] == 4
    assert stats.embeddings_by_space[SPACE] == stats.reference_count
