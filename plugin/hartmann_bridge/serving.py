"""Running the bridge: one for each user, on loopback, until it is told to stop.

lock the config folder → token → port → application → bridge.json → serve → remove bridge.json
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from hartmann import __version__, logs
from hartmann.errors import Conflict
from hartmann_bridge.access import Door
from hartmann_bridge.access_token import read_or_make
from hartmann_bridge.app import make_app
from hartmann_bridge.bridge import Bridge
from hartmann_bridge.media import MediaAddresses
from hartmann_bridge.places import Places, write_privately
from hartmann_bridge.settings import BridgeSettings, SettingsStore
from hartmann_bridge.single_instance import SingleInstance

log = structlog.get_logger(__name__)

PORTS_TRIED = 20
STOP_SECONDS = 3
"""How long open answers may take to end; event streams end at once."""


async def serve(
    places: Places,
    *,
    fixed: Mapping[str, Any] | None = None,
    on_ready: Callable[[str], object],
    stop: asyncio.Event,
) -> None:
    """Serves until `stop` is set. `fixed` stands above the stored settings. `on_ready` gets the bridge's URL.

    Raises Conflict when another bridge of this user runs, InvalidRequest for faulty settings.
    """
    places.make()
    store = SettingsStore(places.settings, fixed)
    logs.configure(store.current)
    with SingleInstance(places.lock, f"process {os.getpid()}") as instance:
        if not instance.taken:
            raise Conflict(_already_running(places, instance.holder))
        with contextlib.closing(listen(store.current)) as listener:
            await _serve(places, store, listener, on_ready, stop)


async def _serve(
    places: Places,
    store: SettingsStore,
    listener: socket.socket,
    on_ready: Callable[[str], object],
    stop: asyncio.Event,
) -> None:
    token, port = read_or_make(places.token), listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    bridge = Bridge(store, MediaAddresses(url, token), url, __version__)
    server = uvicorn.Server(_configuration(make_app(bridge, Door(port, token))))
    _write_connection(places.connection, url, token)
    stopping = asyncio.create_task(_stop_when(stop, bridge, server))
    try:
        log.info("listening", url=url, server=store.current.server)
        serving = asyncio.create_task(server._serve(sockets=[listener]))
        on_ready(url)
        await serving
    finally:
        stopping.cancel()
        await bridge.close()
        _remove_connection(places.connection)
        log.info("stopped")


def listen(settings: BridgeSettings) -> socket.socket:
    """A socket on the settings' port, or on the next free one. Raises Conflict where none of them is."""
    first = settings.port
    for port in range(first, first + PORTS_TRIED) if first else (0,):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", min(port, 65535)))
            listener.listen(128)
        except OSError:
            listener.close()
            continue
        listener.setblocking(False)
        return listener
    raise Conflict(
        f"the ports {first} to {first + PORTS_TRIED - 1} are all taken; choose another with --port, 0 for any free one"
    )


def _configuration(app: Any) -> uvicorn.Config:
    """Nothing of uvicorn's own: no logs, no headers, no signals, no proxies."""
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=30,
    )


async def _stop_when(stop: asyncio.Event, bridge: Bridge, server: uvicorn.Server) -> None:
    await stop.wait()
    bridge.closing.set()
    server.should_exit = True


def _write_connection(path: Path, url: str, token: str) -> None:
    connection = {"url": url, "token": token, "pid": os.getpid(), "version": __version__}
    write_privately(path, json.dumps(connection).encode() + b"\n")


def _remove_connection(path: Path) -> None:
    """Only what is ours: a file that another bridge wrote meanwhile stays."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(path.read_text(encoding="utf-8")).get("pid") == os.getpid():
            path.unlink()


def _already_running(places: Places, holder: str) -> str:
    where = ""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        where = json.loads(places.connection.read_text(encoding="utf-8")).get("url", "")
    said = f" at {where}" if where else ""
    return f"a bridge of yours runs already{said} ({holder or 'it does not say where'}); use it, or stop it first"
