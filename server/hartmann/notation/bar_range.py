"""Bars out of a score that was read: the same music, beginning and ending elsewhere; and how many there are.

What was in force before the first bar (key, meter, tempo) is stated in it. Signs that may have lost their other half
are left out: repeats, endings, slurs, the ties of the last notes. Bars are counted from 1 in the order of
the text, an anacrusis too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

from hartmann.notation.score import Bar, Change, Key, Meter, Note, Score, Tempo, Voice


def bars_between(score: Score, first: int, last: int, voices: Collection[int] = ()) -> Score:
    """Bars `first`…`last` (from 1, inclusive) of these voices (none given: all).

    Raises ValueError where nothing is left.
    """
    chosen = [voice for voice in score.voices if not voices or voice.number in voices]
    cut = [_voice(voice, first, last) for voice in chosen if voice.bars[first - 1 : last]]
    if not cut:
        raise ValueError(f"expected bars {first} to {last} of some voice, and there are none")
    opening = cut[0].bars[0]
    return replace(
        score,
        key=opening.key or score.key,
        meter=opening.meter or score.meter,
        tempo=_in_force(score.voices[0], first)[2] or score.tempo,
        voices=tuple(cut),
        sections=(),
        header=tuple(field for field in score.header if field[0] != "P"),
    )


def state_at_end(score: Score) -> tuple[Key, Meter, Tempo | None]:
    """Key, meter and tempo in force where the score ends."""
    voice = score.voices[0]
    key, meter, tempo = _in_force(voice, len(voice.bars) + 1)
    return key or score.key, meter or score.meter, tempo or score.tempo


def full_bars(score: Score) -> int:
    """Bars as musicians count them: an anacrusis and the short bar that completes it are one."""
    bar = score.meter.bar_duration
    last = score.voices[0].bars[-1:] if score.voices else ()
    return round((last[0].onset + last[0].duration) / bar) if last and bar else 0


def _voice(voice: Voice, first: int, last: int) -> Voice:
    bars = [_plain(bar) for bar in voice.bars[first - 1 : last]]
    key, meter, _ = _in_force(voice, first)
    bars[0] = replace(bars[0], key=bars[0].key or key, meter=bars[0].meter or meter)
    bars[-1] = replace(bars[-1], barline="|]", notes=_untied(bars[-1]))
    start = bars[0].onset
    return replace(voice, bars=tuple(replace(bar, onset=bar.onset - start) for bar in bars))


def _in_force(voice: Voice, first: int) -> tuple[Key | None, Meter | None, Tempo | None]:
    """What the bars before a bar, and the bar at its beginning, say last; None where they say nothing."""
    key: Key | None = None
    meter: Meter | None = None
    tempo: Tempo | None = None
    for index, bar in enumerate(voice.bars[:first], 1):
        statements: tuple[Bar | Change, ...] = (bar, *(bar.changes if index < first else ()))
        for stated in statements:
            key, meter, tempo = stated.key or key, stated.meter or meter, stated.tempo or tempo
    return key, meter, tempo


def _plain(bar: Bar) -> Bar:
    notes = tuple(replace(note, slurs_begun=0, slurs_ended=0) for note in bar.notes)
    return replace(
        bar, notes=notes, repeat_start=False, repeat_end=0, endings=(), ending_stop=False, section=""
    )


def _untied(bar: Bar) -> tuple[Note, ...]:
    end = max((note.onset + note.duration for note in bar.notes), default=Fraction(0))
    return tuple(
        replace(note, ties=(False,) * len(note.ties)) if note.onset + note.duration == end else note
        for note in bar.notes
    )
