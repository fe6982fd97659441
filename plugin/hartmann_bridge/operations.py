"""One operation of the HTTP API: where it is, what it takes and gives, and who answers it.

The tables in `routes/` are lists of these; the application routes by them and `/openapi.json` describes them, so
nothing is served that is not described.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from hartmann_bridge.bridge import Bridge
from hartmann_bridge.refusals import Refused

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[Request], Awaitable[Response]]

LARGEST_BODY = 24 * 2**20
"""Bytes: a score of 16 MiB written into JSON, with room for its escapes."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something in the path or after the question mark."""

    name: str
    description: str
    schema: Mapping[str, object]
    where: Literal["path", "query"] = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. `answer` is a model for JSON, or a media type for anything else."""

    method: str
    path: str
    handler: Handler
    summary: str
    answer: type[BaseModel] | str | None
    body: type[BaseModel] | None = None
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    refusals: tuple[int, ...] = ()
    is_open: bool = False
    description: str = field(default="")


def bridge_of(request: Request) -> Bridge:
    """The bridge that the application belongs to."""
    bridge: Bridge = request.app.state.bridge
    return bridge


async def read_body(request: Request, model: type[Model]) -> Model:
    """The request's JSON as a model; an absent body is an empty object. Raises Refused."""
    body = await _read(request)
    try:
        plain = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "JSON_INVALID", "the body is no JSON") from error
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        said = fault["msg"][:1].lower() + fault["msg"][1:]
        message = f"{where}: {said}" if where else said
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "REQUEST_INVALID", message, field=where) from error


def query_number(request: Request, name: str, *, most: int) -> int:
    """A whole number from 0 after the question mark; 0 where it is absent."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= most):
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "REQUEST_INVALID",
            f"{name} is a whole number from 0 to {most}",
            field=name,
        )
    return int(text)


async def _read(request: Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST_BODY:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "BODY_TOO_LARGE",
                f"the body is larger than {LARGEST_BODY // 2**20} MiB; name a file by its path instead",
            )
        pieces.append(piece)
    return b"".join(pieces)
