"""`hartmann up`: database, server and bridge together, until one Ctrl-C.

The server (which brings its database) and the bridge are children that end with us, however we end. One that dies is
reported and started again; one that dies again within a minute is given up, and everything with it.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.reaching import say_progress

if TYPE_CHECKING:
    from hartmann.cli.local_server import AnnouncingChild
    from hartmann.settings import Settings

PATIENCE_SECONDS = 60.0
"""A child that dies again so soon after it was started again would do so for ever."""


def up(
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", metavar="DIR", help="Folder of the database.", show_default=False),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The bridge's port on this machine.", show_default=False),
    ] = None,
) -> None:
    """Start database, server and bridge, say when all is ready, and stop them all with one Ctrl-C.

    This is all that MuseScore's plugin needs. The first start fills the library, which takes some minutes.
    """
    from hartmann.cli.configuration import load_settings
    from hartmann.cli.interruption import Interrupted, Interruptions

    settings = load_settings(data_dir=data_dir)
    with Interruptions(), _only_one():
        try:
            _run(settings, port)
        except Interrupted as interrupted:
            if interrupted.at_once:
                raise
    typer.echo("stopped")


@contextmanager
def _only_one() -> Iterator[None]:
    """Holds the lock of this command. Raises Conflict when another one runs."""
    import os

    from hartmann.errors import Conflict
    from hartmann_bridge.places import user_places
    from hartmann_bridge.single_instance import SingleInstance

    folder = user_places().make().folder
    with SingleInstance(folder / "up.lock", f"process {os.getpid()}") as instance:
        if not instance.taken:
            raise Conflict(
                f"hartmann up is running already ({instance.holder or 'another process'}); use that one, or stop it "
                "with Ctrl-C first"
            )
        yield


def _run(settings: Settings, port: int | None) -> None:
    """Everything between the lines that say ready and stopped. The bridge comes first: MuseScore's plugin then sees
    that the server is starting."""
    from hartmann.errors import InvalidRequest

    if settings.listen.endswith(":0"):
        raise InvalidRequest(f"hartmann up needs a port that stays; listen is {settings.listen}")
    at = () if port is None else ("--port", str(port))
    typer.echo("starting; the first start fills the library, which takes some minutes", err=True)
    with ExitStack() as stack:
        bridge = stack.enter_context(_Kept("bridge", ("bridge", "--server", settings.listen, *at), settings))
        server = stack.enter_context(_Kept("server", ("serve", "--listen", settings.listen), settings))
        _say_ready(settings, server.address, bridge.address)
        died: queue.Queue[_Kept] = queue.Queue()
        for child in (server, bridge):
            child.tell_death_to(died)
        while True:
            died.get().start_again()


class _Kept:
    """A child that is started again when it dies once; a context manager."""

    def __init__(self, name: str, arguments: tuple[str, ...], settings: Settings) -> None:
        self.name = name
        self._arguments = arguments
        self._settings = settings
        self._child: AnnouncingChild | None = None
        self._started_again = -math.inf
        self._died: queue.Queue[_Kept] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return self._child.address if self._child is not None else ""

    def __enter__(self) -> _Kept:
        from hartmann.cli.local_server import AnnouncingChild

        child = AnnouncingChild(self.name, self._arguments, self._settings.data_dir, say_progress)
        self._child = child.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.__exit__(*error)  # type: ignore[arg-type]

    def tell_death_to(self, died: queue.Queue[_Kept]) -> None:
        """Puts this into the queue when the child ends by itself."""
        self._died = died
        child = self._child
        if child is None:
            return

        def wait() -> None:
            child.wait()
            died.put(self)

        threading.Thread(target=wait, name=f"{self.name} watch", daemon=True).start()

    def start_again(self) -> None:
        """After a death. Raises ServerUnavailable when it was the second within a minute."""
        from hartmann.errors import ServerUnavailable

        child, died = self._child, self._died
        if child is None or died is None:
            return
        status = child.wait()
        said = f"the {self.name} ended by itself with status {status}"
        if time.monotonic() - self._started_again < PATIENCE_SECONDS:
            raise ServerUnavailable(f"{said}, soon after it was started again; {child.log_tail()}")
        typer.echo(f"{said}; starting it again", err=True)
        self.__exit__(None, None, None)
        self.__enter__()
        self._started_again = time.monotonic()
        typer.echo(f"the {self.name} is back at {self.address}", err=True)
        self.tell_death_to(died)


def _say_ready(settings: Settings, server: str, bridge: str) -> None:
    """What runs where, and what to do next."""
    from hartmann_bridge.musescore_places import Machine, find_all

    found = find_all(Machine())
    database = "outside" if settings.database_url else str(settings.data_dir)
    typer.echo("ready")
    typer.echo(f"  database   {database}")
    typer.echo(f"  server     {server}")
    typer.echo(f"  bridge     {bridge} (what it can do: {bridge}/docs)")
    typer.echo(f"  MuseScore  {found[0].path if found else 'not found; install it from musescore.org'}")
    typer.echo("Next: in MuseScore, Plugins > Hartmann. If it is not there: hartmann plugin install")
    typer.echo("Ctrl-C stops everything.")
