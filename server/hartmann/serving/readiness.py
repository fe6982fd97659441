"""Readiness: which parts of the server can be used now, and the sentence for those that can't.

The socket opens before anything else is ready, so every call asks here first. Health follows: a service says
SERVING exactly while all the parts it needs are ready. The empty service name is liveness: SERVING from the
opening of the socket until the server stops.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health_aio

from hartmann.errors import DatabaseUnavailable, HartmannError, ModelUnavailable, Unavailable


class Part(StrEnum):
    """What a service may need."""

    DATABASE = "database"
    MODELS = "models"
    LIBRARY = "library"


_NOT_YET: dict[Part, HartmannError] = {
    Part.DATABASE: DatabaseUnavailable("the database is being started; try again in a moment"),
    Part.MODELS: ModelUnavailable("the models are being loaded; try again in a moment"),
    Part.LIBRARY: Unavailable("the library is being filled for the first time; try again in a minute"),
}
NEEDS: dict[str, frozenset[Part]] = {
    "hartmann.v1.CompositionService": frozenset(Part),
    "hartmann.v1.LibraryService": frozenset(Part),
    "hartmann.v1.NotationService": frozenset(),
}
"""What each service needs to be ready."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Readiness:
    """The state of every part, with the health service that follows it.

    `started` is set when everything has been ready once, `closing` when the server stops.
    """

    def __init__(self) -> None:
        self.health = health_aio.HealthServicer()
        self.started = asyncio.Event()
        self.closing = asyncio.Event()
        self._missing = dict(_NOT_YET)
        self._changed = asyncio.Condition()

    async def open(self) -> None:
        """Say that the process lives, and which services can be used already."""
        await self.health.set("", _SERVING)
        await self._publish()

    async def ready(self, part: Part) -> None:
        """A part can be used from now on."""
        await self._set(part, None)

    async def lost(self, part: Part, error: HartmannError) -> None:
        """A part can't be used; calls that need it get this error."""
        await self._set(part, error)

    async def close(self) -> None:
        """The server stops: nothing serves any more, and open streams end."""
        self.closing.set()
        await self.health.enter_graceful_shutdown()
        async with self._changed:
            self._changed.notify_all()

    def require(self, *parts: Part) -> None:
        """Raise the error of the first of these parts that is missing, or that the server is stopping."""
        if self.closing.is_set():
            raise stopping()
        for part in parts:
            if part in self._missing:
                raise self._missing[part]

    async def wait_for(self, *parts: Part) -> None:
        """Return once all of these are ready. Raises at once when the server stops."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: self.closing.is_set() or not any(part in self._missing for part in parts)
            )
        self.require(*parts)

    async def _set(self, part: Part, error: HartmannError | None) -> None:
        async with self._changed:
            if error is None:
                self._missing.pop(part, None)
            else:
                self._missing[part] = error
            self._changed.notify_all()
        await self._publish()

    async def _publish(self) -> None:
        if self.closing.is_set():
            return
        for service, parts in NEEDS.items():
            serving = not parts & self._missing.keys()
            await self.health.set(service, _SERVING if serving else _NOT_SERVING)


def stopping() -> Unavailable:
    """What calls get while the server stops."""
    return Unavailable("the server is stopping; call again when it is back")
