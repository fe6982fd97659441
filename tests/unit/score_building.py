"""Scores by hand for tests that must not depend on the parser.

A bar is text: `C4:1 [C4 E4]:1/2 z:1 F#5:1~` (pitch or chord, colon, quarters; `~` ties every pitch of the
note into the next one).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from hartmann.notation.score import Bar, Key, Meter, Note, Pitch, Place, Score, Tempo, Voice

NOWHERE = Place(1, 1, 0, 0)
_NOTE = re.compile(r"(?P<body>\[[^\]]*\]|[^\s:]+):(?P<duration>[\d/]+)(?P<tie>~?)")


def pitch(text: str) -> Pitch:
    """`F#5`, `Bb3`, `C4` (middle C)."""
    step, accidentals, octave = re.fullmatch(r"([A-G])([#b]*)(-?\d+)", text).groups()  # type: ignore[union-attr]
    return Pitch(step, accidentals.count("#") - accidentals.count("b"), int(octave))


def notes(text: str) -> tuple[Note, ...]:
    onset = Fraction(0)
    found = []
    for match in _NOTE.finditer(text):
        body, duration = match["body"].strip("[]"), Fraction(match["duration"])
        pitches = () if body == "z" else tuple(pitch(p) for p in body.split())
        ties = tuple(bool(match["tie"]) for _ in pitches)
        found.append(Note(onset, duration, duration, pitches, NOWHERE, ties))
        onset += duration
    return tuple(found)


def bar(text: str, **fields: object) -> Bar:
    music = notes(text)
    duration = sum((n.duration for n in music), Fraction(0))
    return replace(Bar(0, Fraction(0), duration, music, NOWHERE), **fields)  # type: ignore[arg-type]


def voice(bars: Sequence[Bar | str], *, number: int = 1, first_number: int = 1, **fields: object) -> Voice:
    """A voice of these bars, numbered from `first_number` and set one after the other."""
    now, placed = Fraction(0), []
    for i, given in enumerate(bars):
        one = bar(given) if isinstance(given, str) else given
        placed.append(replace(one, number=first_number + i, onset=now))
        now += one.duration
    return replace(Voice(number, str(number), tuple(placed)), **fields)  # type: ignore[arg-type]


def score(*voices: Voice | Sequence[Bar | str], **fields: object) -> Score:
    """A score in C major, 4/4, with key and meter stated in every voice's first bar."""
    made = Score("Tune", "", Key("C", "major", 0), Meter(4, 4), Fraction(1, 2), None, ())
    made = replace(made, **fields)  # type: ignore[arg-type]
    whole = [v if isinstance(v, Voice) else voice(v, number=i) for i, v in enumerate(voices, start=1)]
    return replace(made, voices=tuple(_with_signatures(v, made) for v in whole))


def _with_signatures(of: Voice, made: Score) -> Voice:
    if not of.bars:
        return of
    first = of.bars[0]
    stated = replace(
        first, key=first.key or made.key, meter=first.meter or made.meter, tempo=first.tempo or made.tempo
    )
    return replace(of, bars=(stated, *of.bars[1:]))


def tempo(bpm: int, beat: Fraction | int = 1) -> Tempo:
    return Tempo(Fraction(beat), Fraction(bpm))
