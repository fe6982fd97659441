"""Bars of one's own score over the wire: continued, varied, revised, listed, refused."""

from __future__ import annotations

import grpc
import pytest
from running_server import Event, Running, kinds, refusal

from hartmann.notation.checking import check
from hartmann.notation.musicxml import to_musicxml
from hartmann.v1 import composition_pb2

pytestmark = pytest.mark.integration

CONTINUE, VARY = composition_pb2.EXCERPT_USE_CONTINUE, composition_pb2.EXCERPT_USE_VARY
WALTZ = """X:1
T:Harbour Waltz
M:3/4
L:1/8
Q:1/4=120
K:Emin
%%MIDI program 40
B2|e3f g2|f2e2d2|e3d B2|G6|]
"""


def musicxml() -> bytes:
    score = check(WALTZ).score
    assert score is not None
    return to_musicxml(score)


def excerpt(
    use: composition_pb2.ExcerptUse.ValueType = CONTINUE, **fields: object
) -> composition_pb2.Excerpt:
    return composition_pb2.Excerpt(**{"content": musicxml(), "use": use, **fields})  # type: ignore[arg-type]


def references(events: list[Event]) -> list[str]:
    [found] = [event.references for event in events if event.HasField("references")]
    assert [each.rank for each in found.references] == list(range(1, len(found.references) + 1))
    return [each.id for each in found.references]


async def revise(server: Running, **fields: object) -> str:
    request = composition_pb2.ReviseCompositionRequest(**fields)  # type: ignore[arg-type]
    return (await server.compositions.ReviseComposition(request)).composition.name


async def test_the_bars_come_first_and_the_score_says_so(server: Running) -> None:
    events = await server.compose(excerpt=excerpt(first_bar=2, last_bar=4))

    assert references(events)[0] == "excerpt"
    said = {field.name: field.value for field in events[-1].score.provenance}
    assert said["hartmann-reference-1"] == (
        'excerpt (source: your own score "Harbour Waltz", bars 2 to 4, continued)'
    )
    assert events[-1].score.originality[0].reference_id == "excerpt"


async def test_a_composition_tells_what_it_began_from_and_what_follows(server: Running) -> None:
    name = await server.create(excerpt=excerpt(VARY, title="Mine"), wishes=composition_pb2.Wishes(bars=12))
    request = composition_pb2.GetCompositionRequest(name=name)
    composition = (await server.compositions.GetComposition(request)).composition

    used = composition.excerpt
    assert (used.use, used.title, used.first_bar, used.last_bar) == (VARY, "Mine", 1, 5)
    assert check(used.abc).errors == ()
    assert (used.wishes.key, used.wishes.meter, used.wishes.tempo_bpm) == ("E minor", "3/4", 120)
    assert (used.wishes.ensemble, composition.wishes.bars, composition.wishes.key) == ("violin", 12, "")


async def test_the_wishes_that_follow_from_the_bars_are_held_against_the_drafts(server: Running) -> None:
    events = await server.compose(
        excerpt=excerpt(), engine=composition_pb2.EngineOptions(max_repairs=0), seed=1
    )

    drafts = [event.draft for event in events if event.HasField("draft")]
    right = ["M:3/4" in draft.abc and "K:Emin" in draft.abc for draft in drafts]
    met = [all("key" not in p.message and "meter" not in p.message for p in d.problems) for d in drafts]
    assert right == met


async def test_a_revision_keeps_the_bars(server: Running) -> None:
    name = await server.create(excerpt=excerpt())
    await server.watch(name)
    edits = composition_pb2.CompositionEdits(reference_ids=["test/2", "excerpt"])

    chosen = await revise(server, name=name, from_stage=composition_pb2.STAGE_DRAFT, edits=edits)
    anew = await revise(server, name=name, from_stage=composition_pb2.STAGE_CAPTION, redraw_seed=True)

    assert references(await server.watch(chosen)) == ["excerpt", "test/2"]
    assert references(await server.watch(anew))[0] == "excerpt"


async def test_the_name_of_the_bars_is_no_reference_where_there_are_none(server: Running) -> None:
    name = await server.create()
    await server.watch(name)
    edits = composition_pb2.CompositionEdits(reference_ids=["excerpt"])

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await revise(server, name=name, from_stage=composition_pb2.STAGE_DRAFT, edits=edits)

    assert refusal(raised.value).reason == "REFERENCE_NOT_FOUND"


async def test_the_same_bars_and_seed_give_the_same_score(server: Running) -> None:
    first, again = [await server.compose(excerpt=excerpt(VARY)) for _ in range(2)]

    assert kinds(first)[-1] == "score"
    assert first[-1].score == again[-1].score


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"use": 0}, "excerpt.use", "INVALID_REQUEST"),
        ({"use": 77}, "excerpt.use", "INVALID_REQUEST"),
        ({"content": b""}, "excerpt.content", "INVALID_REQUEST"),
        ({"content": b"PK\x03\x04 no zip"}, "excerpt.content", "SCORE_UNREADABLE"),
        ({"content": b"<score-partwise/>"}, "excerpt.content", "SCORE_UNREADABLE"),
        ({"content": b"<" + bytes(20 * 1024 * 1024)}, "excerpt.content", "INVALID_REQUEST"),
        ({"first_bar": 6}, "excerpt.first_bar", "INVALID_REQUEST"),
        ({"first_bar": 3, "last_bar": 2}, "excerpt.first_bar", "INVALID_REQUEST"),
        ({"staves": [2]}, "excerpt.staves", "INVALID_REQUEST"),
    ],
)
async def test_bars_that_cannot_be_used_are_refused(
    fields: dict[str, object], field: str, reason: str, server: Running
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await server.create(excerpt=excerpt(**fields))  # type: ignore[arg-type]

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal(raised.value).fields, refusal(raised.value).reason) == ([field], reason)
