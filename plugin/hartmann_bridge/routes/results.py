"""What came of a composition: its pictures, its score, its files, and the editor that opens them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import notation_pb2
from hartmann_bridge import bodies, opener
from hartmann_bridge.answers import PRIVATE, json_response
from hartmann_bridge.heat_pictures import bars_of, sections_of
from hartmann_bridge.operations import Operation, Parameter, bridge_of, read_body
from hartmann_bridge.refusals import Refused
from hartmann_bridge.routes.compositions import ID
from hartmann_bridge.translation import name_of

FORMATS = {
    "musicxml": notation_pb2.SCORE_FORMAT_MUSICXML,
    "mxl": notation_pb2.SCORE_FORMAT_MXL,
    "abc": notation_pb2.SCORE_FORMAT_ABC,
    "midi": notation_pb2.SCORE_FORMAT_MIDI,
}


async def pictures(request: Request) -> Response:
    """Addresses of what can be looked at so far."""
    bridge = bridge_of(request)
    composition = request.path_params["id"]
    recorded = await bridge.recorded.get(bridge.link, name_of(composition))

    def address(what: str) -> str:
        return bridge.media.of(f"compositions/{composition}/{what}")

    drafts = [
        bodies.DraftPicture(
            number=number, svg=address(f"drafts/{number}.svg"), png=address(f"drafts/{number}.png")
        )
        for number in sorted(recorded.drafts)
    ]
    return json_response(
        bodies.Pictures(
            picture=address("picture.png"),
            attention=_attention(recorded.explanation, address),
            drafts=tuple(drafts),
        )
    )


async def score(request: Request) -> Response:
    """The finished score's bytes."""
    wanted = request.query_params.get("format", "musicxml")
    if wanted not in FORMATS:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "FORMAT_INVALID",
            f"a format is one of {', '.join(FORMATS)}",
            field="format",
        )
    answer = await bridge_of(request).link.score(name_of(request.path_params["id"]), FORMATS[wanted])
    return Response(answer.content, media_type=answer.media_type, headers=PRIVATE)


async def save(request: Request) -> Response:
    """Writes the files into the scores folder, or finds them there."""
    body = await read_body(request, bodies.Saving)
    files = await bridge_of(request).save(name_of(request.path_params["id"]), fresh=body.fresh)
    return json_response(bodies.Saved(files=files))


async def open_score(request: Request) -> Response:
    """Saves if need be, then opens the MusicXML in MuseScore."""
    body = await read_body(request, bodies.Opening)
    name = name_of(request.path_params["id"])
    bridge = bridge_of(request)
    musescore = bridge.opener.find(bridge.store.current.musescore, body.version)
    files = await bridge.save_to_open(name, fresh=body.fresh)
    if musescore is None:
        raise opener.not_found(body.version)
    await bridge.opener.open(musescore, Path(str(files.musicxml)))
    return json_response(bodies.Opened(files=files, opened_with=musescore.path))


def _attention(explanation: pb.Explanation | None, address: Callable[[str], str]) -> bodies.Attention | None:
    """The addresses of the heated pictures; None where the model records no attention."""
    sections = sections_of(explanation) if explanation else ()
    if explanation is None or not sections:
        return None
    return bodies.Attention(
        whole=address("attention/whole.png"),
        sections=tuple(
            bodies.SectionPicture(
                name=section.label,
                label=f"{section.label} · {section.region}",
                url=address(f"attention/sections/{number}.png"),
            )
            for number, section in enumerate(sections, 1)
        ),
        bars=tuple(
            bodies.BarPicture(voice=bar.voice, bar=bar.bar or 0, url=address(f"attention/bars/{number}.png"))
            for number, bar in enumerate(bars_of(explanation), 1)
        ),
    )


OPERATIONS = (
    Operation(
        "GET",
        "/v1/compositions/{id}/pictures",
        pictures,
        "Get the addresses of the picture, the attention and the engraved drafts",
        bodies.Pictures,
        parameters=(ID,),
        refusals=(404, 503),
    ),
    Operation(
        "GET",
        "/v1/compositions/{id}/score",
        score,
        "Get the finished score",
        "application/octet-stream",
        parameters=(
            ID,
            Parameter("format", "How it is written.", {"type": "string", "enum": list(FORMATS)}),
        ),
        refusals=(404, 409, 503),
    ),
    Operation(
        "POST",
        "/v1/compositions/{id}/save",
        save,
        "Save a finished score with its explanation",
        bodies.Saved,
        body=bodies.Saving,
        parameters=(ID,),
        refusals=(404, 409, 503),
    ),
    Operation(
        "POST",
        "/v1/compositions/{id}/open",
        open_score,
        "Save a finished score and open it in MuseScore",
        bodies.Opened,
        body=bodies.Opening,
        parameters=(ID,),
        refusals=(404, 409, 503),
    ),
)
