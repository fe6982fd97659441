"""Finished compositions: scores as files, attention in pieces, lists, revisions."""

from __future__ import annotations

import io
import zipfile

import grpc
import numpy as np
import pytest
from running_server import Event, Running, a_picture, kinds, refusal
from scripted_models import CAPTION, MOTIVATION, TUNES

from hartmann.v1 import composition_pb2, notation_pb2

pytestmark = pytest.mark.integration

SUCCEEDED = composition_pb2.COMPOSITION_STATE_SUCCEEDED


async def finished(server: Running, **fields: object) -> tuple[str, list[Event]]:
    """A composition with its score, and its events."""
    name = await server.create(**fields)
    events = await server.watch(name)
    assert kinds(events)[-1] == "score"
    return name, events


async def score(server: Running, name: str, kind: notation_pb2.ScoreFormat.ValueType) -> tuple[bytes, str]:
    request = composition_pb2.GetScoreRequest(name=name, format=kind)
    response = await server.compositions.GetScore(request)
    return response.content, response.file_name


async def test_the_score_comes_in_three_formats_with_a_name(server: Running) -> None:
    name, events = await finished(server)
    written = events[-1].score

    assert await score(server, name, notation_pb2.SCORE_FORMAT_MUSICXML) == (
        written.musicxml,
        f"{written.title}.musicxml",
    )
    assert await score(server, name, notation_pb2.SCORE_FORMAT_MIDI) == (written.midi, f"{written.title}.mid")
    assert await score(server, name, notation_pb2.SCORE_FORMAT_ABC) == (
        written.abc.encode(),
        f"{written.title}.abc",
    )


async def test_the_compressed_score_holds_the_score(server: Running) -> None:
    name, events = await finished(server)

    content, file_name = await score(server, name, notation_pb2.SCORE_FORMAT_MXL)

    assert file_name == f"{events[-1].score.title}.mxl"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("score.musicxml") == events[-1].score.musicxml


async def test_a_composition_bears_the_title_of_its_score(server: Running) -> None:
    for seed in (1, 2, 3):
        name, events = await finished(server, seed=seed)
        request = composition_pb2.GetCompositionRequest(name=name)
        composition = (await server.compositions.GetComposition(request)).composition
        assert composition.title == events[-1].score.title != ""


async def test_the_picture_comes_back_as_it_was_sent(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hartmann.serving.composition_service.CHUNK", 32)
    sent = a_picture((9, 99, 199))
    name = await server.create(picture=sent)

    call = server.compositions.GetPicture(composition_pb2.GetPictureRequest(name=name))
    pieces = [response async for response in call]

    assert b"".join(piece.content for piece in pieces) == sent
    assert [piece.media_type for piece in pieces] == ["image/png", *[""] * (len(pieces) - 1)]
    assert len(pieces) > 1


async def test_the_same_seed_gives_the_same_score_byte_for_byte_and_others_others(server: Running) -> None:
    first, again = (await finished(server, seed=5))[1], (await finished(server, seed=5))[1]
    others = {(await finished(server, seed=seed))[1][-1].score.musicxml for seed in range(6)}

    assert first[-1].score == again[-1].score
    assert len(others) > 1


async def test_a_format_that_is_none_is_refused(server: Running) -> None:
    name, _ = await finished(server)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await score(server, name, notation_pb2.SCORE_FORMAT_UNSPECIFIED)

    assert refusal(raised.value).fields == ["format"]


async def test_a_score_that_is_not_written_yet_is_said_to_be_so(server: Running) -> None:
    server.writer.hold.clear()
    name = await server.create()

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await score(server, name, notation_pb2.SCORE_FORMAT_MIDI)
    with pytest.raises(grpc.aio.AioRpcError) as also_raised:
        await attention(server, name)

    assert refusal(raised.value).reason == refusal(also_raised.value).reason == "COMPOSITION_NOT_FINISHED"
    assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def attention(server: Running, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The attention tensor, put together from its pieces."""
    request = composition_pb2.GetAttentionRequest(name=name)
    pieces = [response.tensor async for response in server.compositions.GetAttention(request)]
    contents = b"".join(piece.contents for piece in pieces)
    return np.frombuffer(contents, "<f4").reshape(tuple(pieces[0].shape))


async def test_the_attention_in_pieces_is_the_attention_of_the_event(server: Running) -> None:
    name, events = await finished(server)
    [explanation] = [event.explanation for event in events if event.HasField("explanation")]

    tensor = await attention(server, name)

    assert tensor.shape == tuple(explanation.attention.shape)
    assert tensor.astype("<f4").tobytes() == explanation.attention.contents
    assert np.allclose(tensor.sum(axis=(1, 2)), 1, atol=1e-5)


async def test_attention_that_is_large_is_left_out_of_the_event_and_comes_in_pieces(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hartmann.serving.event_translation.LARGEST_ATTENTION", 100)
    monkeypatch.setattr("hartmann.serving.composition_service.CHUNK", 256)
    name, events = await finished(server)
    [explanation] = [event.explanation for event in events if event.HasField("explanation")]

    assert explanation.attention_left_out
    assert not explanation.HasField("attention")
    assert (await attention(server, name)).shape[1:] == (explanation.grid.rows, explanation.grid.columns)


async def test_a_finished_composition_says_what_was_asked_and_where_it_stands(server: Running) -> None:
    wishes = composition_pb2.Wishes(mood="calm")
    name, events = await finished(server, prompt="the sea", wishes=wishes, seed=11)

    request = composition_pb2.GetCompositionRequest(name=name)
    composition = (await server.compositions.GetComposition(request)).composition

    assert (composition.state, composition.prompt, composition.wishes) == (SUCCEEDED, "the sea", wishes)
    assert (composition.seed, composition.last_sequence) == (11, events[-1].sequence)
    assert composition.finished_stage == composition_pb2.STAGE_ENGRAVE
    assert composition.engine.max_repairs == 3
    assert composition.create_time.ToDatetime() <= composition.update_time.ToDatetime()
    assert events[0].accepted.seed == 11
    assert events[0].accepted.vision_model == "scripted 1"


async def test_lists_page_through_everything_newest_first(server: Running) -> None:
    names = [(await finished(server))[0] for _ in range(5)]
    seen: list[str] = []
    token = ""
    while True:
        request = composition_pb2.ListCompositionsRequest(page_size=2, page_token=token, state=SUCCEEDED)
        page = await server.compositions.ListCompositions(request)
        seen += [composition.name for composition in page.compositions]
        token = page.next_page_token
        if not token:
            break

    assert seen[:5] == names[::-1] == sorted(names, reverse=True)
    assert len(seen) == len(set(seen))


async def test_a_page_token_of_another_filter_is_refused(server: Running) -> None:
    for _ in range(2):
        await finished(server)
    request = composition_pb2.ListCompositionsRequest(page_size=1, state=SUCCEEDED)
    token = (await server.compositions.ListCompositions(request)).next_page_token

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.compositions.ListCompositions(composition_pb2.ListCompositionsRequest(page_token=token))

    assert refusal(raised.value).reason == "PAGE_TOKEN_INVALID"


async def revise(server: Running, **fields: object) -> str:
    request = composition_pb2.ReviseCompositionRequest(**fields)  # type: ignore[arg-type]
    return (await server.compositions.ReviseComposition(request)).composition.name


async def test_a_revision_shares_the_work_up_to_its_stage_and_does_the_rest_anew(server: Running) -> None:
    name, events = await finished(server, seed=1)
    caption = next(event for event in events if event.HasField("caption"))

    revision = await revise(
        server, name=name, from_stage=composition_pb2.STAGE_DRAFT, instruction="slower", redraw_seed=True
    )
    revised = await server.watch(revision)

    assert kinds(revised)[:3] == ["accepted", "caption", "references"]
    assert revised[1].caption == caption.caption
    assert kinds(revised)[-1] == "score"
    assert [event.sequence for event in revised] == list(range(1, len(revised) + 1))
    request = composition_pb2.GetCompositionRequest(name=revision)
    composition = (await server.compositions.GetComposition(request)).composition
    assert (composition.revised_from, composition.instruction) == (name, "slower")


async def test_an_edited_caption_is_what_the_revision_works_from(server: Running) -> None:
    name, _ = await finished(server)
    edits = composition_pb2.CompositionEdits(caption="A dark forest at night.")

    revision = await revise(server, name=name, from_stage=composition_pb2.STAGE_RETRIEVE, edits=edits)
    revised = await server.watch(revision)

    assert [event.caption.text for event in revised if event.HasField("caption")] == [
        "A dark forest at night."
    ]
    assert kinds(revised)[-1] == "score"


async def test_chosen_references_take_the_place_of_those_found(server: Running) -> None:
    name, _ = await finished(server)
    edits = composition_pb2.CompositionEdits(reference_ids=["test/3", "test/1"])

    revision = await revise(server, name=name, from_stage=composition_pb2.STAGE_DRAFT, edits=edits)
    revised = await server.watch(revision)

    [references] = [event.references for event in revised if event.HasField("references")]
    assert [reference.id for reference in references.references] == ["test/3", "test/1"]


async def test_edited_music_is_what_is_explained_and_engraved(server: Running) -> None:
    name, _ = await finished(server)
    mine = TUNES[0].replace("Field Path", "My Own").replace("G4|]", "D4|]")
    edits = composition_pb2.CompositionEdits(abc=mine)

    revision = await revise(server, name=name, from_stage=composition_pb2.STAGE_EXPLAIN, edits=edits)
    revised = await server.watch(revision)

    assert revised[-1].score.title == "My Own"
    assert [event.explanation.motivation for event in revised if event.HasField("explanation")] == [
        MOTIVATION
    ]


async def test_one_bar_can_be_replaced(server: Running) -> None:
    name, events = await finished(server, seed=1, engine=composition_pb2.EngineOptions(max_refinements=0))
    bar = composition_pb2.ReplacedBar(
        voice=1, bar_index=7, abc="z6" if "6/8" in events[-1].score.abc else "z4"
    )
    if "M:3/4" in events[-1].score.abc:
        bar.abc = "z3"

    revision = await revise(
        server,
        name=name,
        from_stage=composition_pb2.STAGE_EXPLAIN,
        edits=composition_pb2.CompositionEdits(bars=[bar]),
    )
    revised = await server.watch(revision)

    assert kinds(revised)[-1] == "score", revised[-1]
    before, after = events[-1].score.abc.split("|"), revised[-1].score.abc.split("|")
    assert len(before) == len(after)
    assert [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [7]


async def test_a_revision_of_the_engraving_keeps_the_explanation(server: Running) -> None:
    name, events = await finished(server)

    revised = await server.watch(await revise(server, name=name, from_stage=composition_pb2.STAGE_ENGRAVE))

    [before] = [event.explanation for event in events if event.HasField("explanation")]
    [after] = [event.explanation for event in revised if event.HasField("explanation")]
    assert before == after
    assert revised[-1].score == events[-1].score


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({}, "from_stage"),
        (
            {
                "from_stage": composition_pb2.STAGE_CAPTION,
                "edits": composition_pb2.CompositionEdits(caption="no"),
            },
            "from_stage",
        ),
        ({"from_stage": composition_pb2.STAGE_DRAFT, "seed": 1, "redraw_seed": True}, "redraw_seed"),
        (
            {
                "from_stage": composition_pb2.STAGE_EXPLAIN,
                "edits": composition_pb2.CompositionEdits(abc="no music in here"),
            },
            "edits.abc",
        ),
        (
            {
                "from_stage": composition_pb2.STAGE_EXPLAIN,
                "edits": composition_pb2.CompositionEdits(
                    bars=[composition_pb2.ReplacedBar(voice=9, bar_index=0, abc="C4")]
                ),
            },
            "edits.bars[0]",
        ),
    ],
)
async def test_a_revision_that_makes_no_sense_is_refused(
    fields: dict[str, object], at: str, server: Running
) -> None:
    name, _ = await finished(server)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await revise(server, name=name, **fields)

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(raised.value).fields == [at]


async def test_a_revision_with_an_unknown_reference_is_refused(server: Running) -> None:
    name, _ = await finished(server)
    edits = composition_pb2.CompositionEdits(reference_ids=["test/none"])

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await revise(server, name=name, from_stage=composition_pb2.STAGE_DRAFT, edits=edits)

    assert refusal(raised.value).reason == "REFERENCE_NOT_FOUND"


async def test_the_caption_event_holds_the_whole_caption(server: Running) -> None:
    _, events = await finished(server, picture=a_picture((1, 2, 3)))

    assert [event.caption.text for event in events if event.HasField("caption")] == [CAPTION]
