"""`hartmann bridge`: the local process that MuseScore's plugin talks to."""

from __future__ import annotations

from typing import Annotated

import typer

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="The server, https://HOST:PORT for TLS; else HARTMANN_SERVER, else the bridge's settings.",
        show_default=False,
    ),
]


def bridge(
    server: ServerOption = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Where to listen on this machine; the next free one if it is taken, 0: any.",
            show_default=False,
        ),
    ] = None,
    announce: Annotated[
        bool,
        typer.Option(
            "--announce",
            help="For programs that start a bridge: say its address as a JSON line on standard output, and stop when "
            "standard input ends.",
        ),
    ] = False,
) -> None:
    """Serve MuseScore's plugin, the browser and other programs of yours until Ctrl-C.

    Listens on this machine alone. The page that it says describes what it can do; its token is in bridge.json in
    your config folder. It needs a server: hartmann serve, or hartmann up for both.
    """
    from hartmann.cli import announcements
    from hartmann.cli.parent_pipes import say_to_parent
    from hartmann.cli.stopping import run_until_stopped
    from hartmann.errors import HartmannError
    from hartmann_bridge import serving
    from hartmann_bridge.places import user_places
    from hartmann_bridge.settings import from_environment

    say, wait_for_parent = say_to_parent() if announce else (_say_to_people, None)
    fixed = {**from_environment(), "port": port, **({"server": server} if server else {})}
    try:
        run_until_stopped(
            lambda stop: serving.serve(
                user_places(), fixed=fixed, on_ready=lambda url: say(announcements.Ready(url)), stop=stop
            ),
            also_when=wait_for_parent,
        )
    except HartmannError as error:
        say(announcements.failure(error))
        raise


def _say_to_people(announcement: object) -> None:
    """Where the bridge answers, on standard output."""
    from hartmann.cli.announcements import Ready

    if isinstance(announcement, Ready):
        print(f"ready at {announcement.address} (what it can do: {announcement.address}/docs)", flush=True)
