"""One embedded Postgres for the whole test session, a fresh database for every test module.

- `postgres`: the running server (session).
- `database_url`: the URL of the module's own database, with today's schema (a copy of a template: 0.1 s).
- `database`: that database opened in the test's event loop.
- `empty_database_url`: a new database without any schema (function).
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from hartmann.storage import migrating
from hartmann.storage.database import Database, connect
from hartmann.storage.embedded_postgres import EmbeddedPostgres

TEMPLATE = "hartmann_template"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running server in a short-lived folder of its own (a socket's path has at most 100 characters)."""
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    try:
        with EmbeddedPostgres(folder / "pg") as server:
            create_database(server, TEMPLATE)
            migrating.upgrade(url_of(server, TEMPLATE))
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of this module's database, whose schema is up to date."""
    name = f"module_{uuid.uuid4().hex[:12]}"
    create_database(postgres, name, template=TEMPLATE)
    yield url_of(postgres, name)
    drop_database(postgres, name)


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a database without tables."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    create_database(postgres, name)
    yield url_of(postgres, name)
    drop_database(postgres, name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """This module's database, open."""
    opened = connect(database_url)
    yield opened
    await opened.close()


def url_of(server: EmbeddedPostgres, name: str) -> str:
    """The URL of another database of the same server."""
    return server.url.replace("/postgres?", f"/{name}?")


def create_database(server: EmbeddedPostgres, name: str, template: str = "template1") -> None:
    """Make a database, as a copy of `template`."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def drop_database(server: EmbeddedPostgres, name: str) -> None:
    """Remove a database, cutting off whoever is connected."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
