"""The ASGI application: the operations behind the door, every failure as a refusal's JSON.

Nothing unexpected leaks: it is logged whole under an id, and the caller is given the id.
"""

from __future__ import annotations

import uuid
from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from hartmann.errors import HartmannError
from hartmann_bridge.access import Access, Door, loggable_path
from hartmann_bridge.answers import refusal_response
from hartmann_bridge.bridge import Bridge
from hartmann_bridge.openapi import openapi_of
from hartmann_bridge.operations import Operation
from hartmann_bridge.refusals import Refused, refused_by_server
from hartmann_bridge.routes import OPERATIONS

log = structlog.get_logger(__name__)


def make_app(bridge: Bridge, door: Door) -> Starlette:
    """The application of one bridge."""
    opened = [_route(operation) for operation in OPERATIONS if operation.is_open]

    def is_open(method: str, path: str) -> bool:
        scope = {"type": "http", "method": method, "path": path, "root_path": ""}
        return any(route.matches(scope)[0] is Match.FULL for route in opened)

    app = Starlette(
        routes=[_route(operation) for operation in OPERATIONS],
        middleware=[Middleware(Access, door=door, is_open=is_open)],
        exception_handlers={
            Refused: _refused,
            HartmannError: _refused,
            HTTPException: _no_such_operation,
            Exception: _unexpected,
        },
    )
    app.router.redirect_slashes = False
    app.state.bridge = bridge
    app.state.description = openapi_of(OPERATIONS, bridge.url, bridge.version)
    return app


def _route(operation: Operation) -> Route:
    route = Route(operation.path, operation.handler, methods=[operation.method])
    if route.methods is not None:
        route.methods.discard("HEAD")
    return route


async def _refused(request: Request, error: Exception) -> Response:
    refused = refused_by_server(error) if isinstance(error, HartmannError) else error
    assert isinstance(refused, Refused), "registered for these two alone"
    path = loggable_path(request.url.path)
    log.warning(
        "refused", reason=refused.reason, method=request.method, path=path, status=int(refused.status)
    )
    return refusal_response(refused)


async def _no_such_operation(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for these alone"
    status = HTTPStatus(error.status_code)
    reason = "METHOD_NOT_ALLOWED" if status is HTTPStatus.METHOD_NOT_ALLOWED else "NO_SUCH_OPERATION"
    return refusal_response(Refused(status, reason, "there is no such operation; see /docs"))


async def _unexpected(request: Request, error: Exception) -> Response:
    error_id = uuid.uuid4().hex[:12]
    log.error("unexpected_error", error_id=error_id, path=loggable_path(request.url.path), exc_info=error)
    return refusal_response(
        Refused(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "INTERNAL",
            f"something went wrong inside the bridge; its log has the details under error id {error_id}",
        )
    )
