"""The bridge's own settings."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hartmann_bridge import bodies
from hartmann_bridge.answers import json_response
from hartmann_bridge.bridge import Bridge
from hartmann_bridge.operations import Operation, bridge_of, read_body


async def show(request: Request) -> Response:
    """As they count now."""
    return json_response(_answer(bridge_of(request)))


async def change(request: Request) -> Response:
    """Stores what was given. All of it counts at once, but for host, port and logs: those from the next start on."""
    body = await read_body(request, bodies.SettingsChange)
    bridge = bridge_of(request)
    before = bridge.store.current
    bridge.store.change(body.model_dump(exclude_unset=True, exclude_none=True))
    after = bridge.store.current
    if (before.server, before.api_key) != (after.server, after.api_key):
        await bridge.reconnect()
    return json_response(_answer(bridge))


def _answer(bridge: Bridge) -> bodies.SettingsAnswer:
    plain = bridge.store.current.model_dump(mode="json")
    return bodies.SettingsAnswer.model_validate({**plain, "fixed": bridge.store.fixed})


OPERATIONS = (
    Operation("GET", "/v1/settings", show, "Show the settings", bodies.SettingsAnswer),
    Operation(
        "PUT",
        "/v1/settings",
        change,
        "Change settings; those left out stay",
        bodies.SettingsAnswer,
        body=bodies.SettingsChange,
        description="Host, port and logs count from the next start on, all else at once.",
    ),
)
