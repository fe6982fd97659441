"""Pictures under addresses that can't be guessed: open, since QML's `Image` sends no headers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from hartmann_bridge.answers import PICTURE, PRIVATE
from hartmann_bridge.bridge import Bridge
from hartmann_bridge.heat_pictures import bars_of, heated, sections_of, thumbnail, whole_of
from hartmann_bridge.media import file_of
from hartmann_bridge.operations import Operation, Parameter, bridge_of
from hartmann_bridge.previews import Preview
from hartmann_bridge.recorded import Recorded
from hartmann_bridge.refusals import Refused
from hartmann_bridge.routes.pictures import read_picture_file
from hartmann_bridge.translation import name_of

PNG, SVG = "image/png", "image/svg+xml"
SVG_HEADERS = {
    **PICTURE,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; font-src data:",
}
"""An SVG that is opened by itself in a browser runs and loads nothing."""


async def media(request: Request) -> Response:
    """The picture behind an address that we made."""
    bridge = bridge_of(request)
    what = request.path_params["what"]
    bridge.media.check(request.path_params["signature"], what)
    for pattern, answer in _KINDS:
        if match := pattern.fullmatch(what):
            return await answer(bridge, *match.groups())
    raise _absent()


async def _thumbnail_of_file(bridge: Bridge, coded: str) -> Response:
    del bridge
    picture = await asyncio.to_thread(read_picture_file, file_of(coded), "path")
    # The file may change under its address.
    return Response(await asyncio.to_thread(thumbnail, picture), media_type=PNG, headers=PRIVATE)


async def _picture(bridge: Bridge, composition: str) -> Response:
    return _png(await asyncio.to_thread(thumbnail, await bridge.link.picture(name_of(composition))))


async def _attention(bridge: Bridge, composition: str, kind: str, number: str | None) -> Response:
    name = name_of(composition)
    recorded = await bridge.recorded.get(bridge.link, name)
    heat = _heat(recorded, kind, int(number or 0))
    picture = await bridge.link.picture(name)
    return _png(await asyncio.to_thread(heated, picture, heat))


async def _draft(bridge: Bridge, composition: str, number: str, suffix: str) -> Response:
    recorded = await bridge.recorded.get(bridge.link, name_of(composition))
    draft = recorded.drafts.get(int(number))
    if draft is None:
        raise _absent()
    preview: Preview = await bridge.engraver.preview(draft.abc, bridge.link.engrave)
    if suffix == "svg":
        return Response(preview.svg, media_type=SVG, headers=SVG_HEADERS)
    return _png(preview.png)


def _heat(recorded: Recorded, kind: str, number: int) -> NDArray[np.float32]:
    if recorded.explanation is None:
        raise _absent()
    sections = sections_of(recorded.explanation)
    if kind == "whole" and sections:
        return whole_of(sections)
    spans = sections if kind == "sections" else bars_of(recorded.explanation)
    if not 1 <= number <= len(spans):
        raise _absent()
    return spans[number - 1].heat


def _png(body: bytes) -> Response:
    return Response(body, media_type=PNG, headers=PICTURE)


def _absent() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "PICTURE_NOT_FOUND", "there is no picture at this address")


_COMPOSITION = r"compositions/([0-9a-f]{32})"
_KINDS: tuple[tuple[re.Pattern[str], Callable[..., Awaitable[Response]]], ...] = (
    (re.compile(r"thumbnails/([\w-]+)\.png"), _thumbnail_of_file),
    (re.compile(rf"{_COMPOSITION}/picture\.png"), _picture),
    (re.compile(rf"{_COMPOSITION}/attention/(whole|sections|bars)(?:/(\d{{1,6}}))?\.png"), _attention),
    (re.compile(rf"{_COMPOSITION}/drafts/(\d{{1,6}})\.(svg|png)"), _draft),
)

OPERATIONS = (
    Operation(
        "GET",
        "/media/{signature}/{what:path}",
        media,
        "Look at a picture, by an address from another answer",
        PNG,
        parameters=(
            Parameter("signature", "Made by the bridge.", {"type": "string"}, "path"),
            Parameter("what", "What is shown.", {"type": "string"}, "path"),
        ),
        refusals=(404, 422, 503),
        is_open=True,
    ),
)
