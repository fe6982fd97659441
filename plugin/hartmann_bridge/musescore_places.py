"""Where MuseScore 3 and 4 are installed: on Linux, macOS and Windows, as a package, an AppImage, a Flatpak or a snap.

Looked at are, in this order: the setting, the programs on PATH, AppImages in the usual folders, Flatpaks and snaps,
application bundles, and Windows' program folders. Everything is asked of a `Machine`, so that tests can be any.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

ON_PATH = (
    "mscore4", "musescore4", "MuseScore4", "mscore4portable", "mscore", "musescore", "MuseScore", "mscore3",
    "musescore3", "MuseScore3", "mscore3portable",
)  # fmt: skip
"""Names that distributions and MuseScore's own packages give the program."""
APP_IMAGE_FOLDERS = ("Applications", "AppImages", "bin", ".local/bin", "Downloads", "Desktop")
"""Below the home folder; `/opt` is looked at too."""
FLATPAK = "org.musescore.MuseScore"
SNAP = "musescore"
_APP_IMAGE = re.compile(r"(?i)mu?se?score.*\.appimage")
_FULL_VERSION = re.compile(r"(\d+\.\d+(?:\.\d+)*)")
_MAJOR_VERSION = re.compile(r"(?i)score[-_ ]?(?:studio[-_ ]?)?(\d)")


@dataclass(frozen=True, slots=True)
class MuseScore:
    """An installed MuseScore. `version` is as much of it as the path tells: `4.4.2`, `3`, or empty."""

    path: str
    version: str = ""

    @property
    def major(self) -> str:
        """`3`, `4`, or empty."""
        return self.version.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Machine:
    """What finding depends on: the platform (`sys.platform`), the home folder and the environment.

    `root` stands before absolute paths; it is not `/` in tests alone.
    """

    platform: str = sys.platform
    home: Path = field(default_factory=Path.home)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    root: Path = Path("/")

    def at(self, path: str) -> Path:
        """An absolute path of the machine."""
        return self.root / path.lstrip("/")


def find_all(machine: Machine, setting: str = "") -> tuple[MuseScore, ...]:
    """Every MuseScore there is, the best first: the one that was set, then the newest, each program once."""
    found = dict.fromkeys(_runnable(machine, _everywhere(machine)))
    newest_first = sorted(found, key=lambda musescore: _order(musescore.version), reverse=True)
    if setting:
        chosen = MuseScore(setting, version_in(setting))
        return (chosen, *(other for other in newest_first if other.path != setting))
    return tuple(newest_first)


def version_in(path: str) -> str:
    """The version that a path tells: `MuseScore-4.4.2-x86_64.AppImage` → `4.4.2`, `/usr/bin/mscore3` → `3`."""
    for part in reversed(PurePath(path.replace("\\", "/")).parts):
        if "score" in part.lower():
            number = _FULL_VERSION.search(part) or _MAJOR_VERSION.search(part)
            if number:
                return number[1]
    return ""


def _everywhere(machine: Machine) -> Iterator[Path]:
    yield from _on_path(machine)
    if machine.platform == "darwin":
        yield from _bundles(machine)
    elif machine.platform == "win32":
        yield from _program_folders(machine)
    else:
        yield from _app_images(machine)
        yield from _packaged(machine)


def _on_path(machine: Machine) -> Iterator[Path]:
    path = machine.environment.get("PATH", "")
    for name in ON_PATH:
        if found := shutil.which(name, path=path):
            yield Path(found)


def _app_images(machine: Machine) -> Iterator[Path]:
    for folder in (*(machine.home / name for name in APP_IMAGE_FOLDERS), machine.at("/opt")):
        yield from sorted(file for file in _inside(folder) if _APP_IMAGE.fullmatch(file.name))


def _packaged(machine: Machine) -> Iterator[Path]:
    yield machine.home / ".local/share/flatpak/exports/bin" / FLATPAK
    yield machine.at(f"/var/lib/flatpak/exports/bin/{FLATPAK}")
    yield machine.at(f"/snap/bin/{SNAP}")


def _bundles(machine: Machine) -> Iterator[Path]:
    for folder in (machine.at("/Applications"), machine.home / "Applications"):
        for bundle in sorted(_inside(folder)):
            if bundle.name.startswith("MuseScore") and bundle.suffix == ".app":
                yield bundle / "Contents/MacOS/mscore"


def _program_folders(machine: Machine) -> Iterator[Path]:
    for variable in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)", "LOCALAPPDATA"):
        named = machine.environment.get(variable)
        if not named:
            continue
        folder = Path(named) / "Programs" if variable == "LOCALAPPDATA" else Path(named)
        for inside in sorted(_inside(folder)):
            if inside.name.startswith("MuseScore"):
                yield from (inside / "bin" / f"MuseScore{number}.exe" for number in ("4", "3"))


def _inside(folder: Path) -> list[Path]:
    """What is in a folder; nothing where there is none, or it may not be looked into."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _runnable(machine: Machine, paths: Iterator[Path]) -> Iterator[MuseScore]:
    """Each program once, whatever links lead to it."""
    seen: set[Path] = set()
    for path in paths:
        try:
            real = path.resolve(strict=True)
            runs = real.is_file() and (machine.platform == "win32" or os.access(real, os.X_OK))
        except OSError:
            continue
        if runs and real not in seen:
            seen.add(real)
            yield MuseScore(str(path), version_in(str(path)) or version_in(str(real)))


def _order(version: str) -> tuple[int, ...]:
    """Newer is greater; an unknown version is taken for the newest, as packages without a number are."""
    return tuple(map(int, version.split("."))) if version else (99,)
