"""Our plugin's files: beside the sources, or inside the installed package."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import hartmann_bridge
from hartmann.errors import Conflict

NAME = "Hartmann"
LOCATION = "location.json"
"""Beside the QML: where the bridge writes how to reach it, since QML can't ask the system for the config folder."""
_VERSION = re.compile(r'(?m)^\s*version:\s*"([^"]+)"')


def source_folder() -> Path:
    """The folder with the plugin's files. Raises Conflict where this installation has none."""
    package = Path(hartmann_bridge.__file__).parent
    for folder in (package / "musescore" / NAME, package.parent / "musescore" / NAME):
        if (folder / f"{NAME}.qml").is_file():
            return folder
    raise Conflict("this installation of Hartmann came without the plugin's files; install the package again")


def files_to_install(connection: Path) -> Mapping[str, bytes]:
    """Path inside the plugin's folder (with slashes) → contents, the pointer to the bridge included."""
    folder = source_folder()
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.suffix not in (".pyc", ".qmlc", ".jsc")
    }
    pointer = json.dumps({"connection": str(connection)}, ensure_ascii=False)
    return {**files, LOCATION: pointer.encode() + b"\n"}


def version_of(qml: str) -> str:
    """The version that a plugin's QML states; empty where it states none."""
    found = _VERSION.search(qml)
    return found[1] if found else ""
