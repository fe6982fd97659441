"""Indexes of vectors take the names that no two spaces share.

Their names were made by replacing what an identifier can't hold, so that `a/b` and `a_b` met in one name. Each HNSW
index says in its condition which space it is for, and gets that space's name; nothing is built anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from hartmann.storage.vectors import index_name

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = """
SELECT index.relname AS name, pg_get_expr(pg_index.indpred, pg_index.indrelid) AS condition
FROM pg_index JOIN pg_class AS index ON index.oid = pg_index.indexrelid JOIN pg_am ON pg_am.oid = index.relam
WHERE pg_index.indrelid = 'embedding'::regclass AND pg_am.amname = 'hnsw' AND pg_index.indpred IS NOT NULL
"""
SPACE = re.compile(r"space = '((?:[^']|'')*)'")


def upgrade() -> None:
    """Rename them."""
    _rename(index_name)


def downgrade() -> None:
    """Give back the names without digests; where two meet, the second keeps its own."""
    _rename(lambda space: "embedding_" + "".join(c if c.isalnum() else "_" for c in space.lower())[:50])


def _rename(naming: Callable[[str], str]) -> None:
    connection = op.get_bind()
    held = {row.name: row.condition for row in connection.execute(sa.text(INDEXES))}
    for name, condition in held.items():
        found = SPACE.search(condition.replace("(space)::text", "space"))
        new = naming(found.group(1).replace("''", "'")) if found else name
        if new not in held:
            op.execute(f'ALTER INDEX "{name}" RENAME TO "{new}"')
