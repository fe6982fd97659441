"""How much of a MIDI file is left in the ABC made of it, as abc2midi plays that.

The measure is the F1 of pitched notes (percussion apart): a note of one file is found in the other when that has one
of the same pitch whose onset lies within `TOLERANCE` quarters, each note being found once. With `ends`, its end
must lie there too. Characters are those of the body: all lines that are no fields and no directives, line ends
included.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import symusic

Heard = tuple[float, float, int]
"""Onset and end in quarters, MIDI pitch."""

TOLERANCE = 0.13
"""Quarters: half a sixteenth and a little."""


def heard(midi: bytes) -> list[Heard]:
    """The pitched notes of a MIDI file by onset."""
    file = symusic.Score.from_midi(midi)
    return sorted(
        (note.time / file.tpq, (note.time + note.duration) / file.tpq, note.pitch)
        for track in file.tracks
        if not track.is_drum
        for note in track.notes
    )


def f1(truth: Sequence[Heard], found: Sequence[Heard], *, ends: bool = False) -> float:
    """The harmonic mean of precision and recall, 0…1; 1 for two empty lists."""
    waiting: dict[int, list[Heard]] = defaultdict(list)
    for note in found:
        waiting[note[2]].append(note)
    hits = 0
    for note in truth:
        near = [other for other in waiting[note[2]] if _agree(note, other, ends)]
        if near:
            waiting[note[2]].remove(min(near, key=lambda other: abs(other[0] - note[0])))
            hits += 1
    total = len(truth) + len(found)
    return 2 * hits / total if total else 1.0


def _agree(note: Heard, other: Heard, ends: bool) -> bool:
    return abs(note[0] - other[0]) <= TOLERANCE and (not ends or abs(note[1] - other[1]) <= TOLERANCE)


def abc2midi(abc: str, folder: Path) -> bytes:
    """abc2midi's MIDI of a tune; raises FileNotFoundError where it made none."""
    source, target = folder / "tune.abc", folder / "tune.mid"
    source.write_text(abc)
    target.unlink(missing_ok=True)
    command = ["abc2midi", source, "-o", target]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return target.read_bytes()


def body_characters(abc: str) -> int:
    """Characters of the lines that hold music."""
    lines = [line for line in abc.splitlines() if line[1:2] != ":" and not line.startswith("%")]
    return sum(len(line) + 1 for line in lines)
