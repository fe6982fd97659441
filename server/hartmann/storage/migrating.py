"""The schema's version: bring it up to date, or say exactly what to run.

Migrations are written by hand (autogenerate does not see HNSW indexes) and lie in `migrations/` beside this
file, so that they ship in the wheel. An advisory lock makes two processes that upgrade at once do it one after
the other. procrastinate's own tables come with its package; `queue_schema.py` follows its versions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from hartmann.errors import DatabaseUnavailable, SchemaOutdated
from hartmann.storage import queue_schema

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x68617274  # "hart"
CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which schema is there and which one this program needs; `current` is empty for an empty database."""

    current: str
    expected: str
    queue_current: str
    queue_expected: str

    @property
    def is_current(self) -> bool:
        """Nothing is to be done."""
        return (self.current, self.queue_current) == (self.expected, self.queue_expected)


def upgrade(url: str) -> SchemaState:
    """Bring the schema at `url` up to date and say what is there then.

    Raises:
        DatabaseUnavailable: Postgres does not answer, or has no pgvector ≥ 0.7.
        SchemaOutdated: the schema is newer than this program.
    """
    with _connection(url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
        try:
            before = _state(connection)
            if not before.is_current:
                _refuse_unknown(before)
                _upgrade_locked(connection)
            return _state(connection)
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()


def check(url: str) -> SchemaState:
    """Which schema is at `url`, without changing it.

    Raises:
        DatabaseUnavailable: Postgres does not answer.
    """
    with _connection(url) as connection:
        return _state(connection)


def require_current(url: str) -> None:
    """Refuse to go on unless the schema at `url` is the one that this program needs.

    Raises:
        DatabaseUnavailable: Postgres does not answer.
        SchemaOutdated: the schema is another; the message names the command that mends it.
    """
    state = check(url)
    if state.is_current:
        return
    _refuse_unknown(state)
    found = f"schema {state.current}" if state.current else "no schema"
    raise SchemaOutdated(
        f"the database has {found}, this program needs {state.expected}; run: hartmann db upgrade",
        metadata={"current": state.current, "expected": state.expected},
    )


def _refuse_unknown(state: SchemaState) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if state.current and state.current not in known:
        raise SchemaOutdated(
            f"the database has schema {state.current}, which this program does not know; it was upgraded by a "
            "newer version: run: pip install --upgrade 'hartmann[server]'",
            metadata={"current": state.current, "expected": state.expected},
        )


def _upgrade_locked(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
        connection.commit()
        queue_schema.upgrade(connection)
    except DBAPIError as error:
        if "vector" not in str(error.orig):
            raise
        raise DatabaseUnavailable(
            "the database can't load pgvector; install pgvector 0.7 or later on its server and let an "
            f"administrator run: CREATE EXTENSION vector ({str(error.orig).splitlines()[0]})"
        ) from error


@contextlib.contextmanager
def _connection(url: str) -> Iterator[Connection]:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"), connect_args={"connect_timeout": CONNECT_SECONDS}
    )
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        shown = make_url(url).render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines()[0]
        raise DatabaseUnavailable(f"the database at {shown} does not answer: {reason}") from error
    finally:
        engine.dispose()


def _state(connection: Connection) -> SchemaState:
    state = SchemaState(
        current=MigrationContext.configure(connection).get_current_revision() or "",
        expected=_scripts().get_current_head() or "",
        queue_current=queue_schema.current(connection),
        queue_expected=queue_schema.expected(),
    )
    connection.rollback()
    return state


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config
