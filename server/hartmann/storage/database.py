"""The database: one async SQLAlchemy engine over psycopg, and the process's one LISTEN connection.

`open_database` is the way in. With a URL it connects there and refuses an old schema with the command that
mends it; without one it starts the embedded Postgres of the data folder, or joins it, and brings its schema up
to date. Whatever keeps Postgres from answering is raised as `DatabaseUnavailable`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from hartmann.errors import DatabaseFull, DatabaseUnavailable
from hartmann.storage import migrating
from hartmann.storage.embedded_postgres import EmbeddedPostgres
from hartmann.storage.notifications import Notifications
from hartmann.storage.searching import create_search_engine

POOL_SIZE = 10
POOL_OVERFLOW = 10
CONNECT_SECONDS = 10
SUPERVISE_SECONDS = 1.0
DISK_FULL = "53100"
"""SQLSTATE."""

_log = structlog.get_logger(__name__)


@dataclass
class Database:
    """An open database. `url` is a libpq URL, as psycopg and psql take it."""

    url: str
    engine: AsyncEngine
    searches: AsyncEngine
    notifications: Notifications
    embedded: EmbeddedPostgres | None = field(default=None)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection with a transaction that commits at the end of the block, or rolls back if it raises.

        Raises:
            DatabaseUnavailable: Postgres does not answer or went away.
            DatabaseFull: its disk is full.
        """
        with _unavailability(self.url):
            async with self.engine.begin() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def autocommit(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single statements, each its own transaction: two round trips fewer.

        Raises:
            DatabaseUnavailable: Postgres does not answer or went away.
        """
        with _unavailability(self.url):
            async with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def searching(self) -> AsyncIterator[AsyncConnection]:
        """A connection for searches of the library (see `searching.py`): single statements that only read.

        Raises:
            DatabaseUnavailable: Postgres went away; also once for each connection that was open when it did.
        """
        with _unavailability(self.url):
            async with self.searches.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Close every connection, those in use when they are given back; the embedded server is left to whoever
        opened it."""
        await self.notifications.close()
        for engine in (self.engine, self.searches):
            event.listen(engine.sync_engine, "checkin", _close_for_good)
            await engine.dispose()


def connect(url: str, search_url: str | None = None) -> Database:
    """A database over the URL, without looking whether anything answers there; searches go to `search_url`, if any.

    Raises:
        DatabaseUnavailable: one of them is no Postgres URL.
    """
    parsed = parse_url(url)
    through_psycopg = parsed.set(drivername="postgresql+psycopg")
    connect_args = {"connect_timeout": CONNECT_SECONDS, "application_name": "hartmann"}
    engine = create_async_engine(
        through_psycopg,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
        connect_args=connect_args,
    )
    searched = parse_url(search_url or url).set(drivername="postgresql+psycopg")
    searches = create_search_engine(searched, connect_args)
    libpq_url = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    return Database(libpq_url, engine, searches, Notifications(libpq_url))


@contextlib.asynccontextmanager
async def open_database(
    url: str | None, data_dir: Path, search_url: str | None = None
) -> AsyncIterator[Database]:
    """The database of `url`, or the embedded one in `data_dir/postgres` when there is no URL.

    `search_url` is a replica of `url` that takes the searches of the library.

    Raises:
        DatabaseUnavailable: it does not answer or can't be started.
        SchemaOutdated: the schema at `url` is not this program's; the message names the command.
    """
    if url:
        await asyncio.to_thread(migrating.require_current, url)
        outside = connect(url, search_url)
        try:
            yield outside
        finally:
            await outside.close()
        return
    async with open_embedded(data_dir / "postgres") as database:
        yield database


@contextlib.asynccontextmanager
async def open_embedded(folder: Path) -> AsyncIterator[Database]:
    """The embedded server of `folder`, with its schema brought up to date; stopped by its last user."""
    server = EmbeddedPostgres(folder)
    await asyncio.to_thread(server.start)
    try:
        await asyncio.to_thread(migrating.upgrade, server.url)
        database = connect(server.url)
        database.embedded = server
        supervisor = asyncio.create_task(_keep_running(server), name="embedded postgres")
        try:
            yield database
        finally:
            supervisor.cancel()
            await asyncio.gather(supervisor, return_exceptions=True)
            await database.close()
    finally:
        server.close()


def parse_url(url: str) -> URL:
    """A `postgresql://` URL, also spelled `postgres://` or `postgresql+psycopg://`.

    Raises:
        DatabaseUnavailable: it is something else.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnavailable(
            "the database URL can't be read; it looks like postgresql://user:password@host/hartmann"
        ) from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise DatabaseUnavailable(f"{parsed.drivername} is no Postgres; Hartmann needs a postgresql:// URL")
    return parsed.set(drivername="postgresql")


def unavailable(url: str, error: Exception) -> DatabaseUnavailable:
    """The error for a server that does not answer, without the password."""
    shown = parse_url(url).render_as_string(hide_password=True)
    reason = str(getattr(error, "orig", error)).strip().splitlines() or ["no reason given"]
    return DatabaseUnavailable(f"the database at {shown} does not answer: {reason[0]}")


async def _keep_running(server: EmbeddedPostgres) -> None:
    """Start the embedded server again when something killed it."""
    while True:
        await asyncio.sleep(SUPERVISE_SECONDS)
        if not server.is_alive():
            _log.warning("embedded postgres is gone; starting it again")
            with contextlib.suppress(DatabaseUnavailable):
                await asyncio.to_thread(server.start_again)


def _close_for_good(_: object, record: ConnectionPoolEntry) -> None:
    """Called for each connection given back to a pool that nobody will take it from."""
    record.invalidate()


@contextlib.contextmanager
def _unavailability(url: str) -> Iterator[None]:
    """Say in our words what Postgres says through SQLAlchemy, or through psycopg alone as under COPY."""
    from psycopg import Error

    try:
        yield
    except (DBAPIError, Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlstate", None)
        if code == DISK_FULL:
            raise DatabaseFull(
                f"the database has no room left ({str(cause).splitlines()[0]}); make room on its disk and try again: "
                "what was stored before is whole"
            ) from error
        if _means_unavailable(cause, code):
            raise unavailable(url, error) from error
        raise


def _means_unavailable(cause: object, code: str | None) -> bool:
    """Connection failures, and SQLSTATE 57P: an administrator (or a crash) shut the server down."""
    from psycopg import InterfaceError, OperationalError

    return isinstance(cause, OperationalError | InterfaceError) and (code or "08000")[:2] in ("08", "57")
