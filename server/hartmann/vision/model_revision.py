"""Which weights a folder holds, in a few letters, so that a score's provenance can name them."""

from __future__ import annotations

import hashlib
from pathlib import Path

_READ_WHOLE = 200 * 2**20
_EDGE = 2**20


def folder_revision(folder: Path) -> str:
    """Twelve hex digits that change with the configuration or the weights.

    Files up to 200 MiB are read whole; of larger ones the size and the first and last MiB, so that loading an
    8B model does not read it twice.
    """
    seen = hashlib.sha256()
    for file in sorted([folder / "config.json", *folder.glob("*.safetensors")]):
        if file.is_file():
            seen.update(f"{file.name} {file.stat().st_size} ".encode())
            seen.update(_content(file))
    return seen.hexdigest()[:12]


def _content(file: Path) -> bytes:
    if file.stat().st_size <= _READ_WHOLE:
        return file.read_bytes()
    with file.open("rb") as stream:
        first = stream.read(_EDGE)
        stream.seek(-_EDGE, 2)
        return first + stream.read()
