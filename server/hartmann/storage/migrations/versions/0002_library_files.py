"""What became of every file that was read into the library, and the pictures that describe pieces."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE library_file (
        source text NOT NULL,
        name text NOT NULL,
        digest text NOT NULL,
        reference text REFERENCES reference (id) ON DELETE CASCADE,
        reason text,
        PRIMARY KEY (source, name),
        CONSTRAINT library_file_stored_or_refused CHECK ((reference IS NULL) <> (reason IS NULL))
    )
    """,
    "CREATE INDEX library_file_reference ON library_file (reference)",  # found when a piece is removed
    "CREATE INDEX library_file_refused ON library_file (source, name) WHERE reason IS NOT NULL",
    """
    CREATE TABLE reference_picture (
        reference text PRIMARY KEY REFERENCES reference (id) ON DELETE CASCADE,
        data bytea NOT NULL
    )
    """,
    "ALTER TABLE reference_picture ALTER COLUMN data SET STORAGE EXTERNAL",  # compressed already
)


def upgrade() -> None:
    """Create both tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE reference_picture")
    op.execute("DROP TABLE library_file")
