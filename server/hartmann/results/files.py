"""The files of one composition: `NAME.musicxml`, `NAME.abc`, `NAME.mid` and so on, together or not at all.

NAME comes from the picture's file name. All files of a composition share it; where any of them exists
already, the whole set becomes `NAME-2`, `NAME-3`, … A person's file is never overwritten: every file is
written completely in a hidden folder beside its place and then linked to its name, which fails if the name
was taken in the meantime; then the next number is tried.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hartmann.results.whole_files import link, write_durably

LONGEST_NAME = 100
"""Bytes of UTF-8. File systems allow 255 for the whole name; the rest is for the number and the suffix."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)$")


def name_for(picture: Path) -> str:
    """A name that every file system takes, from the picture's file name without its suffix."""
    name = _FORBIDDEN.sub("_", picture.stem).strip(" .")
    name = name.encode("utf-8", "replace")[:LONGEST_NAME].decode("utf-8", "ignore").strip(" .")
    if not name:
        return "score"
    return f"{name}_" if _RESERVED.match(name) else name


def write_results(folder: Path, name: str, contents: Mapping[str, bytes]) -> dict[str, Path]:
    """Writes `contents` (suffix such as `.abc` → bytes) under a free name in `folder`.

    Creates the folder where it is missing. Returns suffix → path. Raises OSError where the folder can't be
    written; then none of the files is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".hartmann-", dir=folder))
    try:
        for suffix, body in contents.items():
            write_durably(staging / f"result{suffix}", body)
        return _publish(staging, folder, name, tuple(contents))
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _publish(staging: Path, folder: Path, name: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Links the staged files to the first free name."""
    number = 1
    while True:
        candidate = name if number == 1 else f"{name}-{number}"
        targets = {suffix: folder / f"{candidate}{suffix}" for suffix in suffixes}
        if not any(os.path.lexists(target) for target in targets.values()) and _link_all(staging, targets):
            return targets
        number += 1


def _link_all(staging: Path, targets: Mapping[str, Path]) -> bool:
    """Links every file to its place; takes all links back and returns False if a name is taken meanwhile."""
    done: list[Path] = []
    try:
        for suffix, target in targets.items():
            link(staging / f"result{suffix}", target)
            done.append(target)
    except FileExistsError:
        _remove(done)
        return False
    except BaseException:
        _remove(done)
        raise
    return True


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
