"""The library's first content: music21's tunes, read in once.

A library that is complete is recognised by one row of the ledger, so that a server's start costs one query. Where
an earlier filling used another embedding space, the captions are embedded again in the new one; vectors of the
old space stay.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hartmann.library.ingest import ledger
from hartmann.library.ingest.describing import Piece, Reject, describe
from hartmann.library.ingest.embedding import CaptionEmbedder, OnProgress
from hartmann.library.ingest.filling import Filling, fill
from hartmann.library.ingest.music21_tunes import Tune, all_tunes
from hartmann.library.ingest.unread import READING, Source, digest_of
from hartmann.library.ingest.walking import BATCH_FILES
from hartmann.storage.database import Database

SOURCE: Final = "music21"


@dataclass(frozen=True)
class UnreadTune:
    """A tune of the corpus, not yet read."""

    tune: Tune

    @property
    def name(self) -> str:
        """The tune's id."""
        return self.tune.id

    @cached_property
    def digest(self) -> str:
        """Of the text and of what is said about it."""
        tune = self.tune
        return digest_of(tune.text, tune.source, tune.licence, tune.rhythm, tune.origin)

    @property
    def size(self) -> int:
        """Characters."""
        return len(self.tune.text)

    def describe(self) -> Piece | Reject:
        """The piece."""
        return describe(self.tune)


async def fill_library(
    database: Database,
    embedder: CaptionEmbedder,
    on_progress: OnProgress | None = None,
    *,
    tunes: Callable[[], Iterable[Tune]] = all_tunes,
    processes: int = 2,
    batch_tunes: int = BATCH_FILES,
    look_again: bool = False,
) -> Filling:
    """Bring the library to completeness, or see at once that it is complete.

    `look_again` brings back what was removed since.

    Raises:
        DatabaseUnavailable: Postgres went away.
        MissingExtra: music21 is not installed.
    """
    if not look_again and await is_complete(database, embedder.space):
        return Filling()
    every = [] if not look_again and await _is_read(database) else [UnreadTune(tune) for tune in tunes()]
    return await fill(
        database,
        Source(SOURCE, len(every), lambda: every, fingerprint()),
        embedder,
        on_progress,
        processes=processes,
        batch_files=batch_tunes,
        look_again=look_again,
    )


async def is_complete(database: Database, space: str) -> bool:
    """Whether every tune is stored and embedded in this space: one query."""
    async with database.transaction() as connection:
        return (await ledger.read(connection, SOURCE)).is_complete(fingerprint(), space)


def fingerprint() -> str:
    """What is read and how: the installed music21 and the revision of our reading."""
    return f"music21 {importlib.metadata.version('music21')}, reading {READING}"


async def _is_read(database: Database) -> bool:
    """Whether all tunes are there, so that they need not even be listed where only vectors are wanted."""
    async with database.transaction() as connection:
        return (await ledger.read(connection, SOURCE)).is_read(fingerprint())
