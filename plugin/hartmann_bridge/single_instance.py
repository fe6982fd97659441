"""One at a time: a lock on a file that the kernel frees when its holder ends, however it ends.

The file says who holds it, for the sentence that turns the second one away.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO

_HELD_BYTE = 1 << 20
"""Windows locks ranges of bytes, and a locked byte can't be read: one far beyond the text is taken."""


class SingleInstance:
    """The lock on `path`; a context manager. `taken` says whether we hold it, `holder` what the other one wrote."""

    def __init__(self, path: Path, description: str) -> None:
        self.holder = ""
        self._path = path
        self._description = description
        self._file: IO[str] | None = None

    @property
    def taken(self) -> bool:
        """Whether we hold the lock."""
        return self._file is not None

    def __enter__(self) -> SingleInstance:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        file = os.fdopen(handle, "r+", encoding="utf-8")
        if _lock(file):
            file.truncate(0)
            file.write(self._description)
            file.flush()
            self._file = file
        else:
            self.holder = file.read(1000).strip()
            file.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.truncate(0)
            file.close()


def _lock(file: IO[str]) -> bool:
    """Whether the lock could be taken without waiting."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_HELD_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
