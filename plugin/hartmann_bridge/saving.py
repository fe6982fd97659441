"""The files of a finished composition in the user's scores folder: checked, together or not at all, never twice.

    TITLE.musicxml  TITLE.abc  TITLE.mid  TITLE.attention.png  TITLE.explanation.md

Names are unique (`TITLE-2`, `TITLE-3`, …) and nothing is ever overwritten. The bridge remembers nothing: whether a
composition has been saved is seen by a file of its title with exactly its MusicXML, which carries the picture's
hash, the models and the seed. A copy that a person changed is theirs, and the score is written anew beside it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from hartmann.errors import CompositionNotFinished
from hartmann.results.contents import contents_of
from hartmann.results.files import name_for, write_results
from hartmann.results.record import Record
from hartmann_bridge import bodies
from hartmann_bridge.musicxml_checks import check_musicxml
from hartmann_bridge.refusals import Refused

SUFFIXES = {
    "musicxml": ".musicxml",
    "abc": ".abc",
    "midi": ".mid",
    "attention": ".attention.png",
    "explanation": ".explanation.md",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one file's contents from another's."""

    size: int
    sha256: bytes

    @classmethod
    def of(cls, content: bytes) -> Fingerprint:
        """The fingerprint of some bytes."""
        return cls(len(content), hashlib.sha256(content).digest())


def save(folder: Path, record: Record, picture: bytes, *, fresh: bool) -> bodies.Files:
    """Writes the files, or finds them where they are written already. Raises Refused, CompositionNotFinished."""
    if record.score is None:
        raise CompositionNotFinished("the composition has no score yet; wait for its end")
    if not fresh and (found := find(folder, record.score.title, Fingerprint.of(record.score.musicxml))):
        return found
    check_musicxml(record.score.musicxml)
    contents = contents_of(record, picture)
    wanted = {suffix: contents[suffix] for suffix in SUFFIXES.values() if suffix in contents}
    try:
        return _named(write_results(folder, stem_of(record.score.title), wanted))
    except OSError as error:
        raise Refused(
            HTTPStatus.CONFLICT,
            "FOLDER_UNWRITABLE",
            f"the scores can't be written to {folder}: {error.strerror}; choose another scores folder in the "
            "settings",
            field="scores_folder",
        ) from error


def find(folder: Path, title: str, score: Fingerprint) -> bodies.Files | None:
    """The files of a score that was saved before; None where its MusicXML is not in the folder."""
    for path in candidates(folder, title):
        if _holds(path, score):
            beside = {suffix: path.with_name(path.stem + suffix) for suffix in SUFFIXES.values()}
            return _named({suffix: file for suffix, file in beside.items() if file.is_file()})
    return None


def candidates(folder: Path, title: str) -> list[Path]:
    """MusicXML files that may be a score of this title, the newest first."""
    name = re.compile(re.escape(stem_of(title)) + r"(-\d+)?\.musicxml")
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if name.fullmatch(entry.name) and entry.is_file()]
            found.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    except OSError:
        return []
    return [Path(entry.path) for entry in found]


def stem_of(title: str) -> str:
    """A title as the beginning of file names that every file system takes."""
    return name_for(Path(title.replace("/", "_").replace("\\", "_") + ".score"))


def _holds(path: Path, score: Fingerprint) -> bool:
    try:
        return path.stat().st_size == score.size and Fingerprint.of(path.read_bytes()) == score
    except OSError:
        return False


def _named(paths: Mapping[str, Path]) -> bodies.Files:
    named = {name: str(paths[suffix]) for name, suffix in SUFFIXES.items() if suffix in paths}
    return bodies.Files.model_validate(named)
