"""Notation for other services: checked, measured and converted over the wire."""

from __future__ import annotations

import grpc
import pytest
from running_server import Running, refusal, running_server, settings_for
from scripted_models import TUNES

from hartmann.v1 import notation_pb2

pytestmark = pytest.mark.integration


async def test_a_good_tune_is_valid_and_summed_up(server: Running) -> None:
    response = await server.notation.CheckAbc(notation_pb2.CheckAbcRequest(abc=TUNES[0]))

    assert response.valid
    assert (response.tune.title, response.tune.key, response.tune.meter) == ("Field Path", "G major", "4/4")
    assert (response.tune.voice_count, response.tune.bar_count) == (1, 8)
    assert response.tune.quarters_per_minute == 90
    assert list(response.tune.sections) == ["A", "B"]


async def test_a_bar_that_is_too_long_is_reported_with_its_place(server: Running) -> None:
    abc = TUNES[0].replace("A4|", "A4B|")

    response = await server.notation.CheckAbc(notation_pb2.CheckAbcRequest(abc=abc))

    assert not response.valid
    [problem] = [p for p in response.problems if p.severity == notation_pb2.SEVERITY_ERROR]
    assert (problem.voice, problem.bar, problem.line) == (1, 4, 8)
    assert "^" in response.report


async def test_a_melody_is_measured(server: Running) -> None:
    response = await server.notation.MeasureAbc(notation_pb2.MeasureAbcRequest(abc=TUNES[0]))

    assert response.metrics.polyphony == 1
    assert response.metrics.scale_consistency == 1
    assert set(response.explanations) == set(notation_pb2.Metrics.DESCRIPTOR.fields_by_name)


async def test_measures_that_do_not_exist_are_absent(server: Running) -> None:
    response = await server.notation.MeasureAbc(
        notation_pb2.MeasureAbcRequest(abc="X:1\nM:4/4\nL:1/4\nK:C\nz4|z4|]")
    )

    assert not response.metrics.HasField("pitch_entropy")
    assert not response.metrics.HasField("polyphony")


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [
        (notation_pb2.SCORE_FORMAT_MUSICXML, b"<?xml"),
        (notation_pb2.SCORE_FORMAT_MIDI, b"MThd"),
        (notation_pb2.SCORE_FORMAT_ABC, b"X:1"),
        (notation_pb2.SCORE_FORMAT_MXL, b"PK"),
    ],
)
async def test_a_tune_is_converted_the_same_way_each_time(
    kind: notation_pb2.ScoreFormat.ValueType, beginning: bytes, server: Running
) -> None:
    request = notation_pb2.ConvertAbcRequest(abc=TUNES[0], format=kind)

    first, again = await server.notation.ConvertAbc(request), await server.notation.ConvertAbc(request)

    assert first.content.startswith(beginning)
    assert first == again


@pytest.mark.parametrize("abc", ["", "   \n", "there is no music here", "x" * 1_000_001])
async def test_text_without_music_cannot_be_measured(abc: str, server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.notation.MeasureAbc(notation_pb2.MeasureAbcRequest(abc=abc))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(raised.value).reason == "NOTATION_INVALID"
    assert refusal(raised.value).fields == ["abc"]


@pytest.mark.parametrize(
    "kind",
    [notation_pb2.SCORE_FORMAT_MUSICXML, notation_pb2.SCORE_FORMAT_MXL, notation_pb2.SCORE_FORMAT_MIDI],
)
async def test_what_was_converted_is_imported_again(
    kind: notation_pb2.ScoreFormat.ValueType, server: Running
) -> None:
    request = notation_pb2.ConvertAbcRequest(abc=TUNES[0], format=kind)
    file = (await server.notation.ConvertAbc(request)).content

    imported = await server.notation.ImportScore(notation_pb2.ImportScoreRequest(content=file))

    assert (imported.tune.key, imported.tune.meter, imported.tune.bar_count) == ("G major", "4/4", 8)
    assert [p.message for p in imported.problems if p.severity == notation_pb2.SEVERITY_ERROR] == []
    measured = [
        (await server.notation.MeasureAbc(notation_pb2.MeasureAbcRequest(abc=abc))).metrics
        for abc in (TUNES[0], imported.abc)
    ]
    assert measured[0] == measured[1]


async def test_an_import_may_end_after_some_bars(server: Running) -> None:
    request = notation_pb2.ConvertAbcRequest(abc=TUNES[0], format=notation_pb2.SCORE_FORMAT_MUSICXML)
    file = (await server.notation.ConvertAbc(request)).content

    imported = await server.notation.ImportScore(notation_pb2.ImportScoreRequest(content=file, bars=3))

    assert imported.tune.bar_count == 3


@pytest.mark.parametrize(
    ("content", "bars", "field"),
    [
        (b"", 0, "content"),
        (b"X:1\nK:C\nCDEF|]", 0, "content"),
        (b"MThd\0\0\0\6 and then nothing", 0, "content"),
        (b"<score-partwise><part-list/></score-partwise>", 0, "content"),
        (b"PK\3\4 no archive", 0, "content"),
        (b"<" + bytes(20 * 1024 * 1024), 0, "content"),
        (b"<score-partwise/>", -1, "bars"),
    ],
)
async def test_a_file_that_is_no_score_is_refused(
    content: bytes, bars: int, field: str, server: Running
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.notation.ImportScore(notation_pb2.ImportScoreRequest(content=content, bars=bars))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(raised.value).fields == [field]


async def test_no_more_of_a_tune_is_read_than_the_settings_allow(database_url: str) -> None:
    settings = settings_for(database_url, max_abc_notes=4)
    async with running_server(settings) as server:
        answer = await server.notation.CheckAbc(notation_pb2.CheckAbcRequest(abc="K:C\nCDEF|GABc|]"))
    assert "too_much" in {problem.code for problem in answer.problems}
