"""A running server for each test, on its module's database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from running_server import Running, running_server, settings_for


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[Running]:
    """A server that is ready, with a worker and scripted models."""
    async with running_server(settings_for(database_url, watch_heartbeat_seconds=0.3)) as running:
        yield running
