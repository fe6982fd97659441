"""A bridge on a real socket beside a server on a real socket, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hartmann_bridge import serving
from hartmann_bridge.places import Places


@dataclass
class RunningBridge:
    """The bridge, and a client that knows its token."""

    places: Places
    url: str
    token: str
    client: httpx.AsyncClient
    scores: Path
    stop: asyncio.Event

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """One call; its status must be as expected. Returns the JSON, or the bytes of anything else."""
        response = await self.client.request(method, path, json=body)
        assert response.status_code == expect, response.text
        if response.headers.get("content-type", "").startswith("application/json"):
            return response.json()
        return response.content

    async def compose(self, picture: Path, **fields: Any) -> str:
        """The id of a new composition."""
        body = {"picture": str(picture), "seed": 7, **fields}
        made = await self.call("POST", "/v1/compositions", body, expect=201)
        return str(made["id"])

    async def finished(self, picture: Path, **fields: Any) -> str:
        """The id of a composition that has a score."""
        made = await self.compose(picture, **fields)
        lines = [line async for line in self.lines(made)]
        assert "score" in lines[-1], lines[-1]
        return made

    async def lines(self, composition: str, query: str = "") -> AsyncIterator[dict[str, Any]]:
        """The stream's lines as they come."""
        path = f"/v1/compositions/{composition}/events{query}"
        async with self.client.stream("GET", path, timeout=60) as response:
            assert response.status_code == 200, await response.aread()
            async for line in response.aiter_lines():
                yield json.loads(line)


@asynccontextmanager
async def running_bridge(folder: Path, server: str | None, **fixed: Any) -> AsyncIterator[RunningBridge]:
    """A bridge until the end of the block, with its files in `folder`; its failure fails the test."""
    places, stop = Places(folder / "config"), asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    scores = folder / "scores"
    settings = {"server": server, "port": 0, "scores_folder": str(scores), **fixed}
    task = asyncio.create_task(serving.serve(places, fixed=settings, on_ready=ready.set_result, stop=stop))
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        ready.cancel()
        task.result()
    token = json.loads(places.connection.read_text())["token"]
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with httpx.AsyncClient(base_url=ready.result(), headers=headers, timeout=30) as client:
            yield RunningBridge(places, ready.result(), token, client, scores, stop)
    finally:
        stop.set()
        await task


def events_of(lines: list[dict[str, Any]]) -> list[int]:
    """Numbers of the events of the log among some lines."""
    return [int(line["sequence"]) for line in lines if "sequence" in line and "heartbeat" not in line]
