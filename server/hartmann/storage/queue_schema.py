"""procrastinate's tables, kept at the installed package's version.

The package brings a whole schema and a file for each later change, named so that they sort
(`03.04.00_50_post_….sql`). A database gets the whole schema first and then every file that is newer than the
last one it has; `queue_schema` remembers that one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text


def current(connection: Connection) -> str:
    """The last of procrastinate's migrations in the database; empty if it has none of its tables."""
    if not inspect(connection).has_table("queue_schema"):
        return ""
    return str(connection.execute(text("SELECT migration FROM queue_schema")).scalar_one_or_none() or "")


def expected() -> str:
    """The last migration of the installed package."""
    return _migrations()[-1].name


def upgrade(connection: Connection) -> None:
    """Apply what is missing, each file in a transaction of its own; the table `queue_schema` exists."""
    done = current(connection)
    if not done:
        _run(connection, _whole_schema())
        connection.execute(text("INSERT INTO queue_schema (migration) VALUES (:last)"), {"last": expected()})
        connection.commit()
        return
    for migration in _migrations():
        if migration.name > done:
            _run(connection, migration.read_text(encoding="utf-8"))
            connection.execute(text("UPDATE queue_schema SET migration = :last"), {"last": migration.name})
            connection.commit()


def _run(connection: Connection, sql: str) -> None:
    """Several statements at once, which psycopg allows only without parameters."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()


def _whole_schema() -> str:
    from procrastinate.schema import SchemaManager

    return str(SchemaManager.get_schema())


@cache
def _migrations() -> tuple[Path, ...]:
    from procrastinate.schema import SchemaManager

    return tuple(sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")))
