"""Unread: what a source holds before anybody has looked into it.

A source (the corpus, a data set, a person's folder) lists its files. Each has a name, unique in its source, and a
digest of all that its piece depends on: the bytes, what is said about them, and the revision of our reading. A
file whose digest the library knows is left alone, so that filling goes on where it was interrupted and filling
again costs little. `describe` runs in a reading process; whatever an unread file holds has to survive pickling.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from hartmann.library.ingest.describing import Piece, Reject
from hartmann.library.storing import storable

READING: Final = 2
"""The revision of our reading. Raise it when features, captions or conversions change: everything is read again."""

MOST_FILE_BYTES: Final = 16 * 2**20
"""No file that is larger is read; of the Lakh MIDI dataset's files, the largest has a few MiB."""

LONGEST_NAME: Final = 500
"""Bytes of a name; Postgres indexes no more than 2,700."""


class Unread(Protocol):
    """A file, a tune or a line that may become a piece."""

    @property
    def name(self) -> str:
        """Unique within the source."""
        ...

    @property
    def digest(self) -> str:
        """Different whenever the piece may be."""
        ...

    @property
    def size(self) -> int:
        """Bytes that travel to the reading process."""
        ...

    def describe(self) -> Piece | Reject:
        """Read it."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Something to fill the library from.

    `files` is called once for every filling and yields what is there, refusing at once what it can't hand out.
    `total` says how many that will be, as far as it is known. A source with a `fingerprint` is not looked at again
    once it has been read whole under that fingerprint; without one it always is.
    """

    name: str
    total: int
    files: Callable[[], Iterable[Unread | Reject]]
    fingerprint: str = ""


def digest_of(*parts: bytes | str) -> str:
    """A digest of the parts and of the revision of our reading, 32 hexadecimal digits."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in (str(READING), *parts):
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hashed.update(len(data).to_bytes(8))
        hashed.update(data)
    return hashed.hexdigest()


def stored_name(name: str) -> str:
    """The name as the library keeps it: storable text, a digest in place of what goes beyond LONGEST_NAME bytes."""
    plain = str(storable(name))
    if len(plain.encode()) <= LONGEST_NAME:
        return plain
    return f"{plain[: LONGEST_NAME // 4]}… ({digest_of(name)})"
