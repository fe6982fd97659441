"""A bridge and the server behind it, fresh for each test, on its module's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from running_bridge import RunningBridge, running_bridge
from running_server import Running, a_picture, running_server, settings_for


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[Running]:
    """A server that is ready, with a worker and scripted models."""
    async with running_server(settings_for(database_url, watch_heartbeat_seconds=0.3)) as running:
        yield running


@pytest.fixture
async def bridge(tmp_path: Path, server: Running) -> AsyncIterator[RunningBridge]:
    """A bridge to that server."""
    async with running_bridge(tmp_path, server.address) as running:
        yield running


@pytest.fixture
async def lonely(tmp_path: Path) -> AsyncIterator[RunningBridge]:
    """A bridge whose server is away."""
    async with running_bridge(tmp_path, "127.0.0.1:1") as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture file."""
    file = tmp_path / "a picture.png"
    file.write_bytes(a_picture())
    return file
