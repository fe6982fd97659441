"""The description of the API itself, for programs and for people; open, since it holds no secret."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from hartmann_bridge.answers import PRIVATE
from hartmann_bridge.operations import Operation

PAGE_HEADERS = {
    **PRIVATE,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
}


async def openapi(request: Request) -> Response:
    """OpenAPI 3.1."""
    return JSONResponse(request.app.state.description, headers=PRIVATE)


async def page(request: Request) -> Response:
    """The same to read: one page without scripts and without anything from elsewhere."""
    from hartmann_bridge.description_page import description_page

    return HTMLResponse(description_page(request.app.state.description), headers=PAGE_HEADERS)


OPERATIONS = (
    Operation(
        "GET", "/openapi.json", openapi, "Describe this API for programs", "application/json", is_open=True
    ),
    Operation("GET", "/docs", page, "Describe this API for people", "text/html", is_open=True),
    Operation("GET", "/", page, "The same", "text/html", is_open=True),
)
