"""What chords suit a voice, bar by bar, as the tones that another voice may take beside it, spelled for ABC.

A bar has one chord or two (`harmony.span_length`). A tone that differs from the key signature carries its accidental,
and so does every tone of that letter in the same bar, for an accidental in ABC lasts to the bar's end: in A minor the
dominant's third is `^G`, and beside it in one bar the seventh degree `=G`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hartmann.notation.harmony import Chord, Sound, Span, best_chords, span_length, weighed
from hartmann.notation.score import PLAIN_BARLINES, Bar, Key, Meter, Pitch, Voice
from hartmann.notation.tune_fields import signature

Tones = tuple[str, ...]
"""Pitches without their octave: `A`, `^G`."""
_FIFTHS: Final = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
_SIGNS: Final = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


def chord_tones(voice: Voice, key: Key, meter: Meter) -> list[tuple[Tones, ...]]:
    """For each bar, the tones of its chords in the order of time. Raises ValueError for a key without a tonic."""
    if not key.tonic:
        raise ValueError("expected a key with a tonic")
    tonic = _FIFTHS[key.tonic[0]] + 7 * (key.tonic.count("#") - key.tonic[1:].count("b"))
    spans = [list(_spans(voice.bars, number, tonic, meter)) for number in range(len(voice.bars))]
    path = iter(best_chords([span for bar in spans for span in bar], key.mode))
    return [_spelled([next(path) for _ in bar], tonic, signature(key)) for bar in spans]


def _spans(bars: Sequence[Bar], number: int, tonic: int, meter: Meter) -> Iterator[Span]:
    bar, length = bars[number], span_length(meter)
    sounds = list(_sounds(bar, tonic))
    opens = number == 0 or bars[number - 1].barline not in PLAIN_BARLINES
    closes = bar.barline not in PLAIN_BARLINES
    count = int(meter.bar_duration / length)
    for place in range(count):
        last = place == count - 1
        yield Span(
            weighed(sounds, place * length, length),
            opens_bar=not place,
            opens=opens and not place,
            closes=closes and last,
            ends=bar.barline == "|]" and last,
            last_bar=closes,
        )


def _sounds(bar: Bar, tonic: int) -> Iterator[Sound]:
    for note in bar.notes:
        for pitch in note.pitches:
            yield note.onset, note.duration, _place(pitch) - tonic


def _place(pitch: Pitch) -> int:
    """On the line of fifths."""
    return _FIFTHS[pitch.step] + 7 * pitch.alter


def _spelled(chords: Sequence[Chord], tonic: int, key: dict[str, int]) -> tuple[Tones, ...]:
    said = [
        [
            (letter, alter)
            for letter, alter in (_letter(tonic + tone) for tone in chord.tones)
            if alter in _SIGNS
        ]
        for chord in chords
    ]
    altered = {letter for tones in said for letter, alter in tones if alter != key.get(letter, 0)}
    return tuple(
        tuple((_SIGNS[alter] if letter in altered else "") + letter for letter, alter in tones)
        for tones in said
    )


def _letter(place: int) -> tuple[str, int]:
    """Letter and alteration of a place on the line of fifths."""
    alter, index = divmod(place + 1, 7)
    return "FCGDAEB"[index], alter
