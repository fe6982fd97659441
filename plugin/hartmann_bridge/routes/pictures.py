"""Picture files on this machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from hartmann.errors import HartmannError
from hartmann.vision.pictures import PictureLimits, check_picture, read_picture
from hartmann_bridge import bodies
from hartmann_bridge.answers import json_response
from hartmann_bridge.operations import Operation, bridge_of, read_body
from hartmann_bridge.refusals import refused_by_server
from hartmann_bridge.user_files import read_user_file

LIMITS = PictureLimits()
"""Those of a server that nobody changed; the server looks again at what it is sent."""


async def check(request: Request) -> Response:
    """Reads and decodes a picture file, so that what is wrong with it is said before composing."""
    body = await read_body(request, bodies.PicturePath)
    found = await asyncio.to_thread(_looked_at, body.path)
    url = bridge_of(request).media.of_file(found.path)
    return json_response(
        bodies.CheckedPicture(
            path=found.path,
            format=found.format,
            width=found.width,
            height=found.height,
            bytes=found.bytes,
            url=url,
        )
    )


def read_picture_file(path: str, field: str = "picture") -> bytes:
    """The bytes of a picture file, checked without decoding it. Raises Refused."""
    _, body = read_user_file(path, LIMITS.max_bytes, field=field)
    try:
        check_picture(body, LIMITS)
    except HartmannError as error:
        refused = refused_by_server(error)
        refused.field = field
        raise refused from error
    return body


@dataclass(frozen=True, slots=True)
class _Found:
    path: str
    format: str
    width: int
    height: int
    bytes: int


def _looked_at(named: str) -> _Found:
    path, body = read_user_file(named, LIMITS.max_bytes, field="path")
    try:
        picture = read_picture(body, LIMITS)
    except HartmannError as error:
        refused = refused_by_server(error)
        refused.field = "path"
        raise refused from error
    return _Found(str(path), picture.format, picture.width, picture.height, len(body))


OPERATIONS = (
    Operation(
        "POST",
        "/v1/pictures/check",
        check,
        "Check a picture file and get its thumbnail",
        bodies.CheckedPicture,
        body=bodies.PicturePath,
        refusals=(403, 404, 413),
    ),
)
