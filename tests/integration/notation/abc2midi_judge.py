"""abc2midi as a judge of what ABC means, and notes in a form in which two MIDI files can be compared."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import symusic

NoteHeard = tuple[float, float, int]
"""Onset and end in quarters, and MIDI pitch."""

TOLERANCE = 0.03
"""Quarters. abc2midi leaves a tick or two of silence between notes."""

_FIELD = re.compile(r"[A-Za-z]:|%")
_ORNAMENT = re.compile(r"[~TMPRHSO](?=[.uv]*[\^_=]*[A-Ga-g\[{(])|![^!|\n]*!|\{[^}\n]*\}|\.(?=[A-Ga-g^_=\[(])")


def unornamented(text: str) -> str:
    """The tune without what players play each in their own way: ornaments, grace notes, staccato.

    Chord symbols stay, but abc2midi is told not to strum them; `R:` goes, since it plays the broken rhythm of
    hornpipes two to one.
    """
    lines = []
    for line in text.split("\n"):
        if not line.startswith(("%%MIDI", "R:")):
            lines.append(line if _FIELD.match(line) else _ORNAMENT.sub("", line))
        if line.startswith("K:") and "%%MIDI gchordoff" not in lines:
            lines.append("%%MIDI gchordoff")
    return "\n".join(lines)


def heard(midi: bytes) -> list[NoteHeard]:
    """All notes of a MIDI file, in an order in which the same music has the same one."""
    file = symusic.Score.from_midi(midi)
    notes = [
        (note.time / file.tpq, (note.time + note.duration) / file.tpq, note.pitch)
        for track in file.tracks
        for note in track.notes
    ]
    return sorted(notes, key=lambda n: (round(n[0] * 16), n[2], n[1]))


def same(ours: list[NoteHeard], theirs: list[NoteHeard]) -> bool:
    """True when every pitch, onset and end agrees."""
    return len(ours) == len(theirs) and all(
        a[2] == b[2] and abs(a[0] - b[0]) < TOLERANCE and abs(a[1] - b[1]) < TOLERANCE
        for a, b in zip(ours, theirs, strict=True)
    )


def play(text: str, folder: Path) -> bytes:
    """abc2midi's MIDI of a tune."""
    source, target = folder / "tune.abc", folder / "tune.mid"
    source.write_text(text)
    target.unlink(missing_ok=True)
    try:
        subprocess.run(
            ["abc2midi", source, "-o", target], cwd=folder, capture_output=True, timeout=60, check=False
        )
    except FileNotFoundError:
        pytest.fail("abc2midi is not installed; run: apt-get install abcmidi")
    return target.read_bytes()
