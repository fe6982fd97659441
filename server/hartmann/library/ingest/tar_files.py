"""Files out of a tar archive, in one pass, without unpacking anything to disk.

The archive is a stranger's. Only plain files that somebody asked for are read, and only up to a size; links,
devices, and names that lead out of the archive are refused, whatever they point to. An archive that ends early
or is damaged ends the pass with a sentence: what came before is whole.
"""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from hartmann.errors import InvalidRequest
from hartmann.library.ingest.describing import Reject
from hartmann.library.ingest.unread import MOST_FILE_BYTES

_DAMAGE: Final = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError)


@dataclass(frozen=True, slots=True)
class TarFile:
    """A file of an archive."""

    name: str
    data: bytes = field(repr=False)


def read_tar(archive: Path, *, wanted: Callable[[str], bool]) -> Iterator[TarFile | Reject]:
    """The files with wanted names, in the archive's order, and refusals of what must not be read.

    Raises:
        InvalidRequest: the archive can't be read, or not to its end.
    """
    after = ""
    try:
        with tarfile.open(archive, "r|*") as tar:
            for member in tar:
                vars(tar)["members"] = []  # it keeps them all otherwise: 168,385 make 200 MB
                name = member.name.removeprefix("./")
                reason = _why_not(member, name, wanted)
                if reason:
                    yield Reject(name, reason)
                elif member.isfile() and wanted(name):
                    yield TarFile(name, _content(tar, member))
                after = name
    except _DAMAGE as error:
        raise InvalidRequest(
            f"{archive} is damaged or cut short{f' after {after}' if after else ''} ({error}); what was read is kept: "
            "fetch the archive again, and run the command again to go on"
        ) from error


def _why_not(member: tarfile.TarInfo, name: str, wanted: Callable[[str], bool]) -> str:
    """Why a member is refused, or "" for one to read or to pass by."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return "its name leads out of the archive"
    if member.issym() or member.islnk():
        return f"it is a link in the archive (to {member.linkname[:100]!r}); links are not followed"
    if not (member.isfile() or member.isdir()):
        return "it is a device or pipe in the archive"
    if member.isfile() and wanted(name) and member.size > MOST_FILE_BYTES:
        return f"it has {member.size:,} bytes; {MOST_FILE_BYTES:,} are read"
    return ""


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file is not None else b""
