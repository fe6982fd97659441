"""Indexes for what searches filter by, and the few different values that names of genres, keys and the like have.

Each index carries the id, so that counting who passes a filter does not touch the table. The views read one entry of
an index for each different value, however many rows have it (a "loose index scan").
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAMES = ("genre", "source", "licence", "key", "mode", "instrument")
NUMBERS = ("meter", "tempo_bpm", "bars")
VIEW = """
CREATE VIEW reference_{column}s AS
WITH RECURSIVE value AS (
    (SELECT {column} AS name FROM reference ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM reference WHERE {column} > value.name ORDER BY {column} LIMIT 1)
    FROM value WHERE value.name IS NOT NULL
)
SELECT name FROM value WHERE name IS NOT NULL
"""


def upgrade() -> None:
    """Create them; the index of sources takes the place of the one that was there."""
    op.execute("DROP INDEX ix_reference_source")
    for column in (*NAMES, *NUMBERS):
        op.execute(f"CREATE INDEX reference_{column} ON reference ({column}) INCLUDE (id)")
    op.execute('CREATE INDEX reference_in_order ON reference (id COLLATE "C")')
    instruments = "gin ((features -> 'instruments') jsonb_path_ops)"
    op.execute(f"CREATE INDEX reference_instruments_played ON reference USING {instruments}")
    for column in NAMES:
        op.execute(VIEW.format(column=column))


def downgrade() -> None:
    """Drop them."""
    for column in NAMES:
        op.execute(f"DROP VIEW reference_{column}s")
    for name in (*NAMES, *NUMBERS, "in_order", "instruments_played"):
        op.execute(f"DROP INDEX reference_{name}")
    op.execute("CREATE INDEX ix_reference_source ON reference (source)")
