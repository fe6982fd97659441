"""What works and what is missing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hartmann_bridge import bodies
from hartmann_bridge.answers import json_response
from hartmann_bridge.operations import Operation, bridge_of


async def health(request: Request) -> Response:
    """The bridge, the server and MuseScore; always 200, since the bridge itself answers."""
    bridge = bridge_of(request)
    server = await bridge.link.health()
    musescore = bridge.opener.find(bridge.store.current.musescore)
    answer = bodies.Health(
        bridge=bodies.BridgeHealth(version=bridge.version, url=bridge.url),
        server=bodies.ServerHealthAnswer(
            address=bridge.link.address, state=server.state.value, message=server.message
        ),
        musescore=bodies.MuseScoreAnswer(path=musescore.path, version=await bridge.opener.version(musescore))
        if musescore
        else None,
    )
    return json_response(answer)


OPERATIONS = (Operation("GET", "/v1/health", health, "Say what works and what is missing", bodies.Health),)
