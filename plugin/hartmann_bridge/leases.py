"""Leases: a reader that stops saying that it is there is not written to any more.

A closed plugin dialog of MuseScore does not close its connection, so its event stream would go on for ever. A
stream that was opened with `lease=NAME` ends unless `POST /v1/leases/NAME` comes at least every 15 seconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

LEASE_SECONDS = 15.0


@dataclass(slots=True)
class _Lease:
    timer: asyncio.TimerHandle
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Leases:
    """The leases that hold now; one that has run out is forgotten."""

    def __init__(self, seconds: float = LEASE_SECONDS) -> None:
        self.seconds = seconds
        self._held: dict[str, _Lease] = {}

    def renew(self, name: str) -> None:
        """The holder is there now."""
        timer = asyncio.get_running_loop().call_later(self.seconds, self._end, name)
        if name in self._held:
            self._held[name].timer.cancel()
            self._held[name].timer = timer
        else:
            self._held[name] = _Lease(timer)

    async def run_out(self, name: str) -> None:
        """Returns when the holder has not been heard of for too long."""
        if name in self._held:
            await self._held[name].ended.wait()

    def close(self) -> None:
        """Ends all of them."""
        for name in tuple(self._held):
            self._held[name].timer.cancel()
            self._end(name)

    def _end(self, name: str) -> None:
        self._held.pop(name).ended.set()
