"""The ledger: one row of `library_ingest` for each source, saying how far it has been read in.

`fingerprint` names what was read and by which revision of our reading; a ledger of another fingerprint counts
for nothing. `batches` are the numbers of the batches that are stored, `spaces` the embedding spaces that are
complete, `rejected` the tunes refused, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.storage.tables import IngestState

_READ: Final = "SELECT state, total, done, skipped, detail FROM library_ingest WHERE source = :source"

_BEGIN: Final = """
INSERT INTO library_ingest (source, state, total, done, skipped, detail)
VALUES (:source, :running, :total, 0, 0, CAST(:detail AS jsonb))
ON CONFLICT (source) DO UPDATE SET state = :running, total = :total, done = 0, skipped = 0,
    detail = excluded.detail, started_at = now(), updated_at = now()
"""

_RECORD: Final = """
UPDATE library_ingest SET done = done + :done, skipped = skipped + :skipped, updated_at = now(), detail = detail
    || jsonb_build_object('batches', detail -> 'batches' || to_jsonb(CAST(:batch AS int)))
    || jsonb_build_object('rejected', (detail -> 'rejected') || CAST(:rejected AS jsonb))
WHERE source = :source
"""

_COMPLETE: Final = """
UPDATE library_ingest SET state = :complete, updated_at = now(), detail = detail
    || jsonb_build_object('spaces', (detail -> 'spaces') || to_jsonb(CAST(:space AS text)))
WHERE source = :source
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A source's row as it stands; `done` counts tunes read, `rejected` those of them that were refused."""

    fingerprint: str = ""
    state: str = ""
    total: int = 0
    done: int = 0
    rejected: int = 0
    batches: frozenset[int] = field(default_factory=frozenset)
    spaces: frozenset[str] = field(default_factory=frozenset)

    def is_complete(self, fingerprint: str, space: str) -> bool:
        """Everything is read and embedded in this space."""
        return self.is_read(fingerprint) and space in self.spaces

    def is_read(self, fingerprint: str) -> bool:
        """Every batch of this fingerprint is stored."""
        return self.fingerprint == fingerprint and self.total > 0 and self.done >= self.total


async def read(connection: AsyncConnection, source: str) -> Ledger:
    """The ledger of a source; an empty one when it was never begun."""
    row = (await connection.execute(text(_READ), {"source": source})).first()
    if row is None:
        return Ledger()
    detail = row.detail
    return Ledger(
        fingerprint=detail.get("fingerprint", ""),
        state=row.state,
        total=row.total,
        done=row.done,
        rejected=row.skipped,
        batches=frozenset(detail.get("batches", ())),
        spaces=frozenset(detail.get("spaces", ())),
    )


async def begin(connection: AsyncConnection, source: str, fingerprint: str, total: int) -> None:
    """Open the ledger anew for `total` tunes."""
    detail = {"fingerprint": fingerprint, "batches": [], "spaces": [], "rejected": {}}
    values = {"source": source, "running": IngestState.RUNNING, "total": total, "detail": json.dumps(detail)}
    await connection.execute(text(_BEGIN), values)


async def record(
    connection: AsyncConnection, source: str, batch: int, tunes: int, rejected: Mapping[str, str]
) -> None:
    """Note that a batch of so many tunes is stored; belongs into the batch's own transaction."""
    values = {
        "source": source,
        "batch": batch,
        "done": tunes,
        "skipped": len(rejected),
        "rejected": json.dumps(dict(rejected)).replace("\\u0000", ""),
    }
    await connection.execute(text(_RECORD), values)


async def complete(connection: AsyncConnection, source: str, space: str) -> None:
    """Note that all is read, and embedded in this space."""
    values = {"source": source, "space": space, "complete": IngestState.COMPLETE}
    await connection.execute(text(_COMPLETE), values)
