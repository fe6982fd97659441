"""Indexes for what searches filter by, and the few different values that genre, source and licence have.

The views read one entry of an index for each different value, however many rows have it (a "loose index scan").
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = {
    "reference_in_order": '(id COLLATE "C")',
    "reference_genre": "(lower(genre))",
    "reference_source": "(lower(source))",
    "reference_licence": "(lower(licence))",
    "reference_key": "(lower(key))",
    "reference_mode": "(lower(mode))",
    "reference_meter": "(meter)",
    "reference_instrument": "(lower(instrument))",
    "reference_tempo": "(tempo_bpm)",
    "reference_bars": "(bars)",
    "reference_instruments": "USING gin ((features -> 'instruments') jsonb_path_ops)",
}
VIEWS = {"reference_genres": "genre", "reference_sources": "source", "reference_licences": "licence"}
VIEW = """
CREATE VIEW {view} AS
WITH RECURSIVE value AS (
    (SELECT lower({column}) AS name FROM reference ORDER BY lower({column}) LIMIT 1)
    UNION ALL
    SELECT (
        SELECT lower({column}) FROM reference WHERE lower({column}) > value.name ORDER BY lower({column}) LIMIT 1
    ) FROM value WHERE value.name IS NOT NULL
)
SELECT name FROM value WHERE name IS NOT NULL
"""


def upgrade() -> None:
    """Create them."""
    for name, definition in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON reference {definition}")
    for view, column in VIEWS.items():
        op.execute(VIEW.format(view=view, column=column))


def downgrade() -> None:
    """Drop them."""
    for view in VIEWS:
        op.execute(f"DROP VIEW {view}")
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
