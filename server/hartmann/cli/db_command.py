"""`hartmann db upgrade` and `hartmann db check`: the database's schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from hartmann.cli.configuration import load_settings
from hartmann.cli.exit_codes import ExitCode
from hartmann.cli.interruption import Interruptions
from hartmann.cli.server_extra import server_extra

if TYPE_CHECKING:
    from hartmann.storage.migrating import SchemaState

db = typer.Typer(
    help="The database's schema: that of HARTMANN_DATABASE_URL, or of the embedded Postgres.",
    no_args_is_help=True,
)


@db.command()
def upgrade() -> None:
    """Bring the schema up to date. Needed for a database of your own; the embedded one upgrades itself."""
    with server_extra():
        from hartmann.storage import migrating
    with Interruptions(), _database_url() as url:
        state = migrating.upgrade(url)
    typer.echo(f"the schema is {state.current}, the queue's {state.queue_current}")


@db.command()
def check() -> None:
    """Say whether the schema is the one that this program needs; ends with status 1 when it is not."""
    with server_extra():
        from hartmann.storage import migrating
    with Interruptions(), _database_url() as url:
        state = migrating.check(url)
    typer.echo(_sentence(state))
    raise typer.Exit(ExitCode.DONE if state.is_current else ExitCode.FAILED)


def _sentence(state: SchemaState) -> str:
    if state.is_current:
        return f"the schema is up to date ({state.current}, queue {state.queue_current})"
    return (
        f"the database has schema {state.current or 'none'} (queue {state.queue_current or 'none'}), this program "
        f"needs {state.expected} (queue {state.queue_expected}); run: hartmann db upgrade"
    )


@contextmanager
def _database_url() -> Iterator[str]:
    """The URL that is set, or the embedded Postgres for as long as it is needed."""
    settings = load_settings()
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with server_extra():
        from hartmann.storage.embedded_postgres import EmbeddedPostgres
    with EmbeddedPostgres(settings.data_dir / "postgres") as postgres:
        yield postgres.url
