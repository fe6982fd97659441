"""Who may call: programs of this user, not pages of the web.

In this order, and each refusal is logged with its reason and never with a secret:

- `Host` must be the bridge's own, exactly: a name that a stranger's DNS points at 127.0.0.1 (rebinding) is not.
- `Origin`, which browsers send with what scripts do, must be the bridge's own if it is there at all.
- `Sec-Fetch-Site`, which browsers send with everything, must not tell of another site: a picture of ours does
  not load into a stranger's page, which sends no `Origin`.
- `Authorization: Bearer TOKEN`, but for the operations marked open: the description, and the pictures under
  `/media/`, whose addresses can't be guessed.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hartmann_bridge.answers import refusal_response
from hartmann_bridge.refusals import Refused

log = structlog.get_logger(__name__)

_SAME_SITE = ("same-origin", "none")
_LONGEST_LOGGED = 100


class Door(NamedTuple):
    """What a caller must know: the bridge's own port and token."""

    port: int
    token: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """The exact `Host` values that are ours."""
        return (f"127.0.0.1:{self.port}", f"localhost:{self.port}")


class Access:
    """ASGI middleware that lets nobody through but those above. `is_open` tells the paths that need no token."""

    def __init__(self, app: ASGIApp, door: Door, is_open: Callable[[str, str], bool]) -> None:
        self._app = app
        self._door = door
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refused is None:
            await self._app(scope, receive, send)
            return
        log.warning(
            "refused", reason=refused.reason, method=scope["method"], path=loggable_path(scope["path"])
        )
        await refusal_response(refused)(scope, receive, send)

    def _refusal(self, method: str, path: str, headers: Headers) -> Refused | None:
        if headers.getlist("host") not in [[host] for host in self._door.hosts]:
            return _forbidden("HOST_REFUSED", f"call the bridge as {self._door.hosts[0]}")
        origin = headers.get("origin")
        if origin is not None and origin not in [f"http://{host}" for host in self._door.hosts]:
            return _forbidden("ORIGIN_REFUSED", "pages of other sites may not call the bridge")
        if headers.get("sec-fetch-site", "none") not in _SAME_SITE:
            return _forbidden("ORIGIN_REFUSED", "pages of other sites may not use the bridge")
        if self._is_open(method, path) or self._shows_token(headers):
            return None
        return Refused(
            HTTPStatus.UNAUTHORIZED,
            "TOKEN_WRONG" if "authorization" in headers else "TOKEN_MISSING",
            "send the header Authorization: Bearer TOKEN with the token from bridge.json",
        )

    def _shows_token(self, headers: Headers) -> bool:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(shown.strip().encode(), self._door.token.encode())
        return right and kind.lower() == "bearer"


def loggable_path(path: str) -> str:
    """A path for the log: the unguessable part of a picture's address is a secret, and nobody's text is long."""
    if path.startswith("/media/"):
        return "/media/…"
    return path if len(path) <= _LONGEST_LOGGED else f"{path[:_LONGEST_LOGGED]}…"


def _forbidden(reason: str, message: str) -> Refused:
    return Refused(HTTPStatus.FORBIDDEN, reason, message)
