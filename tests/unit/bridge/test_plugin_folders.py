"""Where MuseScore looks for plugins: documents by their local name, preferences, Flatpak, a folder by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartmann_bridge.installing.musescore_folders import documents_folder, folders_of, named_folder
from hartmann_bridge.musescore_places import Machine


def machine(home: Path, platform: str = "linux", **environment: str) -> Machine:
    return Machine(platform, home, environment, home / "root")


def test_both_are_offered_where_no_musescore_is_seen(tmp_path: Path) -> None:
    found = folders_of(machine(tmp_path), tmp_path / "Documents")
    assert [place.folder for place in found] == [
        tmp_path / "Documents/MuseScore3/Plugins",
        tmp_path / "Documents/MuseScore4/Plugins",
    ]


def test_only_the_musescore_that_was_used_is_offered(tmp_path: Path) -> None:
    (tmp_path / "Documents/MuseScore4").mkdir(parents=True)
    assert [place.version for place in folders_of(machine(tmp_path), tmp_path / "Documents")] == ["4"]


def test_documents_have_their_local_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/user-dirs.dirs").write_text('XDG_DOCUMENTS_DIR="$HOME/Dokumente"\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_DOCUMENTS_DIR", raising=False)
    assert documents_folder() == tmp_path / "Dokumente"


def test_folder_in_musescores_preferences_wins(tmp_path: Path) -> None:
    ini = tmp_path / ".config/MuseScore/MuseScore3.ini"
    ini.parent.mkdir(parents=True)
    ini.write_text("[application]\nstartup\\firstStart=false\npaths\\myPlugins=/srv/plugins\n[ui]\nx=1\n")
    (tmp_path / "Documents/MuseScore3").mkdir(parents=True)
    (place,) = folders_of(machine(tmp_path), tmp_path / "Documents")
    assert place.folder == Path("/srv/plugins")


def test_broken_preferences_are_passed_over(tmp_path: Path) -> None:
    ini = tmp_path / ".config/MuseScore/MuseScore4.ini"
    ini.parent.mkdir(parents=True)
    ini.write_bytes(b"\xff no section\n=\n")
    assert len(folders_of(machine(tmp_path), tmp_path / "Documents")) == 2


@pytest.mark.parametrize(
    ("platform", "environment", "listed"),
    [
        ("linux", {}, ".local/share/MuseScore/MuseScore3/plugins.xml"),
        ("linux", {"XDG_DATA_HOME": "{home}/data"}, "data/MuseScore/MuseScore3/plugins.xml"),
        ("darwin", {}, "Library/Application Support/MuseScore/MuseScore3/plugins.xml"),
        ("win32", {"LOCALAPPDATA": "{home}/Local"}, "Local/MuseScore/MuseScore3/plugins.xml"),
    ],
)
def test_list_of_musescore_3_is_where_the_platform_has_it(
    tmp_path: Path, platform: str, environment: dict[str, str], listed: str
) -> None:
    values = {name: value.format(home=tmp_path) for name, value in environment.items()}
    three, four = folders_of(machine(tmp_path, platform, **values), tmp_path)
    assert three.lists == (tmp_path / listed,)
    assert four.lists == ()


def test_flatpak_has_a_list_of_its_own(tmp_path: Path) -> None:
    flatpak = tmp_path / ".var/app/org.musescore.MuseScore/data/MuseScore/MuseScore3"
    flatpak.mkdir(parents=True)
    three = folders_of(machine(tmp_path), tmp_path)[0]
    assert three.lists[1] == flatpak / "plugins.xml"


def test_folder_by_hand_is_taken_as_it_is_or_its_plugins(tmp_path: Path) -> None:
    (tmp_path / "MuseScore3/Plugins").mkdir(parents=True)
    here = machine(tmp_path)
    assert named_folder(here, tmp_path / "MuseScore3").folder == tmp_path / "MuseScore3/Plugins"
    assert named_folder(here, tmp_path / "MuseScore3/Plugins").folder == tmp_path / "MuseScore3/Plugins"
    assert named_folder(here, tmp_path / "MuseScore3").version == "3"
    assert named_folder(here, tmp_path / "elsewhere").lists == ()
