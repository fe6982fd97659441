"""The tables, as SQLAlchemy knows them. The migrations create them; this file says what they mean.

- `composition`: one request and how far its work has come. `attempt` rises whenever a worker takes it and
  fences out the one before; `deaths` counts the workers that died on it since its last finished stage.
- `composition_event`: the append-only log, numbered from 1 without gaps within a composition. (composition,
  stage, part) is unique, so a stage that runs again repeats nothing. Bodies are opaque bytes.
- `picture`: bytes by SHA-256, shared between compositions.
- `reference`, `reference_text`, `embedding`: the library; the wide texts stand apart from the narrow row. What
  searches filter by has an index in `reference`, and the views `reference_genres`, `reference_keys` and so on list
  the different values.
- `reference_picture`: the picture that describes a piece, where one does.
- `library_ingest`: how far each source of references has been read in; `library_file`: what became of each of its
  files (or tunes, or lines): the piece it is, or why it is none. `digest` tells whether a file has changed since.

Times carry a zone. Vectors: see `vectors.py`.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hartmann.storage.vectors import HalfVector

metadata = MetaData()


class State(StrEnum):
    """Where a composition stands. The last three are final."""

    CREATED = "created"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing is added to the log after this."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})


class EmbeddingKind(StrEnum):
    """What of a reference was embedded: its caption, or a picture that describes it."""

    CAPTION = "caption"
    IMAGE = "image"


class IngestState(StrEnum):
    """How far a source has come into the library."""

    RUNNING = "running"
    COMPLETE = "complete"


picture = Table(
    "picture",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

composition = Table(
    "composition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", Text, unique=True),
    Column("request", LargeBinary, nullable=False),
    Column("picture", Text, ForeignKey("picture.sha256"), index=True),
    Column("source", Text),
    Column("state", Text, nullable=False, server_default=State.CREATED),
    Column("stage", Text, nullable=False, server_default=""),
    Column("carry", LargeBinary),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("worker", Text),
    Column("error", Text, nullable=False, server_default=""),
    Column("cancel_requested", Boolean, nullable=False, server_default="false"),
    Column("last_sequence", BigInteger, nullable=False, server_default="0"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
Index("composition_newest", desc(composition.c.created_at), desc(composition.c.id))
Index("composition_state_newest", composition.c.state, desc(composition.c.created_at), desc(composition.c.id))

composition_event = Table(
    "composition_event",
    metadata,
    Column("composition", Text, ForeignKey("composition.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("stage", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("final", Boolean, nullable=False, server_default="false"),
    Column("time", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("composition", "stage", "part", name="composition_event_part"),
)

reference = Table(
    "reference",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("content_hash", Text, nullable=False, index=True),
    Column("genre", Text, nullable=False, server_default=""),
    Column("mood", Text, nullable=False, server_default=""),
    Column("key", Text, nullable=False, server_default=""),
    Column("mode", Text, nullable=False, server_default=""),
    Column("meter", Text, nullable=False, server_default=""),
    Column("instrument", Text, nullable=False, server_default=""),
    Column("tempo_bpm", Double),
    Column("bars", Integer),
    Column("notes", Integer),
    Column("valence", Double),
    Column("arousal", Double),
    Column("features", JSONB, nullable=False, server_default="{}"),
    Index("reference_instruments_played", text("(features -> 'instruments')"), postgresql_using="gin"),
)

Index("reference_in_order", reference.c.id)  # by code point: its collation "C" is not reflected
for _column in ("genre", "source", "licence", "key", "mode", "instrument", "meter", "tempo_bpm", "bars"):
    Index(f"reference_{_column}", reference.c[_column], postgresql_include=["id"])

reference_text = Table(
    "reference_text",
    metadata,
    Column("reference", Text, ForeignKey("reference.id", ondelete="CASCADE"), primary_key=True),
    Column("caption", Text, nullable=False),
    Column("abc", Text, nullable=False),
)

embedding = Table(
    "embedding",
    metadata,
    Column("reference", Text, ForeignKey("reference.id", ondelete="CASCADE"), primary_key=True),
    Column("space", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("vector", HalfVector(), nullable=False),
)
Index("embedding_space", embedding.c.space, embedding.c.kind)

reference_picture = Table(
    "reference_picture",
    metadata,
    Column("reference", Text, ForeignKey("reference.id", ondelete="CASCADE"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

library_file = Table(
    "library_file",
    metadata,
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("reference", Text, ForeignKey("reference.id", ondelete="CASCADE")),
    Column("reason", Text),
)
Index("library_file_reference", library_file.c.reference)
Index(
    "library_file_refused",
    library_file.c.source,
    library_file.c.name,
    postgresql_where=library_file.c.reason.is_not(None),
)

library_ingest = Table(
    "library_ingest",
    metadata,
    Column("source", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
