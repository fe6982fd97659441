"""Installing, looking at and removing the plugin in one folder of MuseScore's.

What was written is noted in `.installed.json` inside the plugin's folder, with the SHA-256 of every file. Only what
is noted is ever replaced or removed, and not if a person has changed it since: that file stays, and is named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hartmann.errors import Conflict
from hartmann_bridge.installing import plugin_list
from hartmann_bridge.installing.musescore_folders import PluginFolder
from hartmann_bridge.installing.plugin_list import Listed
from hartmann_bridge.installing.plugin_source import NAME, files_to_install, version_of
from hartmann_bridge.places import write_privately

NOTE = ".installed.json"


class State(StrEnum):
    """How an installed plugin compares with ours."""

    ABSENT = "not installed"
    CURRENT = "installed"
    OUTDATED = "installed, but not this version's"
    FOREIGN = "there are files that `hartmann plugin install` did not write"


@dataclass(frozen=True, slots=True)
class Status:
    """What is in one folder. `listed` is None where MuseScore has no list that we know."""

    place: PluginFolder
    state: State
    version: str
    listed: Listed | None


def install(place: PluginFolder, connection: Path, shortcut: str = "") -> Status:
    """Puts the plugin there and enables it where that is a matter of a documented file.

    Raises Conflict where files are in the way, or the folder can't be written.
    """
    folder, files = place.folder / NAME, files_to_install(connection)
    ours = _ours(folder)
    _check_free(folder, files, ours)
    try:
        for name in _unchanged(folder, {old: ours[old] for old in ours.keys() - files.keys()}):
            (folder / name).unlink()
        for name, body in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        note = {"files": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}}
        write_privately(folder / NOTE, json.dumps(note, indent=1).encode())
        for plugins in place.lists:
            plugin_list.enable(plugins, _qml(folder), shortcut)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise Conflict(
            f"the plugin can't be written to {folder}: {said}; name another folder with --musescore"
        ) from error
    return status(place, connection)


def status(place: PluginFolder, connection: Path) -> Status:
    """What is there now."""
    folder = place.folder / NAME
    qml = _qml(folder)
    listed = plugin_list.state_of(place.lists[0], qml) if place.lists else None
    if not qml.is_file():
        return Status(place, State.ABSENT, "", listed)
    version = version_of(qml.read_text(encoding="utf-8", errors="replace"))
    ours = _ours(folder)
    if not ours:
        return Status(place, State.FOREIGN, version, listed)
    wanted = {name: hashlib.sha256(body).hexdigest() for name, body in files_to_install(connection).items()}
    current = ours == wanted and len(_unchanged(folder, ours)) == len(ours)
    return Status(place, State.CURRENT if current else State.OUTDATED, version, listed)


def uninstall(place: PluginFolder) -> tuple[Path, ...]:
    """Removes what was installed there, and the plugin from the list. Returns the files that were left."""
    folder = place.folder / NAME
    ours = _ours(folder)
    if ours:
        for name in _unchanged(folder, ours):
            (folder / name).unlink()
        (folder / NOTE).unlink()
        for plugins in place.lists:
            plugin_list.forget(plugins, _qml(folder))
    _remove_empty(folder)
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file())) if folder.is_dir() else ()


def _qml(folder: Path) -> Path:
    return folder / f"{NAME}.qml"


def _ours(folder: Path) -> dict[str, str]:
    """Name → SHA-256 of what an earlier installation wrote; names that lead out of the folder are none of ours."""
    try:
        noted = json.loads((folder / NOTE).read_text(encoding="utf-8"))["files"]
        inside = {str(name): str(digest) for name, digest in noted.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: digest for name, digest in inside.items() if _is_inside(name)}


def _is_inside(name: str) -> bool:
    parts = Path(name).parts
    return bool(parts) and not Path(name).is_absolute() and ".." not in parts


def _check_free(folder: Path, files: Mapping[str, bytes], ours: Mapping[str, str]) -> None:
    """Raises Conflict where a file is in the way that we did not write, or that a person changed."""
    replaceable = set(_unchanged(folder, ours))
    for name, body in files.items():
        path = folder / name
        if path.exists() and name not in replaceable and path.read_bytes() != body:
            raise Conflict(
                f"{path} was not written by `hartmann plugin install`, or was changed since; move it away first"
            )


def _unchanged(folder: Path, ours: Mapping[str, str]) -> list[str]:
    """Those of our files that are still as we wrote them."""
    return [
        name
        for name, digest in ours.items()
        if (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    ]


def _remove_empty(folder: Path) -> None:
    """Removes the folder and those in it that hold nothing."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
