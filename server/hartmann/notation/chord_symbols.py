"""Chord symbols in ABC (`"Am7"`, `"C/E"`, `"F#dim"`) read into root, MusicXML kind and bass.

The words are the many that people use for the same chord (`m`, `min`, `-`); the kinds are the values of
MusicXML's `kind-value`. What is no chord (`"slowly"`) is None, and is then shown as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS: dict[str, str] = {
    "": "major", "maj": "major", "M": "major", "major": "major",
    "m": "minor", "min": "minor", "-": "minor", "mi": "minor", "minor": "minor",
    "7": "dominant", "dom7": "dominant", "9": "dominant-ninth", "11": "dominant-11th", "13": "dominant-13th",
    "maj7": "major-seventh", "M7": "major-seventh", "ma7": "major-seventh", "Δ": "major-seventh",
    "Δ7": "major-seventh", "maj9": "major-ninth", "M9": "major-ninth",
    "m7": "minor-seventh", "min7": "minor-seventh", "-7": "minor-seventh", "mi7": "minor-seventh",
    "m9": "minor-ninth", "min9": "minor-ninth", "m11": "minor-11th", "m13": "minor-13th",
    "mM7": "major-minor", "mmaj7": "major-minor", "m(maj7)": "major-minor", "minmaj7": "major-minor",
    "dim": "diminished", "o": "diminished", "°": "diminished",
    "dim7": "diminished-seventh", "o7": "diminished-seventh", "°7": "diminished-seventh",
    "m7b5": "half-diminished", "ø": "half-diminished", "ø7": "half-diminished", "-7b5": "half-diminished",
    "aug": "augmented", "+": "augmented", "+5": "augmented", "aug7": "augmented-seventh",
    "+7": "augmented-seventh", "7+": "augmented-seventh", "7#5": "augmented-seventh",
    "6": "major-sixth", "maj6": "major-sixth", "M6": "major-sixth", "m6": "minor-sixth", "min6": "minor-sixth",
    "sus": "suspended-fourth", "sus4": "suspended-fourth", "sus2": "suspended-second",
    "5": "power",
}  # fmt: skip

_SYMBOL = re.compile(r"([A-G])([#♯b♭]?)([^/\s]*)(?:/([A-Ga-g])([#♯b♭]?))?")
_ALTER = {"#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord's root and bass as (step, alter in semitones), its MusicXML kind, and how the kind was written."""

    root: tuple[str, int]
    kind: str
    text: str
    bass: tuple[str, int] | None = None


def parse_chord_symbol(text: str) -> ChordSymbol | None:
    """The chord that `text` names, or None.

    >>> parse_chord_symbol("F#m7/A")
    ChordSymbol(root=('F', 1), kind='minor-seventh', text='m7', bass=('A', 0))
    """
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1]
    match = _SYMBOL.fullmatch(inner)
    if match is None:
        return None
    step, accidental, word, bass, bass_accidental = match.groups()
    kind = KINDS.get(word)
    if kind is None:
        return None
    low = (bass.upper(), _ALTER.get(bass_accidental, 0)) if bass else None
    return ChordSymbol((step, _ALTER.get(accidental, 0)), kind, word, low)
