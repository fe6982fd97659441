"""Where the bridge keeps its files: all in the user's config folder, which it makes with mode 0700.

    bridge.json            where the running bridge answers, and the token: 0600, gone when it has stopped
    bridge-token           the token, kept over restarts: 0600
    bridge-settings.json   the settings
    bridge.lock            held by the running bridge

Nothing else is kept: results and history are the server's.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Places:
    """The files in one config folder."""

    folder: Path

    @property
    def connection(self) -> Path:
        """What the plugin reads."""
        return self.folder / "bridge.json"

    @property
    def token(self) -> Path:
        """The secret that every caller shows."""
        return self.folder / "bridge-token"

    @property
    def settings(self) -> Path:
        """What `GET /v1/settings` shows."""
        return self.folder / "bridge-settings.json"

    @property
    def lock(self) -> Path:
        """Held by the running bridge."""
        return self.folder / "bridge.lock"

    def make(self) -> Places:
        """Makes the folder where it is missing."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


def user_places() -> Places:
    """The files of this user: `~/.config/hartmann` on Linux."""
    return Places(Path(platformdirs.user_config_path("hartmann")))


def write_privately(path: Path, body: bytes) -> None:
    """Replaces a file in one step with one that only its owner may read (0600)."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
