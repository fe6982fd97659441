"""The ledger: how far each source has been read in, and what became of each of its files.

One row of `library_ingest` for each source counts; its `fingerprint` names what was read and by which revision of
our reading, and `spaces` the embedding spaces that are complete. One row of `library_file` for each file names the
piece that it became or the reason why it became none. Both are written in the transaction that stores the pieces,
so that the ledger is never ahead of the library or behind it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.library.ingest.walking import Known
from hartmann.library.storing import copied
from hartmann.storage.tables import IngestState

_READ: Final = "SELECT state, total, done, skipped, detail FROM library_ingest WHERE source = :source"

_BEGIN: Final = """
INSERT INTO library_ingest (source, state, total, done, skipped, detail)
VALUES (:source, :running, :total, 0, 0, CAST(:detail AS jsonb))
ON CONFLICT (source) DO UPDATE SET state = :running, total = :total, done = 0, skipped = 0,
    detail = excluded.detail, started_at = now(), updated_at = now()
"""

_RECORD: Final = """
UPDATE library_ingest SET done = done + :done, skipped = skipped + :skipped, updated_at = now()
WHERE source = :source
"""

_COMPLETE: Final = """
UPDATE library_ingest SET state = :complete, updated_at = now(), detail = detail || jsonb_build_object(
    'spaces', (coalesce(detail -> 'spaces', '[]') - CAST(:space AS text)) || to_jsonb(CAST(:space AS text)))
WHERE source = :source
"""

_NEW_FILES: Final = """
CREATE TEMP TABLE IF NOT EXISTS new_file (source text, name text, digest text, reference text, reason text)
ON COMMIT DELETE ROWS
"""

_FILE_TYPES: Final = {
    "source": "text",
    "name": "text",
    "digest": "text",
    "reference": "text",
    "reason": "text",
}

_WITHDRAW: Final = """
DELETE FROM reference USING library_file, new_file
WHERE new_file.reason IS NOT NULL AND library_file.source = new_file.source AND library_file.name = new_file.name
    AND reference.id = library_file.reference
"""

_ADD_FILES: Final = """
INSERT INTO library_file (source, name, digest, reference, reason)
SELECT source, name, digest, reference, reason FROM new_file
ON CONFLICT (source, name) DO UPDATE
SET digest = excluded.digest, reference = excluded.reference, reason = excluded.reason
"""

_FORGET: Final = (
    "DELETE FROM library_file WHERE source = :source AND name = ANY(:names) AND reason IS NOT NULL"
)

_REFUSED: Final = """
SELECT source, name, reason FROM library_file
WHERE reason IS NOT NULL AND (CAST(:source AS text) IS NULL OR source = :source)
ORDER BY source, name
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A source's row as it stands; `done` counts files walked, `rejected` those of them that were refused."""

    fingerprint: str = ""
    state: str = ""
    total: int = 0
    done: int = 0
    rejected: int = 0
    spaces: frozenset[str] = field(default_factory=frozenset)

    def is_complete(self, fingerprint: str, space: str) -> bool:
        """Everything is read and embedded in this space."""
        return self.is_read(fingerprint) and space in self.spaces

    def is_read(self, fingerprint: str) -> bool:
        """Every file of this fingerprint is stored or refused. Never said of sources without one."""
        return bool(fingerprint) and self.fingerprint == fingerprint and 0 < self.total <= self.done


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What became of a file: the id of its piece, or the reason why there is none.

    `name` as `unread.stored_name` gives it; `digest` is empty where the file could not even be taken in hand.
    """

    name: str
    digest: str = ""
    reference: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that did not become a piece."""

    source: str
    name: str
    reason: str


async def read(connection: AsyncConnection, source: str) -> Ledger:
    """The ledger of a source; an empty one when it was never begun."""
    row = (await connection.execute(text(_READ), {"source": source})).first()
    if row is None:
        return Ledger()
    return Ledger(
        fingerprint=row.detail.get("fingerprint", ""),
        state=row.state,
        total=row.total,
        done=row.done,
        rejected=row.skipped,
        spaces=frozenset(row.detail.get("spaces", ())),
    )


async def known_files(connection: AsyncConnection, source: str) -> dict[str, Known]:
    """Every file of a source that has been read, by name."""
    statement = text(
        "SELECT name, digest, reason IS NOT NULL AS refused FROM library_file WHERE source = :source"
    )
    rows = await connection.execute(statement, {"source": source})
    return {row.name: Known(row.digest, row.refused) for row in rows}


async def begin(connection: AsyncConnection, source: str, fingerprint: str, total: int) -> None:
    """Open the ledger anew for a walk over `total` files."""
    detail = {"fingerprint": fingerprint, "spaces": []}
    values = {"source": source, "running": IngestState.RUNNING, "total": total, "detail": json.dumps(detail)}
    await connection.execute(text(_BEGIN), values)


async def record(
    connection: AsyncConnection, source: str, files: Sequence[FileRecord], walked: int, refused: int
) -> None:
    """Note what became of files, and that so many were walked past and refused; belongs into the transaction that
    stores their pieces. A piece whose file is refused now is removed."""
    rows = [(source, each.name, each.digest, each.reference, each.reason) for each in files]
    if rows:
        async with copied(connection, _NEW_FILES, "new_file", _FILE_TYPES, rows) as cursor:
            await cursor.execute(_WITHDRAW)
            await cursor.execute(_ADD_FILES)
    await connection.execute(text(_RECORD), {"source": source, "done": walked, "skipped": refused})


async def forget_refusals(connection: AsyncConnection, source: str, names: Iterable[str]) -> None:
    """Strike files that were refused and are no longer there."""
    await connection.execute(text(_FORGET), {"source": source, "names": list(names)})


async def complete(connection: AsyncConnection, source: str, space: str) -> None:
    """Note that all is read, and embedded in this space."""
    values = {"source": source, "space": space, "complete": IngestState.COMPLETE}
    await connection.execute(text(_COMPLETE), values)


async def refused(connection: AsyncConnection, source: str | None = None) -> AsyncIterator[Refused]:
    """Every refused file of a source, or of all, in the order of names."""
    async with connection.stream(text(_REFUSED), {"source": source}) as rows:
        async for row in rows:
            yield Refused(row.source, row.name, row.reason)
