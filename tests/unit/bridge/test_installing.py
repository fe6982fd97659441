"""Installing the plugin: what is written, what is enabled, and what is never touched."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hartmann.errors import Conflict
from hartmann_bridge.installing import plugin_list
from hartmann_bridge.installing.install import State, install, status, uninstall
from hartmann_bridge.installing.musescore_folders import PluginFolder
from hartmann_bridge.installing.plugin_list import Listed
from hartmann_bridge.installing.plugin_source import source_folder

OTHERS = """<?xml version="1.0" encoding="UTF-8"?>
<museScore version="3.01">
  <Plugin>
    <path>/usr/share/mscore3/plugins/colornotes.qml</path>
    <load>1</load>
    <SC><key>plugin</key><seq>Ctrl+K</seq></SC>
    </Plugin>
  <Plugin>
    <path>/usr/share/mscore3/plugins/walk.qml</path>
    <load>0</load>
    </Plugin>
  </museScore>
"""


@pytest.fixture
def place(tmp_path: Path) -> PluginFolder:
    return PluginFolder("3", tmp_path / "Plugins", (tmp_path / "data" / "plugins.xml",))


@pytest.fixture
def connection(tmp_path: Path) -> Path:
    return tmp_path / "config" / "bridge.json"


def entries(plugins: Path) -> dict[str, tuple[str, str]]:
    """Path → (load, shortcut), as MuseScore reads them."""
    root = ET.parse(plugins).getroot()
    assert root.tag == "museScore"
    return {
        entry.findtext("path", ""): (entry.findtext("load", ""), entry.findtext("SC/seq", ""))
        for entry in root.findall("Plugin")
    }


def test_installed_plugin_is_our_files_and_the_way_to_the_bridge(
    place: PluginFolder, connection: Path
) -> None:
    done = install(place, connection)
    folder = place.folder / "Hartmann"
    assert done.state is State.CURRENT
    for ours in source_folder().rglob("*.qml"):
        assert (folder / ours.relative_to(source_folder())).read_bytes() == ours.read_bytes()
    assert json.loads((folder / "location.json").read_text()) == {"connection": str(connection)}


def test_plugin_is_enabled_and_other_plugins_stay_as_they_were(place: PluginFolder, connection: Path) -> None:
    plugins = place.lists[0]
    plugins.parent.mkdir()
    plugins.write_text(OTHERS)
    before = entries(plugins)
    assert install(place, connection, shortcut="Ctrl+Shift+H").listed is Listed.ENABLED
    after = entries(plugins)
    assert after.pop(str(place.folder / "Hartmann/Hartmann.qml")) == ("1", "Ctrl+Shift+H")
    assert after == before
    assert plugins.with_name("plugins.xml.before-hartmann").read_text() == OTHERS


def test_plugin_that_a_person_switched_off_is_listed_once_and_on_again(
    place: PluginFolder, connection: Path
) -> None:
    install(place, connection)
    plugins = place.lists[0]
    plugins.write_text(plugins.read_text().replace("<load>1", "<load>0"))
    assert status(place, connection).listed is Listed.DISABLED
    install(place, connection)
    assert entries(plugins) == {str(place.folder / "Hartmann/Hartmann.qml"): ("1", "")}


@pytest.mark.parametrize(
    "content", ["", "no xml", "<other/>", '<!DOCTYPE x [<!ENTITY a "b">]><museScore>&a;</museScore>']
)
def test_list_that_cant_be_understood_is_left_alone(
    place: PluginFolder, connection: Path, content: str
) -> None:
    place.lists[0].parent.mkdir()
    place.lists[0].write_text(content)
    assert install(place, connection).listed is Listed.UNREADABLE
    assert place.lists[0].read_text() == content


def test_installing_again_replaces_an_older_version_and_what_it_had_more(
    place: PluginFolder, connection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = {
        "Hartmann.qml": b'menuPath: "x"\nversion: "0.0.1"\n',
        "views/Gone.qml": b"Item {}",
        "location.json": b"{}",
    }
    monkeypatch.setattr("hartmann_bridge.installing.install.files_to_install", lambda _: older)
    install(place, connection)
    monkeypatch.undo()
    before = status(place, connection)
    assert (before.state, before.version) == (State.OUTDATED, "0.0.1")
    assert install(place, connection).state is State.CURRENT
    assert not (place.folder / "Hartmann/views/Gone.qml").exists()


def test_plugin_that_we_did_not_write_is_told_and_not_overwritten(
    place: PluginFolder, connection: Path
) -> None:
    qml = place.folder / "Hartmann" / "Hartmann.qml"
    qml.parent.mkdir(parents=True)
    qml.write_text("theirs")
    assert status(place, connection).state is State.FOREIGN
    with pytest.raises(Conflict, match="move it away first"):
        install(place, connection)
    assert qml.read_text() == "theirs"
    assert uninstall(place) == (qml,)
    assert qml.exists()


def test_uninstalling_leaves_no_trace_but_other_peoples_files(place: PluginFolder, connection: Path) -> None:
    install(place, connection)
    other = place.folder / "Other.qml"
    other.write_text("other")
    assert uninstall(place) == ()
    assert list(place.folder.iterdir()) == [other]
    assert entries(place.lists[0]) == {}
    assert status(place, connection).state is State.ABSENT


def test_uninstalling_keeps_what_a_person_changed_or_added(place: PluginFolder, connection: Path) -> None:
    install(place, connection)
    folder = place.folder / "Hartmann"
    (folder / "Hartmann.qml").write_text("changed")
    (folder / "notes.txt").write_text("mine")
    assert uninstall(place) == (folder / "Hartmann.qml", folder / "notes.txt")


def test_note_that_names_files_elsewhere_removes_none_of_them(
    place: PluginFolder, connection: Path, tmp_path: Path
) -> None:
    install(place, connection)
    victim = tmp_path / "victim"
    victim.write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    note = {"files": {"../../victim": empty, str(victim): empty}}
    (place.folder / "Hartmann/.installed.json").write_text(json.dumps(note))
    uninstall(place)
    assert victim.exists()


def test_folder_that_cant_be_made_is_told(tmp_path: Path, connection: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Conflict, match="--musescore"):
        install(PluginFolder("4", tmp_path / "file"), connection)


def test_mode_of_the_list_stays(place: PluginFolder) -> None:
    plugins = place.lists[0]
    plugins.parent.mkdir()
    plugins.write_text(OTHERS)
    plugins.chmod(0o644)
    plugin_list.enable(plugins, Path("/x.qml"))
    assert plugins.stat().st_mode & 0o777 == 0o644
    assert plugin_list.forget(plugins, Path("/x.qml"))
    assert not plugin_list.forget(plugins, Path("/x.qml"))
