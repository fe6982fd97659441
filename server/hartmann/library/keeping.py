"""Keeping: what a library's owner does with the pieces in it: list, remove, take out whole.

A `Choice` says which pieces are meant. Nothing chosen means every piece, so that commands that remove ask first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hartmann.library.reference_filter import ReferenceFilter
from hartmann.storage.database import Database

_PAGE: Final = 256

_KEPT: Final = """
SELECT id, title, source, licence, genre, mood, key, mode, meter, instrument, tempo_bpm, bars, notes, valence, arousal,
    features, caption, abc, reference_picture.data AS picture
FROM reference JOIN reference_text ON reference_text.reference = id
LEFT JOIN reference_picture ON reference_picture.reference = id
WHERE {condition} AND id > :after ORDER BY id LIMIT :page
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pieces: those with these ids (all, when there are none) that pass the filter."""

    ids: tuple[str, ...] = ()
    filter: ReferenceFilter = field(default_factory=ReferenceFilter)

    def condition(self) -> tuple[str, dict[str, Any]]:
        """A condition on the columns of `reference` and its bound values."""
        condition, values = self.filter.conditions()
        parts = [condition] if condition else []
        if self.ids:
            parts.append("id = ANY(:ids)")
            values["ids"] = list(self.ids)
        return " AND ".join(parts) or "true", values


@dataclass(frozen=True, slots=True)
class Kept:
    """A piece with everything that is stored of it. `columns` are its features with a column of their own."""

    id: str
    title: str
    source: str
    licence: str
    caption: str
    abc: str
    columns: dict[str, Any]
    features: dict[str, Any]
    picture: bytes = field(default=b"", repr=False)

    @property
    def described_by(self) -> str:
        """Whose words the caption is, as `ingest.describing.DescribedBy` has it."""
        return str(self.features.get("described_by", ""))

    def values(self) -> dict[str, Any]:
        """All but the picture, as plain JSON values."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "licence": self.licence,
            "caption": self.caption,
            "abc": self.abc,
            **self.columns,
            "features": self.features,
        }


async def kept(database: Database, choice: Choice = Choice()) -> AsyncIterator[Kept]:
    """The chosen pieces in the order of their ids, page by page."""
    condition, values = choice.condition()
    statement = text(_KEPT.format(condition=condition))
    after = ""
    while True:
        async with database.transaction() as connection:
            rows = (await connection.execute(statement, {**values, "after": after, "page": _PAGE})).all()
        for row in rows:
            yield _kept(dict(row._mapping))
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


async def count(database: Database, choice: Choice) -> int:
    """How many pieces are chosen."""
    async with database.transaction() as connection:
        return await _count(connection, choice)


async def remove(database: Database, choice: Choice) -> int:
    """Remove the chosen pieces with their texts, pictures and vectors; returns how many there were.

    Filling again from where they came brings them back; a server's start does not.
    """
    condition, values = choice.condition()
    async with database.transaction() as connection:
        return (await connection.execute(text(f"DELETE FROM reference WHERE {condition}"), values)).rowcount


async def _count(connection: AsyncConnection, choice: Choice) -> int:
    condition, values = choice.condition()
    found = await connection.execute(text(f"SELECT count(*) FROM reference WHERE {condition}"), values)
    return int(found.scalar_one())


def _kept(row: dict[str, Any]) -> Kept:
    picture = row.pop("picture")
    texts = {name: row.pop(name) for name in ("id", "title", "source", "licence", "caption", "abc")}
    return Kept(**texts, features=row.pop("features"), columns=row, picture=bytes(picture or b""))
