"""Servers and bridges that go away and come back; readers that do not say goodbye."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from running_bridge import RunningBridge, events_of, running_bridge
from running_server import Running, running_server, settings_for
from scripted_models import ScriptedWriter

from hartmann.errors import Conflict
from hartmann_bridge.leases import Leases

pytestmark = pytest.mark.integration


def free_port(address: str) -> int:
    return int(address.rpartition(":")[2])


async def test_stream_says_that_the_server_is_away_and_goes_on_when_it_is_back(
    database_url: str, tmp_path: Path, picture: Path
) -> None:
    settings = settings_for(database_url, watch_heartbeat_seconds=0.3, lease_seconds=2.0)
    writer = ScriptedWriter()
    writer.hold.clear()
    async with running_server(settings, writer) as first:
        port = free_port(first.address)
        bridge_context = running_bridge(tmp_path, first.address)
        bridge = await bridge_context.__aenter__()
        made = await bridge.compose(picture)
        await writer.in_a_piece.wait()
    lines: list[dict[str, object]] = []
    try:
        said = bridge.lines(made)
        async for line in said:
            lines.append(line)
            if line.get("bridge", {}).get("server") == "away":
                break
        health = await bridge.call("GET", "/v1/health")
        refused = await bridge.call("GET", f"/v1/compositions/{made}", expect=503)
        assert health["server"]["state"] == "away"
        assert refused["error"]["reason"] == "SERVER_UNAVAILABLE"
        assert "hartmann up" in refused["error"]["message"]
        async with running_server(settings.model_copy(update={"listen": f"127.0.0.1:{port}"})):
            lines += [line async for line in said]
    finally:
        await bridge_context.__aexit__(None, None, None)
    assert {"bridge": {"server": "back"}} in lines
    assert events_of(lines) == list(range(1, len(events_of(lines)) + 1))
    assert "score" in lines[-1]


async def test_restarted_bridge_shows_the_same_compositions_files_and_pictures(
    server: Running, tmp_path: Path, picture: Path
) -> None:
    async with running_bridge(tmp_path, server.address) as first:
        made = await first.finished(picture)
        await first.call("POST", f"/v1/compositions/{made}/save")
        before = await first.call("GET", f"/v1/compositions/{made}")
        port = free_port(first.url)
        assert first.places.connection.exists()
    assert not first.places.connection.exists()
    async with running_bridge(tmp_path, server.address, port=port) as second:
        assert second.token == first.token
        assert await second.call("GET", f"/v1/compositions/{made}") == before
        async with httpx.AsyncClient() as stranger:
            assert (await stranger.get(before["picture_url"])).status_code == 200
        kept = {path.name for path in (tmp_path / "config").iterdir()}
    assert kept == {"bridge.json", "bridge-token", "bridge.lock"}


async def test_stream_ends_when_its_lease_runs_out(
    bridge: RunningBridge, server: Running, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leases.__init__, "__defaults__", (0.5,))
    server.writer.hold.clear()
    made = await bridge.compose(picture)
    async with running_bridge(bridge.scores.parent / "second", server.address) as second:
        with_lease = [line async for line in second.lines(made, "?lease=dialog-1")]
        assert not any("cancelled" in line or "score" in line for line in with_lease)
        assert (await second.call("POST", "/v1/leases/dialog-1"))["seconds"] == 0.5
    assert (await bridge.call("GET", f"/v1/compositions/{made}"))["state"] == "running"


async def test_stopping_bridge_ends_its_streams_at_once(
    bridge: RunningBridge, server: Running, picture: Path
) -> None:
    server.writer.hold.clear()
    made = await bridge.compose(picture)
    stream = bridge.lines(made)
    lines = [await anext(stream)]
    bridge.stop.set()
    async with asyncio.timeout(20):
        lines += [line async for line in stream]
    assert not any("cancelled" in line or "score" in line for line in lines)


async def test_second_bridge_of_a_user_is_turned_away_with_the_way_to_the_first(
    lonely: RunningBridge,
) -> None:
    folder = lonely.places.folder.parent
    with pytest.raises(Conflict) as caught:
        async with running_bridge(folder, "127.0.0.1:1"):
            raise AssertionError("it was let in")
    assert lonely.url in caught.value.message
    assert json.loads(lonely.places.connection.read_text())["url"] == lonely.url


async def test_taken_port_is_passed_over(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken, running_bridge(tmp_path, "127.0.0.1:1", port=port) as bridge:
        assert port < free_port(bridge.url) < port + 20


async def test_other_server_counts_at_once(server: Running, tmp_path: Path, picture: Path) -> None:
    async with running_bridge(tmp_path, None) as bridge:
        await bridge.call("PUT", "/v1/settings", {"server": "127.0.0.1:1"})
        assert (await bridge.call("GET", "/v1/health"))["server"]["state"] == "away"
        await bridge.call("PUT", "/v1/settings", {"server": server.address})
        assert (await bridge.call("GET", "/v1/health"))["server"]["state"] == "ready"
        assert await bridge.finished(picture)


async def test_what_the_command_line_fixed_is_named_and_stays(lonely: RunningBridge) -> None:
    settings = await lonely.call("PUT", "/v1/settings", {"server": "127.0.0.1:2"})
    assert settings["server"] == "127.0.0.1:1"
    assert "server" in settings["fixed"]
