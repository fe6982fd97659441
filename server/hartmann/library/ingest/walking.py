"""Walking: one pass over a source, cut into batches, with what the library knows already left out.

A batch is closed when it holds enough files or enough bytes, so that memory stays bounded whatever the files are
like, or when enough known ones went by, so that progress shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from hartmann.library.ingest.describing import Reject
from hartmann.library.ingest.unread import Unread, stored_name

BATCH_FILES: Final = 128
BATCH_BYTES: Final = 4 * 2**20
BATCH_WALKED: Final = 4096


@dataclass(frozen=True, slots=True)
class Known:
    """A file as the library remembers it."""

    digest: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Files to read by their stored names, files refused unread, and how many were passed by because they are known."""

    unread: Mapping[str, Unread] = field(default_factory=dict)
    refused: tuple[Reject, ...] = ()
    known: int = 0
    known_refused: int = 0

    @property
    def walked(self) -> int:
        """How many files of the source this batch accounts for."""
        return len(self.unread) + len(self.refused) + self.known


class Walk:
    """A pass over files. What is left in `unseen` after it are names that the source no longer has."""

    def __init__(self, known: Mapping[str, Known], batch_files: int = BATCH_FILES) -> None:
        self.unseen = dict(known)
        self._batch_files = batch_files
        self._seen: set[str] = set()

    def batches(self, files: Iterable[Unread | Reject]) -> Iterator[Batch]:
        """The files in batches, in their order. A name that comes again is refused."""
        batch = _Filling()
        for file in files:
            name = stored_name(file.id if isinstance(file, Reject) else file.name)
            known = self.unseen.pop(name, None)
            if name in self._seen:
                batch.refused.append(self._again(name))
            elif isinstance(file, Reject):
                batch.refused.append(replace(file, id=name))
            elif known is not None and known.digest == file.digest:
                batch.passed.append(known)
            else:
                batch.add(name, file)
            self._seen.add(name)
            if len(batch.unread) >= self._batch_files or batch.is_full:
                yield batch.closed()
                batch = _Filling()
        if batch.walked:
            yield batch.closed()

    def _again(self, name: str) -> Reject:
        number = next(n for n in count(2) if f"{name} ({n})" not in self._seen)
        self._seen.add(f"{name} ({number})")
        self.unseen.pop(f"{name} ({number})", None)
        return Reject(f"{name} ({number})", f"another file of the name {name} came before it")


@dataclass
class _Filling:
    """A batch that is being filled."""

    unread: dict[str, Unread] = field(default_factory=dict)
    refused: list[Reject] = field(default_factory=list)
    passed: list[Known] = field(default_factory=list)
    size: int = 0

    @property
    def walked(self) -> int:
        return len(self.unread) + len(self.refused) + len(self.passed)

    @property
    def is_full(self) -> bool:
        return self.walked >= BATCH_WALKED or self.size >= BATCH_BYTES

    def add(self, name: str, file: Unread) -> None:
        self.unread[name] = file
        self.size += file.size

    def closed(self) -> Batch:
        refused = sum(known.refused for known in self.passed)
        return Batch(self.unread, tuple(self.refused), len(self.passed), refused)
