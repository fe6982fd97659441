"""`hartmann serve`: the gRPC server, with a worker in the same process unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli import announcements
from hartmann.cli.configuration import load_settings
from hartmann.cli.parent_pipes import say_to_parent
from hartmann.cli.reaching import say_progress
from hartmann.cli.server_extra import server_extra
from hartmann.cli.staying_inside import keep_caches_inside
from hartmann.errors import HartmannError

if TYPE_CHECKING:
    from hartmann.settings import Settings

ListenOption = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 picks a free one.")
]
DataDirOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of the embedded database.", show_default=False)
]
LogLevelOption = Annotated[
    str | None, typer.Option(metavar="LEVEL", help="debug, info, warning or error.", show_default=False)
]


def serve(
    listen: ListenOption = None,
    data_dir: DataDirOption = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Work on compositions too, or only answer calls.")
    ] = True,
    announce: Annotated[
        bool,
        typer.Option(
            "--announce",
            help="For programs that start a server: say progress and the address as JSON lines on standard "
            "output, and stop when standard input ends.",
        ),
    ] = False,
    log_level: LogLevelOption = None,
) -> None:
    """Serve compositions over gRPC until Ctrl-C or SIGTERM.

    Every setting is an environment variable HARTMANN_… or a line in hartmann.toml; `hartmann doctor` says
    whether all that is needed is here.
    """
    say, wait_for_parent = say_to_parent() if announce else (_say_to_people, None)
    try:
        settings = load_settings(listen=listen, data_dir=data_dir, log_level=log_level)
        _serve(settings, worker, say, wait_for_parent)
    except HartmannError as error:
        say(announcements.failure(error))
        raise


def _serve(
    settings: Settings,
    with_worker: bool,
    say: Callable[[announcements.Announcement], None],
    wait_for_parent: Callable[[], None] | None,
) -> None:
    keep_caches_inside(settings.data_dir)
    with server_extra():
        from hartmann.serving.server import serve as run_server

    from hartmann.cli.stopping import run_until_stopped

    run_until_stopped(
        lambda stop: run_server(
            settings,
            with_worker=with_worker,
            on_progress=lambda task, done, total: say(announcements.Progress(task, done, total)),
            on_ready=lambda address: say(announcements.Ready(address)),
            stop=stop,
        ),
        also_when=wait_for_parent,
    )


def _say_to_people(announcement: announcements.Announcement) -> None:
    """Where the server answers, on standard output; the way there on standard error, if somebody looks."""
    match announcement:
        case announcements.Progress():
            say_progress(announcement)
        case announcements.Ready(address):
            print(f"ready at {address}", flush=True)
