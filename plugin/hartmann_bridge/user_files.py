"""Files of the person that the bridge is told to read: pictures, and scores to continue.

A path comes from a program, and a program may have been talked into anything. So: links are followed first, and
what is opened then must be a regular file, looked at through the handle that is read (no device, pipe or socket,
and opening one never blocks); its size is refused before a byte is read; and what was read must be a picture or a
score, so that no other file's contents go anywhere, not even into an error's sentence.
"""

from __future__ import annotations

import os
import stat
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hartmann_bridge.refusals import Refused

MEBIBYTE = 2**20
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_user_file(named: str, largest: int, *, field: str) -> tuple[Path, bytes]:
    """The file's path with all links followed, and its bytes, at most `largest` of them.

    `named` is an absolute path, `~/…`, or a `file://` address as file dialogs give it. Raises Refused.
    """
    path = _resolved(named, field)
    handle = _opened(path, field)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise _refused("PATH_REFUSED", f"{path} is no ordinary file", field, HTTPStatus.FORBIDDEN)
        if state.st_size > largest:
            raise _too_large(path, state.st_size, largest, field)
        body = file.read(largest + 1)
    if len(body) > largest:
        raise _too_large(path, len(body), largest, field)
    if not body:
        raise _refused("FILE_EMPTY", f"{path} is empty", field)
    return path, body


def _resolved(named: str, field: str) -> Path:
    text = url2pathname(urlsplit(named).path) if named.startswith("file://") else named
    if not text or "\0" in text:
        raise _refused("PATH_INVALID", "write the whole path of a file", field)
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    if not path.is_absolute():
        raise _refused("PATH_INVALID", f"{text} is no whole path; begin it at the root", field)
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise _unreadable(path, error, field) from error


def _opened(path: Path, field: str) -> int:
    try:
        if path.is_dir():
            raise _refused("PATH_REFUSED", f"{path} is a folder; name a file", field, HTTPStatus.FORBIDDEN)
        if not path.is_file():  # before opening: opening some devices does something
            raise _refused("PATH_REFUSED", f"{path} is no ordinary file", field, HTTPStatus.FORBIDDEN)
        return os.open(path, _FLAGS)
    except OSError as error:
        raise _unreadable(path, error, field) from error


def _unreadable(path: Path, error: OSError | RuntimeError, field: str) -> Refused:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return _refused("FILE_NOT_FOUND", f"there is no file {path}", field, HTTPStatus.NOT_FOUND)
    if isinstance(error, PermissionError):
        return _refused("PATH_REFUSED", f"you may not read {path}", field, HTTPStatus.FORBIDDEN)
    said = getattr(error, "strerror", None) or "it can't be followed"
    return _refused("PATH_REFUSED", f"{path} can't be read: {said.lower()}", field, HTTPStatus.FORBIDDEN)


def _too_large(path: Path, size: int, largest: int, field: str) -> Refused:
    return _refused(
        "FILE_TOO_LARGE",
        f"{path} has {size / MEBIBYTE:,.1f} MiB, and at most {largest / MEBIBYTE:,.0f} are taken",
        field,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def _refused(
    reason: str, message: str, field: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY
) -> Refused:
    return Refused(status, reason, message, field=field)
