"""Requests that can't be met: the right code, exactly one ErrorInfo, a sentence that helps, nothing left behind."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
import pytest
from PIL import Image
from running_server import Running, a_picture, refusal, running_server, settings_for
from sqlalchemy import func, select

from hartmann.storage.database import Database
from hartmann.storage.tables import composition, picture
from hartmann.v1 import composition_pb2, library_pb2, tensor_pb2

pytestmark = pytest.mark.integration

MISSING = "compositions/00000000000000000000000000000000"


def jpeg_cut_in_half() -> bytes:
    """The first half of a photograph-like JPEG."""
    file = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(file, "JPEG")
    return file.getvalue()[: len(file.getvalue()) // 2]


def header_of_100_megapixels() -> bytes:
    """A PNG of a few bytes that claims to be 10,000 × 10,000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@dataclass(frozen=True)
class Case:
    """A request to create, and how it is refused."""

    reason: str
    at: str
    says: str
    fields: Callable[[], dict[str, object]] = field(default=dict)


def wishing(**wishes: object) -> Callable[[], dict[str, object]]:
    """A request with wishes."""
    return lambda: {"wishes": composition_pb2.Wishes(**wishes)}  # type: ignore[arg-type]


REFUSED = {
    "no picture": Case("PICTURE_INVALID", "picture", "empty", lambda: {"picture": b""}),
    "not a picture": Case("PICTURE_INVALID", "picture", "JPEG", lambda: {"picture": b"%PDF-1.7 hello"}),
    "a truncated JPEG": Case("PICTURE_INVALID", "picture", "", lambda: {"picture": jpeg_cut_in_half()}),
    "100 megapixels": Case(
        "PICTURE_TOO_LARGE", "picture", "pixels", lambda: {"picture": header_of_100_megapixels()}
    ),
    "more than 20 MiB": Case(
        "PICTURE_TOO_LARGE", "picture", "20,971,520", lambda: {"picture": bytes(21 * 2**20)}
    ),
    "a meter of 0/4": Case("WISH_INVALID", "wishes.meter", "6/8", wishing(meter="0/4")),
    "a key of H": Case("WISH_INVALID", "wishes.key", "E minor", wishing(key="H sharp")),
    "a tempo of 5": Case("WISH_INVALID", "wishes.tempo_bpm", "20 to 300", wishing(tempo_bpm=5)),
    "a tempo that is no number": Case(
        "WISH_INVALID", "wishes.tempo_bpm", "", wishing(tempo_bpm=float("nan"))
    ),
    "300 bars": Case("WISH_INVALID", "wishes.bars", "256", wishing(bars=300)),
    "minus one bar": Case("WISH_INVALID", "wishes.bars", "256", wishing(bars=-1)),
    "an unknown difficulty": Case(
        "WISH_INVALID", "wishes.difficulty", "easy", wishing(difficulty="devilish")
    ),
    "an unknown instrument": Case("WISH_INVALID", "wishes.ensemble", "violin", wishing(ensemble="zzblorf")),
    "a long prompt": Case("INVALID_REQUEST", "prompt", "4,000", lambda: {"prompt": "p" * 4001}),
    "a long request id": Case("INVALID_REQUEST", "request_id", "128", lambda: {"request_id": "x" * 200}),
    "an unprintable request id": Case(
        "INVALID_REQUEST", "request_id", "UUID", lambda: {"request_id": "a\0b"}
    ),
    "50 repairs": Case(
        "INVALID_REQUEST",
        "engine.max_repairs",
        "0 to 20",
        lambda: {"engine": composition_pb2.EngineOptions(max_repairs=50)},
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
async def test_a_request_that_cannot_be_met_is_refused_and_leaves_nothing(
    case: Case, server: Running, database: Database
) -> None:
    before = await everything_kept(database)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.create(**case.fields())

    refused = refusal(raised.value)
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert [(info.reason, info.domain) for info in refused.infos] == [(case.reason, "hartmann")]
    assert refused.fields == [case.at]
    assert case.says in refused.message
    assert await everything_kept(database) == before


async def test_compose_refuses_like_create(server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.compose(picture=b"no picture")

    assert refusal(raised.value).reason == "PICTURE_INVALID"


@pytest.mark.parametrize("method", ["Get", "Cancel", "Delete"])
async def test_a_composition_that_does_not_exist_is_not_found(method: str, server: Running) -> None:
    call = getattr(server.compositions, f"{method}Composition")
    request = getattr(composition_pb2, f"{method}CompositionRequest")

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(request(name=MISSING))

    assert refusal(raised.value).code is grpc.StatusCode.NOT_FOUND
    assert [info.reason for info in refusal(raised.value).infos] == ["COMPOSITION_NOT_FOUND"]


async def test_a_name_of_another_shape_is_an_invalid_argument(server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.compositions.GetComposition(composition_pb2.GetCompositionRequest(name="songs/1"))

    assert refusal(raised.value).code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(raised.value).fields == ["name"]


async def test_a_reference_that_does_not_exist_is_not_found(server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.library.GetReference(library_pb2.GetReferenceRequest(id="test/none"))

    assert refusal(raised.value).code is grpc.StatusCode.NOT_FOUND
    assert [info.reason for info in refusal(raised.value).infos] == ["REFERENCE_NOT_FOUND"]


@pytest.mark.parametrize("token", ["rubbish", "W10", "ÿ", "bnVsbA"])
async def test_a_bad_page_token_is_refused_by_both_lists(token: str, server: Running) -> None:
    for call, request in (
        (server.compositions.ListCompositions, composition_pb2.ListCompositionsRequest(page_token=token)),
        (server.library.ListReferences, library_pb2.ListReferencesRequest(page_token=token)),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(request)  # type: ignore[operator]
        assert refusal(raised.value).code is grpc.StatusCode.INVALID_ARGUMENT
        assert [info.reason for info in refusal(raised.value).infos] == ["PAGE_TOKEN_INVALID"]
        assert refusal(raised.value).fields == ["page_token"]


async def test_a_vector_whose_bytes_do_not_fit_its_shape_is_refused(server: Running) -> None:
    tensor = tensor_pb2.Tensor(datatype=tensor_pb2.TENSOR_DATATYPE_FP32, shape=[8], contents=b"1234")

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.library.SearchReferences(library_pb2.SearchReferencesRequest(embedding=tensor))

    assert refusal(raised.value).fields == ["embedding"]


async def test_a_full_queue_says_when_to_try_again(database_url: str) -> None:
    settings = settings_for(database_url, max_waiting_compositions=1)
    async with running_server(settings, with_worker=False) as server:
        waiting = await server.create()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.create()
        await server.compositions.DeleteComposition(composition_pb2.DeleteCompositionRequest(name=waiting))

    assert refusal(raised.value).code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal(raised.value).retry_seconds == 30


async def test_a_fault_of_ours_shows_an_id_and_nothing_else(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret path /etc/shadow")

    monkeypatch.setattr("hartmann.serving.composition_service.to_composition", broken)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.create()

    refused = refusal(raised.value)
    assert refused.code is grpc.StatusCode.INTERNAL
    assert [info.reason for info in refused.infos] == ["INTERNAL"]
    assert refused.infos[0].metadata["errorId"] in refused.message
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "prompt",
    ["{{ 7 * 7 }} {% raw %} {{ config }}", "X:1\nK:C\nCDEF|]", "%%abc-include /etc/passwd", "\0\x1b[31m"],
)
async def test_a_prompt_full_of_other_languages_is_only_a_prompt(prompt: str, server: Running) -> None:
    events = await server.compose(prompt=prompt)

    assert events[-1].WhichOneof("event") == "score"
    composed = await server.compositions.ListCompositions(
        composition_pb2.ListCompositionsRequest(page_size=1)
    )
    assert composed.compositions[0].prompt == prompt


@pytest.mark.parametrize("size", [(1, 1), (3, 500)])
async def test_pictures_of_odd_sizes_are_composed_for(size: tuple[int, int], server: Running) -> None:
    events = await server.compose(picture=a_picture(size=size))

    assert events[-1].WhichOneof("event") == "score"


async def everything_kept(database: Database) -> tuple[int, int]:
    """How many compositions and pictures the database holds."""
    async with database.transaction() as connection:
        compositions = (await connection.execute(select(func.count()).select_from(composition))).scalar_one()
        pictures = (await connection.execute(select(func.count()).select_from(picture))).scalar_one()
    return compositions, pictures
