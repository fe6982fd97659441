"""abc2midi as a judge of what ABC means: its MIDI of a tune, ours, and whether they are the same music.

Compared are pitch, onset and duration of every note. Ornaments, grace notes, staccato and fermatas are taken
out of the text for both (`unornamented`), since every player plays them in his own way.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import symusic

from hartmann.notation.checking import check
from hartmann.notation.midi import to_midi
from hartmann.notation.score import Bar, Score

NoteHeard = tuple[float, float, int]
"""Onset and end in quarters, and MIDI pitch."""

TOLERANCE = 0.03
"""Quarters. abc2midi leaves a tick or two of silence between notes."""

PLAINLY = ("%%MIDI gchordoff", "%%MIDI chordattack 0")
"""What abc2midi is told: not to strum chord symbols, and to begin the notes of a chord together."""

_FIELD = re.compile(r"[A-Za-z]:|%")
_ORNAMENT = re.compile(r'(?:[~TMPRHSO]\s*)+(?=[.uv]*[\^_=]*[A-Ga-gxz"\[{(])|![^!|\n]*!|\{[^}\n]*\}|\.(?!\|)')


def unornamented(text: str) -> str:
    """The tune without what players play each in their own way: ornaments, grace notes, staccato, fermatas.

    Chord symbols stay (see `PLAINLY`); `R:` goes, since abc2midi plays the broken rhythm of hornpipes two to one.
    """
    lines = []
    for line in text.split("\n"):
        if not line.startswith(("%%MIDI", "R:")):
            lines.append(line if _FIELD.match(line) else _ORNAMENT.sub("", line))
        if line.startswith("K:") and PLAINLY[0] not in lines:
            lines += PLAINLY
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


def first_difference(ours: list[NoteHeard], theirs: list[NoteHeard]) -> str:
    """Where two readings part, for people: `at 24 quarters ours plays … and abc2midi …`."""
    at = next(
        (i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if not same([a], [b])),
        min(len(ours), len(theirs)),
    )
    said = [_said(notes[at]) if at < len(notes) else "nothing more" for notes in (ours, theirs)]
    return f"note {at + 1}: ours {said[0]}; abc2midi {said[1]} ({len(ours)} and {len(theirs)} notes)"


def _said(note: NoteHeard) -> str:
    return f"pitch {note[2]} at {note[0]:.3f} for {note[1] - note[0]:.3f}"


def play(text: str, folder: Path) -> bytes:
    """abc2midi's MIDI of a tune; `folder` is for its files."""
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


def our_notes(text: str, *, repeats: bool = True) -> list[NoteHeard]:
    """What we play; without `repeats`, every bar once, as written."""
    score = check(text).score
    if score is None:
        return []
    return heard(to_midi(score if repeats else unrepeated(score)))


def unrepeated(score: Score) -> Score:
    """The score without its repeats, endings and order of parts."""
    voices = tuple(replace(voice, bars=tuple(map(_plain, voice.bars))) for voice in score.voices)
    return replace(score, voices=voices, header=tuple(field for field in score.header if field[0] != "P"))


def _plain(bar: Bar) -> Bar:
    return replace(bar, repeat_start=False, repeat_end=0, endings=(), ending_stop=False)


_REPEATS = re.compile(
    r"\[[1-9][\d,-]*(?=[^\w]|[A-Ga-gzxZ])|(?<=\|)\s*[1-9][\d,-]*(?![\d/])|:+\|+:+|:+\|\]?|\[?\|:+|::"
)


def without_repeats(text: str) -> str:
    """The text with bar lines in the place of repeat signs, and without endings and `P:` in the header."""
    lines = [line if _FIELD.match(line) else _single(line) for line in text.split("\n")]
    return "\n".join(line for line in lines if not line.startswith("P:"))


def _single(line: str) -> str:
    """One line of music; quoted words are left as they are."""
    parts = re.split(r'("[^"\n]*")', line)
    return "".join(part if part.startswith('"') else _REPEATS.sub(_bar_line, part) for part in parts)


def _bar_line(sign: re.Match[str]) -> str:
    return "|" if "|" in sign[0] or ":" in sign[0] else ""
