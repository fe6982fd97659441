"""Files that appear whole or not at all, and never in the place of one that is there unless that is asked for.

A file is written completely under a hidden name beside its place, is on the disk before it gets its own
name, and gets it by a hard link, which fails where the name is taken, also by somebody else a moment ago.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(target: Path, body: bytes, *, replace: bool = False) -> None:
    """Write `body` to `target`; with `replace`, in the place of what is there (through a symbolic link, too).

    Raises `FileExistsError` where the name is taken, and any other `OSError` where it can't be written;
    then nothing is left behind.
    """
    place = target.resolve() if replace else target
    staged = place.with_name(f".hartmann-{secrets.token_hex(8)}")
    try:
        write_durably(staged, body)
        if replace:
            staged.replace(place)
        else:
            link(staged, place)
    finally:
        staged.unlink(missing_ok=True)


def write_durably(path: Path, body: bytes) -> None:
    """Write to a new name and wait until the bytes are on the disk, so that a name never stands for half a file."""
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def link(source: Path, target: Path) -> None:
    """A hard link, or an exclusive copy on file systems without links; FileExistsError if the name is taken."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        _copy_exclusively(source, target)


def _copy_exclusively(source: Path, target: Path) -> None:
    """Copies to a name that must be free; leaves nothing behind when the copy fails half-way."""
    with target.open("xb") as file:
        try:
            file.write(source.read_bytes())
        except BaseException:
            target.unlink(missing_ok=True)
            raise
