"""MusicXML in, canonical ABC out: a person's own scores, and selections from the editor.

The way: `opening` (bytes → one safe tree of `score-partwise`), music21 (tree → its streams), `streams` (parts and
bars → our score) with `stream_notes` (what stands in one bar) and `stream_marks` (what hangs on notes).
Pitches stay as written; a transposing instrument's voice says by how much it sounds elsewhere.
"""

from __future__ import annotations

from hartmann.notation.from_musicxml.converting import musicxml_to_abc, musicxml_to_score
from hartmann.notation.from_musicxml.opening import Limits

__all__ = ["Limits", "musicxml_to_abc", "musicxml_to_score"]
