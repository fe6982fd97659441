"""MIDI files put together byte by byte: what no writing library would make, and what old programs did."""

from __future__ import annotations

import struct
from collections.abc import Sequence

END = b"\x00\xff\x2f\x00"


def midi_file(*tracks: bytes, form: int = 1, division: int = 96) -> bytes:
    """A file of these tracks; `division` is ticks a quarter, or SMPTE where its highest bit is set."""
    head = b"MThd" + struct.pack(">IHHH", 6, form, len(tracks), division)
    return head + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)


def track(notes: Sequence[tuple[int, int, int]], *, channel: int = 0, before: bytes = b"") -> bytes:
    """(onset, end, pitch) in ticks as one track, `before` in front (with its delta times)."""
    events = [(start, 1, pitch) for start, _, pitch in notes] + [(end, 0, pitch) for _, end, pitch in notes]
    body, now = before, 0
    for time, on, pitch in sorted(events):
        body += _variable(time - now) + bytes([(0x90 if on else 0x80) | channel, pitch, 64])
        now = time
    return body + END


def meter(upper: int, power: int) -> bytes:
    """A time signature at delta 0; the lower number is 2 to the `power`."""
    return b"\x00\xff\x58\x04" + bytes([upper, power, 24, 8])


def key(sharps: int, minor: int = 0) -> bytes:
    """A key signature at delta 0."""
    return b"\x00\xff\x59\x02" + struct.pack("b", sharps) + bytes([minor])


def tempo(bpm: float, delta: int = 0) -> bytes:
    """A tempo after `delta` ticks."""
    return _variable(delta) + b"\xff\x51\x03" + round(60_000_000 / bpm).to_bytes(3, "big")


def name(text: bytes) -> bytes:
    """A track's name at delta 0."""
    return b"\x00\xff\x03" + _variable(len(text)) + text


def _variable(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
