"""Stops an embedded Postgres whose users all died without closing it (kill -9, out of memory).

    python -m hartmann.storage.postgres_watchdog FOLDER

Waits until it could lock `use` alone, which means that no user is left: the kernel frees a dead process's
lock. It lets go at once, takes `gate`, looks again, and stops Postgres. One per folder (`watch`). It creates
nothing: a folder that is removed meanwhile ends it.
"""

from __future__ import annotations

import contextlib
import fcntl
import sys
from pathlib import Path

from hartmann.storage import postmaster


def main(folder: Path) -> None:
    """Wait for the last user of `folder` to go, and clean up behind it."""
    with (folder / "watch").open() as watch:
        try:
            fcntl.flock(watch, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another watchdog is here
        while not _stopped(folder):
            pass  # somebody came between the two looks: wait for that one


def _stopped(folder: Path) -> bool:
    """Wait until nobody uses the folder, then stop Postgres; False if somebody came meanwhile."""
    with (folder / "use").open() as use:
        fcntl.flock(use, fcntl.LOCK_EX)
        fcntl.flock(use, fcntl.LOCK_UN)
        with (folder / "gate").open() as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            try:
                fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            postmaster.stop(folder / "data")
            return True


if __name__ == "__main__":
    with contextlib.suppress(FileNotFoundError):
        main(Path(sys.argv[1]))
