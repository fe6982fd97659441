"""The bridge's settings: kept in a file, checked, the secret never shown."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from hartmann.errors import InvalidRequest
from hartmann_bridge.settings import HIDDEN, BridgeSettings, SettingsStore, from_environment


def test_change_is_kept_for_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    SettingsStore(file).change({"scores_folder": "/home/ada/Scores", "port": 50080})
    assert SettingsStore(file).current.scores_folder == Path("/home/ada/Scores")
    assert SettingsStore(file).current.port == 50080
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_what_was_set_is_stored(tmp_path: Path) -> None:
    SettingsStore(tmp_path / "s.json").change({"port": 1234})
    assert json.loads((tmp_path / "s.json").read_text()) == {"port": 1234}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": "0.0.0.0"}, "host: the bridge listens on this machine alone"),
        ({"host": "192.168.1.5"}, "this machine alone"),
        ({"host": "::"}, "this machine alone"),
        ({"scores_folder": "Scores"}, "scores_folder: write the whole path"),
        ({"musescore": "mscore3"}, "musescore: write the whole path"),
        ({"musescore": "/bin/sh"}, "musescore: write the whole path of MuseScore's program"),
        ({"server": "somewhere"}, "server: write HOST:PORT"),
        ({"port": 70000}, "port: "),
        ({"porto": 1}, "porto: "),
    ],
)
def test_change_that_cant_be_is_refused_with_its_field_and_nothing_is_stored(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    store = SettingsStore(tmp_path / "s.json")
    with pytest.raises(InvalidRequest) as caught:
        store.change(change)
    assert said in caught.value.message
    assert caught.value.field == next(iter(change))
    assert not (tmp_path / "s.json").exists()


def test_key_is_hidden_and_its_asterisks_change_nothing(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "s.json")
    store.change({"api_key": "secret"})
    shown = store.current.model_dump(mode="json")
    assert shown["api_key"] == HIDDEN
    assert "secret" not in repr(store.current)
    store.change({"api_key": HIDDEN, "port": 1})
    assert SettingsStore(tmp_path / "s.json").current.api_key.get_secret_value() == "secret"


def test_command_line_stands_above_the_file_and_is_not_stored(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    SettingsStore(file).change({"server": "127.0.0.1:1"})
    store = SettingsStore(file, {"server": "127.0.0.1:2", "port": None})
    assert store.current.server == "127.0.0.1:2"
    assert store.fixed == ("server",)
    store.change({"port": 9})
    assert SettingsStore(file).current.server == "127.0.0.1:1"


@pytest.mark.parametrize("content", ["{", "[]", '{"porto": 1}', "\udcff"])
def test_file_that_cant_be_used_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "s.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidRequest, match=r"s\.json"):
        SettingsStore(file)


def test_environment_is_that_of_the_other_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARTMANN_SERVER", "127.0.0.1:3")
    monkeypatch.setenv("HARTMANN_API_KEY", "")
    assert from_environment() == {"server": "127.0.0.1:3"}


def test_defaults_are_settings_that_pass(tmp_path: Path) -> None:
    assert BridgeSettings().changed({}) == BridgeSettings()
