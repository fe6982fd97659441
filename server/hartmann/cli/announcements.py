"""What a server tells the process that started it: one JSON object a line.

    {"kind": "progress", "task": "Filling the library", "done": 120, "total": 11900}
    {"kind": "ready", "address": "127.0.0.1:41235"}
    {"kind": "failed", "reason": "DATABASE_UNAVAILABLE", "message": "…", "code": "UNAVAILABLE"}

`hartmann serve --announce` writes them on what was its standard output and stops when its standard input
ends, which happens by itself when the parent dies, however it dies.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from hartmann.errors import HartmannError


@dataclass(frozen=True, slots=True)
class Progress:
    """Something long is under way. `total` is 0 while it is not known."""

    task: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Ready:
    """The server answers at `address` (HOST:PORT)."""

    address: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The server could not start. `reason` and `code` as in `hartmann.errors`."""

    reason: str
    message: str
    code: str = "INTERNAL"


Announcement = Progress | Ready | Failed

_KINDS: dict[str, type[Progress] | type[Ready] | type[Failed]] = {
    "progress": Progress,
    "ready": Ready,
    "failed": Failed,
}


def to_line(announcement: Announcement) -> str:
    """One line of JSON, newline included."""
    kind = type(announcement).__name__.lower()
    return json.dumps({"kind": kind, **asdict(announcement)}) + "\n"


def from_line(line: str) -> Announcement | None:
    """The announcement in a line; None for a line of another kind, so that newer servers may say more."""
    try:
        fields = json.loads(line)
        return _KINDS[fields.pop("kind")](**fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def failure(error: HartmannError) -> Failed:
    """How an error travels to the parent."""
    return Failed(error.reason, error.message, error.code)
