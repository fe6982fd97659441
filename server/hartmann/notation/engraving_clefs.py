"""Clefs as music21 objects: the voice's own, those that change on the way, and a fitting one where none is named.

MusicXML writes the notes in a clef with a little 8 at the octave in which they sound, and ABC an octave away:
`octaves` is what such a clef adds to written pitches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from music21 import clef

from hartmann.notation.clefs import clef_octaves, plain_clef
from hartmann.notation.score import Voice

_CLEFS: dict[str, Callable[[], Any]] = {
    "treble": clef.TrebleClef, "bass": clef.BassClef, "alto": clef.AltoClef, "tenor": clef.TenorClef,
    "soprano": clef.SopranoClef, "mezzo": clef.MezzoSopranoClef, "mezzosoprano": clef.MezzoSopranoClef,
    "baritone": clef.CBaritoneClef, "perc": clef.PercussionClef, "percussion": clef.PercussionClef,
    "treble1": clef.FrenchViolinClef, "bass3": clef.FBaritoneClef, "bass5": clef.SubBassClef,
    "alto1": clef.SopranoClef, "alto2": clef.MezzoSopranoClef, "alto4": clef.TenorClef,
    "g": clef.TrebleClef, "f": clef.BassClef, "c": clef.AltoClef, "c4": clef.TenorClef,
}  # fmt: skip

BASS_BELOW = 57
"""Voices whose mean MIDI pitch lies below A3 get a bass clef where the text names none."""


def voice_clef(voice: Voice) -> tuple[clef.Clef, int]:
    """The clef that a voice begins with, and the octaves that it lifts (negative: lowers) the notes in it by."""
    if voice.percussion:
        return clef.PercussionClef(), 0
    octaves = clef_octaves(voice.clef)
    return _made(voice.clef, octaves) or _usual_clef(voice), octaves


def changed_clef(name: str, octaves: int) -> clef.Clef:
    """A clef in the middle of a voice; the little 8 of the voice's own clef stays."""
    return _made(name, octaves) or clef.TrebleClef()


def _made(name: str, octaves: int) -> clef.Clef | None:
    kind = plain_clef(name).lower()
    found = _CLEFS.get(kind) or _CLEFS.get(kind.rstrip("0123456789"))
    if found is None:
        return None
    made: clef.Clef = found()
    if octaves:
        made.octaveChange = octaves
    return made


def _usual_clef(voice: Voice) -> clef.Clef:
    pitches = [pitch.midi for given in voice.bars for note in given.notes for pitch in note.pitches]
    low = bool(pitches) and sum(pitches) / len(pitches) < BASS_BELOW
    return clef.BassClef() if low else clef.TrebleClef()
