"""MIDI in, canonical ABC out: what a library of songs and a person's own files come in by.

The way: `recording` (bytes → notes in time), `excerpts` (which bars), `bars` (where bar lines lie), `quantising`
(times → notatable times), `key_finding` and `spelling` (pitches → names), `voices` (parts → voices), `rhythm`
(voices → written notes), and `assembling` into the score model that every writer takes.
"""

from __future__ import annotations

from hartmann.notation.from_midi.converting import midi_to_abc, midi_to_score
from hartmann.notation.from_midi.recording import Limits

__all__ = ["Limits", "midi_to_abc", "midi_to_score"]
