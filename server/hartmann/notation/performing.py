"""What holds while a piece is played: tempo, key and meter at every moment, and the loudness of each note.

MIDI and MusPy both start here. Conventions: times are exact `Fraction`s in quarters from the start of the
piece, in the given order of bars; a change holds until the next one, and a repeat brings back what held at
the place it returns to. Of two voices that state different things at once, the first one's counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeVar

from hartmann.notation.score import Bar, Change, Key, Meter, Note, Score, Tempo, Voice
from hartmann.notation.sounding import placed_bars

VELOCITIES = {
    "pppp": 10, "ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126, "ffff": 127,
}  # fmt: skip
"""Loudness of the dynamic marks, 1…127, as MuseScore plays them."""

DEFAULT_VELOCITY = VELOCITIES["mf"]
_ACCENTS = {"accent": 16, ">": 16, "emphasis": 16, "marcato": 24, "^": 24, "sfz": 32, "sf": 24}

DEFAULT_TEMPO = 120.0
"""Quarters a minute where the score states no tempo: what MIDI itself assumes."""

Stated = TypeVar("Stated")


def velocities(voice: Voice) -> dict[int, int]:
    """The loudness of each note by its identity: the last dynamic mark before it, and its own accents."""
    found: dict[int, int] = {}
    loudness = DEFAULT_VELOCITY
    for bar in voice.bars:
        for note in sorted(bar.notes, key=lambda n: n.onset):
            loudness = next((VELOCITIES[d] for d in note.decorations if d in VELOCITIES), loudness)
            found[id(note)] = min(127, loudness + _accent(note))
    return found


def _accent(note: Note) -> int:
    return max((_ACCENTS.get(decoration, 0) for decoration in note.decorations), default=0)


def tempos(score: Score, order: Sequence[int]) -> list[tuple[Fraction, float]]:
    """(onset, quarters a minute) from the start on, where `DEFAULT_TEMPO` holds if nothing is stated."""
    found = [(time, mark.quarters_per_minute) for time, mark in _changes(score.voices, order, _tempo)]
    if not found or found[0][0] > 0:
        found.insert(0, (Fraction(0), score.tempo.quarters_per_minute if score.tempo else DEFAULT_TEMPO))
    return found


def keys(score: Score, order: Sequence[int]) -> list[tuple[Fraction, Key]]:
    """(onset, key) of the first voice."""
    return _changes(score.voices[:1], order, _key)


def meters(score: Score, order: Sequence[int]) -> list[tuple[Fraction, Meter]]:
    """(onset, meter) of the first voice; free meter is left out."""
    found = _changes(score.voices[:1], order, _meter)
    return [(time, meter) for time, meter in found if meter.symbol != "free"]


def _tempo(stated: Bar | Change) -> Tempo | None:
    return stated.tempo


def _key(stated: Bar | Change) -> Key | None:
    return stated.key


def _meter(stated: Bar | Change) -> Meter | None:
    return stated.meter


def _changes(
    voices: Sequence[Voice], order: Sequence[int], value: Callable[[Bar | Change], Stated | None]
) -> list[tuple[Fraction, Stated]]:
    """(onset, value) wherever the value in force changes as played; of several at one time, the last."""
    if not voices:
        return []
    longest = max(voices, key=lambda voice: len(voice.bars))
    stated = [_statements(voices, index, value) for index in range(len(longest.bars))]
    before = _in_force_at_start(stated)
    changes: list[tuple[Fraction, Stated]] = []
    for start, index, _ in placed_bars(longest, order):
        for onset, new in [(Fraction(0), before[index]), *sorted(stated[index].items())]:
            if new is not None and (not changes or changes[-1][1] != new):
                changes.append((start + onset, new))
    return list(dict(changes).items())


def _statements(
    voices: Sequence[Voice], index: int, value: Callable[[Bar | Change], Stated | None]
) -> dict[Fraction, Stated]:
    """What is stated in one bar, by quarters from its start."""
    found: dict[Fraction, Stated] = {}
    for voice in voices:
        if index < len(voice.bars):
            bar = voice.bars[index]
            places = [(Fraction(0), value(bar)), *((c.onset, value(c)) for c in bar.changes)]
            for onset, stated in places:
                if stated is not None:
                    found.setdefault(onset, stated)
    return found


def _in_force_at_start(stated: Sequence[dict[Fraction, Stated]]) -> list[Stated | None]:
    """The value in force when each bar begins, its own first statement included; as written, not as played."""
    values: list[Stated | None] = []
    value: Stated | None = None
    for statements in stated:
        values.append(statements.get(Fraction(0), value))
        value = statements[max(statements)] if statements else value
    return values
