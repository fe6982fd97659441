"""MuseScore 3's list of plugins, `plugins.xml`: which of the files it found are loaded, with their shortcuts.

    <museScore version="3.01">
      <Plugin>
        <path>/home/ada/Documents/MuseScore3/Plugins/Hartmann/Hartmann.qml</path>
        <load>1</load>
        <SC><key>…</key><seq>Ctrl+Shift+H</seq></SC>
      </Plugin>
    </museScore>

Entries of other plugins stay as they are. The file that was there before is kept beside it once, as
`plugins.xml.before-hartmann`. MuseScore 4 has no documented list: there a person enables the plugin.
"""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from hartmann_bridge.places import write_privately

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

BACKUP_SUFFIX = ".before-hartmann"


class Listed(StrEnum):
    """How a plugin stands in the list."""

    ENABLED = "enabled"
    DISABLED = "not enabled"
    UNREADABLE = "unknown"


def state_of(plugins: Path, qml: Path) -> Listed:
    """How the plugin stands there; a list that does not exist enables nothing."""
    try:
        entry = _entry(_read(plugins), qml)
    except ValueError:
        return Listed.UNREADABLE
    loaded = entry is not None and (entry.findtext("load") or "").strip() == "1"
    return Listed.ENABLED if loaded else Listed.DISABLED


def enable(plugins: Path, qml: Path, shortcut: str = "") -> Listed:
    """Lists the plugin as loaded. A list that can't be understood is left alone: UNREADABLE."""
    try:
        root = _read(plugins)
    except ValueError:
        return Listed.UNREADABLE
    entry = _entry(root, qml)
    if entry is None:
        entry = ET.SubElement(root, "Plugin")
        ET.SubElement(entry, "path").text = str(qml)
    _set(entry, "load", "1")
    if shortcut:
        _set_shortcut(entry, shortcut)
    _write(plugins, root)
    return Listed.ENABLED


def forget(plugins: Path, qml: Path) -> bool:
    """Takes the plugin out of the list. Returns whether it stood there."""
    try:
        root = _read(plugins)
    except ValueError:
        return False
    entry = _entry(root, qml)
    if entry is None:
        return False
    root.remove(entry)
    _write(plugins, root)
    return True


def _read(plugins: Path) -> Element:
    """The list; an empty one where there is no file. Raises ValueError for what is no such list."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(plugins.read_bytes())
    except FileNotFoundError:
        return ET.Element("museScore", {"version": "3.01"})
    except (OSError, ET.ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise ValueError(f"{plugins} can't be read") from error
    if root.tag != "museScore":
        raise ValueError(f"{plugins} is no list of plugins")
    return root


def _entry(root: Element, qml: Path) -> Element | None:
    return next(
        (entry for entry in root.findall("Plugin") if (entry.findtext("path") or "").strip() == str(qml)),
        None,
    )


def _set(entry: Element, name: str, value: str) -> None:
    found = entry.find(name)
    (ET.SubElement(entry, name) if found is None else found).text = value


def _set_shortcut(entry: Element, shortcut: str) -> None:
    """MuseScore writes the key itself; any text serves it until then."""
    for old in entry.findall("SC"):
        entry.remove(old)
    keys = ET.SubElement(entry, "SC")
    ET.SubElement(keys, "key").text = "hartmann"
    ET.SubElement(keys, "seq").text = shortcut


def _write(plugins: Path, root: Element) -> None:
    plugins.parent.mkdir(parents=True, exist_ok=True)
    backup = plugins.with_name(plugins.name + BACKUP_SUFFIX)
    mode = 0o644
    if plugins.exists():
        mode = plugins.stat().st_mode & 0o777
        if not backup.exists():
            shutil.copy2(plugins, backup)
    ET.indent(root)
    write_privately(plugins, b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root) + b"\n")
    plugins.chmod(mode)
