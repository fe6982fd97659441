"""The first schema: pgvector, compositions with their log, pictures, the library, the queue's version."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """
    CREATE TABLE queue_schema (
        migration text NOT NULL,
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
    )
    """,
    """
    CREATE TABLE picture (
        sha256 text PRIMARY KEY CHECK (length(sha256) = 64),
        data bytea NOT NULL,
        media_type text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "ALTER TABLE picture ALTER COLUMN data SET STORAGE EXTERNAL",  # pictures are compressed already
    """
    CREATE TABLE composition (
        id text PRIMARY KEY,
        request_id text UNIQUE,
        request bytea NOT NULL,
        picture text REFERENCES picture (sha256),
        source text,
        state text NOT NULL DEFAULT 'created'
            CHECK (state IN ('created', 'running', 'succeeded', 'failed', 'cancelled')),
        stage text NOT NULL DEFAULT '',
        carry bytea,
        attempt integer NOT NULL DEFAULT 0,
        deaths integer NOT NULL DEFAULT 0,
        worker text,
        error text NOT NULL DEFAULT '',
        cancel_requested boolean NOT NULL DEFAULT false,
        last_sequence bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 70)
    """,  # the row is updated with every event: room for that in its page
    "CREATE INDEX ix_composition_picture ON composition (picture)",
    "CREATE INDEX composition_newest ON composition (created_at DESC, id DESC)",
    "CREATE INDEX composition_state_newest ON composition (state, created_at DESC, id DESC)",
    """
    CREATE TABLE composition_event (
        composition text NOT NULL REFERENCES composition (id) ON DELETE CASCADE,
        sequence bigint NOT NULL CHECK (sequence > 0),
        stage text NOT NULL,
        part text NOT NULL,
        kind text NOT NULL,
        body bytea NOT NULL,
        final boolean NOT NULL DEFAULT false,
        time timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (composition, sequence),
        CONSTRAINT composition_event_part UNIQUE (composition, stage, part)
    )
    """,
    """
    CREATE TABLE reference (
        id text PRIMARY KEY,
        title text NOT NULL,
        source text NOT NULL,
        licence text NOT NULL,
        content_hash text NOT NULL,
        genre text NOT NULL DEFAULT '',
        mood text NOT NULL DEFAULT '',
        key text NOT NULL DEFAULT '',
        mode text NOT NULL DEFAULT '',
        meter text NOT NULL DEFAULT '',
        instrument text NOT NULL DEFAULT '',
        tempo_bpm double precision,
        bars integer,
        notes integer,
        valence double precision,
        arousal double precision,
        features jsonb NOT NULL DEFAULT '{}'
    )
    """,
    "CREATE INDEX ix_reference_source ON reference (source)",
    "CREATE INDEX ix_reference_content_hash ON reference (content_hash)",
    """
    CREATE TABLE reference_text (
        reference text PRIMARY KEY REFERENCES reference (id) ON DELETE CASCADE,
        caption text NOT NULL,
        abc text NOT NULL
    )
    """,
    """
    CREATE TABLE embedding (
        reference text NOT NULL REFERENCES reference (id) ON DELETE CASCADE,
        space text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('caption', 'image')),
        vector halfvec NOT NULL,
        PRIMARY KEY (reference, space, kind)
    )
    """,
    "ALTER TABLE embedding ALTER COLUMN vector SET STORAGE PLAIN",  # in the row: no detoasting in searches
    "CREATE INDEX embedding_space ON embedding (space, kind)",
    """
    CREATE TABLE library_ingest (
        source text PRIMARY KEY,
        state text NOT NULL CHECK (state IN ('running', 'complete')),
        total integer NOT NULL DEFAULT 0,
        done integer NOT NULL DEFAULT 0,
        skipped integer NOT NULL DEFAULT 0,
        detail jsonb NOT NULL DEFAULT '{}',
        started_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
)


def upgrade() -> None:
    """Create everything."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop everything but the extension, which others may use."""
    tables = (
        "library_ingest embedding reference_text reference composition_event composition picture queue_schema"
    )
    for table in tables.split():
        op.execute(f"DROP TABLE {table}")
