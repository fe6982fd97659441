"""MuseScore's own files, read by running MuseScore.

`.mscz` and `.mscx` differ from version to version, and the program that writes them reads them best: it is started
without a window, with a home folder of its own so that it neither reads nor changes the person's settings, and asked
for MusicXML. It returns 0 for broken files too, so what counts is whether a file came out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from hartmann.errors import UnreadableScore

MUSESCORE_SUFFIXES: Final = (".mscz", ".mscx")
PROGRAMS: Final = (
    "mscore4portable",
    "MuseScore4",
    "mscore",
    "musescore",
    "mscore3",
    "musescore3",
    "MuseScore3",
)
PLACES: Final = (
    "/Applications/MuseScore 4.app/Contents/MacOS/mscore",
    "/Applications/MuseScore 3.app/Contents/MacOS/mscore",
    r"C:\Program Files\MuseScore 4\bin\MuseScore4.exe",
    r"C:\Program Files\MuseScore 3\bin\MuseScore3.exe",
)
"""Where installers put it without telling the shell."""
PATIENCE_SECONDS: Final = 60.0


def find_musescore() -> str:
    """The path of an installed MuseScore, or ""."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return found or next((place for place in PLACES if Path(place).is_file()), "")


def export_musicxml(data: bytes, suffix: str, program: str) -> bytes:
    """A MuseScore file as MusicXML. Raises UnreadableScore, also where `program` is empty: no MuseScore."""
    if not program:
        raise UnreadableScore(
            f"{suffix} files are read by MuseScore, which is not installed (or not found); install it, or export the "
            "piece as MusicXML"
        )
    with tempfile.TemporaryDirectory(prefix="hartmann-") as folder:
        score, result = Path(folder, f"score{suffix}"), Path(folder, "score.musicxml")
        score.write_bytes(data)
        said = _run(program, score, result)
        if not result.is_file():
            raise UnreadableScore(f"MuseScore can't read it{f': {said}' if said else ''}")
        return result.read_bytes()


def _run(program: str, score: Path, result: Path) -> str:
    """Have the file exported; returns the last line that MuseScore said."""
    home = str(score.parent)
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": home, "XDG_CONFIG_HOME": home}
    try:
        done = subprocess.run(
            [program, "-o", str(result), str(score)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableScore(f"MuseScore took more than {PATIENCE_SECONDS:.0f} seconds over it") from error
    except OSError as error:
        raise UnreadableScore(f"{program} can't be started: {error.strerror}") from error
    said = done.stderr.decode("utf-8", "replace").replace(f"{home}{os.sep}", "").strip().splitlines()
    return said[-1][:200].rstrip(": ") if said else ""
