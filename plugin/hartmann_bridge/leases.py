"""Leases: a reader that stops saying that it is there is not written to any more.

A closed plugin dialog of MuseScore does not close its connection, so its event stream would go on for ever. A
stream that was opened with `lease=NAME` ends unless `POST /v1/leases/NAME` comes at least every 15 seconds.
"""

from __future__ import annotations

import asyncio

LEASE_SECONDS = 15.0
MOST_LEASES = 1000


class Leases:
    """Names and until when each holds, by the event loop's clock."""

    def __init__(self, seconds: float = LEASE_SECONDS) -> None:
        self.seconds = seconds
        self._until: dict[str, float] = {}

    def renew(self, name: str) -> None:
        """The holder is there now."""
        now = asyncio.get_running_loop().time()
        if len(self._until) >= MOST_LEASES:
            self._until = {held: until for held, until in self._until.items() if until > now}
        self._until[name] = now + self.seconds

    async def run_out(self, name: str) -> None:
        """Returns when the holder has not been heard of for too long."""
        now = asyncio.get_running_loop().time
        while (until := self._until.get(name, 0.0)) > now():
            await asyncio.sleep(until - now())
        self._until.pop(name, None)
