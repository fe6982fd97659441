"""The `hartmann` command and the commands below it: names, order and help. Each lives in a file of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from hartmann import __version__
from hartmann.cli.attention_command import attention
from hartmann.cli.bridge_command import bridge
from hartmann.cli.check_command import check
from hartmann.cli.compose_command import compose
from hartmann.cli.compositions_command import compositions
from hartmann.cli.convert_command import convert
from hartmann.cli.db_command import db
from hartmann.cli.doctor_command import doctor
from hartmann.cli.library_command import library
from hartmann.cli.plugin_command import plugin
from hartmann.cli.serve_command import serve
from hartmann.cli.up_command import up
from hartmann.cli.work_command import work

application = typer.Typer(
    name="hartmann",
    help="Looks at a picture and writes a score for it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 failed, 2 bad request, 3 something needed is not there, 130 cancelled.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hartmann {__version__}")
        raise typer.Exit


@application.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and end.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Looks at a picture and writes a score for it."""
    del version


application.command()(compose)
application.command()(check)
application.command()(convert)
application.command()(attention)
application.add_typer(compositions, name="compositions")
application.add_typer(library, name="library")
application.command()(up)
application.command()(serve)
application.command()(bridge)
application.add_typer(plugin, name="plugin")
application.command()(work)
application.add_typer(db, name="db")
application.command()(doctor)
