"""The plugin in the real MuseScore 3 (Qt 5), without a window: it loads, starts, finds the bridge and sees the score.

`mscore3 -p` runs a plugin's `onRun` and ends. Every QML file is made by it, so a word that Qt 5 does not know
fails here within a second.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from scripted_bridge import ScriptedBridge
from test_real_bridge import musicxml

HERE = Path(__file__).parent
PROFILE = "[application]\nstartup\\firstStart=false\nstartup\\sessionStart=0\n"

pytestmark = [pytest.mark.integration, pytest.mark.musescore]


def run(home: Path, plugin: Path, score: Path) -> str:
    """What MuseScore says on its error output."""
    settings = home / ".config" / "MuseScore"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "MuseScore3.ini").write_text(PROFILE)
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    environment = {
        **os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "QT_QPA_PLATFORM": "offscreen",
    }  # fmt: skip
    for name in ("XDG_CONFIG_HOME", "QT_QUICK_BACKEND"):
        environment.pop(name, None)
    done = subprocess.run(
        ["mscore3", "-p", str(plugin), str(score)], env=environment, capture_output=True, timeout=60, check=True
    )
    return done.stderr.decode(errors="replace")


def test_the_plugin_starts_in_musescore_3_and_reaches_the_bridge(
    plugin_folder: Path, home: Path, bridge: ScriptedBridge, tmp_path: Path
) -> None:
    folder = tmp_path / "Plugins" / "Hartmann"
    shutil.copytree(plugin_folder, folder)
    shutil.copy(HERE / "Check.qml", folder)
    score = tmp_path / "score.musicxml"
    score.write_text(musicxml("CDE").replace("<part-list>", "<work><work-title>Sonata</work-title></work><part-list>"))
    said = run(home, folder / "Check.qml", score)
    (line,) = [line for line in said.splitlines() if "CHECK " in line]
    assert json.loads(line.split("CHECK ")[1]) == {
        "started": True, "canBrowse": True, "keeps": True, "throughBridge": False, "score": "Sonata",
        "hasScore": True, "selection": None, "status": 200, "server": "ready",
    }  # fmt: skip
    complaints = [line for line in said.splitlines() if "Hartmann" in line and "Collect meta" not in line]
    assert complaints == []


def test_a_connection_that_the_installer_named_comes_first(
    plugin_folder: Path, home: Path, bridge: ScriptedBridge, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder with spaces"
    shutil.copytree(plugin_folder, folder)
    shutil.copy(HERE / "Check.qml", folder)
    elsewhere = tmp_path / "elsewhere.json"
    (home / ".config" / "hartmann" / "bridge.json").rename(elsewhere)
    (folder / "location.json").write_text(json.dumps({"connection": str(elsewhere)}))
    score = tmp_path / "score.musicxml"
    score.write_text(musicxml("CDE"))
    said = run(home, folder / "Check.qml", score)
    assert '"status":200' in said
