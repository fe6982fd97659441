"""Compositions: made, listed, watched, cancelled, revised, deleted; and the leases of those who watch."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hartmann.errors import HartmannError
from hartmann.remote_errors import is_transient
from hartmann.v1 import composition_pb2 as pb
from hartmann_bridge import bodies
from hartmann_bridge.answers import PRIVATE, json_response
from hartmann_bridge.event_stream import event_lines, until
from hartmann_bridge.operations import Operation, Parameter, bridge_of, query_number, read_body
from hartmann_bridge.refusals import Refused
from hartmann_bridge.routes.pictures import read_picture_file
from hartmann_bridge.translation import name_of, to_creation, to_revision, to_state
from hartmann_bridge.user_scores import read_excerpt

NDJSON = "application/x-ndjson"
LARGEST_SEQUENCE = 2**63 - 1
ID = Parameter("id", "The composition's id.", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "path")
_LEASE = re.compile(r"[A-Za-z0-9._-]{1,64}")


async def create(request: Request) -> Response:
    """Reads the picture, and the excerpt if there is one, and asks the server."""
    body = await read_body(request, bodies.NewComposition)
    bridge = bridge_of(request)
    picture = await asyncio.to_thread(read_picture_file, body.picture)
    excerpt = await asyncio.to_thread(read_excerpt, body.excerpt) if body.excerpt else b""
    composition = await bridge.link.create(to_creation(body, picture, excerpt))
    return json_response(await bridge.shown(composition), 201)


async def list_all(request: Request) -> Response:
    """A page, newest first."""
    bridge = bridge_of(request)
    page = await bridge.link.list(
        pb.ListCompositionsRequest(
            page_size=query_number(request, "page_size", most=1000),
            page_token=request.query_params.get("page_token", ""),
            state=to_state(request.query_params.get("state", "")),
        )
    )
    shown = await asyncio.gather(*(bridge.shown(composition) for composition in page.compositions))
    return json_response(
        bodies.CompositionPage(compositions=tuple(shown), next_page_token=page.next_page_token)
    )


async def get(request: Request) -> Response:
    """One composition."""
    bridge = bridge_of(request)
    composition = await bridge.link.get(name_of(request.path_params["id"]))
    return json_response(await bridge.shown(composition))


async def delete(request: Request) -> Response:
    """Removes it from the server; saved files stay."""
    await bridge_of(request).link.delete(name_of(request.path_params["id"]))
    return Response(status_code=204, headers=PRIVATE)


async def cancel(request: Request) -> Response:
    """Stops it."""
    bridge = bridge_of(request)
    composition = await bridge.link.cancel(name_of(request.path_params["id"]))
    return json_response(await bridge.shown(composition))


async def revise(request: Request) -> Response:
    """Begins a new one from its work."""
    name = name_of(request.path_params["id"])
    body = await read_body(request, bodies.Revision)
    bridge = bridge_of(request)
    composition = await bridge.link.revise(to_revision(name, body))
    return json_response(await bridge.shown(composition), 201)


async def events(request: Request) -> Response:
    """Streams what happens; the server may be away, and the stream waits for it."""
    bridge = bridge_of(request)
    name = name_of(request.path_params["id"])
    after = query_number(request, "after", most=LARGEST_SEQUENCE)
    lease = _lease_name(request.query_params["lease"]) if "lease" in request.query_params else ""
    try:
        await bridge.link.get(name)
    except HartmannError as error:
        if not is_transient(error):
            raise
    ends: list[Awaitable[object]] = [bridge.closing.wait()]
    if lease:
        bridge.leases.renew(lease)
        ends.append(bridge.leases.run_out(lease))
    tensors = request.query_params.get("tensors", "") == "1"
    lines = event_lines(bridge, name, after, tensors=tensors)
    return StreamingResponse(until(lines, *ends), media_type=NDJSON, headers=PRIVATE)


async def renew(request: Request) -> Response:
    """Says that the holder of a lease is still there."""
    leases = bridge_of(request).leases
    leases.renew(_lease_name(request.path_params["name"]))
    return json_response(bodies.Lease(seconds=leases.seconds))


def _lease_name(name: str) -> str:
    if not _LEASE.fullmatch(name):
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "LEASE_INVALID",
            "a lease's name has 1 to 64 letters, digits, dots, dashes or underscores",
            field="lease",
        )
    return name


OPERATIONS = (
    Operation(
        "POST",
        "/v1/compositions",
        create,
        "Compose for a picture",
        bodies.Composition,
        body=bodies.NewComposition,
        status=201,
        refusals=(403, 404, 413, 429, 503),
        description="Answers as soon as it is queued; watch its events, or ask for it now and then.",
    ),
    Operation(
        "GET",
        "/v1/compositions",
        list_all,
        "List compositions, newest first",
        bodies.CompositionPage,
        parameters=(
            Parameter("page_size", "How many at most; 50 if not given.", {"type": "integer", "minimum": 0}),
            Parameter("page_token", "`next_page_token` of the page before.", {"type": "string"}),
            Parameter(
                "state",
                "Only those in this state.",
                {"type": "string", "enum": ["queued", "running", "finished", "failed", "cancelled"]},
            ),
        ),
        refusals=(503,),
    ),
    Operation(
        "GET",
        "/v1/compositions/{id}",
        get,
        "Say where a composition stands",
        bodies.Composition,
        parameters=(ID,),
        refusals=(404, 503),
    ),
    Operation(
        "DELETE",
        "/v1/compositions/{id}",
        delete,
        "Remove a composition from the server; saved files stay",
        None,
        status=204,
        parameters=(ID,),
        refusals=(404, 503),
    ),
    Operation(
        "POST",
        "/v1/compositions/{id}/cancel",
        cancel,
        "Stop a composition",
        bodies.Composition,
        parameters=(ID,),
        refusals=(404, 409, 503),
    ),
    Operation(
        "POST",
        "/v1/compositions/{id}/revise",
        revise,
        "Begin a new composition that shares the work up to a stage",
        bodies.Composition,
        body=bodies.Revision,
        status=201,
        parameters=(ID,),
        refusals=(404, 409, 503),
    ),
    Operation(
        "GET",
        "/v1/compositions/{id}/events",
        events,
        "Watch a composition",
        NDJSON,
        parameters=(
            ID,
            Parameter("after", "Only events with a greater number.", {"type": "integer", "minimum": 0}),
            Parameter(
                "lease",
                "End the stream unless POST /v1/leases/{name} comes at least every 15 seconds.",
                {"type": "string", "pattern": _LEASE.pattern},
            ),
            Parameter("tensors", "1: with the numbers of the attention.", {"type": "string", "enum": ["1"]}),
        ),
        refusals=(404,),
        description="One event a line in protobuf's JSON mapping of hartmann.v1.CompositionEvent, heartbeats "
        'included, up to the terminal one (score, failed or cancelled). A line {"bridge": {"server": "away", '
        '"message": …}} says that the server went away, {"bridge": {"server": "back"}} that it is back; the stream '
        "goes on by itself. Numbers are decimal strings, as that mapping has it.",
    ),
    Operation(
        "POST",
        "/v1/leases/{name}",
        renew,
        "Say that a reader is still there",
        bodies.Lease,
        parameters=(
            Parameter("name", "As in lease=.", {"type": "string", "pattern": _LEASE.pattern}, "path"),
        ),
    ),
)
