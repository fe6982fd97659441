"""The bearer token: 256 bits of chance in a file that only its owner may read, kept over restarts.

A file that others could read is no secret any more, so its token is replaced.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from hartmann_bridge.places import write_privately

TOKEN_BYTES = 32


def read_or_make(path: Path) -> str:
    """The token in `path`; a new one where there is none, it is damaged, or others could read it."""
    return _kept(path) or _new(path)


def _kept(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return ""
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        private = os.name != "posix" or (
            stat.S_ISREG(state.st_mode) and not state.st_mode & 0o077 and state.st_uid == os.geteuid()
        )
        text = file.read(1024).decode("ascii", "replace").strip() if private else ""
    return text if len(text) >= TOKEN_BYTES and text.isprintable() else ""


def _new(path: Path) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    write_privately(path, token.encode())
    return token
