"""The plugin in the real MuseScore 3 (Qt 5), without a window: it loads, starts, finds the bridge and sees the score.

`mscore3 -p` runs a plugin's `onRun` and ends. Every QML file is made by it, so a word that Qt 5 does not know
fails here within a second.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from scripted_bridge import ScriptedBridge
from test_real_bridge import musicxml

from hartmann.notation.checking import check
from hartmann.notation.from_musicxml import musicxml_to_abc
from hartmann.notation.musicxml import to_musicxml

DUO = """\
X:1
T:Duo
M:3/4
L:1/8
Q:1/4=96
K:Eb
V:1 clef=treble
V:2 clef=bass
[V:1] G2 A2 B2|(3cde f2 [GBe]2|e4 z2|=e2 ^f2 =a2|a2 z4|[M:4/4]c8|c8|]
[V:2] E,6|B,,3 C, D,2|E,6|E,2 z4|_C,6|[M:4/4]A,,8|(3G,,4A,,4B,,4|]
"""
"""Chords, triplets of eighths and of halves, accidentals, a change of meter, two staves. No ties:
MuseScore tells plugins of them from 3.3 on."""

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
        ["mscore3", "-p", str(plugin), str(score)],
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return done.stderr.decode(errors="replace")


def test_the_plugin_starts_in_musescore_3_and_reaches_the_bridge(
    plugin_folder: Path, home: Path, bridge: ScriptedBridge, tmp_path: Path
) -> None:
    folder = tmp_path / "Plugins" / "Hartmann"
    shutil.copytree(plugin_folder, folder)
    shutil.copy(HERE / "Check.qml", folder)
    score = tmp_path / "score.musicxml"
    score.write_text(
        musicxml("CDE").replace("<part-list>", "<work><work-title>Sonata</work-title></work><part-list>")
    )
    said = run(home, folder / "Check.qml", score)
    (line,) = [line for line in said.splitlines() if "CHECK " in line]
    assert json.loads(line.split("CHECK ")[1]) == {
        "started": True, "canBrowse": True, "keeps": True, "throughBridge": False, "score": "Sonata",
        "hasScore": True, "nothing": None, "selection": {"firstBar": 1, "lastBar": 3, "staves": [1]},
        "status": 200, "server": "ready",
    }  # fmt: skip
    complaints = [line for line in said.splitlines() if "Hartmann" in line and "Collect meta" not in line]
    assert complaints == []


def test_bars_read_note_by_note_are_those_that_musescore_writes(
    plugin_folder: Path, home: Path, bridge: ScriptedBridge, tmp_path: Path
) -> None:
    folder = tmp_path / "Hartmann"
    shutil.copytree(plugin_folder, folder)
    shutil.copy(HERE / "Check.qml", folder)
    score = tmp_path / "duo.musicxml"
    checked = check(DUO)
    assert checked.score is not None
    assert checked.problems == ()
    score.write_bytes(to_musicxml(checked.score))
    run(home, folder / "Check.qml", score)
    transcript, exported = (music(home / f"{name}.musicxml") for name in ("transcript", "exported"))
    assert transcript == exported
    assert len(transcript) == 2


def music(path: Path) -> list[str]:
    """What sounds in a file, voice by voice, as canonical ABC: without names, clefs and ornaments."""
    abc = re.sub(r" name=\"[^\"]*\"| clef=\w+|![a-z]+!", "", musicxml_to_abc(path.read_bytes()))
    body = abc.split("\n[V:")
    voices: dict[str, str] = {}
    for line in body[1:]:
        voice, notes = line.split("] ", 1) if "] " in line else line.split("]", 1)
        voices[voice] = voices.get(voice, "") + notes.strip()
    return [body[0].partition("M:")[2] + voices[voice] for voice in sorted(voices)]


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
