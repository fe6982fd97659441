"""Where compositions and the library are kept: Postgres, embedded or outside. Needs the extra `server`."""

from __future__ import annotations

import importlib.util

from hartmann.errors import MissingExtra

for _package in ("sqlalchemy", "greenlet", "psycopg", "psutil", "pgvector", "alembic", "procrastinate"):
    if importlib.util.find_spec(_package) is None:
        raise MissingExtra(_package, "server")
