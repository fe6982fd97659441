"""Where MuseScore 3 and 4 look for plugins of the user's own.

`Documents/MuseScore3/Plugins` and `Documents/MuseScore4/Plugins`, with the documents folder by the name that it has
in the user's language, unless MuseScore's preferences name another folder. An AppImage and a Flatpak look there
too; a Flatpak keeps its list of plugins in a data folder of its own.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from hartmann_bridge.musescore_places import FLATPAK, Machine, find_all

VERSIONS = ("3", "4")


@dataclass(frozen=True, slots=True)
class PluginFolder:
    """One MuseScore's folder of plugins. `lists` are the files in which MuseScore 3 keeps which of them are enabled."""

    version: str
    folder: Path
    lists: tuple[Path, ...] = ()


def folders_of(machine: Machine, documents: Path | None = None) -> tuple[PluginFolder, ...]:
    """The folders of every MuseScore that is installed or was used; of both where none is seen."""
    documents = documents or documents_folder()
    seen = {musescore.major for musescore in find_all(machine)}
    both = tuple(_folder(machine, documents, version) for version in VERSIONS)
    used = tuple(
        folder
        for folder in both
        if folder.version in seen or "" in seen or folder.folder.parent.is_dir() or folder.folder.is_dir()
    )
    return used or both


def named_folder(machine: Machine, named: Path) -> PluginFolder:
    """The folder that a person named: plugins go straight into it, or into its `Plugins`."""
    whole = named.expanduser().absolute()
    folder = whole / "Plugins" if (whole / "Plugins").is_dir() and whole.name != "Plugins" else whole
    version = next((v for v in VERSIONS if f"musescore{v}" in str(folder).lower().replace(" ", "")), "")
    return PluginFolder(version, folder, _lists(machine) if version == "3" else ())


def documents_folder() -> Path:
    """The user's documents, by the name they have in the user's language."""
    return Path(platformdirs.user_documents_path())


def _folder(machine: Machine, documents: Path, version: str) -> PluginFolder:
    preferred = _preferred(machine, version)
    folder = preferred or documents / f"MuseScore{version}" / "Plugins"
    return PluginFolder(version, folder, _lists(machine) if version == "3" else ())


def _preferred(machine: Machine, version: str) -> Path | None:
    """The folder that MuseScore's own preferences name."""
    for ini in _preference_files(machine, version):
        parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
        try:
            parser.read_string(ini.read_text(encoding="utf-8", errors="replace"))
        except (OSError, configparser.Error):
            continue
        for key in (r"paths\myplugins", r"paths/myplugins"):
            named = parser.get("application", key, fallback="").strip().strip('"')
            if named and Path(named).is_absolute():
                return Path(named)
    return None


def _preference_files(machine: Machine, version: str) -> Iterator[Path]:
    name = f"MuseScore{version}.ini"
    if machine.platform == "win32":
        if roaming := machine.environment.get("APPDATA"):
            yield Path(roaming) / "MuseScore" / name
        return
    config = machine.environment.get("XDG_CONFIG_HOME")
    yield (Path(config) if config else machine.home / ".config") / "MuseScore" / name
    yield machine.home / ".var/app" / FLATPAK / "config" / "MuseScore" / name


def _lists(machine: Machine) -> tuple[Path, ...]:
    """MuseScore 3's `plugins.xml`: the one to write, then a Flatpak's where there is one."""
    inside = Path("MuseScore") / "MuseScore3" / "plugins.xml"
    if machine.platform == "darwin":
        return (machine.home / "Library/Application Support" / inside,)
    if machine.platform == "win32":
        local = machine.environment.get("LOCALAPPDATA")
        return (Path(local) / inside,) if local else ()
    data = machine.environment.get("XDG_DATA_HOME")
    first = (Path(data) if data else machine.home / ".local/share") / inside
    flatpak = machine.home / ".var/app" / FLATPAK / "data" / inside
    return (first, flatpak) if flatpak.parent.is_dir() else (first,)
