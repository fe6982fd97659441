"""MuseScore 3 without a window: what it says about a file, and what it makes of it.

Its exit status is 0 for broken files too, so what it writes on stderr counts. Each instance has a home of its
own, fresh and set up so that no dialog of a first start waits for anybody.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PROFILE = """\
[application]
startup\\firstStart=false
startup\\sessionStart=0
autosave\\useAutosave=false

[ui]
application\\language=en_US
application\\startup\\showStartCenter=false
application\\startup\\showSplashScreen=false
application\\startup\\showTours=false
application\\startup\\checkUpdate=false
application\\startup\\checkExtensionsUpdate=false
"""

COMPLAINTS = ("is not a valid MusicXML file", "Error at line", "File corrupted", "cannot read")
HARMLESS = ("Unsupported mode",)
"""MusicXML's modes of the church: MuseScore 3 logs that it has no name for them, and reads the key signature."""


@dataclass(frozen=True)
class Opened:
    """What came of opening files: the complaints, and the folder where the conversions lie."""

    complaints: list[str]
    folder: Path


class MuseScore:
    """One headless MuseScore with its own home below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        settings = self.home / ".config" / "MuseScore"
        settings.mkdir(parents=True)
        (settings / "MuseScore3.ini").write_text(PROFILE)
        (self.home / "run").mkdir(mode=0o700)

    def convert(self, scores: Mapping[str, bytes], suffix: str) -> Opened:
        """Open each MusicXML file and write it as `NAME.suffix`, all in one run."""
        jobs = []
        for name, content in scores.items():
            source = self.folder / f"{name}.musicxml"
            source.write_bytes(content)
            jobs.append({"in": str(source), "out": str(self.folder / f"{name}.{suffix}")})
        listed = self.folder / "jobs.json"
        listed.write_text(json.dumps(jobs))
        said = self._run("-j", str(listed))
        return Opened([line for line in said.splitlines() if _complains(line)], self.folder)

    def convert_file(self, source: Path, suffix: str) -> Path:
        """A file that MuseScore reads (such as one of its own) as another format; returns where it lies."""
        made = self.folder / f"{source.stem}.{suffix}"
        self._run("-o", str(made), str(source))
        assert made.exists(), f"MuseScore could not read {source.name}"
        return made

    def _run(self, *arguments: str) -> str:
        environment = {
            **os.environ, "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home / "run"),
            "QT_QPA_PLATFORM": "offscreen",
        }  # fmt: skip
        environment.pop("XDG_CONFIG_HOME", None)
        try:
            done = subprocess.run(
                ["mscore3", *arguments], env=environment, capture_output=True, timeout=240, check=False
            )
        except FileNotFoundError:
            pytest.fail("MuseScore 3 is not installed; run: apt-get install musescore3")
        return done.stderr.decode(errors="replace")


def _complains(line: str) -> bool:
    return any(sign in line for sign in COMPLAINTS) and not any(sign in line for sign in HARMLESS)
