"""Where a command's server is: the one it was told of, or one of its own for as long as it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.announcements import Progress
from hartmann.errors import InvalidRequest

if TYPE_CHECKING:
    from hartmann.client import Client

ServerOption = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        envvar="HARTMANN_SERVER",
        help="A running server (https://HOST:PORT for TLS). Without it, one is started and stopped again.",
    ),
]
KeyOption = Annotated[
    str, typer.Option("--api-key", envvar="HARTMANN_API_KEY", help="The server's key, if it wants one.")
]

LOCAL_PATIENCE_SECONDS = 2.0
"""A server of our own that stopped answering will not come back."""


@contextmanager
def reached(server: str, api_key: str, on_progress: Callable[[Progress], None]) -> Iterator[Client]:
    """A client of `server`, or of a server started for the length of this context."""
    from hartmann.client import Client

    if server:
        _check_address(server)
        with Client(server, api_key=api_key) as client:
            yield client
        return
    from hartmann.cli.configuration import load_settings
    from hartmann.cli.local_server import LocalServer

    settings = load_settings()
    with (
        LocalServer(settings.data_dir, on_progress) as local,
        Client(local.address, api_key=api_key, patience_seconds=LOCAL_PATIENCE_SECONDS) as client,
    ):
        yield client


def _check_address(server: str) -> None:
    """Raises InvalidRequest for what can't be HOST:PORT; gRPC would try for a while and then blame the network."""
    host, _, port = server.removeprefix("https://").removeprefix("http://").rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidRequest(f"{server!r} is no address; write HOST:PORT, such as 127.0.0.1:50061")


def say_progress(progress: Progress) -> None:
    """Progress on standard error, for commands without a display of their own: the line is written over."""
    import sys

    if sys.stderr.isatty():
        share = f": {progress.done:,} of {progress.total:,}" if progress.total else ""
        end = "\n" if progress.total and progress.done >= progress.total else "\r"
        print(f"\x1b[2K{progress.task}{share}", end=end, file=sys.stderr, flush=True)
