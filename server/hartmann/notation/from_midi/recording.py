"""A MIDI file as parts with notes in time: bytes in, `Recording` out, or a reason why not.

Conventions: times are floats in quarter notes from the start of the file, read from ticks alone (tempo has no
say in them). One part a track and channel; all percussion (channel 10) is one part. symusic does the reading:
it takes formats 0, 1 and 2, running status and any number of ticks a quarter, ends a note at its next note-off,
and leaves out notes that never end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartmann.errors import MissingExtra, UnreadableScore
from hartmann.notation.score import Meter

try:
    from symusic import Score as MidiFile
except ImportError:
    raise MissingExtra("symusic", "server") from None

Times = NDArray[np.float64]
"""Quarter notes from the start of the file, one for each note."""

DEFAULT_METER = Meter(4, 4)
"""What MIDI assumes where a file states no meter."""

DEFAULT_BPM = 120.0
"""Quarters a minute where a file states no tempo."""

MOST_QUARTERS = 100_000.0
"""Later than this nothing is read: some 14 hours at 120. Broken delta times lead beyond."""

_SLOWEST, _FASTEST = 10.0, 600.0
"""Quarters a minute; tempi outside are damage, not music."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be: `bytes`, `notes` (all tracks together) and `parts`."""

    bytes: int = 16 * 1024 * 1024
    notes: int = 1_000_000
    parts: int = 256


@dataclass(frozen=True, slots=True)
class RecordedPart:
    """The notes of one instrument by onset: onsets and ends in quarters, and MIDI pitches, arrays of one length."""

    name: str
    program: int
    percussion: bool
    onsets: Times
    ends: Times
    pitches: NDArray[np.int64]

    def within(self, start: float, end: float) -> RecordedPart:
        """The notes that begin at or after `start` and before `end`."""
        kept = (self.onsets >= start) & (self.onsets < end)
        return RecordedPart(
            self.name, self.program, self.percussion, self.onsets[kept], self.ends[kept], self.pitches[kept]
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """What a MIDI file holds. Tempi (quarters a minute), meters and keys (sharps > 0, flats < 0; minor) are pairs
    with the time from which they hold, in order."""

    parts: tuple[RecordedPart, ...]
    tempos: tuple[tuple[float, float], ...]
    meters: tuple[tuple[float, Meter], ...]
    keys: tuple[tuple[float, int, bool], ...]


def read_recording(data: bytes, limits: Limits) -> Recording:
    """Read a Standard MIDI File, bare or in a RIFF (.rmi). Raises `UnreadableScore`, which says why."""
    if len(data) > limits.bytes:
        raise UnreadableScore(
            f"the MIDI file has {len(data):,} bytes; {limits.bytes:,} is the most that is read"
        )
    file = _parse(_unwrapped(data))
    notes = sum(len(track.notes) for track in file.tracks)
    if not notes:
        raise UnreadableScore("the MIDI file holds no notes; export one with at least one track of notes")
    if notes > limits.notes:
        raise UnreadableScore(
            f"the MIDI file holds {notes:,} notes; {limits.notes:,} is the most that is read"
        )
    if len(file.tracks) > limits.parts:
        raise UnreadableScore(
            f"the MIDI file has {len(file.tracks)} tracks; {limits.parts} is the most that is read"
        )
    return Recording(_parts(file), _tempos(file), _meters(file), _keys(file))


def _unwrapped(data: bytes) -> bytes:
    """The MIDI file inside a RIFF container, or the data as they are."""
    start = data.find(b"MThd", 0, 64) if data[:4] == b"RIFF" else -1
    return data[start:] if start > 0 else data


def _parse(data: bytes) -> Any:
    if data[:4] != b"MThd":
        raise UnreadableScore("this is no MIDI file: it does not begin with `MThd`; choose a .mid file")
    if len(data) >= 14 and data[12] & 0x80:
        raise UnreadableScore(
            "the MIDI file counts time in SMPTE frames, which says nothing of beats; "
            "export it anew with ticks per quarter note"
        )
    if len(data) >= 14 and data[12] == data[13] == 0:
        raise UnreadableScore("the MIDI file has 0 ticks per quarter note, so its notes have no lengths")
    try:
        return MidiFile.from_midi(data, sanitize_data=True)
    except (RuntimeError, ValueError, OverflowError, MemoryError) as broken:
        raise UnreadableScore(
            f"the MIDI file is damaged or cut off: {_reason(broken)}; export or download it anew"
        ) from broken


def _reason(broken: BaseException) -> str:
    return (
        str(broken).removeprefix("MiniMidi: ").split("!")[0].split(":")[0][:120].strip() or "no reason given"
    )


def _parts(file: Any) -> tuple[RecordedPart, ...]:
    pitched = [part for track in file.tracks if not track.is_drum for part in _part([track], file.tpq)]
    drums = [track for track in file.tracks if track.is_drum]
    parts = (*pitched, *_part(drums, file.tpq))
    if not parts:
        raise UnreadableScore("the times in the MIDI file make no sense; export or download it anew")
    return parts


def _part(tracks: list[Any], ticks: int) -> Iterator[RecordedPart]:
    """The notes of these tracks as one part, or nothing where they have none."""
    arrays = [track.notes.numpy() for track in tracks if len(track.notes)]
    if not arrays:
        return
    onsets = np.concatenate([notes["time"] for notes in arrays]) / ticks
    ends = onsets + np.concatenate([notes["duration"] for notes in arrays]) / ticks
    pitches = np.concatenate([notes["pitch"] for notes in arrays]).astype(np.int64)
    sane = np.flatnonzero((onsets >= 0) & (ends >= onsets) & (ends < MOST_QUARTERS) & (pitches >= 0))
    order = sane[np.lexsort((pitches[sane], onsets[sane]))]
    first = tracks[0]
    if len(order):
        name = "" if first.is_drum else _name(first)
        yield RecordedPart(name, first.program, first.is_drum, onsets[order], ends[order], pitches[order])


def _name(track: Any) -> str:
    """The track's name in printable characters; the bytes of old files are often of no known encoding."""
    try:
        name = str(track.name)
    except UnicodeDecodeError:
        return ""
    kept = "".join(c for c in name if c.isprintable() and c not in '"\\%|[]\ufffd')
    return " ".join(kept.split())[:40]


def _tempos(file: Any) -> tuple[tuple[float, float], ...]:
    stated = [(tempo.time / file.tpq, float(tempo.qpm)) for tempo in file.tempos]
    return tuple(sorted((time, bpm) for time, bpm in stated if time >= 0 and _SLOWEST <= bpm <= _FASTEST))


def _meters(file: Any) -> tuple[tuple[float, Meter], ...]:
    stated = [(m.time / file.tpq, m.numerator, m.denominator) for m in file.time_signatures]
    return tuple(
        (time, Meter(above, below))
        for time, above, below in sorted(stated)
        if time >= 0 and 1 <= above <= 64 and below in (1, 2, 4, 8, 16, 32)
    )


def _keys(file: Any) -> tuple[tuple[float, int, bool], ...]:
    stated = [(key.time / file.tpq, int(key.key), bool(key.tonality)) for key in file.key_signatures]
    return tuple(sorted((time, fifths, minor) for time, fifths, minor in stated if abs(fifths) <= 7))
